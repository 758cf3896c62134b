"""The PostgreSQL runner: it starts, keeps its data over a stop and a kill, and leaves nothing running."""

from pathlib import Path

import psycopg
import pytest

from console.app.demo.postgres import DemoPostgres


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
