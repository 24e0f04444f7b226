"""Settings of the retriever service, each from the environment as PALMETTO_RETRIEVER_<NAME>."""

import os
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from retriever.index.place import index_folder


class RetrieverSettings(BaseSettings):
    """Where a retriever service listens and what it reads."""

    model_config = SettingsConfigDict(env_prefix="PALMETTO_RETRIEVER_", extra="ignore")

    listen: str = Field("127.0.0.1:50052", description="Address of the gRPC port; `unix:/path` for a socket.")
    metrics_listen: str = Field("", description="Address of the HTTP port of /metrics; empty: none.")
    indexes: Path = Field(default_factory=index_folder, description="Folder of the indexes.")
    preload: str = Field("", description="Projects whose indexes are opened at the start, separated by commas.")
    threads: int = Field(
        default_factory=lambda: min(4, os.cpu_count() or 1), ge=1, description="Questions answered at one time."
    )
    max_batch: int = Field(1000, ge=1, description="Questions in one batch at the most.")
    max_message_bytes: int = Field(64 << 20, ge=1 << 16, description="Largest gRPC message.")
    grace_s: float = Field(30.0, ge=0, description="How long a drain waits for what is under way.")
