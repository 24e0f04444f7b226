"""What a toolchain says about itself, asked once and kept.

Asking takes some tenths of a second of Coq's start; the answers are kept in the cache folder under the
identity (path, size, modification time) of the programs asked, so a replaced program is asked again.
"""

import hashlib
import json
import os
import re
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from coq_checker.toolchain.errors import ToolchainError
from coq_checker.toolchain.value import Toolchain

_ASK_TIMEOUT_S = 60.0

# One shell, so that one sandbox: every answer is on a line of its own after its name.
_QUESTIONS = """
echo "coq=$(coqc --print-version)" || exit 1
echo "coqlib=$(coqc -where)" || exit 1
echo "sertop=$(sertop --version </dev/null)" || exit 1
echo "package=$(dpkg-query -W -f '${Version}' coq-serapi 2>/dev/null)"
lib="$(coqc -where)/../coq-serapi/META"
test -r "$lib" && echo "meta=$(sed -n 's/^version *= *"\\(.*\\)"/\\1/p' "$lib" | head -n 1)"
exit 0
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """A toolchain's own account of itself: versions, and where Coq's library is as seen inside."""

    coq_version: str
    sertop_version: str
    coqlib: str


def facts_of(toolchain: Toolchain, programs: tuple[Path, ...], cache: Path) -> Facts:
    """Give the facts of a toolchain whose version fields are not filled in yet.

    Args:
        toolchain: says how its programs are run.
        programs: the files of its programs on this machine; the kept answer stands while they stay as
            they are.
        cache: the folder to keep the answer in. A folder that cannot be written costs only time.

    Raises:
        ToolchainError: the programs do not run, or do not answer as Coq's do.
    """
    identity = _identity(programs)
    kept = cache / "facts" / f"{hashlib.sha256(identity.encode()).hexdigest()[:24]}.json"
    if (known := _read(kept, identity)) is not None:
        return known
    facts = _ask(toolchain)
    _write(kept, identity, facts)
    return facts


def _identity(programs: tuple[Path, ...]) -> str:
    parts = []
    for program in programs:
        status = program.stat()
        parts.append(f"{program}:{status.st_size}:{status.st_mtime_ns}:{status.st_ino}")
    return "\n".join(parts)


def _ask(toolchain: Toolchain) -> Facts:
    try:
        done = subprocess.run(
            toolchain.command("sh", "-c", _QUESTIONS),
            capture_output=True,
            timeout=_ASK_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolchainError(_broken(toolchain, str(error))) from None
    said = dict(line.split("=", 1) for line in done.stdout.decode(errors="replace").splitlines() if "=" in line)
    version = re.match(r"\d+\.\d+[\w.+]*", said.get("coq", ""))
    if version is None or not said.get("coqlib"):
        problem = " ".join(done.stderr.decode(errors="replace").split()) or "coqc gave no version"
        raise ToolchainError(_broken(toolchain, problem))
    package = said.get("package", "").rpartition("-")[0]
    sertop = said.get("sertop", "").strip() or said.get("meta", "").strip() or package or "unknown"
    return Facts(coq_version=version[0], sertop_version=sertop, coqlib=said["coqlib"])


def _broken(toolchain: Toolchain, problem: str) -> str:
    if toolchain.root is None:
        return (
            f"The sertop and coqc on PATH do not run ({problem}): mend them, or set "
            "PALMETTO_TOOLCHAIN=debian and run `palmetto toolchain ensure`."
        )
    return (
        f"The toolchain at {toolchain.root} does not run ({problem}): delete that directory and run "
        "`palmetto toolchain ensure`."
    )


def _read(path: Path, identity: str) -> Facts | None:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Facts(**kept["facts"]) if kept["identity"] == identity else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(path: Path, identity: str, facts: Facts) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"identity": identity, "facts": asdict(facts)}, file)
        Path(temporary).replace(path)
    except OSError:
        return
