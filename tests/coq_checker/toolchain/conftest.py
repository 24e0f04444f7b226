"""What these tests share: nothing of the person who runs them, and the roots of this machine."""

from collections.abc import Callable
from pathlib import Path

import pytest

from coq_checker.toolchain import Toolchain, ToolchainError, find_toolchain

from .fakes import installation, without_host_coq


@pytest.fixture(autouse=True)
def nobodys_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No switches, no default of one's own, and no sentence said yet that is said once."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("OPAMROOT", str(home / "opam"))
    for name in ("PALMETTO_TOOLCHAIN", "OPAM_SWITCH_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    # Set first, so that what the code sets is undone at the end.
    for topic in ("NO_SANDBOX", "UNUSABLE"):
        monkeypatch.setenv(f"PALMETTO_TOLD_{topic}", "")
    return home


@pytest.fixture(params=["coq-8.20", "rocq-9.2"])
def built(request: pytest.FixtureRequest) -> Toolchain:
    """Each toolchain that Palmetto builds and that stands on this machine."""
    try:
        return find_toolchain(request.param)
    except ToolchainError as error:
        pytest.skip(str(error))


@pytest.fixture
def switch(nobodys_settings: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Makes switches of opam's, as folders; no other Coq is there."""
    without_host_coq(monkeypatch)
    return lambda switch, **what: installation(nobodys_settings / "opam" / switch, **what)
