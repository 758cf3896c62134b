"""`leitstand init` and `leitstand check`: a first configuration, and everything that is wrong with one."""

import argparse
import json
import secrets
import shutil
import socket
import sys
import time
from pathlib import Path
from uuid import UUID

from console.app.exit_codes import Exit
from console.config import site_files, station_file
from console.config.alarm_rules import read_alarm_rules
from console.config.assets_file import read_assets
from console.config.problems import Problem, read_toml
from console.config.users_file import read_users
from console.domain.identity import uuid7

_CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def command(options: argparse.Namespace) -> int:
    return check(Path(options.folder)) if options.word == "check" else init(options)


def init(options: argparse.Namespace) -> int:
    """Write station.toml and site/; never overwrites anything."""
    folder = Path(options.folder)
    site = folder / "site"
    if (folder / station_file.FILE).exists():
        print(f"{folder / station_file.FILE} exists and was left as it is", file=sys.stderr)
        return Exit.BAD_INPUT
    if options.join and not (Path(options.join) / "site.toml").is_file():
        print(f"{options.join} holds no site.toml: name the site/ folder of a station of the site", file=sys.stderr)
        return Exit.BAD_INPUT
    folder.mkdir(parents=True, exist_ok=True)
    if options.join:
        if site.resolve() != Path(options.join).resolve():
            shutil.copytree(options.join, site, dirs_exist_ok=True)
    elif not (site / "site.toml").exists():
        _write_site(site, options.site or "Plant")
    host = socket.gethostname() or "station"
    text = station_file.TEMPLATE.format(
        station_id=_new_id(), name=json.dumps(host), code="".join(secrets.choice(_CODE_LETTERS) for _ in range(2))
    )
    (folder / station_file.FILE).write_text(text, encoding="utf-8")
    print(f"wrote {folder / station_file.FILE} and {site}; next: name your broker there, then")
    print(f"  leitstand check {folder}")
    print(f"  leitstand run --config {folder}")
    return Exit.DONE


def check(folder: Path) -> int:
    """All errors at once on stderr, exit 1; one line on stdout when all is good."""
    problems = find_problems(folder)
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"{folder}: all good")
    return Exit.BAD_INPUT if problems else Exit.DONE


def find_problems(folder: Path) -> list[Problem]:
    station, problems = station_file.read_station(folder)
    site = station.site if station is not None and station.site is not None else _site_named_in(folder)
    settings, wrong = site_files.read_site(site)
    problems += wrong
    problems += site_files.read_topics(site)[1]
    problems += read_alarm_rules(site)[1]
    problems += read_assets(site, settings.site_id if settings is not None else UUID(int=0))[1]
    problems += read_users(site)[1]
    return problems


def _site_named_in(folder: Path) -> Path:
    """The site's folder as a station.toml says that has mistakes elsewhere."""
    return read_toml(folder / station_file.FILE).path("site", folder) or folder / "site"


def _write_site(site: Path, name: str) -> None:
    site.mkdir(parents=True, exist_ok=True)
    text = site_files.SITE_TEMPLATE.format(
        site_id=_new_id(), name=json.dumps(name, ensure_ascii=False), tz="Europe/Berlin"
    )
    files = {
        "site.toml": text,
        "topics.toml": site_files.TOPICS_TEMPLATE,
        "alarms.toml": site_files.ALARMS_TEMPLATE,
        "assets.toml": site_files.ASSETS_TEMPLATE,
    }
    for file, content in files.items():
        (site / file).write_text(content, encoding="utf-8")


def _new_id() -> str:
    return str(uuid7(time.time_ns() // 1_000_000, secrets.randbits(80)))
