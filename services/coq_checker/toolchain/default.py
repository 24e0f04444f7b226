"""The toolchain that a person made the default, in a settings file of the user's."""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coq_checker.toolchain.errors import ToolchainError

_KEY = "toolchain"


def settings_file(environ: Mapping[str, str] | None = None) -> Path:
    """Where it is kept: `palmetto/settings.json` in the user's configuration folder."""
    given = os.environ if environ is None else environ
    if (shared := given.get("XDG_CONFIG_HOME")) and Path(shared).is_absolute():
        return Path(shared) / "palmetto" / "settings.json"
    home = given.get("HOME")
    return (Path(home) if home else Path.home()) / ".config" / "palmetto" / "settings.json"


def kept_default(environ: Mapping[str, str] | None = None) -> str:
    """The name that was kept; empty where none was.

    Raises:
        ToolchainError: the file cannot be read, or is no such file.
    """
    name = _read(settings_file(environ)).get(_KEY, "")
    if not isinstance(name, str):
        raise ToolchainError(
            f"{settings_file(environ)} names no toolchain ({name!r}): run `palmetto toolchain use auto`."
        )
    return name


def keep_default(name: str, environ: Mapping[str, str] | None = None) -> Path:
    """Keep a name, or for `auto` none; what else the file has stays. Answers the file.

    Raises:
        ToolchainError: the file cannot be read or written.
    """
    path = settings_file(environ)
    settings = {key: value for key, value in _read(path).items() if key != _KEY}
    if name != "auto":
        settings[_KEY] = name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(settings, file, indent=2)
            file.write("\n")
        Path(temporary).replace(path)
    except OSError as error:
        raise ToolchainError(
            f"The settings file {path} cannot be written ({error.strerror}): make it writable, or set "
            "PALMETTO_TOOLCHAIN instead."
        ) from None
    return path


def _read(path: Path) -> dict[str, Any]:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ToolchainError(f"The settings file {path} cannot be read ({error.strerror}): make it readable.") from None
    except ValueError as error:
        raise ToolchainError(f"The settings file {path} is no JSON ({error}): mend it or delete it.") from None
    if not isinstance(settings, dict):
        raise ToolchainError(f"The settings file {path} holds no JSON object: mend it or delete it.")
    return settings
