"""The plugin stands before its tests run."""

import os
from pathlib import Path

import pytest

from coq_checker.audit_plugin.build import PluginError, build_plugin
from coq_checker.toolchain import SandboxMode, Toolchain

# A root with Rocq 9.2 in it, until the toolchains are known by name.
ROCQ_ROOT = "PALMETTO_TEST_ROCQ"


@pytest.fixture(scope="session", autouse=True)
def plugin(toolchain: Toolchain) -> None:
    """Builds it; a machine's own Coq may lack what that takes, the project's own root never does."""
    try:
        build_plugin(toolchain)
    except PluginError as error:
        if toolchain.root is not None:
            raise
        pytest.skip(str(error))


def rocq_toolchain() -> Toolchain:
    """Rocq 9.2 out of the root that the environment names; skips the test where it names none."""
    root = Path(os.environ.get(ROCQ_ROOT, ""))
    found = sorted(root.glob("usr/lib/*/ocaml/*/coq")) if root.is_absolute() else []
    if not found:
        pytest.skip(f"{ROCQ_ROOT} names no root with Rocq 9.2")
    coqlib = f"/{found[0].relative_to(root)}"
    return Toolchain("rocq-9.2", "9.2.0", "", coqlib, root, SandboxMode.BWRAP, "/usr/local/bin:/usr/bin:/bin")


@pytest.fixture(scope="session", params=["coq-8.20", "rocq-9.2"])
def each_toolchain(request: pytest.FixtureRequest, toolchain: Toolchain) -> Toolchain:
    """Every toolchain at hand, with the plugin built for it."""
    found = toolchain if request.param == "coq-8.20" else rocq_toolchain()
    build_plugin(found)
    return found
