"""`station.toml`: what belongs to this machine; reading, checking, upgrading and writing a first one."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from console.config.problems import BadConfiguration, Problem, TableReader, read_toml
from console.config.settings import (
    BackupSettings,
    BrokerSettings,
    CentreSettings,
    NeighbourSettings,
    StationSettings,
)
from console.domain.derived import BROKER as DERIVED

VERSION = 2  # 2: [backup], [neighbours], anchor, ballast_mb
FILE = "station.toml"
CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{2,3}")  # Crockford base32 has no I, L, O, U

TEMPLATE = """\
# What belongs to this workstation. The plant itself is described in site/.
version = 2
station_id = "{station_id}"   # never change it: journal entries carry it
name = {name}
code = "{code}"               # 2 or 3 characters, unique within the site; part of incident numbers
position = "desk"             # the desk this console belongs to, see site/site.toml
# language = "de"             # "de" or "en", for whoever chose none at this workstation
# theme = "dark"              # "light" or "dark", likewise
# lock_after_s = 600          # nobody there for so long: view only; 0 = never, for attended desks
# max_sessions = 3            # of one person at the same time
# shift_s = 28800             # how long a PIN re-opens what a password began
# anchor = "/var/lib/leitstand-anchor"   # outside the data folder: tells that the data folder was rolled back
ballast_mb = 512              # given free when the disk is full, so that the journal lives on; 0: none

# Any number of MQTT brokers. Everything below spBv1.0/ appears by itself.
[[broker]]
name = "plant"
host = "127.0.0.1"
port = 1883
protocol = "3.1.1"            # or "5"
# username = "leitstand"
# password_file = "keys/mqtt.password"   # readable by the owner only
# tls = true
# ca_file = "keys/ca.pem"
# cert_file = "keys/station.pem"
# key_file = "keys/station.key"
request_rebirth = true        # may ask a node for its birth certificate; false where even that is not allowed

# The central database; leave host empty to work alone. `leitstand centre enrol DIR URL` prints these lines.
[centre]
host = ""
port = 5432
database = "leitstand"
# user = "ls_..."
# password_file = "keys/centre.password"
# sslmode = "verify-full"     # or "disable", "prefer", "require", "verify-ca"
# ca_file = "keys/centre-ca.pem"         # who signed the server's certificate
# cert_file = "keys/centre.pem"          # where the server asks stations for certificates
# key_file = "keys/centre.key"

# The other consoles of this site, met at a broker: they agree within a second, also while the centre is away.
[neighbours]
enabled = true
# broker = "plant"            # one of those above; default: the first

