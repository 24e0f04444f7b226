"""Experiments in a browser: the list, and the report, over a socket."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI

from evaluator.report import html, loading
from evaluator.server import add_experiments
from evaluator.store import ExperimentStore

from ..browser import opened
from .report.making import record, stored

if TYPE_CHECKING:
    from playwright.sync_api import Browser


class Served:
    """The experiments of a store, at an address."""

    def __init__(self, store: Path) -> None:
        app = FastAPI()
        add_experiments(app, store)
        self._server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(30)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "experiments.sqlite"
    stored(path)
    return path


@pytest.fixture(scope="module")
def served(path: Path) -> Iterator[Served]:
    found = Served(path)
    yield found
    found.stop()


def test_the_list(served: Served) -> None:
    found = httpx2.get(f"{served.url}/v1/experiments").json()["experiments"]
    by_name = {one["name"]: one for one in found}
    assert set(by_name) == {"first", "second & <b>bold</b>", "empty"}
    assert by_name["first"]["theorems"] == 25
    assert 0 < by_name["first"]["proved"] < 25
    assert by_name["first"]["model"] == "model of 0.4"
    assert by_name["first"]["projects"] == ["demo", "other"]
    assert by_name["empty"]["theorems"] == by_name["empty"]["proved"] == 0


def test_the_report_is_what_compare_writes(served: Served, path: Path) -> None:
    names = ["first", "second & <b>bold</b>"]
    answer = httpx2.get(f"{served.url}/experiments/report", params={"name": names}, timeout=60)
    with ExperimentStore.open(path) as store:
        assert answer.text == html.render(loading.load(store, names, answers=True), "../#/experiments")
    assert answer.headers["content-security-policy"].startswith(html.policy())
    assert "<b>bold" not in answer.text


def test_it_is_made_anew_when_the_store_has_changed(served: Served, path: Path) -> None:
    asked = {"name": "growing"}
    with ExperimentStore.open(path) as store:
        store.begin("growing", {}, {"demo": {}})
        store.put(record("growing", "demo", "first_of_them"))
    assert "first_of_them" in httpx2.get(f"{served.url}/experiments/report", params=asked, timeout=60).text
    with ExperimentStore.open(path) as store:
        store.put(record("growing", "demo", "second_of_them"))
    assert "second_of_them" in httpx2.get(f"{served.url}/experiments/report", params=asked, timeout=60).text


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        ({"name": "nobody"}, 404, "there is no experiment 'nobody'"),
        ({"name": "empty"}, 404, ""),
        ({"name": "first", "project": "nothing"}, 404, ""),
        ({}, 422, ""),
        ({"name": [str(number) for number in range(17)]}, 422, ""),
    ],
)
def test_bad_input(served: Served, asked: dict[str, str | list[str]], status: int, told: str) -> None:
    answer = httpx2.get(f"{served.url}/experiments/report", params=asked, timeout=60)
    assert answer.status_code == status
    assert told in answer.text
    assert "Traceback" not in answer.text


def test_without_a_store_there_are_none(tmp_path: Path) -> None:
    nothing = Served(tmp_path / "nothing.sqlite")
    try:
        assert httpx2.get(f"{nothing.url}/v1/experiments").json() == {"experiments": []}
        assert httpx2.get(f"{nothing.url}/experiments/report", params={"name": "x"}, timeout=60).status_code == 404
    finally:
        nothing.stop()


def test_a_damaged_store_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "bad.sqlite").write_bytes(b"nothing of the kind" * 100)
    damaged = Served(tmp_path / "bad.sqlite")
    try:
        answer = httpx2.get(f"{damaged.url}/v1/experiments")
        assert answer.status_code == 503
    finally:
        damaged.stop()


def test_it_works_in_a_browser_under_its_policy(served: Served, browser: "Browser") -> None:
    with opened(browser, f"{served.url}/experiments/report?name=first") as found:
        assert found.complaints == []
        assert found.page.locator("svg").count() > 0
        assert found.page.get_by_role("table").count() > 0
