"""Fixtures for every test."""

from tests.hub.plugin import hf, hub, hub_process

__all__ = ["hf", "hub", "hub_process"]
