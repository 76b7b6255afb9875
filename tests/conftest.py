"""Fixtures that all stages share."""

pytest_plugins = ["support_servers"]
