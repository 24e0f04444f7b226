"""The pool that the gallery is tried on, as the server has it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from coq_checker.check import Ask
from coq_checker.engine.options import EngineOptions
from coq_checker.engine.start import engine_options
from coq_checker.environment import Environment
from coq_checker.gates.kernel import SoundnessPolicy
from coq_checker.metrics import Metrics
from coq_checker.pool.pool import Pool
from coq_checker.pool.worker import Target
from coq_checker.result import ProofResult
from coq_checker.settings import CheckerSettings
from coq_checker.toolchain import Toolchain, find_toolchain
from coq_checker.toolchain.engines import NATIVE
from coqdata.sentence import split


@dataclass(frozen=True, slots=True)
class Bench:
    """A pool, and how its engines are started."""

    pool: Pool
    options: EngineOptions

    @property
    def toolchain(self) -> Toolchain:
        """The Coq in it."""
        return self.options.toolchain

    @property
    def sees_terms(self) -> bool:
        """Whether the engine can look at the terms of proofs."""
        return self.options.engine == NATIVE

    @property
    def strictest(self) -> SoundnessPolicy:
        """The strictest policy that the engine can keep."""
        return SoundnessPolicy.STRICT if self.sees_terms else SoundnessPolicy.REPORT

    async def check(self, challenge: bytes, ask: Ask) -> ProofResult:
        """The verdict on a candidate for the last sentence of `challenge`."""
        last = split(challenge).sentences[-1]
        environment = Environment(challenge[: last.start], self.options, label="the challenge")
        target = Target(environment, last.start, challenge[last.start : last.end], ask.mode)
        # As the server has it.
        roots = self.toolchain.standard_libraries
        return await self.pool.check(target, replace(ask, axioms=replace(ask.axioms, roots=roots)))


@pytest.fixture(scope="session")
def toolchain() -> Toolchain:
    """The toolchain that is installed."""
    return find_toolchain()


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["native", "serapi"])
async def bench(
    request: pytest.FixtureRequest, toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bench]:
    """A pool with each engine that the toolchain can run."""
    if request.param not in toolchain.engines:
        pytest.skip(f"{toolchain.name} cannot run the engine {request.param}")
    options = engine_options(toolchain, request.param)
    settings = CheckerSettings(slots=1)
    run_folder: Path = tmp_path_factory.mktemp("attacks")
    async with Pool(settings.pool, run_folder, Metrics()) as pool:
        yield Bench(pool, options)
