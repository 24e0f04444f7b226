"""Settings of the prover's HTTP service, each from the environment as PALMETTO_PROVER_<NAME>."""

import ipaddress
import os
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class ProverServerSettings(BaseSettings):
    """Where the service listens, whom it asks, how much it takes on, and from whom."""

    model_config = SettingsConfigDict(env_prefix="PALMETTO_PROVER_", extra="ignore")

    listen: str = Field("127.0.0.1:8080", description="Address of the HTTP port.")
    checker: str = Field(
        "127.0.0.1:50051", description="Address of the checker (gRPC), or several with spaces between."
    )
    retriever: str = Field("127.0.0.1:50052", description="Address of the retriever (gRPC); empty: none.")
    model: str = Field("http://127.0.0.1:8000/v1", description="The model server's base address; empty: none.")
    model_name: str = Field("", description="Which of its models; empty: the first one.")
    neighbours: str = Field(
        "",
        description="Base address of a model server with the backend neighbours, asked after the model; empty: none.",
    )
    memory: Path | None = Field(
        None,
        description="SQLite file with the checker's answers: what was asked before is not asked again, and is charged "
        "as it was then (for experiments).",
    )
    attempts: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, description="Theorems at one time.")
    queue_size: int = Field(64, ge=0, description="Theorems that may wait for their turn.")
    keep: int = Field(1000, ge=1, description="Finished attempts that can still be asked for.")
    keep_events: int = Field(100_000, ge=0, description="Events that these may have in all; then the oldest go.")
    budget_cpu_s: float = Field(60.0, gt=0, description="CPU seconds for a theorem, by default.")
    max_budget_cpu_s: float = Field(3600.0, gt=0, description="The same, at the most.")
    max_body_bytes: int = Field(16 << 20, ge=1024, description="Largest request.")
    grace_s: float = Field(10.0, ge=0, description="How long an end waits for what is under way.")
    token: SecretStr = Field(SecretStr(""), description="Bearer token that requests must carry; empty: none.")
    token_file: Path | None = Field(None, description="File of such tokens, one on each line, each of them is good.")
    rate_per_min: int = Field(
        3000, ge=0, description="Requests that begin work, from one client in a minute; 0: any number."
    )
    origins: str = Field("", description="Other sites whose pages may ask, comma-separated; empty: none (CORS is off).")
    hosts: str = Field(
        "",
        description="Names under which it is reached, comma-separated, `*` for any; empty: the loopback's own names "
        "on a loopback address, else any.",
    )

    @field_validator("origins")
    @classmethod
    def are_origins(cls, value: str) -> str:
        """Each as browsers send it: one that is not would never fit, or `*` fit all."""
        for one in _words(value.lower()):
            try:
                parts = urlsplit(one)
            except ValueError:
                parts = urlsplit("")
            if not parts.scheme or not parts.netloc or "*" in one or one != f"{parts.scheme}://{parts.netloc}":
                raise ValueError(f"{one!r} is no site: give such as https://editor.example:8443, without a path")
        return value.lower()

    def tokens(self) -> list[str]:
        """The good tokens.

        Raises:
            OSError: the file cannot be read.
            ValueError: it holds none, or no text.
        """
        found = [self.token.get_secret_value()]
        if self.token_file is not None:
            found += self.token_file.read_text("utf-8").splitlines()
        tokens = [one.strip() for one in found if one.strip()]
        if self.token_file is not None and not tokens:
            raise ValueError("the file holds none")
        return tokens

    def other_origins(self) -> list[str]:
        """Other sites whose pages may ask."""
        return _words(self.origins)

    def own_hosts(self) -> list[str]:
        """Names under which the service is reached; none: any."""
        named = [one.lower() for one in _words(self.hosts)]
        if named:
            return [] if "*" in named else named
        return list(_LOOPBACK) if _is_loopback(self.listen) else []


_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def _words(text: str) -> list[str]:
    return [word.strip().removesuffix("/") for word in text.split(",") if word.strip()]


def _is_loopback(listen: str) -> bool:
    host = listen.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