# Copies of the databases, made while the station runs; better on another disk than the data folder.
[backup]
# folder = "/mnt/second-disk/leitstand"  # default: backups/ in the data folder
every_s = 900
keep = 8
"""


def read_station(folder: Path) -> tuple[StationSettings | None, list[Problem]]:
    """Settings of `folder/station.toml` and everything that is wrong with it; None when it cannot be used."""
    reader = read_toml(folder / FILE)
    if not reader.table:
        return None, reader.problems
    _check_version(reader)
    settings = StationSettings(
        station_id=read_uuid(reader, "station_id"),
        name=reader.text("name"),
        code=reader.text("code"),
        position=reader.text("position", "desk"),
        brokers=tuple(_broker(table, folder) for table in reader.tables("broker")),
        centre=_centre(reader.section("centre"), folder),
        host_id=reader.text("host_id", ""),
        language=reader.choice("language", ("de", "en", ""), ""),
        theme=reader.choice("theme", ("light", "dark", ""), ""),
        data=reader.path("data", folder),
        site=reader.path("site", folder) or (folder / "site").resolve(),
        lock_after_s=reader.integer("lock_after_s", 0, low=0, high=86_400),
        max_sessions=reader.integer("max_sessions", 3, low=1, high=100),
        shift_s=reader.integer("shift_s", 8 * 3600, low=600, high=86_400),
        backup=_backup(reader.section("backup"), folder),
        anchor=reader.path("anchor", folder),
        ballast_mb=reader.integer("ballast_mb", 512, low=0, high=65_536),
        neighbours=_neighbours(reader.section("neighbours")),
    )
    if settings.code and not CODE.fullmatch(settings.code):
        reader.problem("code", f"'{settings.code}' is not a station code", "2-3 of 0-9 and A-Z without I, L, O, U")
    names = [broker.name for broker in settings.brokers]
    if len(set(names)) < len(names):
        reader.problem("broker", "two brokers have the same name", "give each its own name")
    places = [(broker.host, broker.port) for broker in settings.brokers]
    if len(set(places)) < len(places):
        reader.problem("broker", "two brokers have the same host and port", "name each broker once")
    if settings.neighbours.broker not in ("", *names):
        text = f"there is no broker called '{settings.neighbours.broker}'"
        reader.problem("neighbours.broker", text, "name one of [[broker]], or leave it out for the first")
    reader.unknown_keys()
    return (None if reader.problems else settings), reader.problems


def load_station(folder: Path) -> StationSettings:
    """Like `read_station`, raising `BadConfiguration` with all problems."""
    settings, problems = read_station(folder)
    if settings is None:
        raise BadConfiguration(tuple(problems))
    return settings


def read_uuid(reader: TableReader, key: str) -> UUID:
    text = reader.text(key)
    try:
        return UUID(text)
    except ValueError:
        if text:
            reader.problem(key, f"'{text}' is not an id", "`leitstand init` makes one")
        return UUID(int=0)


def _check_version(reader: TableReader) -> None:
    version = reader.integer("version", 1)
    if version > VERSION:
        reader.problem("version", f"{version} is newer than this program knows", "install the newer Leitstand")
    for older in range(max(version, 1), VERSION):
        _UPGRADES[older](reader.table)


def _from_1(table: dict[str, Any]) -> None:
    """Version 1 knew neither backups, neighbours, anchor nor ballast: it gets what a new file has."""
    table.setdefault("backup", {})
    table.setdefault("neighbours", {})


_UPGRADES: dict[int, Callable[[dict[str, Any]], None]] = {1: _from_1}  # version: the step to the next one


def _broker(table: TableReader, folder: Path) -> BrokerSettings:
    broker = BrokerSettings(
        name=table.text("name", "plant"),
        host=table.text("host"),
        port=table.integer("port", 1883, low=1, high=65535),
        protocol=table.choice("protocol", ("3.1.1", "5"), "3.1.1"),
        username=table.text("username", ""),
        password_file=table.path("password_file", folder),
        tls=table.flag("tls"),
        ca_file=table.path("ca_file", folder),
        cert_file=table.path("cert_file", folder),
        key_file=table.path("key_file", folder),
        client_id=table.text("client_id", ""),
        request_rebirth=table.flag("request_rebirth", True),
        max_payload=table.integer("max_payload", 1 << 20, low=1024, high=1 << 28),
        max_metrics=table.integer("max_metrics", 10_000, low=1, high=1_000_000),
    )
    _check_files(broker, table, ("ca_file", "cert_file", "key_file", "password_file"))
    if (broker.cert_file is None) != (broker.key_file is None):
        table.problem("cert_file", "a client certificate needs its key and the key its certificate", "give both")
    if "/" in broker.name or not broker.name:
        table.problem("name", "must be a name without '/'", "choose a short word")
    if broker.name == DERIVED:
        table.problem("name", f"'{DERIVED}' is what the paths of derived tags begin with", "choose another word")
    table.unknown_keys()
    return broker


def _backup(table: TableReader, folder: Path) -> BackupSettings:
    settings = BackupSettings(
        folder=table.path("folder", folder),
        every_s=table.integer("every_s", 900, low=10, high=7 * 86_400),
        keep=table.integer("keep", 8, low=1, high=10_000),
    )
    table.unknown_keys()
    return settings


def _neighbours(table: TableReader) -> NeighbourSettings:
    settings = NeighbourSettings(enabled=table.flag("enabled", True), broker=table.text("broker", ""))
    table.unknown_keys()
    return settings


def _centre(table: TableReader, folder: Path) -> CentreSettings:
    centre = CentreSettings(
        host=table.text("host", ""),
        port=table.integer("port", 5432, low=1, high=65535),
        database=table.text("database", "leitstand"),
        user=table.text("user", ""),
        password_file=table.path("password_file", folder),
        sslmode=table.choice("sslmode", ("disable", "prefer", "require", "verify-ca", "verify-full"), "prefer"),
        ca_file=table.path("ca_file", folder),
        cert_file=table.path("cert_file", folder),
        key_file=table.path("key_file", folder),
    )
    _check_files(centre, table, ("password_file", "ca_file", "cert_file", "key_file"))
    table.unknown_keys()
    return centre


def _check_files(settings: BrokerSettings | CentreSettings, table: TableReader, keys: tuple[str, ...]) -> None:
    for key in keys:
        path = getattr(settings, key)
        if path is not None and not path.is_file():
            table.problem(key, f"there is no file {path}", "correct the path")
