"""What the crawler's tests share: a GitHub on this machine, and settings that lead to it and nowhere else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.settings import CrawlerSettings

from .github import FakeGitHub, fake_github


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with fake_github() as running:
        yield running


@pytest.fixture
def settings(github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> CrawlerSettings:
    for name in ("GITHUB_TOKEN", "PALMETTO_CRAWLER_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return settings_for(github)


def settings_for(github: FakeGitHub, **more: object) -> CrawlerSettings:
    given = {
        "api_url": github.url,
        "git_protocols": "file",
        "retry_pause_s": 0.01,
        "languages": ("coq",),
        "token": "secret-of-a-test",
        **more,
    }
    return CrawlerSettings.model_validate(given)


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    """Where the repositories lie that are cloned."""
    return tmp_path / "upstream"
