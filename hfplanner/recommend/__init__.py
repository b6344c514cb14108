"""Needs and hardware in, ranked options out, and every rejected flavor with its reasons."""
