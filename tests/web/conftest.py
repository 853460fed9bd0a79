"""The server that tests of the network talk to; a module may have another model behind it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from demo.web.serve import Served
from tests.support.served import serving
from tests.support.table import TableReasoner


@pytest.fixture(scope="module")
def table() -> TableReasoner:
    return TableReasoner()


@pytest.fixture(scope="module")
def served(table: TableReasoner) -> Iterator[Served]:
    with serving(table) as server:
        yield server


@pytest.fixture
def http(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, timeout=60) as client:
        yield client
