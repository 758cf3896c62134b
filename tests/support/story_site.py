"""Folders of a small site for stories: one site/, any number of stations, an operator and a limit rule."""

import json
import secrets
import time
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from console.config.settings import CentreSettings
from console.config.site_files import load_site
from console.config.users_file import UserEntry, hash_password, write_users
from console.domain.identity import uuid7
from console.domain.people import Role
from console.services.journal.keys import FileKey
from console.services.journal.own_stream import Place
from tests.support.postgres import TestDatabase

OPERATOR = ("anna", "correct horse battery")
LEAD = ("jonas", "staple lamp window grey")
AUDITOR = ("petra", "paper ledger audit blue")
RULES = """\
version = 1
[[rule]]
id = "temperature"
tag = "*/Temperature"
kind = "limit"
h = 80.0
hh = 95.0
deadband = 1.0
priority = 1
priority_inner = 1
text = "Temperature high"
[[rule]]
id = "pressure"
tag = "*/Pressure"
kind = "limit"
l = 4.0
deadband = 0.1
priority = 2
text = "Pressure low"
"""


class Broker(NamedTuple):
    name: str
    port: int


def new_id() -> str:
    return str(uuid7(time.time_ns() // 1_000_000, secrets.randbits(80)))


def make_site(folder: Path, rules: str = RULES) -> Path:
    """`folder/site` with people and rules."""
    site = folder / "site"
    site.mkdir(parents=True)
    (site / "site.toml").write_text(
        f'version = 1\nid = "{new_id()}"\nname = "Plant Kassel"\ntz = "Europe/Berlin"\n'
        '[[position]]\nid = "desk"\nname = "Control room"\n',
        encoding="utf-8",
    )
    (site / "alarms.toml").write_text(rules, encoding="utf-8")
    people = (
        (*OPERATOR, "Anna Keller", Role.OPERATOR),
        (*LEAD, "Jonas Wagner", Role.SHIFT_LEAD),
        (*AUDITOR, "Petra Vogel", Role.AUDITOR),
    )
    write_users(
        site,
        [
            UserEntry(f"user-{login}", login, name, (role,), password_hash=hash_password(password))
            for login, password, name, role in people
        ],
    )
    return site


def make_station(
    site: Path, name: str, code: str, brokers: tuple[Broker, ...], centre: CentreSettings | TestDatabase | None = None
) -> Path:
    """`site/../name` with its station.toml; its data lies in the same folder. A database as `centre` enrols it."""
    folder = site.parent / name
    folder.mkdir()
    station_id = new_id()
    if isinstance(centre, TestDatabase):
        place = Place(load_site(site).site_id, UUID(station_id), code)
        centre = centre.enrolled(place, FileKey.load_or_create(folder / "keys").public_key)
    lines = [
        "version = 1",
        f'station_id = "{station_id}"',
        f'name = "{name}"',
        f'code = "{code}"',
        'position = "desk"',
        'language = "en"',
        'data = "."',
        'site = "../site"',
    ]
    for broker in brokers:
        lines += ["[[broker]]", f'name = "{broker.name}"', 'host = "127.0.0.1"', f"port = {broker.port}"]
    lines += ["[centre]", f"host = {json.dumps(centre.host if centre else '')}"]
    if centre is not None:
        lines += [
            f"port = {centre.port}",
            f'database = "{centre.database}"',
            f'user = "{centre.user}"',
            f"password_file = {json.dumps(str(centre.password_file))}",
            'sslmode = "disable"',
        ]
    (folder / "station.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder
