"""Which engine runs a toolchain's Coq."""

from dataclasses import replace
from pathlib import Path

import pytest

from coq_checker.engine.api import EngineStartError
from coq_checker.engine.options import EngineOptions
from coq_checker.engine.plugin.build import plugin_path
from coq_checker.engine.serapi.engine import SerapiEngine
from coq_checker.engine.start import EngineChoice, choose_engine, engine_options, start_engine
from coq_checker.toolchain import Toolchain, ToolchainError, find_toolchain


@pytest.fixture(scope="module")
def coq() -> Toolchain:
    """A Coq that both engines can run."""
    try:
        found = find_toolchain("coq-8.20")
    except ToolchainError as error:
        pytest.skip(str(error))
    if not found.sertop_version:
        pytest.skip(f"{found.name} has no sertop")
    return found


def test_the_native_one_where_it_can_be_built(coq: Toolchain) -> None:
    for wanted in ("native", "auto"):
        chosen = choose_engine(coq, wanted)
        plugin = plugin_path(coq)
        assert plugin is not None
        assert chosen == EngineChoice("native", (plugin,), (("OCAMLPATH", str(plugin)),))


def test_serapi(coq: Toolchain) -> None:
    assert choose_engine(coq, "serapi") == EngineChoice("serapi")


def test_an_older_coq(coq: Toolchain) -> None:
    older = replace(coq, coq_version="8.12.2")
    assert choose_engine(older) == EngineChoice("serapi")
    with pytest.raises(ToolchainError, match=r"coq-8\.20 cannot be used: .* this is 8\.12\.2: install one of those"):
        choose_engine(older, "native")
    with pytest.raises(ToolchainError, match=r"this is 8\.12\.2: install one of those"):
        choose_engine(replace(older, sertop_version=""))


def test_there_is_no_sertop(coq: Toolchain) -> None:
    with pytest.raises(ToolchainError, match="has no sertop: install coq-serapi there, or unset PALMETTO_ENGINE"):
        choose_engine(replace(coq, sertop_version=""), "serapi")


def test_an_unknown_one(coq: Toolchain) -> None:
    with pytest.raises(ToolchainError, match="no engine 'petanque': set PALMETTO_ENGINE to native, serapi or auto"):
        choose_engine(coq, "petanque")


def test_what_the_environment_says(coq: Toolchain, monkeypatch: pytest.MonkeyPatch) -> None:
    for said, engine in (("serapi", "serapi"), ("native", "native"), ("auto", "native"), ("", "native")):
        monkeypatch.setenv("PALMETTO_ENGINE", said)
        assert engine_options(coq).engine == engine
    monkeypatch.setenv("PALMETTO_ENGINE", "native")
    assert engine_options(coq, "serapi").engine == "serapi"


async def test_started_by_its_name(coq: Toolchain, tmp_path: Path) -> None:
    engine = await start_engine(EngineOptions(coq, "serapi"), tmp_path)
    assert isinstance(engine, SerapiEngine) and engine.alive
    engine.kill()
    with pytest.raises(EngineStartError, match="no engine 'petanque'"):
        await start_engine(EngineOptions(coq, "petanque"), tmp_path)
