"""How an engine is started."""

from dataclasses import dataclass
from pathlib import Path

from coq_checker.toolchain import Toolchain


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How an engine is started.

    Attributes:
        toolchain: whose Coq runs.
        engine: which one, `native` or `serapi`.
        arguments: Coq's own (load path and the like).
        module_file: the file whose module the text is, such as `Top.v`.
        read_only: directories that it may read, besides the toolchain's own.
        environment: further environment variables of the process.
        output_bytes: the largest answer to one call.
        address_space_bytes: backstop for the memory of every process.
        file_bytes: largest file that it can write into its private /tmp.
        private_tmp_bytes: size of the private /tmp.
    """

    toolchain: Toolchain
    engine: str = "native"
    arguments: tuple[str, ...] = ()
    module_file: str = "Top.v"
    read_only: tuple[Path, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    output_bytes: int = 32 << 20
    address_space_bytes: int = 6 << 30
    file_bytes: int = 64 << 20
    private_tmp_bytes: int = 256 << 20
