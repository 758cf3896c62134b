"""A real PostgreSQL for tests: one server per test session, a new empty database per test.

Use: import both fixtures in your folder's conftest: `from tests.support.postgres import postgres, postgres_server`.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.app.demo.postgres import DemoPostgres
from console.config.settings import CentreSettings

_names = itertools.count(1)


@dataclass(frozen=True)
class TestDatabase:
    """An empty database on a running server; `settings` point a station at it."""

    __test__ = False

    server: DemoPostgres
    name: str

    @property
    def url(self) -> str:
        return self.server.url_of(self.name)

    @property
    def settings(self) -> CentreSettings:
        return CentreSettings(
            host="127.0.0.1",
            port=self.server.port,
            database=self.name,
            user=self.server.user,
            password_file=self.server.password_file,
        )


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoPostgres]:
    """The server that the tests share; a test that kills it starts it again."""
    server = DemoPostgres(Path(tmp_path_factory.mktemp("postgres")), durable=False)
    server.start()
    yield server
    server.remove()


@pytest.fixture
def postgres(postgres_server: DemoPostgres) -> TestDatabase:
    postgres_server.start()
    name = f"test_{next(_names)}"
    postgres_server.create_database(name)
    return TestDatabase(postgres_server, name)
