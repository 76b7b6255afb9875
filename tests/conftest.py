"""Fixtures for all stages: real mail servers on loopback; how properties are tried."""

import os

from hypothesis import HealthCheck, settings

pytest_plugins = ["support_servers"]

# No property is a stopwatch; where the build must be the same twice, neither are the examples drawn anew.
settings.register_profile(
    "qforms", deadline=None, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("qforms")
