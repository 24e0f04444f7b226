"""Where Coq comes from, and how its programs are run inside a sandbox.

A `Toolchain` is a value: `find_toolchain` finds one by its name, `ensure_toolchain` builds one where it is none of this
machine's own, `list_toolchains` tells which there are, `toolchain_for_project` which a project needs, and
`Toolchain.command` gives the argument vector that runs one of its programs.
"""

from coq_checker.toolchain.choice import Choice, choose_toolchain, toolchain_for_file, toolchain_for_project
from coq_checker.toolchain.default import keep_default
from coq_checker.toolchain.ensure import ensure_toolchain
from coq_checker.toolchain.errors import ToolchainError, UnusableError
from coq_checker.toolchain.find import find_toolchain
from coq_checker.toolchain.listing import Listed, list_toolchains
from coq_checker.toolchain.names import leads_to_folder, require_name
from coq_checker.toolchain.programs import Programs
from coq_checker.toolchain.recipe import promised_version
from coq_checker.toolchain.sandbox import DEFAULT_PRIVATE_TMP_BYTES, sandbox_problem
from coq_checker.toolchain.settings import SandboxMode, ToolchainSettings
from coq_checker.toolchain.show import Row, describe
from coq_checker.toolchain.value import CommandOptions, Toolchain
from coq_checker.toolchain.versions import NATIVE_VERSIONS, versions_that_work

__all__ = [
    "DEFAULT_PRIVATE_TMP_BYTES",
    "NATIVE_VERSIONS",
    "Choice",
    "CommandOptions",
    "Listed",
    "Programs",
    "Row",
    "SandboxMode",
    "Toolchain",
    "ToolchainError",
    "ToolchainSettings",
    "UnusableError",
    "choose_toolchain",
    "describe",
    "ensure_toolchain",
    "find_toolchain",
    "keep_default",
    "leads_to_folder",
    "list_toolchains",
    "promised_version",
    "require_name",
    "sandbox_problem",
    "toolchain_for_file",
    "toolchain_for_project",
    "versions_that_work",
]
