"""Settings of the prover's core, each from the environment as PALMETTO_PROVER_<NAME>."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ProverSettings(BaseSettings):
    """How the work on one theorem is shared out. CPU limits are of Coq's process."""

    model_config = SettingsConfigDict(env_prefix="PALMETTO_PROVER_", extra="ignore")

    soundness: Literal["strict", "report"] = Field(
        "strict",
        description="What becomes of proofs that use what has been unsound in Coq's kernel; `report` for a checker "
        "whose engine cannot look at terms.",
    )
    step_cpu_ms: int = Field(3000, ge=50, description="Limit of one sentence of a proposed proof.")
    cheap_cpu_ms: int = Field(800, ge=50, description="Limit of one round of cheap tactics on a goal.")
    sauto_cpu_ms: int = Field(1500, ge=50, description="Limit of one tactic of CoqHammer without provers.")
    atp_limit_s: int = Field(7, ge=1, le=300, description="CoqHammer's limit for its provers on the statement, in s.")
    hammer_threads: int = Field(8, ge=1, le=64, description="Prover strategies that run side by side there.")
    root_hammer_cpu_ms: int = Field(25_000, ge=1000, description="Limit of `hammer` there, its provers included.")
    hole_atp_limit_s: int = Field(2, ge=1, le=300, description="CoqHammer's limit for its provers on a hole, in s.")
    hole_hammer_threads: int = Field(4, ge=1, le=64, description="Prover strategies that run side by side there.")
    hammer_cpu_ms: int = Field(10_000, ge=1000, description="Limit of `hammer` there, its provers included.")
    repair_tries: int = Field(24, ge=0, description="Rewritten sentences tried for one that fails.")
    max_answer_bytes: int = Field(65_536, ge=256, description="A longer answer of the model is not read.")
    max_sentences: int = Field(400, ge=1, description="Sentences of a proposed proof that are run.")
    model_timeout_s: float = Field(120.0, gt=0, description="How long an answer of the model is waited for.")
    retriever_timeout_s: float = Field(10.0, gt=0, description="How long an answer of the retriever is waited for.")
    checker_patience_s: float = Field(60.0, ge=0, description="How long an absent checker is waited for.")
    wall_factor: float = Field(10.0, ge=1, description="Safety net: wall clock at the most, in CPU budgets.")
    wall_slack_s: float = Field(120.0, ge=0, description="Added to it, for preparing the environment.")
    premises: int = Field(30, ge=0, le=1000, description="Premises asked of the retriever.")
