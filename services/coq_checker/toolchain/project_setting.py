"""The toolchain that a project's own files name: `[palmetto]` in palmetto.toml or pyproject.toml."""

import tomllib
from pathlib import Path
from typing import Any

from coq_checker.toolchain.errors import ToolchainError
from coq_checker.toolchain.names import leads_to_folder, require_name

# In the order in which they count, with the tables that may hold it.
_FILES = (
    ("palmetto.toml", (("palmetto",),)),
    ("pyproject.toml", (("tool", "palmetto"), ("palmetto",))),
)
_KEY = "toolchain"


def project_setting(folder: Path) -> tuple[str, str] | None:
    """The name that a project's files give, and the file's name; None where they give none.

    Raises:
        ToolchainError: a file cannot be read, or the name means nothing there.
    """
    for file, tables in _FILES:
        settings = _read(folder / file)
        for table in tables:
            found: Any = settings
            for part in table:
                found = found.get(part, {}) if isinstance(found, dict) else {}
            if isinstance(found, dict) and _KEY in found:
                return _checked(found[_KEY], folder / file), file
    return None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ToolchainError(f"{path} cannot be read ({error.strerror}): make it readable.") from None
    except ValueError as error:
        raise ToolchainError(f"{path} is no TOML ({error}): mend it.") from None


def _checked(name: Any, path: Path) -> str:
    if not isinstance(name, str):
        raise ToolchainError(f"{path} names the toolchain {name!r}: write its name in quotes.")
    if leads_to_folder(name):
        # Otherwise other people's projects would bring the programs that judge them.
        raise ToolchainError(
            f"{path} names the folder {name!r} as its toolchain, which a project's own file may not: give it with "
            "--toolchain or PALMETTO_TOOLCHAIN."
        )
    return require_name(name, f"{path} names the toolchain {name!r}: set it to")
