"""The gRPC server: goals in, premises and similar proofs out.

`running` brings a service up inside a program, `serve` runs one until it is told to stop.
"""

from retriever.server.main import Running, ServeError, running, serve
from retriever.settings import RetrieverSettings

__all__ = ["RetrieverSettings", "Running", "ServeError", "running", "serve"]
