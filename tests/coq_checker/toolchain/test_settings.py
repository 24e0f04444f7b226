"""Settings read from the environment, and the default that a person keeps."""

import json
from pathlib import Path

import pytest

from coq_checker.toolchain import SandboxMode, ToolchainError, ToolchainSettings, keep_default
from coq_checker.toolchain.default import settings_file


def test_defaults() -> None:
    settings = ToolchainSettings.from_environment({"HOME": "/home/someone"})
    assert settings.choice == "auto"
    assert settings.sandbox is None
    assert settings.cache == Path("/home/someone/.cache/palmetto")
    assert settings.roots == Path("/home/someone/.cache/palmetto/toolchains")
    assert not settings.prebuilt


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
    given = {"HOME": "/h", "PALMETTO_TOOLCHAIN": "/r", "PALMETTO_SANDBOX": "none", "PALMETTO_PLUGINS": "/p"}
    settings = ToolchainSettings.from_environment(given)
    assert (settings.choice, settings.sandbox, settings.prebuilt) == ("/r", SandboxMode.NONE, True)


@pytest.mark.parametrize("name", ["auto", "coq-8.20", "rocq-9.2", "path", "opam:mine", "/a/root"])
def test_names(name: str) -> None:
    assert ToolchainSettings.from_environment({"HOME": "/h", "PALMETTO_TOOLCHAIN": name}).choice == name


def test_a_folder_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, folder in (("./root", tmp_path / "root"), (".", tmp_path), ("~/x", Path.home() / "x")):
        assert ToolchainSettings.from_environment({"PALMETTO_TOOLCHAIN": name}).choice == str(folder)


@pytest.mark.parametrize(("name", "value"), [("PALMETTO_TOOLCHAIN", "ubuntu"), ("PALMETTO_SANDBOX", "docker")])
def test_values_without_a_meaning(name: str, value: str) -> None:
    with pytest.raises(ToolchainError, match=f"{name} is '{value}': set it to "):
        ToolchainSettings.from_environment({"HOME": "/h", name: value})


class TestKeptDefault:
    def test_it_is_the_choice_unless_the_environment_says_another(self, tmp_path: Path) -> None:
        environ = {"HOME": str(tmp_path)}
        assert keep_default("rocq-9.2", environ) == tmp_path / ".config/palmetto/settings.json"
        assert ToolchainSettings.from_environment(environ).choice == "rocq-9.2"
        assert ToolchainSettings.from_environment({**environ, "PALMETTO_TOOLCHAIN": "path"}).choice == "path"
        keep_default("auto", environ)
        assert ToolchainSettings.from_environment(environ).choice == "auto"

    def test_what_else_the_file_has_stays(self, tmp_path: Path) -> None:
        environ = {"XDG_CONFIG_HOME": str(tmp_path)}
        keep_default("path", environ)
        file = settings_file(environ)
        file.write_text(json.dumps({**json.loads(file.read_text()), "other": 1}))
        keep_default("auto", environ)
        assert json.loads(file.read_text()) == {"other": 1}
        assert [path.name for path in file.parent.iterdir()] == ["settings.json"]

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("{", "is no JSON"),
            ("\xff", "is no JSON"),
            ("[]", "holds no JSON object"),
            ('{"toolchain": 1}', "names no toolchain"),
            ('{"toolchain": "gone"}', r"names the toolchain 'gone': run `palmetto toolchain use` with auto, coq-8\.20"),
        ],
    )
    def test_a_damaged_file(self, tmp_path: Path, text: str, sentence: str) -> None:
        environ = {"XDG_CONFIG_HOME": str(tmp_path)}
        file = settings_file(environ)
        file.parent.mkdir()
        file.write_bytes(text.encode("latin-1"))
        with pytest.raises(ToolchainError, match=sentence):
            ToolchainSettings.from_environment(environ)
        # What the environment says needs no file.
        assert ToolchainSettings.from_environment({**environ, "PALMETTO_TOOLCHAIN": "path"}).choice == "path"

    def test_a_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(ToolchainError, match=r"cannot be written .*PALMETTO_TOOLCHAIN"):
            keep_default("path", {"XDG_CONFIG_HOME": str(tmp_path / "file")})
