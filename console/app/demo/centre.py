"""The demo's central database: its schema, and one role for the consoles that may not change what is written."""

import secrets
from pathlib import Path

import psycopg
from psycopg import sql

from console.app.demo.postgres import DemoPostgres
from console.config.private_file import write_private
from console.services.sync.central_schema import ensure_schema

DATABASE = "leitstand"
STATION_ROLE = "leitstand_station"
_RIGHTS = (
    "grant usage on schema leitstand to {}",
    "grant execute on all functions in schema leitstand to {}",
    "grant select on all tables in schema leitstand to {}",
)


def station_password_file(postgres: DemoPostgres) -> Path:
    """Where the password of the consoles' role stands, readable by its owner only."""
    return postgres.folder / "station-password.txt"


def prepare_centre(postgres: DemoPostgres) -> None:
    """Make the database, bring its schema up to date, and let the consoles' role in; may be repeated."""
    url = postgres.create_database(DATABASE)
    file = station_password_file(postgres)
    if not file.exists():
        write_private(file, secrets.token_urlsafe(24))
    role = sql.Identifier(STATION_ROLE)
    with psycopg.connect(url, autocommit=True) as connection:
        ensure_schema(connection)
        found = connection.execute("select 1 from pg_roles where rolname = %s", (STATION_ROLE,)).fetchone()
        if found is None:
            connection.execute(sql.SQL("create role {} login").format(role))
        password = sql.Literal(file.read_text(encoding="utf-8"))
        connection.execute(sql.SQL("alter role {} password {}").format(role, password))
        for right in _RIGHTS:
            connection.execute(sql.SQL(right).format(role))


def postmaster_pid(folder: Path) -> int | None:
    """The server's process id from its own pid file; its data may live elsewhere (see postgres.py)."""
    note = folder / "data-is-in.txt"
    home = Path(note.read_text(encoding="utf-8").strip()) if note.exists() else folder
    try:
        return int((home / "data" / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
    except (OSError, ValueError):
        return None
