"""Settings of the model server, each from the environment as PALMETTO_MODEL_<NAME>."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

BackendName = Literal["neighbours", "hf", "replay", "proxy"]


class ModelServerSettings(BaseSettings):
    """What answers, where the server listens, and how much it takes on."""

    model_config = SettingsConfigDict(env_prefix="PALMETTO_MODEL_", extra="ignore", protected_namespaces=())

    listen: str = Field("127.0.0.1:8000", description="Address of the HTTP port; port 0 asks for a free one.")
    backend: BackendName = Field("neighbours", description="What makes the answers.")
    name: str = Field("", description="The model's name; empty: the backend's own word for it.")
    layout: str = Field("", description="Prompt layout of the model (sft, instruct); empty: as the checkpoint says.")
    printing: str = Field("", description="Printing profile of the model; empty: as the checkpoint says, or default.")

    max_n: int = Field(128, ge=1, description="Answers to one request at the most.")
    max_body_bytes: int = Field(8 << 20, ge=1024, description="Largest request.")
    max_prompt_chars: int = Field(1 << 20, ge=1, description="Longest prompt.")
    in_flight: int = Field(16, ge=1, description="Requests worked on at one time.")
    waiting: int = Field(256, ge=0, description="Requests that may wait for their turn; more are answered 429.")
    grace_s: float = Field(10.0, ge=0, description="How long an end waits for what is under way.")

    retriever: str = Field("127.0.0.1:50052", description="neighbours: address of the retriever; empty: none.")
    retriever_timeout_s: float = Field(2.0, gt=0, description="neighbours: how long it may take to answer.")
    neighbours: int = Field(64, ge=1, le=1000, description="neighbours: similar goals and proofs that are looked at.")

    model: str = Field("", description="hf: folder of the checkpoint. proxy: the model's name there; empty: its first.")
    device: str = Field("auto", description="hf: cpu, cuda, cuda:1 ...; auto: a GPU where there is one.")
    dtype: str = Field("auto", description="hf: float32, bfloat16 ...; auto: as the checkpoint says.")
    batch: int = Field(8, ge=1, description="hf: answers made at one time.")
    max_tokens: int = Field(1024, ge=1, description="hf: length of an answer by default.")
    temperature: float = Field(0.0, ge=0, le=2, description="hf, neighbours: where the request gives none.")

    replay_folder: Path | None = Field(None, description="replay: folder of MODEL/PROJECT.jsonl.")

    upstream: str = Field("", description="proxy: base address of the server, such as http://HOST:8000/v1.")
    api_key: SecretStr = Field(SecretStr(""), description="proxy: its key. Give it in the environment.")
    timeout_s: float = Field(300.0, gt=0, description="proxy: for one exchange.")
    connect_timeout_s: float = Field(10.0, gt=0, description="proxy: for a connection.")
    attempts: int = Field(4, ge=1, description="proxy: how often a failure that may pass is tried.")
    first_wait_s: float = Field(0.5, ge=0, description="proxy: before the second attempt; doubled from then on.")
    longest_wait_s: float = Field(30.0, ge=0, description="proxy: between two attempts at the most.")
    upstream_in_flight: int = Field(16, ge=1, description="proxy: requests to the server at one time.")
    max_answer_chars: int = Field(262_144, ge=1, description="proxy: what is kept of one answer.")
    max_answer_bytes: int = Field(32 << 20, ge=1024, description="proxy: largest answer that is read.")
    forward_metadata: bool = Field(False, description="proxy: send `metadata` on (to another Palmetto model server).")
