"""Building the plugin, and finding it again."""

from dataclasses import replace
from pathlib import Path

import pytest

from coq_checker.audit_plugin.build import PluginError, build_plugin, plugin_available, plugin_path
from coq_checker.toolchain import Toolchain


@pytest.fixture
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache in which nothing has been built."""
    monkeypatch.setenv("PALMETTO_CACHE", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("empty_cache")
def test_it_is_found_once_it_is_built(toolchain: Toolchain) -> None:
    assert plugin_path(toolchain) is None and not plugin_available(toolchain)
    build_plugin(toolchain)
    folder = plugin_path(toolchain)
    assert folder is not None and plugin_available(toolchain)
    assert sorted(file.name for file in (folder / "palmetto-audit").iterdir()) == [
        "META",
        "palmetto_audit_plugin.cmxs",
    ]
    made = (folder / "palmetto-audit" / "META").stat().st_mtime_ns
    build_plugin(toolchain)
    assert (folder / "palmetto-audit" / "META").stat().st_mtime_ns == made


@pytest.mark.usefixtures("empty_cache")
def test_another_coq_needs_another(toolchain: Toolchain) -> None:
    build_plugin(toolchain)
    assert plugin_path(replace(toolchain, coq_version="8.19.2")) is None
    assert plugin_path(replace(toolchain, identity="another")) is None


def test_other_sources_need_another(toolchain: Toolchain, empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_plugin(toolchain)
    monkeypatch.setattr("coq_checker.audit_plugin.build._META", "another")
    assert plugin_path(toolchain) is None


def test_without_a_compiler_it_says_what_to_do(toolchain: Toolchain, empty_cache: Path) -> None:
    poor = replace(toolchain, search_path="/nonexistent")
    with pytest.raises(PluginError) as raised:
        build_plugin(poor)
    said = str(raised.value)
    assert "\n" not in said and "install ocamlfind and Coq's development files" in said
    assert plugin_path(poor) is None
    assert list((empty_cache / "plugins").iterdir()) == []


def test_one_that_was_built_beforehand_is_found_before_the_cache(
    toolchain: Toolchain, empty_cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As images have it: the cache is another place, which may be empty."""
    build_plugin(toolchain)
    ready = tmp_path / "ready"
    (empty_cache / "plugins").rename(ready)
    assert plugin_path(toolchain) is None
    monkeypatch.setenv("PALMETTO_PLUGINS", str(ready))
    found = plugin_path(toolchain)
    assert found is not None and found.parent == ready
    build_plugin(toolchain)
    assert not (empty_cache / "plugins").exists()
    assert plugin_path(replace(toolchain, coq_version="8.19.2")) is None
