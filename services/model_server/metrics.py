"""Prometheus metrics of the model server."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """Counters and histograms, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Histogram(
            "palmetto_model_request_seconds",
            "Time of requests for answers.",
            ["model", "status"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._answers = Counter("palmetto_model_answers_total", "Answers given.", ["model"], registry=self.registry)
        self._tokens = Counter("palmetto_model_tokens_total", "Tokens.", ["model", "kind"], registry=self.registry)
        self._failures = Counter(
            "palmetto_model_upstream_failures_total",
            "Failed attempts at the server behind this one.",
            ["kind"],
            registry=self.registry,
        )
        self._usage = Gauge("palmetto_model_requests", "Requests now.", ["state"], registry=self.registry)

    def answered(self, model: str, status: int, seconds: float) -> None:
        """Notes a request."""
        self._requests.labels(model, str(status)).observe(seconds)

    def made(self, model: str, answers: int, prompt_tokens: int, completion_tokens: int) -> None:
        """Notes answers."""
        self._answers.labels(model).inc(answers)
        self._tokens.labels(model, "prompt").inc(prompt_tokens)
        self._tokens.labels(model, "completion").inc(completion_tokens)

    def failed(self, kind: str) -> None:
        """Notes a failed attempt at the server behind this one."""
        self._failures.labels(kind).inc()

    def usage(self, working: int, waiting: int) -> None:
        """Sets the gauges."""
        self._usage.labels("working").set(working)
        self._usage.labels("waiting").set(waiting)

    def text(self) -> bytes:
        """What `/metrics` shows."""
        return generate_latest(self.registry)
