"""The toolchain that a project's own files name: `[palmetto]` in palmetto.toml or pyproject.toml."""

import tomllib
from pathlib import Path
from typing import Any

from coq_checker.toolchain.errors import ToolchainError
from coq_checker.toolchain.names import leads_to_folder, require_name

# In the order in which they count, with the tables that may hold it.
_OWN = "palmetto.toml"
_TABLE = ("palmetto",)
_FILES = ((_OWN, (_TABLE,)), ("pyproject.toml", (("tool", "palmetto"), _TABLE)))
_KEY = "toolchain"
_RIGHT = 'write `toolchain = "NAME"` on a line below `[{}]`'


def project_setting(folder: Path) -> tuple[str, str] | None:
    """The name that a project's files give, and the file's name; None where they give none.

    Raises:
        ToolchainError: a file cannot be read, has a key that means nothing, or the name means nothing there.
    """
    for file, tables in _FILES:
        path = folder / file
        settings = _read(path)
        if file == _OWN:
            _require_keys(settings, _TABLE, path, "outside of", _TABLE)
        for table in tables:
            found = _table(settings, table, path)
            _require_keys(found, (_KEY,), path, "under", table)
            if _KEY in found:
                return _checked(found[_KEY], path), file
    return None


def _table(settings: dict[str, Any], names: tuple[str, ...], path: Path) -> dict[str, Any]:
    """A table; empty where there is none.

    Raises:
        ToolchainError: what has its name is no table.
    """
    found: Any = settings
    for name in names:
        found = found.get(name, {}) if isinstance(found, dict) else {}
    if not isinstance(found, dict):
        raise ToolchainError(f"{path} has {'.'.join(names)!r} that is no table: {_RIGHT.format('.'.join(names))}.")
    return found


def _require_keys(
    found: dict[str, Any], known: tuple[str, ...], path: Path, where: str, names: tuple[str, ...]
) -> None:
    """Look whether there is what nothing reads: a slip in a name would be passed over.

    Raises:
        ToolchainError: there is.
    """
    unknown = next((key for key in found if key not in known), None)
    if unknown is not None:
        table = ".".join(names)
        raise ToolchainError(
            f"{path} has the key {unknown!r} {where} [{table}], which nothing reads: {_RIGHT.format(table)}, or take "
            "it out."
        )


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
    return require_name(name, f"{path} names the toolchain {name!r}: set it to", folders=False)
