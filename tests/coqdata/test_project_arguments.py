"""Arguments that stand for several projects."""

from pathlib import Path

import pytest

from coqdata.crawled import expand
from coqdata.project import ProjectError


def test_a_star_stands_for_the_folders_of_a_volume(tmp_path: Path) -> None:
    for name in ("b", "a", ".hidden", "lost+found"):
        (tmp_path / name).mkdir()
    (tmp_path / "file.v").write_text("")
    assert expand(["zfc", f"{tmp_path}/*", "x=y"]) == ["zfc", str(tmp_path / "a"), str(tmp_path / "b"), "x=y"]


def test_a_folder_that_is_named_star_is_a_project_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "*").mkdir()
    assert expand([f"{tmp_path}/*"]) == [str(tmp_path / "*")]


def test_a_volume_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"the folder of projects .*/none cannot be read"):
        expand([f"{tmp_path}/none/*"])
