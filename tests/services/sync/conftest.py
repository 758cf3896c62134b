"""Every sync test meets a real PostgreSQL."""

import itertools
from collections.abc import Iterator

import pytest

from console.app.demo.postgres import DemoPostgres
from tests.support.centres import Site
from tests.support.postgres import TestDatabase, postgres, postgres_server

__all__ = ["postgres", "postgres_server"]
_numbers = itertools.count(1)


@pytest.fixture(scope="module", params=[0, 4], ids=["plain tables", "hash partitions"])
def centre(request: pytest.FixtureRequest, postgres_server: DemoPostgres) -> TestDatabase:
    """One centre a module and layout; tests take a site of their own in it."""
    postgres_server.start()
    name = f"centre_{next(_numbers)}"
    postgres_server.create_database(name)
    return TestDatabase(postgres_server, name).set_up(request.param)


@pytest.fixture
def site(centre: TestDatabase) -> Iterator[Site]:
    site = Site(centre)
    yield site
    site.close()
