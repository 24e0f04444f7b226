"""The service's entry: `running`, `serve`, their settings and their error."""

from model_server.server.main import Running, ServeError, running, serve
from model_server.settings import ModelServerSettings

__all__ = ["ModelServerSettings", "Running", "ServeError", "running", "serve"]
