"""A real PostgreSQL for tests: one server per test session, a new empty database per test.

Use: import both fixtures in your folder's conftest: `from tests.support.postgres import postgres, postgres_server`.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from console.app.demo.postgres import DemoPostgres
from console.config.private_file import write_private
from console.config.settings import CentreSettings
from console.services.journal.own_stream import Place
from console.services.sync.central_schema import ensure_schema
from console.services.sync.central_stations import Enrolment, enrol

_names = itertools.count(1)
_PASSWORD = "a station's password"


@dataclass(frozen=True)
class TestDatabase:
    """An empty database on a running server; `settings` are its administrator's, `enrolled` makes a station's."""

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

    def set_up(self, partitions: int | None = None) -> "TestDatabase":
        """As `leitstand centre init` does."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            ensure_schema(connection, partitions)
        return self

    def enrolled(self, place: Place, public_key: bytes) -> CentreSettings:
        """What the station at this place has in its station.toml after `leitstand centre enrol`; may be repeated."""
        one = Enrolment(place.site, place.station, place.code, public_key, place.tenant)
        with psycopg.connect(self.url, autocommit=True) as connection:
            if connection.execute("select to_regclass('leitstand.meta')").fetchone() == (None,):
                ensure_schema(connection)
            enrol(connection, one, _PASSWORD)
        file = self.server.folder / "station.password"
        if not file.exists():
            write_private(file, _PASSWORD)
        return CentreSettings("127.0.0.1", self.server.port, self.name, one.role, file)


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
