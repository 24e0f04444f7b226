"""Settings read from the environment."""

from pathlib import Path

import pytest

from coq_checker.toolchain import SandboxMode, ToolchainError, ToolchainSettings


def test_defaults() -> None:
    settings = ToolchainSettings.from_environment({"HOME": "/home/someone"})
    assert settings.choice == "auto"
    assert settings.sandbox is SandboxMode.BWRAP
    assert settings.cache == Path("/home/someone/.cache/palmetto")
    assert settings.roots == Path("/home/someone/.cache/palmetto/toolchains")


@pytest.mark.parametrize(
    ("environ", "cache"),
    [
        ({"PALMETTO_CACHE": "/big/disk", "XDG_CACHE_HOME": "/xdg"}, "/big/disk"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/palmetto"),
        ({"XDG_CACHE_HOME": "not/absolute"}, "/h/.cache/palmetto"),
        ({"PALMETTO_CACHE": ""}, "/h/.cache/palmetto"),
    ],
)
def test_cache_folder(environ: dict[str, str], cache: str) -> None:
    assert ToolchainSettings.from_environment({"HOME": "/h", **environ}).cache == Path(cache)


def test_choices_and_modes() -> None:
    settings = ToolchainSettings.from_environment({"PALMETTO_TOOLCHAIN": "/r", "PALMETTO_SANDBOX": "none"})
    assert (settings.choice, settings.sandbox) == ("/r", SandboxMode.NONE)


@pytest.mark.parametrize(("name", "value"), [("PALMETTO_TOOLCHAIN", "ubuntu"), ("PALMETTO_SANDBOX", "docker")])
def test_values_without_a_meaning(name: str, value: str) -> None:
    with pytest.raises(ToolchainError, match=f"{name} is '{value}': set it to "):
        ToolchainSettings.from_environment({name: value})
