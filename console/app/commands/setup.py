"""`leitstand init` and `leitstand check`: a first configuration, and everything that is wrong with one."""

import argparse
import getpass
import socket
import sys
from pathlib import Path
from uuid import UUID

from console.app.exit_codes import Exit
from console.app.first_files import NewStation, copy_site, new_code, new_id, write_site, write_station
from console.config import site_files, station_file
from console.config.alarm_rules import read_alarm_rules
from console.config.assets_file import read_assets
from console.config.derived_file import read_derived
from console.config.history_file import read_history
from console.config.performance_file import read_performance
from console.config.problems import Problem, read_toml
from console.config.users_file import FILE as USERS
from console.config.users_file import MIN_PASSWORD, UserEntry, hash_password, read_users, write_first_user
from console.domain.people import Role
from console.domain.refusal import Refused
from console.services.identity.certificates import AUTHORITY_FILE
from console.services.identity.password_rules import check_password


def command(options: argparse.Namespace) -> int:
    return check(Path(options.folder)) if options.word == "check" else init(options)


def init(options: argparse.Namespace) -> int:
    """Write station.toml and site/, or add the first person to them; never overwrites anything."""
    folder = Path(options.folder)
    try:
        if options.hash:
            print(hash_password(_new_password(options)))
            return Exit.DONE
        if wrong := _not_possible(options, folder):
            print(wrong, file=sys.stderr)
            return Exit.BAD_INPUT
        # asked for before anything is written
        hashed = hash_password(_new_password(options)) if options.admin else ""
    except (Refused, ValueError) as refusal:
        print(refusal, file=sys.stderr)
        return Exit.BAD_INPUT
    if not (folder / station_file.FILE).exists():
        _write_station(options, folder)
    if options.admin:
        user = UserEntry(
            new_id(), options.admin, options.admin, (Role.ADMINISTRATOR, Role.SHIFT_LEAD), password_hash=hashed
        )
        print(f"wrote {write_first_user(_site_named_in(folder), user)}: {options.admin} may sign on")
    return Exit.DONE


def _not_possible(options: argparse.Namespace, folder: Path) -> str:
    """Why nothing can be written; empty when it can."""
    if not options.folder:
        return "name the folder that station.toml shall stand in: leitstand init DIR"
    is_new = not (folder / station_file.FILE).exists()
    if not is_new and (options.join or not options.admin):
        return f"{folder / station_file.FILE} exists and was left as it is"
    if options.join and not (Path(options.join) / "site.toml").is_file():
        return f"{options.join} holds no site.toml: name the site/ folder of a station of the site"
    if options.admin:
        site = Path(options.join) if options.join else folder / "site" if is_new else _site_named_in(folder)
        if any(read_users(site)):
            return f"{site / USERS} names people already and was left as it is"
        if not options.admin.strip():
            return "a login is not empty"
    return ""


def _new_password(options: argparse.Namespace) -> str:
    """From the first line of stdin, else asked for twice. ValueError when the two differ, Refused for a weak one."""
    if options.password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = getpass.getpass(f"new password, at least {MIN_PASSWORD} characters: ")
        if getpass.getpass("once more: ") != password:
            raise ValueError("the two passwords differ")
    check_password(password, (options.admin, options.site))
    return password


def _write_station(options: argparse.Namespace, folder: Path) -> None:
    site = folder / "site"
    folder.mkdir(parents=True, exist_ok=True)
    if options.join:
        if site.resolve() != Path(options.join).resolve():
            copy_site(Path(options.join), site)
    elif not (site / "site.toml").exists():
        write_site(site, options.site or "Plant")
    write_station(folder, NewStation(socket.gethostname() or "station", new_code()))
    print(f"wrote {folder / station_file.FILE} and {site}; next: name your broker there, then")
    if hint := _join_hint(site):
        print(hint)
    print(f"  leitstand check {folder}")
    print(f"  leitstand run --config {folder}")


def _join_hint(site: Path) -> str:
    """How a joined station comes in, empty when it does so by itself."""
    settings, _ = site_files.read_site(site)
    if settings is None or not settings.authority or (site / AUTHORITY_FILE).is_file():
        return ""
    return "this station watches until an administrator at an enrolled station types its pairing code (`enrol-station`)"


def check(folder: Path) -> int:
    """All errors at once on stderr, exit 1; one line on stdout when all is good."""
    problems = find_problems(folder)
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"{folder}: all good")
        if hint := nobody_may_act(_site_named_in(folder), folder):
            print(hint)
    return Exit.BAD_INPUT if problems else Exit.DONE


def nobody_may_act(site: Path, folder: Path) -> str:
    """The hint for a site without people: it is watched, which is allowed. Empty when somebody may sign on."""
    users, problems = read_users(site)
    if problems or any(user.password_hash and not user.is_disabled for user in users):
        return ""
    missing = f"there is no {site / USERS}" if not (site / USERS).exists() else f"{site / USERS} names nobody"
    return f"nobody may act: {missing}; `leitstand init {folder} --admin LOGIN` makes the first person"


def find_problems(folder: Path) -> list[Problem]:
    station, problems = station_file.read_station(folder)
    site = station.site if station is not None and station.site is not None else _site_named_in(folder)
    settings, wrong = site_files.read_site(site)
    problems += wrong
    problems += site_files.read_topics(site)[1]
    problems += read_alarm_rules(site)[1]
    problems += read_derived(site)[1]
    problems += read_history(site)[1]
    problems += read_performance(site)[1]
    problems += read_assets(site, settings.site_id if settings is not None else UUID(int=0))[1]
    problems += read_users(site)[1]
    return problems


def _site_named_in(folder: Path) -> Path:
    """The site's folder as a station.toml says that has mistakes elsewhere."""
    return read_toml(folder / station_file.FILE).path("site", folder) or folder / "site"
