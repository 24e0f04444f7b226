"""What the page says of settings, tools and hosts is so."""

import json
import re
from pathlib import Path

from palmetto.mcp.build import make_server
from palmetto.mcp.services import Addresses, Remote
from palmetto.mcp.settings import McpSettings

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "mcp.md").read_text()


def test_settings() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (\S+) \| (.+) \|$", PAGE, re.M)
    fields = McpSettings.model_fields
    assert [name.lower() for name, _, _ in rows] == list(fields)
    assert [what for _, _, what in rows] == [one.description for one in fields.values()]
    for name, default, _ in rows:
        if default != "empty":
            assert float(default.strip("`")) == fields[name.lower()].default


async def test_tools() -> None:
    services = Remote(Addresses("http://127.0.0.1:1", "127.0.0.1:1", "127.0.0.1:1"))
    try:
        server = make_server(services, McpSettings())
        names = [one.name for one in await server.list_tools()]
    finally:
        await services.close()
    assert re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.M) == names


def test_snippets_for_hosts() -> None:
    found = [json.loads(one) for one in re.findall(r"```json\n(.+?)```", PAGE, re.S)]
    for given in found:
        (servers,) = given.values()
        assert servers["palmetto"]["command"].endswith("/palmetto")
        assert servers["palmetto"]["args"][:2] == ["mcp", "--project"]
    assert len(found) == 2
