"""Where Coq and SerAPI come from, and how their programs are run inside a sandbox.

A `Toolchain` is a value: `find_toolchain` finds the one that is there, `ensure_toolchain` builds one
where there is none, and `Toolchain.command` gives the argument vector that runs one of its programs.
"""

from coq_checker.toolchain.build import ensure_toolchain
from coq_checker.toolchain.errors import ToolchainError
from coq_checker.toolchain.find import find_toolchain
from coq_checker.toolchain.sandbox import DEFAULT_PRIVATE_TMP_BYTES, sandbox_problem
from coq_checker.toolchain.settings import SandboxMode, ToolchainSettings
from coq_checker.toolchain.show import Row, describe
from coq_checker.toolchain.value import Toolchain

__all__ = [
    "DEFAULT_PRIVATE_TMP_BYTES",
    "Row",
    "SandboxMode",
    "Toolchain",
    "ToolchainError",
    "ToolchainSettings",
    "describe",
    "ensure_toolchain",
    "find_toolchain",
    "sandbox_problem",
]
