"""Each engine on each Coq that is at hand."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from coq_checker.engine.family import all_ended
from coq_checker.engine.options import EngineOptions
from coq_checker.engine.start import engine_options, start_engine
from coq_checker.toolchain import ToolchainError, find_toolchain

from .bench import Bench


@pytest.fixture(params=["native coq-8.20", "serapi coq-8.20", "native rocq-9.2"])
def options(request: pytest.FixtureRequest) -> EngineOptions:
    """How the engine is started."""
    engine, _, toolchain = str(request.param).partition(" ")
    try:
        return engine_options(find_toolchain(toolchain), engine)
    except ToolchainError as error:
        pytest.skip(str(error))


@pytest_asyncio.fixture
async def bench(options: EngineOptions, tmp_path: Path) -> AsyncIterator[Bench]:
    """The engine, started."""
    engine = await start_engine(options, tmp_path)
    made = Bench(f"{options.engine} {options.toolchain.coq_version}", engine)
    try:
        await made.set_up()
        yield made
    finally:
        engine.kill()
        await all_ended()
        assert list(tmp_path.iterdir()) == []
