"""Where the sentences of the standard library are by Coq's own parser, and a record of that.

Coq's answer depends on its version and on the library's bytes alone, and asking for all of it takes minutes of two
cores. So it is kept as a digest for each file: our splitter is compared with the digests, and Coq is asked where they
differ, where a library is not the recorded one, and for some files in any case.

`python -m tests.coqdata.library` asks Coq for every file and writes the record anew (for a new toolchain).
"""

import hashlib
import json
import re
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coq_checker.toolchain import Toolchain, find_toolchain

RECORD = Path(__file__).with_suffix(".json")
_ADDED = re.compile(rb"\(Answer \d+\(Added (\d+)\(.*?\(bp (\d+)\)\(ep (\d+)\)")

Offsets = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Library:
    """The sources of a toolchain's standard library.

    Attributes:
        files: where they are on this machine, by their names below the library's folder.
        identity: of the programs that read them, and of all their bytes.
    """

    toolchain: Toolchain
    files: dict[str, Path]
    identity: dict[str, str]

    @staticmethod
    def of(toolchain: Toolchain) -> "Library":
        """The library of a toolchain."""
        folder = toolchain.host_path(toolchain.coqlib)
        files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.glob("theories/**/*.v"))}
        assert len(files) > 300, f"the standard library's sources are not at {folder}"
        found = hashlib.sha256()
        for name, path in files.items():
            found.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
        identity = {
            "coq": toolchain.coq_version,
            "sertop": toolchain.sertop_version,
            "sources": found.hexdigest(),
        }
        return Library(toolchain, files, identity)

    def ask(self, name: str) -> tuple[Offsets, str | None]:
        """Start and end of each sentence of a file as Coq sees them, and what stopped it before the end."""
        flags = ["--printer=sertop", "--topfile", f"{self.toolchain.coqlib}/{name}"]
        if name.startswith("theories/Init/"):
            flags.append("--no_prelude")
        return coq_offsets(self.toolchain.command("sertop", *flags), self.files[name].read_bytes())

    def ask_all(self, names: Iterable[str]) -> dict[str, tuple[Offsets, str | None]]:
        """The same of several files, two at a time."""
        # Largest first, so that both workers end together.
        order = sorted(names, key=lambda name: -self.files[name].stat().st_size)
        with ThreadPoolExecutor(2) as pool:
            return dict(zip(order, pool.map(self.ask, order), strict=True))


def digest(offsets: Offsets) -> str:
    """A digest of sentences' positions, behind how many they are."""
    text = "".join(f"{start} {end}\n" for start, end in offsets)
    return f"{len(offsets)} {hashlib.sha256(text.encode()).hexdigest()[:24]}"


def recorded(library: Library, record: Path = RECORD) -> dict[str, str]:
    """Digests of all files by Coq; none where the record is of another library or another Coq."""
    kept: dict[str, Any] = json.loads(record.read_text("utf-8"))
    if kept["identity"] != library.identity:
        return {}
    digests: dict[str, str] = kept["digests"]
    return digests


def coq_offsets(argv: Sequence[str], text: bytes) -> tuple[Offsets, str | None]:
    """Start and end of each sentence as Coq sees them, and what stopped it before the end of the text."""
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as sertop:
        assert sertop.stdin is not None
        assert sertop.stdout is not None
        offsets: Offsets = []
        stopped: bytes | None = b"sertop died"
        try:
            sertop.stdin.write(b"(0 (Add () " + _quoted(text) + b"))\n")
            sertop.stdin.flush()
        except BrokenPipeError:
            return offsets, "sertop died"
        failed: bytes | None = None
        for line in sertop.stdout:
            added = _ADDED.match(line)
            if added is not None:
                offsets.append((int(added[2]), int(added[3])))
            elif line.startswith(b"(Answer 0(CoqExn"):
                failed = line
            elif line.startswith(b"(Answer 0 Completed"):
                stopped = failed
                break
        sertop.stdin.close()
        sertop.stdout.read()
    return offsets, None if stopped is None else stopped[-300:].decode(errors="replace")


def _quoted(text: bytes) -> bytes:
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def write_record() -> None:
    """Asks Coq for every file."""
    library = Library.of(find_toolchain())
    digests = {}
    for name, (offsets, stopped) in sorted(library.ask_all(library.files).items()):
        if stopped is not None:
            raise SystemExit(f"{name}: Coq stopped after {len(offsets)} sentences: {stopped}")
        digests[name] = digest(offsets)
    RECORD.write_text(json.dumps({"identity": library.identity, "digests": digests}, indent=0) + "\n", "utf-8")


if __name__ == "__main__":
    write_record()
