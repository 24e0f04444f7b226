"""Machines that have one toolchain each, as images have."""

import os
from pathlib import Path

import pytest

from coq_checker.engine.plugin.build import build_plugin
from coq_checker.toolchain import ToolchainError, ToolchainSettings, find_toolchain

from .servers import ServerProcess, start_server
from .test_toolchains import without_coq

EIGHT, NINE = "coq-8.20", "rocq-9.2"


class Alone:
    """What finds one toolchain alone.

    Attributes:
        name: the toolchain's.
        environment: of its processes.
    """

    def __init__(self, name: str, folder: Path) -> None:
        found = find_toolchain(name)
        build_plugin(found)
        assert found.root is not None
        cache = folder / f"cache-{name}"
        (cache / "toolchains").mkdir(parents=True)
        (cache / "toolchains" / found.root.name).symlink_to(found.root)
        (cache / "plugins").symlink_to(ToolchainSettings.from_environment().cache / "plugins")
        self.name = name
        self.environment = without_coq({**os.environ, "PALMETTO_CACHE": str(cache), "PALMETTO_TOOLCHAIN": name})

    def start(self, *projects: str, listen: str = "127.0.0.1:0") -> ServerProcess:
        """A checker there."""
        return start_server(*projects, slots=1, environment=self.environment, listen=listen)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Alone]:
    """One with each toolchain."""
    folder = tmp_path_factory.mktemp("alone")
    try:
        return {name: Alone(name, folder) for name in (EIGHT, NINE)}
    except ToolchainError as error:
        pytest.skip(str(error))
