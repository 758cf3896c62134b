"""The PostgreSQL runner: it starts, keeps its data over a stop and a kill, and leaves nothing running."""

from pathlib import Path

import psycopg
import pytest

from console.app.demo.centre import prepare_centre
from console.app.demo.postgres import DemoPostgres
from console.services.sync.central_schema import MIGRATIONS, schema_version
from console.services.sync.central_schema_1 import first


def test_the_demo_centre_keeps_what_was_committed_over_a_stop_and_a_kill(tmp_path: Path) -> None:
    server = DemoPostgres(tmp_path / "centre", durable=False)
    server.start()
    try:
        url = server.create_database("plant")
        with psycopg.connect(url) as connection:
            connection.execute("create table kept (n int)")
            connection.execute("insert into kept values (1)")
        assert server.password_file.stat().st_mode & 0o077 == 0
        port = server.port
        server.stop()
        assert not server.is_running
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url, connect_timeout=1)
        server.start()
        assert server.port == port
        server.kill()
        server.start()
        with psycopg.connect(url) as connection:
            assert connection.execute("select n from kept").fetchall() == [(1,)]
    finally:
        server.remove()


def test_a_server_left_by_a_dead_parent_is_taken_over(tmp_path: Path) -> None:
    left = DemoPostgres(tmp_path / "centre", durable=False)
    left.start()
    process = left._process
    heir = DemoPostgres(tmp_path / "centre", durable=False)
    try:
        heir.start()
        psycopg.connect(heir.url).close()
    finally:
        heir.remove()
        if process is not None:
            process.wait(10)


def test_a_demo_of_the_first_version_loses_its_shared_role(postgres_server: DemoPostgres) -> None:
    postgres_server.start()
    url = postgres_server.create_database("leitstand")
    with psycopg.connect(url, autocommit=True) as connection:
        with connection.transaction():
            first(connection)
            connection.execute("insert into leitstand.meta values ('schema_ver', '1')")
            connection.execute("create role leitstand_station login password 'shared'")
            connection.execute("grant usage on schema leitstand to leitstand_station")
            connection.execute("grant execute on all functions in schema leitstand to leitstand_station")
            connection.execute("grant select on all tables in schema leitstand to leitstand_station")
        prepare_centre(postgres_server)
        prepare_centre(postgres_server)
        assert connection.execute("select 1 from pg_roles where rolname = 'leitstand_station'").fetchone() is None
        assert schema_version(connection) == len(MIGRATIONS)
