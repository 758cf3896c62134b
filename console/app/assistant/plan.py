"""What the assistant was told, what is wrong with it, and the files it becomes; without a window."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from console.app.first_files import NewStation, copy_site, new_id, write_first_people, write_site, write_station
from console.app.folders import Folders
from console.config import site_files
from console.config.settings import SiteSettings
from console.config.station_file import CODE, load_station
from console.config.users_file import UserEntry
from console.domain.people import Role
from console.domain.plain_text import line
from console.domain.refusal import Refused
from console.services.identity.certificates import AUTHORITY_FILE, pairing_code
from console.services.identity.password_rules import check_password
from console.services.journal.keys import FileKey

Hash = Callable[[str], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class NewPerson:
    name: str
    login: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewSite:
    name: str
    time_zone: str
    administrator: NewPerson
    lead: NewPerson


@dataclass(frozen=True, slots=True)
class Plan:
    """`site` is a new one; else the folder `joined` is copied."""

    station: NewStation
    site: NewSite | None = None
    joined: Path | None = None


def check_station(name: str, code: str) -> None:
    """Raises Refused."""
    if not line(name):
        raise Refused("A station has a name")
    if not CODE.fullmatch(code):
        raise Refused("The code is 2 or 3 of 0-9 and A-Z, without I, L, O and U")


def check_logins(administrator: str, lead: str) -> None:
    if administrator.strip().casefold() == lead.strip().casefold():
        raise Refused("The two are different people: give them different logins")


def site_to_join(folder: Path) -> SiteSettings:
    """The site whose copied folder this is; raises Refused."""
    if not (folder / "site.toml").is_file():
        raise Refused("This folder holds no site.toml: choose the site folder of a station of the site")
    settings, problems = site_files.read_site(folder)
    if settings is None:
        raise Refused("site.toml cannot be used: {why}", why=str(problems[0]) if problems else "?")
    return settings


def brings_its_key(folder: Path) -> bool:
    """True when who copies this folder joins by himself; else an administrator types the pairing code."""
    settings = site_to_join(folder)
    return not settings.authority or (folder / AUTHORITY_FILE).is_file()


async def first_people(site: NewSite, hash_password: Hash) -> tuple[UserEntry, UserEntry]:
    """The administrator and the shift lead with their hashes; raises Refused for what the rules forbid."""
    check_logins(site.administrator.login, site.lead.login)
    made = []
    for person, role in ((site.administrator, Role.ADMINISTRATOR), (site.lead, Role.SHIFT_LEAD)):
        login, name = line(person.login), line(person.name)
        if not login or not name:
            raise Refused("Both people have a name and a login")
        check_password(person.password, (login, name, site.name))
        made.append(UserEntry(new_id(), login, name, (role,), password_hash=await hash_password(person.password)))
    return made[0], made[1]


async def carry_out(plan: Plan, folders: Folders, hash_password: Hash) -> None:
    """Writes site/ and then station.toml, whose being there says that all is done. Raises Refused, OSError."""
    check_station(plan.station.name, plan.station.code)
    target = folders.config / "site"
    if plan.site is not None:
        people = await first_people(plan.site, hash_password)
        write_site(target, line(plan.site.name), plan.site.time_zone)
        write_first_people(target, people)
    elif plan.joined is not None:
        site_to_join(plan.joined)
        if target.resolve() != plan.joined.resolve():
            copy_site(plan.joined, target)
    write_station(folders.config, plan.station)


def code_to_show(folders: Folders) -> str:
    """The pairing code of a station that was just written, in two groups of four; empty when it needs none."""
    if brings_its_key(folders.config / "site"):
        return ""
    station, site = load_station(folders.config), site_to_join(folders.config / "site")
    key = FileKey.load_or_create(folders.data / "keys")
    code = pairing_code(site.site_id, station.station_id, key.public_key)
    return f"{code[:4]}-{code[4:]}"
