"""The two images that hold torch, on a look-alike of Debian 12 (Python 3.11): gigabytes, so only when asked for."""

import json
import os
from pathlib import Path

import pytest

from ..model_server.test_hf import save_tiny_llama
from ..trainer.making import data_set, some_rows
from . import machine
from .conftest import TAG, build
from .containers import container, once

pytestmark = [
    pytest.mark.images,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(not os.environ.get("PALMETTO_HEAVY_IMAGES"), reason="PALMETTO_HEAVY_IMAGES is not set"),
]
ASK = """
import asyncio
from coqdata import prompts
from model_server.client import ModelClient
async def main():
    async with ModelClient('http://127.0.0.1:8000/v1') as model:
        print([card.backend for card in await model.models()])
        asked = prompts.render('sft', [('n', None, 'nat')], 'n + 0 = n')
        print(len(await model.complete(asked, n=2, max_tokens=8, temperature=1.0)))
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def base(store: None) -> str:
    """Debian 12's image: its Python is one that torch's wheels and xtuner's pins are there for."""
    machine.ensure_base("bookworm")
    return "BASE=debian:bookworm-slim"


def test_a_checkpoint_answers(base: str, tmp_path: Path) -> None:
    build("model-server-hf", "--build-arg", base)
    save_tiny_llama(tmp_path)
    (tmp_path / "palmetto.json").write_text(json.dumps({"layout": "sft", "printing": "coqgym"}))
    tmp_path.chmod(0o755)
    for file in tmp_path.iterdir():  # weights are written for their owner alone
        file.chmod(0o644)
    options = ["--network", "none", "--volume", f"{tmp_path}:/models/tiny:ro"]
    command = ["serve", "model-server", "--backend", "hf", "--checkpoint", "/models/tiny"]
    with container("palmetto-hf", f"localhost/palmetto/model-server:{TAG}-hf", *options, command=command) as server:
        server.wait_healthy(180)
        assert server.execute("python3", "-c", ASK).stdout.split("\n")[:2] == ["['hf']", "2"]


def test_both_engines_train(base: str, tmp_path: Path) -> None:
    # As CUDA's images have it: without a GPU DeepSpeed compiles a part of itself at its start.
    (tmp_path / "Dockerfile").write_text(
        "FROM docker.io/library/debian:bookworm-slim\n"
        "RUN apt-get -qq update && apt-get -qq -y --no-install-recommends install g++ python3-dev >/dev/null\n"
    )
    options = ["--isolation", "chroot", "--network", "host", "--pull-never", "--layers"]
    machine.run("buildah", "build", *options, "--tag", "localhost/devel:bookworm", str(tmp_path))
    build("trainer", "--build-arg", "BASE=localhost/devel:bookworm", "--build-arg", "LOCAL=1")
    data_set(tmp_path / "data", some_rows())
    out = tmp_path / "out"
    out.mkdir()
    out.chmod(0o777)
    mounts = ["--volume", f"{tmp_path / 'data'}:/data:ro", "--volume", f"{out}:/out", "--shm-size", "1g"]
    image = f"localhost/palmetto/trainer:{TAG}"
    assert "--engine" in once(image, "train", "--help").stdout
    for engine in ("local", "xtuner"):
        words = ["--data", "/data", "--base", "tiny", "--engine", engine, "--out", f"/out/{engine}"]
        words += ["--epochs", "1", "--batch", "6"]
        once(image, "train", *words, options=["--network", "none", *mounts])
        assert (out / engine / "config.json").is_file()
