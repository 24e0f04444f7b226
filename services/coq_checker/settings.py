"""Settings of the checker service, each from the environment as PALMETTO_CHECKER_<NAME>."""

import os
import re
import tempfile
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from coq_checker.gates.kernel import SoundnessPolicy
from coq_checker.limits import Limits
from coq_checker.pool.pool import PoolSettings

# Options that say how long and with how many provers CoqHammer works.
PRELUDE_OPTION = re.compile(r"(?:Set|Unset) Hammer [A-Z]\w*(?: \d{1,6})?\.")
# Libraries that bring tactics, and nothing that would change what a statement means.
PRELUDES = (
    "From Hammer Require Import Tactics.",
    "From Hammer Require Import Hammer.",
    *(
        # Rocq 9 takes `Coq` with a warning, and Coq 8 no `Stdlib`.
        f"From {root} Require Import {library}."
        for root in ("Coq", "Stdlib")
        for library in ("Lia", "Lra", "Psatz", "Ring", "Field", "Btauto")
    ),
)


class CheckerSettings(BaseSettings):
    """What a checker service may use, and where it listens."""

    model_config = SettingsConfigDict(env_prefix="PALMETTO_CHECKER_", extra="ignore")

    toolchain: str = Field(
        "",
        description="The toolchain that is used where neither a request nor its project asks for another; "
        "empty: PALMETTO_TOOLCHAIN, else what `palmetto toolchain use` kept.",
    )
    listen: str = Field("127.0.0.1:50051", description="Address of the gRPC port; `unix:/path` for a socket.")
    metrics_listen: str = Field("", description="Address of the HTTP port of /metrics; empty: none.")
    slots: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, description="Checks at one time.")
    queue_size: int = Field(1000, ge=1, description="Candidates that may wait.")
    idle_workers: int = Field(4, ge=0, description="Workers kept for the next candidate of their target.")
    idle_workers_most: int = Field(16, ge=0, description="More are kept up to this many ...")
    idle_workers_bytes: int = Field(208 << 20, ge=0, description="... while all have no more memory of their own.")
    documents: int = Field(24, ge=1, description="Prepared environments kept at the most.")
    documents_bytes: int = Field(6 << 30, ge=1 << 28, description="Their memory at the most.")

    cpu_ms: int = Field(10_000, ge=1, description="Default CPU limit of a check.")
    max_cpu_ms: int = Field(600_000, ge=1)
    wall_ms: int = Field(60_000, ge=1, description="Default wall-clock limit of a check.")
    max_wall_ms: int = Field(1_800_000, ge=1)
    memory_bytes: int = Field(2 << 30, ge=1 << 20, description="Default memory of a check.")
    max_memory_bytes: int = Field(8 << 30, ge=1 << 20)
    output_bytes: int = Field(16 << 20, ge=1 << 12)
    max_output_bytes: int = Field(64 << 20, ge=1 << 12)
    goals_bytes: int = Field(64 << 10, ge=1)
    max_goals_bytes: int = Field(4 << 20, ge=1)
    environment_cpu_ms: int = Field(600_000, ge=1, description="What preparing an environment may use.")
    stall_s: float = Field(30.0, ge=1, description="Without CPU time for so long a process at work hangs.")

    max_message_bytes: int = Field(64 << 20, ge=1 << 16, description="Largest gRPC message.")
    max_candidate_bytes: int = Field(1 << 20, ge=1, description="Largest candidate.")
    max_source_bytes: int = Field(16 << 20, ge=1, description="Largest text of an environment or a file.")
    max_sentences: int = Field(10_000, ge=1, description="Sentences of a candidate at the most.")
    max_in_flight: int = Field(256, ge=1, description="Items of one stream under way at the most.")
    grace_s: float = Field(30.0, ge=0, description="How long a drain waits for what is under way.")
    projects: str = Field(
        "", description="Projects to serve, NAME=DIR or NAME, separated by commas; `DIR/*` for all folders in DIR."
    )
    soundness: SoundnessPolicy = Field(
        SoundnessPolicy.STRICT,
        description="What becomes of a candidate that the kernel should perhaps not have accepted, where the request "
        "does not say: `strict` rejects it, `report` tells.",
    )
    preludes: tuple[str, ...] = Field(
        PRELUDES, description="Sentences that a client may put before a statement, as a JSON list."
    )
    run_folder: Path = Field(
        default_factory=lambda: Path(tempfile.gettempdir()), description="Where sessions keep their fifos."
    )

    @property
    def default_limits(self) -> Limits:
        """Limits of a check that asks for none."""
        return Limits(self.cpu_ms, self.wall_ms, self.memory_bytes, self.output_bytes, self.goals_bytes)

    @property
    def maximum_limits(self) -> Limits:
        """Limits of a check at the most."""
        return Limits(
            self.max_cpu_ms,
            self.max_wall_ms,
            self.max_memory_bytes,
            self.max_output_bytes,
            self.max_goals_bytes,
        )

    @property
    def pool(self) -> PoolSettings:
        """The pool's part."""
        return PoolSettings(
            slots=self.slots,
            queue_size=self.queue_size,
            idle_workers=self.idle_workers,
            idle_workers_most=self.idle_workers_most,
            idle_workers_bytes=self.idle_workers_bytes,
            documents=self.documents,
            documents_bytes=self.documents_bytes,
            environment_limits=Limits(
                self.environment_cpu_ms,
                max(self.max_wall_ms, 2 * self.environment_cpu_ms),
                self.max_memory_bytes,
                self.max_output_bytes,
                self.goals_bytes,
            ),
            stall_s=self.stall_s,
        )


def unknown_settings(environ: Mapping[str, str] | None = None) -> list[str]:
    """A sentence for each variable of the environment that looks like a setting of the checker and is none."""
    prefix = str(CheckerSettings.model_config["env_prefix"])
    # The address is the clients'.
    known = [prefix + name.upper() for name in (*CheckerSettings.model_fields, "address")]
    found = []
    for name in sorted(os.environ if environ is None else environ):
        if name.upper().startswith(prefix) and name.upper() not in known:
            near = get_close_matches(name.upper(), known, 1, cutoff=0)
            found.append(f"{name} is no setting and is ignored: the nearest one is {near[0]} (docs/checker.md).")
    return found
