"""The workbench before the whole stack."""

import signal
from collections.abc import Iterator

import pytest

from ..e2e.test_stack import up
from .pages import skip_unless_built


@pytest.fixture(scope="module")
def workbench() -> Iterator[str]:
    """Its address: checker, retriever, model server and prover, as the command line starts them."""
    skip_unless_built()
    with up() as (process, url, _):
        yield url
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
