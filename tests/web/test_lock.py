"""The packages that build the page are locked: by hashes, and by no address."""

import json
from pathlib import Path

WEB = Path(__file__).resolve().parents[2] / "web"


def test_the_lock_names_hashes_and_no_address() -> None:
    text = (WEB / "package-lock.json").read_text()
    assert "resolved" not in text and "://registry" not in text
    packages = json.loads(text)["packages"]
    own = packages.pop("")
    assert packages and [name for name, one in packages.items() if not one["integrity"].startswith("sha512-")] == []
    given = json.loads((WEB / "package.json").read_text())
    for kind in ("dependencies", "devDependencies"):
        assert own[kind] == given[kind], "run `npm install` in web/"


def test_packages_run_nothing_when_they_are_installed() -> None:
    assert "ignore-scripts=true" in (WEB / ".npmrc").read_text().split()
