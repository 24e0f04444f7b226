"""Prometheus metrics of the checker."""

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from coq_checker.result import ProofResult, Reason, Verdict

_log = structlog.get_logger("coq_checker")
_STAGES = ("queue", "environment", "parse", "execute", "audit", "wall")
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """Counters and histograms, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._checks = Counter(
            "palmetto_checks_total", "Candidates judged.", ["verdict", "reason"], registry=self.registry
        )
        self._stages = Histogram(
            "palmetto_check_stage_seconds",
            "Time of a check by stage.",
            ["stage"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        # Looking a label up takes longer than counting.
        self._by_stage = tuple((f"{stage}_ns", self._stages.labels(stage)) for stage in _STAGES)
        self._by_verdict: dict[tuple[Verdict, Reason], Counter] = {}
        self._by_call: dict[tuple[str, str], Histogram] = {}
        self._cpu = Histogram(
            "palmetto_check_cpu_seconds", "CPU time of a check.", buckets=_SECONDS, registry=self.registry
        )
        self._lost = Counter("palmetto_workers_lost_total", "Coq processes that died.", registry=self.registry)
        self._faults = Counter(
            "palmetto_internal_faults_total", "Faults of the checker itself.", registry=self.registry
        )
        self._calls = Histogram(
            "palmetto_grpc_seconds",
            "Time of gRPC calls.",
            ["method", "code"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._usage = Gauge("palmetto_pool", "State of the pool.", ["what"], registry=self.registry)

    def checked(self, result: ProofResult) -> None:
        """Notes a verdict."""
        what = (result.verdict, result.reason)
        counter = self._by_verdict.get(what)
        if counter is None:
            counter = self._by_verdict[what] = self._checks.labels(result.verdict.value, result.reason.value)
        counter.inc()
        timings = result.timings
        for name, histogram in self._by_stage:
            histogram.observe(getattr(timings, name) / 1e9)
        self._cpu.observe(timings.cpu_ns / 1e9)

    def worker_lost(self) -> None:
        """Notes that a Coq process died without having passed a limit."""
        self._lost.inc()

    def fault(self, error: Exception) -> None:
        """Notes, and logs with its traceback, a fault of the checker itself."""
        self._faults.inc()
        _log.error("internal fault", exc_info=error)

    def called(self, method: str, code: str, seconds: float) -> None:
        """Notes a gRPC call."""
        histogram = self._by_call.get((method, code))
        if histogram is None:
            histogram = self._by_call[method, code] = self._calls.labels(method, code)
        histogram.observe(seconds)

    def usage(self, figures: dict[str, int]) -> None:
        """Sets the gauges of the pool."""
        for what, value in figures.items():
            self._usage.labels(what).set(value)

    def serve(self, host: str, port: int) -> int:
        """Serves /metrics over HTTP in a thread; returns the port (0 asks for a free one)."""
        server, _ = start_http_server(port, host, registry=self.registry)
        return int(server.server_port)
