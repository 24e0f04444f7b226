"""What a toolchain says about itself, asked once and kept.

Asking takes some tenths of a second of Coq's start; the answers are kept in the cache folder under the
identity (path, size, modification time) of the programs asked, so a replaced program is asked again.
"""

import hashlib
import json
import os
import re
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from coq_checker.toolchain.asking import NoAnswerError, ask
from coq_checker.toolchain.errors import ToolchainError
from coq_checker.toolchain.value import Toolchain

# Coq answers in some tenths of a second; a whole run waits for one that hangs, once.
_ASK_TIMEOUT_S = 10.0
# How long one that did not answer is not asked again.
_SILENT_TRUST_S = 60.0
_SIGNALS = 64

# Of Coq's development files the one that is compiled against.
_LIBRARY = "vernac.cmxa"

# One shell, so that one sandbox: every answer is on a line of its own after its name. Its arguments are the words that
# Coq's compiler is called with. Only Coq itself has to run.
_QUESTIONS = f"""
said="$("$@" --print-version)" || exit $?
echo "coq=$said"
said="$("$@" -where)" || exit $?
echo "coqlib=$said"
if command -v sertop >/dev/null && version="$(sertop --version </dev/null)"; then
  echo "sertop=$version"
  echo "package=$(dpkg-query -W -f '${{Version}}' coq-serapi 2>/dev/null)"
  lib="$("$@" -where)/../coq-serapi/META"
  test -r "$lib" && echo "meta=$(sed -n 's/^version *= *"\\(.*\\)"/\\1/p' "$lib" | head -n 1)"
fi
if command -v ocamlfind >/dev/null; then
  echo "compiler=$(ocamlfind ocamlopt -version 2>/dev/null)"
  for package in rocq-runtime coq-core; do
    folder="$(ocamlfind query "$package.vernac" 2>/dev/null)" || continue
    test -r "$folder/{_LIBRARY}" && ls "$folder"/vernac*.cmi >/dev/null 2>&1 && echo "development=$package $folder"
  done
fi
exit 0
"""


@dataclass(frozen=True, slots=True)
class _Silent:
    why: str
    at: float


# Those that did not answer, by their identity.
_silent: dict[str, _Silent] = {}


@dataclass(frozen=True, slots=True)
class Facts:
    """A toolchain's own account of itself.

    Attributes:
        coq_version: such as `9.2`.
        coq_ocaml: the OCaml that Coq was compiled with, such as `5.4.1`; empty where it does not tell.
        sertop_version: SerAPI's; `unknown` where it does not tell, empty where there is no sertop.
        coqlib: where Coq's library is, as seen inside.
        compiler: version of its own OCaml compiler, as `ocamlfind ocamlopt` tells; empty where there is none.
        development: findlib packages of Coq whose files to compile against are there, and the folder of some of them.
    """

    coq_version: str
    coq_ocaml: str
    sertop_version: str
    coqlib: str
    compiler: str
    development: tuple[tuple[str, str], ...]


def facts_of(toolchain: Toolchain, programs: tuple[Path, ...], cache: Path, again: bool = False) -> Facts:
    """Give the facts of a toolchain whose version fields are not filled in yet.

    Args:
        toolchain: says how its programs are run.
        programs: the files of its programs on this machine; the kept answer stands while they stay as
            they are.
        cache: the folder to keep the answer in. A folder that cannot be written costs only time.
        again: ask even if an answer was kept, unless nothing can be missing.

    Raises:
        ToolchainError: the programs do not run, or do not answer as Coq's do.
    """
    identity = _identity(toolchain, programs)
    kept = cache / "facts" / f"{hashlib.sha256(identity.encode()).hexdigest()[:24]}.json"
    known = _read(kept, identity)
    # What is missing may have been installed since, beside the programs, and what was there may be gone.
    there = known is not None and all(
        (toolchain.host_path(folder) / _LIBRARY).is_file() for _, folder in known.development
    )
    if known is not None and there and (known.development or (known.sertop_version and not again)):
        return known
    silent = _silent.get(identity)
    if silent is not None and time.monotonic() - silent.at < _SILENT_TRUST_S:
        raise ToolchainError(_broken(toolchain, silent.why))
    try:
        facts = _ask(toolchain)
    except NoAnswerError as error:
        _silent[identity] = _Silent(str(error), time.monotonic())
        raise ToolchainError(_broken(toolchain, str(error))) from None
    _write(kept, identity, facts)
    return facts


def _identity(toolchain: Toolchain, programs: tuple[Path, ...]) -> str:
    parts = [repr(toolchain.programs.compiler), repr(toolchain.environment)]
    for program in programs:
        status = program.stat()
        parts.append(f"{program}:{status.st_size}:{status.st_mtime_ns}:{status.st_ino}")
    return "\n".join(parts)


def _ask(toolchain: Toolchain) -> Facts:
    command = toolchain.command("sh", "-c", _QUESTIONS, "sh", *toolchain.programs.compiler)
    try:
        done = ask(command, _ASK_TIMEOUT_S)
    except OSError as error:
        raise ToolchainError(_broken(toolchain, str(error))) from None
    lines = [line.split("=", 1) for line in done.stdout.decode(errors="replace").splitlines() if "=" in line]
    said = {name: value.strip() for name, value in lines}
    version = re.match(r"(\d+\.\d+[\w.+]*)(?:\s+(\S+))?", said.get("coq", ""))
    if version is None or not said.get("coqlib"):
        if (signal := _killed_by(done.returncode)) is not None:
            raise ToolchainError(
                f"The {' '.join(toolchain.programs.compiler)} of the toolchain {toolchain.name} was killed by signal "
                f"{signal} as it started: see that there is memory for it, and try again."
            )
        problem = " ".join(done.stderr.decode(errors="replace").split()) or "coqc gave no version"
        raise ToolchainError(_broken(toolchain, problem))
    sertop = ""
    if "sertop" in said:
        sertop = said["sertop"] or said.get("meta", "") or said.get("package", "").rpartition("-")[0] or "unknown"
    return Facts(
        coq_version=version[1],
        coq_ocaml=version[2] or "",
        sertop_version=sertop,
        coqlib=said["coqlib"],
        compiler=said.get("compiler", ""),
        development=tuple(_pair(value) for name, value in lines if name == "development"),
    )


def _killed_by(status: int) -> int | None:
    """The signal that ended a command, or what it ran, as shells tell it; None where it was none."""
    signal = -status if status < 0 else status - 128
    return signal if 0 < signal <= _SIGNALS else None


def _pair(words: str) -> tuple[str, str]:
    first, _, rest = words.strip().partition(" ")
    return first, rest


def _broken(toolchain: Toolchain, problem: str) -> str:
    program = " ".join(toolchain.programs.compiler)
    if toolchain.root is None:
        return (
            f"The {program} of the toolchain {toolchain.name} does not run ({problem}): mend it, or choose another "
            "that `palmetto toolchain list` shows, with `palmetto toolchain use NAME`."
        )
    return (
        f"The toolchain at {toolchain.root} does not run ({problem}): delete that directory and run "
        "`palmetto toolchain ensure`."
    )


def _read(path: Path, identity: str) -> Facts | None:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        facts = kept["facts"]
        found = Facts(**{**facts, "development": tuple((one, place) for one, place in facts["development"])})
        return found if kept["identity"] == identity else None
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
