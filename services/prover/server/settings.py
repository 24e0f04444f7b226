"""Settings of the prover's HTTP service, each from the environment as PALMETTO_PROVER_<NAME>."""

import os

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ProverServerSettings(BaseSettings):
    """Where the service listens, whom it asks, and how much it takes on."""

    model_config = SettingsConfigDict(env_prefix="PALMETTO_PROVER_", extra="ignore")

    listen: str = Field("127.0.0.1:8080", description="Address of the HTTP port.")
    checker: str = Field("127.0.0.1:50051", description="Address of the checker (gRPC).")
    retriever: str = Field("127.0.0.1:50052", description="Address of the retriever (gRPC); empty: none.")
    model: str = Field("http://127.0.0.1:8000/v1", description="The model server's base address; empty: none.")
    model_name: str = Field("", description="Which of its models; empty: the first one.")
    attempts: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, description="Theorems at one time.")
    queue_size: int = Field(64, ge=0, description="Theorems that may wait for their turn.")
    keep: int = Field(1000, ge=1, description="Finished attempts that can still be asked for.")
    budget_cpu_s: float = Field(60.0, gt=0, description="CPU seconds for a theorem, by default.")
    max_budget_cpu_s: float = Field(3600.0, gt=0, description="The same, at the most.")
    max_body_bytes: int = Field(16 << 20, ge=1024, description="Largest request.")
    grace_s: float = Field(10.0, ge=0, description="How long an end waits for what is under way.")
