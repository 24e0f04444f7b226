"""The gRPC server: requests in, verdicts out.

`running` brings a service up inside a program, `serve` runs one until it is told to stop.
"""

from coq_checker.server.main import Running, ServeError, running, serve
from coq_checker.settings import CheckerSettings, unknown_settings

__all__ = ["CheckerSettings", "Running", "ServeError", "running", "serve", "unknown_settings"]
