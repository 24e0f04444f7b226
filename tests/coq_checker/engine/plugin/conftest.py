"""The plugin stands before its tests run."""

import pytest

from coq_checker.engine.plugin.build import PluginError, build_plugin
from coq_checker.toolchain import Toolchain


@pytest.fixture(scope="session", autouse=True)
def plugin(toolchain: Toolchain) -> None:
    """Builds it; a machine's own Coq may lack what that takes, the project's own root never does."""
    try:
        build_plugin(toolchain)
    except PluginError as error:
        if toolchain.root is not None:
            raise
        pytest.skip(str(error))
