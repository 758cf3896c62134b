"""The first files of a station: station.toml and site/, written once by `leitstand init` and the assistant alike."""

import json
import secrets
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from console.config import derived_file, history_file, performance_file, site_files, station_file
from console.config.private_file import write_private
from console.config.users_file import FILE as USERS
from console.config.users_file import UserEntry, read_users, write_first_user, write_users
from console.domain.identity import uuid7
from console.services.identity.certificates import AUTHORITY_FILE, Authority

CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TIME_ZONE = "Europe/Berlin"


@dataclass(frozen=True, slots=True)
class Place:
    """A server of the plant: broker or centre. An empty host is none."""

    host: str = ""
    port: int = 0
    database: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class NewStation:
    """What a first station.toml says beside its template."""

    name: str
    code: str
    position: str = "desk"
    language: str = ""
    broker: Place = Place("127.0.0.1", 1883)
    centre: Place = Place()


def new_id() -> str:
    return str(uuid7(time.time_ns() // 1_000_000, secrets.randbits(80)))


def new_code() -> str:
    """Two characters at random; the administrator may choose better ones."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(2))


def write_station(folder: Path, station: NewStation) -> Path:
    """Writes `folder/station.toml`; raises FileExistsError rather than replace one."""
    path = folder / station_file.FILE
    text = station_file.TEMPLATE.format(station_id=new_id(), name=_quoted(station.name), code=station.code)
    broker, centre = station.broker, station.centre
    changes = [
        ('position = "desk"', f"position = {_quoted(station.position)}"),
        ('host = "127.0.0.1"', f"host = {_quoted(broker.host)}"),
        ("port = 1883", f"port = {broker.port}"),
    ]
    if station.language:
        changes.append(('# language = "de" ', f'language = "{station.language}"   '))
    if centre.host:
        changes += [
            ('host = ""', f"host = {_quoted(centre.host)}"),
            ("port = 5432", f"port = {centre.port}"),
            ('database = "leitstand"', f"database = {_quoted(centre.database)}"),
        ]
        if centre.user:
            changes.append(('# user = "ls_..."', f"user = {_quoted(centre.user)}"))
    for old, new in changes:
        text = text.replace(old, new, 1)
    folder.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return path


def write_site(site: Path, name: str, time_zone: str = TIME_ZONE) -> None:
    """A new site with its authority; files that are there already are kept as they are."""
    site.mkdir(parents=True, exist_ok=True)
    path = site / AUTHORITY_FILE
    authority = Authority.load(path) if path.exists() else Authority.create(site)
    text = site_files.first_site(new_id(), _quoted(name), time_zone, authority.public_key.hex())
    files = {
        "site.toml": text,
        "topics.toml": site_files.TOPICS_TEMPLATE,
        "alarms.toml": site_files.ALARMS_TEMPLATE,
        derived_file.FILE: derived_file.DERIVED_TEMPLATE,
        history_file.FILE: history_file.HISTORY_TEMPLATE,
        performance_file.FILE: performance_file.PERFORMANCE_TEMPLATE,
        "assets.toml": site_files.ASSETS_TEMPLATE,
    }
    for file, content in files.items():
        if not (site / file).exists():
            (site / file).write_text(content, encoding="utf-8")
    if not (site / USERS).exists():
        write_first_user(site, None)


def copy_site(source: Path, site: Path) -> None:
    """The whole folder; what only its owner may read stays so."""
    private = [name for name in (AUTHORITY_FILE, USERS) if (source / name).is_file()]
    shutil.copytree(source, site, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*private))
    for name in private:
        write_private(site / name, (source / name).read_bytes())


def write_first_people(site: Path, people: Iterable[UserEntry]) -> Path:
    """The first people of a site that names nobody; FileExistsError when it does."""
    users, problems = read_users(site)
    if users or problems:
        raise FileExistsError(f"{site / USERS} names people already and was left as it is")
    return write_users(site, people)


def _quoted(text: str) -> str:
    """As a TOML string."""
    return json.dumps(text, ensure_ascii=False)
