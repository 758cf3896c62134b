"""The demo's central database: its schema, and a role of its own for each console, enrolled as a plant would."""

import secrets
from pathlib import Path

import psycopg
from psycopg import sql

from console.app.demo.postgres import DemoPostgres
from console.config.private_file import write_private
from console.config.site_files import load_site
from console.config.station_file import load_station
from console.services.journal.keys import FileKey
from console.services.sync.central_schema import ensure_schema
from console.services.sync.central_stations import Enrolment, enrol

DATABASE = "leitstand"
_SHARED_ROLE = "leitstand_station"  # of demos that were made by the first version


def prepare_centre(postgres: DemoPostgres) -> None:
    """Make the database and bring its schema up to date; may be repeated."""
    url = postgres.create_database(DATABASE)
    with psycopg.connect(url, autocommit=True) as connection:
        ensure_schema(connection)
        if connection.execute("select 1 from pg_roles where rolname = %s", (_SHARED_ROLE,)).fetchone():
            role = sql.Identifier(_SHARED_ROLE)
            connection.execute(sql.SQL("drop owned by {}").format(role))
            connection.execute(sql.SQL("drop role {}").format(role))


def enrol_console(postgres: DemoPostgres, folder: Path) -> tuple[str, Path]:
    """Let the console of a station folder in; gives its role and its password's file, which stay as they are."""
    station, site = load_station(folder), load_site(folder.parent / "site")
    keys = folder / "keys"
    one = Enrolment(site.site_id, station.station_id, station.code, FileKey.load_or_create(keys).public_key)
    file = keys / "centre.password"
    if not file.exists():
        write_private(file, secrets.token_urlsafe(24))
    with psycopg.connect(postgres.url_of(DATABASE), autocommit=True) as connection:
        return enrol(connection, one, file.read_text(encoding="utf-8")), file


def postmaster_pid(folder: Path) -> int | None:
    """The server's process id from its own pid file; its data may live elsewhere (see postgres.py)."""
    note = folder / "data-is-in.txt"
    home = Path(note.read_text(encoding="utf-8").strip()) if note.exists() else folder
    try:
        return int((home / "data" / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
    except (OSError, ValueError):
        return None
