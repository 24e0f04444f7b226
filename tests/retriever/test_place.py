"""Where indexes lie: who builds one and who serves it look at the same place."""

from pathlib import Path

import pytest

from retriever.index.place import index_folder
from retriever.server import RetrieverSettings


def test_builder_and_server_agree(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PALMETTO_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PALMETTO_RETRIEVER_INDEXES", raising=False)
    assert index_folder() == RetrieverSettings().indexes == tmp_path / "cache" / "index"
    monkeypatch.setenv("PALMETTO_RETRIEVER_INDEXES", str(tmp_path / "volume"))
    assert index_folder() == RetrieverSettings().indexes == tmp_path / "volume"
