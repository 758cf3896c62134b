"""`leitstand centre init|status|enrol|prune`: the central PostgreSQL's schema, what it holds, who may come in, and how
long the history of tags is kept there."""

import argparse
import json
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from console.app.commands.act import read_password_file
from console.app.commands.centre_station import read_station_of
from console.app.exit_codes import Exit
from console.config.private_file import write_private
from console.config.problems import BadConfiguration
from console.domain.refusal import Refused
from console.services.sync.central_history_care import history_partitions, prune_history
from console.services.sync.central_schema import MIGRATIONS, ensure_schema, schema_version
from console.services.sync.central_schema_4 import DAY_S, HOUR_S
from console.services.sync.central_stations import Enrolment, enrol, not_set_up, revoke

_CONNECT_S = 5
_MOST_PARTITIONS = 1024
Connection = psycopg.Connection[Any]


def command(options: argparse.Namespace) -> int:
    """All may be repeated. Passwords come from files, never from the line."""
    if len(options.names) != (2 if options.what == "enrol" else 1):
        station = "STATION " if options.what == "enrol" else ""
        print(f"usage: leitstand centre {options.what} {station}URL", file=sys.stderr)
        return Exit.USAGE
    try:
        return _connected(options)
    except Refused as error:
        code, text = Exit.REFUSED, str(error)
    except psycopg.errors.InsufficientPrivilege as error:
        code, text = Exit.REFUSED, f"this needs an administrator of the centre: {_first_line(error)}"
    except psycopg.ProgrammingError as error:
        code, text = Exit.BAD_INPUT, f"this is no address of a database: {_first_line(error)}"
    except psycopg.Error as error:
        code, text = Exit.WORLD, f"the centre cannot be reached: {_first_line(error)}"
    except (ValueError, BadConfiguration, OSError) as error:
        code, text = Exit.BAD_INPUT, str(error)
    print(text, file=sys.stderr)
    return code


def _connected(options: argparse.Namespace) -> int:
    if (options.partitions or 0) > _MOST_PARTITIONS:
        raise ValueError(f"--partitions is 0 to {_MOST_PARTITIONS}")
    password = read_password_file(Path(options.password_file)) if options.password_file else None
    url = options.names[-1]
    with psycopg.connect(url, password=password, autocommit=True, connect_timeout=_CONNECT_S) as connection:
        return _do(options, connection)


def _do(options: argparse.Namespace, connection: Connection) -> int:
    if options.what == "init":
        ensure_schema(connection, options.partitions)
        return _status(connection, False)
    if connection.execute("select to_regclass('leitstand.station_state')").fetchone() == (None,):
        print(not_set_up(), file=sys.stderr)
        return Exit.WORLD
    if options.what == "status":
        return _status(connection, options.json)
    if options.what == "prune":
        return _prune(options, connection)
    if options.revoke:
        return _revoke(options, connection)
    one, file = read_station_of(options, options.names[0])
    password = secrets.token_urlsafe(24)
    role = enrol(connection, one, password)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_private(file, password)
    _print_settings(connection, one, role, file)
    return Exit.DONE


def _revoke(options: argparse.Namespace, connection: Connection) -> int:
    """By folder, request, or the id alone: the centre knows its site."""
    name = options.names[0]
    rows = []
    try:
        rows = connection.execute(
            "select tenant_id, site_id, station_id from leitstand.station where station_id = %s", (UUID(name),)
        ).fetchall()
    except ValueError:
        one, _ = read_station_of(options, name)
        rows = [(one.tenant, one.site, one.station)]
    if len(rows) != 1:
        raise Refused("The centre knows no station {station} of this site.", station=name)
    streams = revoke(connection, *rows[0])
    print(f"revoked: it is let in no more; its {streams} streams count up to where they are now")
    return Exit.DONE


def _prune(options: argparse.Namespace, connection: Connection) -> int:
    """Hours and days go apart: a year in days is small, a year in hours is not."""
    if min(options.keep_hours, options.keep_days) < 1:
        raise ValueError("--keep-hours and --keep-days are at least 1 day")
    now_us = int(datetime.now(UTC).timestamp() * 1e6)
    for span_s, days in ((HOUR_S, options.keep_hours), (DAY_S, options.keep_days)):
        gone = prune_history(connection, span_s, now_us - days * DAY_S * 1_000_000)
        what = "hours" if span_s == HOUR_S else "months of days"
        print(f"{len(gone)} {what} dropped, {sum(one.nbytes for one in gone) / 1e6:.1f} MB")
    return Exit.DONE


def _print_settings(connection: Connection, one: Enrolment, role: str, file: Path) -> None:
    """What belongs into the station's station.toml."""
    info = connection.info
    print(f"enrolled {one.code} ({one.station}); its password is in {file.resolve()}, for its station.toml:\n")
    print("[centre]")
    print(f"host = {json.dumps(info.host)}\nport = {info.port}\ndatabase = {json.dumps(info.dbname)}")
    print(f'user = "{role}"\npassword_file = {json.dumps(str(file.resolve()))}')


def _status(connection: Connection, as_json: bool) -> int:
    heads: dict[UUID, list[dict[str, object]]] = {}
    for station, stream, seq, event_hash in connection.execute(
        "select station_id, stream_id, seq, hash from leitstand.station_stream order by 1, 2, 3, 4"
    ):
        heads.setdefault(station, []).append({"stream": str(stream), "seq": seq, "hash": event_hash.hex()})
    rows = connection.execute(
        "select site_id, station_id, code, state, seen_at, events, streams, lag, clock_offset_us "
        "from leitstand.station_state order by site_id, code, station_id"
    ).fetchall()
    if not as_json:
        _print_summary(connection)
    for site, station, code, state, seen_at, events, streams, lag, offset_us in rows:
        if as_json:
            offset_s = None if offset_us is None else offset_us / 1e6
            told = {
                "site": str(site), "station": str(station), "code": code, "state": state, "seen_at": _iso(seen_at),
                "events": events, "lag": lag, "clock_offset_s": offset_s, "heads": heads.get(station, []),
            }  # fmt: skip
            print(json.dumps(told))
        else:
            print(
                f"{code:4} {state:9} seen {_iso(seen_at)}  {events} events in {streams} streams, lacks {lag}  {station}"
            )
    return Exit.DONE


def _print_summary(connection: Connection) -> None:
    """Counts; the schema's version only for who may read it (auditors read views alone)."""
    row = connection.execute(
        "select count(*), count(distinct stream_id), count(distinct site_id) from leitstand.fact"
    ).fetchone()
    assert row is not None
    try:
        version = f"; schema {schema_version(connection)} of {len(MIGRATIONS)}"
        parts = connection.execute("select count(*), count(distinct station_id) from leitstand.archive_segment")
        archived, stations = parts.fetchone() or (0, 0)
        if archived:
            version += f"; {archived} parts of streams archived at {stations} stations"
        if held := history_partitions(connection):
            version += f"; history of tags {sum(one.nbytes for one in held) / 1e6:.1f} MB in {len(held)} partitions"
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedColumn):
        version = ""
    print(f"{row[0]} events in {row[1]} streams of {row[2]} sites{version}")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
