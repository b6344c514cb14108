"""Fixtures for every test."""

from tests.hub.plugin import hub, hub_process

__all__ = ["hub", "hub_process"]
