"""Who may ask the prover's HTTP service: tokens, the page's cookie, rates, other sites, headers."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from prover.client import ProverClient, ProverRefusedError
from prover.server import ProverServerSettings

from ...coq_checker.servers import PALMETTO
from .process import ProverProcess, refused_start

TOKEN = "a-token-of-the-tests-0123456789"
OTHER = "another-token-of-the-tests-98765"
EVIL = "https://evil.example"


@pytest.fixture(scope="module")
def guarded(checker_address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProverProcess]:
    tokens = tmp_path_factory.mktemp("tokens") / "tokens"
    tokens.write_text(f"{OTHER}\n\n")
    process = ProverProcess(checker_address, token=TOKEN, token_file=str(tokens), origins="https://good.example")
    yield process
    assert process.stop() == 0
    assert not any("Traceback" in line for line in process.lines), process.lines


@pytest.fixture
def http(guarded: ProverProcess) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=guarded.url, timeout=60) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/v1/session"])
def test_what_tells_whether_it_works_needs_no_token(http: httpx2.Client, path: str) -> None:
    assert http.get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/v1/projects", "/v1/attempts/x", "/v1/experiments", "/experiments/report?name=x", "/docs", "/openapi.json"],
)
def test_everything_else_needs_one(http: httpx2.Client, path: str) -> None:
    answer = http.get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "Authorization: Bearer" in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/v1/prove", "/v1/fill", "/v1/attempts/x/cancel", "/", "/assets/x"])
def test_no_work_without_one(http: httpx2.Client, path: str) -> None:
    assert http.post(path, json={}).status_code in (401, 404, 405)


@pytest.mark.parametrize("token", [TOKEN, OTHER])
def test_each_token_is_good(http: httpx2.Client, token: str) -> None:
    assert http.get("/v1/projects", headers=bearer(token)).status_code == 200


@pytest.mark.parametrize(
    "value",
    [f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer", f"Basic {TOKEN}", TOKEN, "Bearer \u00e9" * 3],
)
def test_no_other_token_is_good(http: httpx2.Client, value: str) -> None:
    assert http.get("/v1/projects", headers=[(b"Authorization", value.encode())]).status_code == 401


def test_the_page_s_session(guarded: ProverProcess) -> None:
    with httpx2.Client(base_url=guarded.url) as page:
        assert page.get("/v1/session").json() == {"needed": True, "authenticated": False}
        assert page.post("/v1/session", json={"token": "wrong"}).status_code == 401
        begun = page.post("/v1/session", json={"token": TOKEN})
        assert begun.status_code == 204
        cookie = begun.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert TOKEN not in cookie
        assert page.get("/v1/session").json() == {"needed": True, "authenticated": True}
        assert page.get("/v1/projects").status_code == 200
        assert page.delete("/v1/session").status_code == 204
        assert page.get("/v1/projects").status_code == 401
    with httpx2.Client(base_url=guarded.url, headers={"Cookie": "palmetto_session=00"}) as forged:
        assert forged.get("/v1/projects").status_code == 401


async def test_the_client_s_token(guarded: ProverProcess) -> None:
    async with ProverClient(guarded.url, token=TOKEN) as client:
        got = [event async for event in client.prove(statement="Lemma t : 1 = 1.", retrieval=False)]
    assert got[-1]["verdict"] == "PROVED"
    async with ProverClient(guarded.url) as client:
        with pytest.raises(ProverRefusedError, match="PALMETTO_PROVER_TOKEN"):
            _ = [event async for event in client.prove(statement="Lemma t : 1 = 1.")]


async def test_the_client_takes_the_token_from_the_environment(
    guarded: ProverProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALMETTO_PROVER_TOKEN", TOKEN)
    async with ProverClient(guarded.url) as client:
        got = [event async for event in client.prove(statement="Lemma t : 1 = 1.", retrieval=False)]
    assert got[-1]["verdict"] == "PROVED"


@pytest.mark.parametrize(
    "origins", ["good.example", "*", "https://*.example", "https://good.example/page", "https://[", "null"]
)
def test_what_is_no_site_is_refused_at_the_start(origins: str) -> None:
    status, said = refused_start(PALMETTO, origins=f"https://fine.example, {origins}")
    assert status == 2
    assert f"PALMETTO_PROVER_ORIGINS: {origins!r} is no site: give such as https://" in said
    assert "Traceback" not in said


def test_sites_are_compared_as_browsers_write_them() -> None:
    given = ProverServerSettings(origins="https://Good.example/, http://[::1]:8080")
    assert given.other_origins() == ["https://good.example", "http://[::1]:8080"]


@pytest.mark.parametrize("origin", [EVIL, "null", "http://127.0.0.1:1", "http://localhost"])
def test_pages_of_other_sites_begin_no_work(http: httpx2.Client, origin: str) -> None:
    answer = http.post("/v1/prove", json={"statement": "Lemma t : 1 = 1."}, headers={**bearer(TOKEN), "Origin": origin})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_a_site_that_is_named_may(http: httpx2.Client) -> None:
    asks = {"Origin": "https://good.example", "Access-Control-Request-Method": "POST"}
    before = http.options("/v1/prove", headers={**asks, "Access-Control-Request-Headers": "authorization"})
    assert before.status_code == 200
    assert before.headers["access-control-allow-origin"] == "https://good.example"
    answer = http.post("/v1/prove", json={"statement": "Lemma t : 1 = 1."}, headers={**bearer(TOKEN), **asks})
    assert answer.json()["verdict"] == "PROVED"
    assert http.options("/v1/prove", headers={**asks, "Origin": EVIL}).status_code == 400


def test_headers_of_every_answer(http: httpx2.Client) -> None:
    for path in ("/", "/healthz", "/v1/projects", "/nothing"):
        headers = http.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"


def test_no_cors_and_own_hosts_by_default(checker_address: str) -> None:
    process = ProverProcess(checker_address, rate_per_min="2")
    try:
        with httpx2.Client(base_url=process.url) as client:
            asks = {"Origin": EVIL, "Access-Control-Request-Method": "POST"}
            assert "access-control-allow-origin" not in client.options("/v1/prove", headers=asks).headers
            assert client.get("/v1/session").json() == {"needed": False, "authenticated": True}
            # A name that somebody lets lead to the loopback address.
            rebound = client.get("/v1/projects", headers={"Host": "evil.example"})
            assert rebound.status_code == 421
            assert "PALMETTO_PROVER_HOSTS" in rebound.json()["error"]["message"]
            assert client.get("/v1/projects", headers={"Host": "localhost:1"}).status_code == 200
            # The rate: two that begin work, whatever comes of them.
            assert [client.post("/v1/prove", json={}).status_code for _ in range(2)] == [422, 422]
            slow = client.post("/v1/prove", json={})
            assert slow.status_code == 429
            assert 1 <= int(slow.headers["retry-after"]) <= 120
            assert client.get("/v1/projects").status_code == 200
    finally:
        assert process.stop() == 0


def test_wrong_tokens_are_not_tried_for_ever(checker_address: str) -> None:
    process = ProverProcess(checker_address, token=TOKEN)
    try:
        with httpx2.Client(base_url=process.url) as client:
            codes = [client.get("/v1/projects", headers=bearer(f"wrong-{n}")).status_code for n in range(40)]
            assert codes[0] == 401
            assert codes[-1] == 429
            assert client.post("/v1/session", json={"token": TOKEN}).status_code == 429
            assert client.get("/v1/projects", headers=bearer(TOKEN)).status_code == 200
            # A guessed cookie is a guessed token.
            assert client.get("/v1/projects", headers={"Cookie": "palmetto_session=00"}).status_code == 429
            assert client.get("/v1/projects").status_code == 401
    finally:
        assert process.stop() == 0


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"token": "short"}, "at least 16"),
        ({"token": "with a space in the middle of it"}, "no space"),
        ({"token_file": "/nowhere/at/all"}, "cannot be read"),
        ({"token_file": "EMPTY"}, "holds none"),
    ],
)
def test_tokens_that_protect_nothing_are_refused(settings: dict[str, str], told: str, tmp_path: Path) -> None:
    if settings.get("token_file") == "EMPTY":
        (tmp_path / "tokens").write_text("\n \n")
        settings = {"token_file": str(tmp_path / "tokens")}
    status, said = refused_start(PALMETTO, **settings)
    assert status == 2
    assert told in said
    assert "Traceback" not in said
