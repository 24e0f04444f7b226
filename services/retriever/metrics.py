"""Prometheus metrics of the retriever."""

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server

_log = structlog.get_logger("retriever")
_SECONDS = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Counters and histograms, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._calls = Histogram(
            "palmetto_retriever_grpc_seconds",
            "Time of gRPC calls.",
            ["method", "code"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._questions = Histogram(
            "palmetto_retriever_answer_seconds",
            "Time to answer one question.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._faults = Counter(
            "palmetto_retriever_internal_faults_total", "Faults of the retriever itself.", registry=self.registry
        )

    def called(self, method: str, code: str, seconds: float) -> None:
        """Notes a gRPC call."""
        self._calls.labels(method, code).observe(seconds)

    def answered(self, seconds: float) -> None:
        """Notes a question that was answered."""
        self._questions.observe(seconds)

    def fault(self, error: Exception) -> None:
        """Notes, and logs with its traceback, a fault of the retriever itself."""
        self._faults.inc()
        _log.error("internal fault", exc_info=error)

    def serve(self, host: str, port: int) -> int:
        """Serves /metrics over HTTP in a thread; returns the port (0 asks for a free one)."""
        server, _ = start_http_server(port, host, registry=self.registry)
        return int(server.server_port)
