"""`leitstand doctor`: what works on this machine and what does not, one line each, with the remedy."""

import argparse
import os
import shutil
import socket
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from console.app.exit_codes import Exit
from console.app.folders import Folders, resolve
from console.config.settings import BrokerSettings, CentreSettings, StationSettings
from console.config.station_file import read_station

_CONNECT_S = 3.0
_FREE_WARNING = 2 << 30
_FREE_ALARM = 500 << 20
_USED_WARNING = 0.8  # capacity for the audit trail


@dataclass(frozen=True, slots=True)
class Finding:
    """`state` is ok, warn or fail; only fail changes the exit code."""

    name: str
    state: str
    text: str
    remedy: str = ""


def command(options: argparse.Namespace) -> int:
    look = examine_security if options.security else examine
    findings = list(look(resolve(options.config, options.data)))
    for finding in findings:
        remedy = f" - {finding.remedy}" if finding.remedy else ""
        print(f"{finding.state:4} {finding.name:12} {finding.text}{remedy}")
    return Exit.WORLD if any(finding.state == "fail" for finding in findings) else Exit.DONE


def examine(folders: Folders) -> Iterator[Finding]:
    """All findings, the slow ones last."""
    station, problems = read_station(folders.config)
    if station is None:
        yield Finding("config", "fail", str(problems[0]), f"leitstand check {folders.config} names everything")
    else:
        yield Finding("config", "ok", str(folders.config))
    checks: tuple[Callable[[], Finding], ...] = (
        sqlite_version,
        lambda: disk(folders.data),
        lambda: permissions(folders.data),
        clock,
        fonts,
        sound,
    )
    for check in checks:
        yield check()
    if station is not None:
        from console.app.commands.doctor_history import history
        from console.app.commands.doctor_storage import storage

        yield from storage(station, folders)
        yield from history(station, folders, time.time())
        yield people(station.site or folders.config / "site", folders.config)
        yield from world(station)


def examine_security(folders: Folders) -> Iterator[Finding]:
    """Where the station deviates from secure settings, and whether security functions work."""
    from console.app.commands.doctor_security import security
    from console.app.commands.doctor_storage import functions

    station, problems = read_station(folders.config)
    if station is None:
        yield Finding("config", "fail", str(problems[0]), f"leitstand check {folders.config} names everything")
        return
    yield functions(folders)
    yield from security(station, folders)


def people(site: Path, config: Path) -> Finding:
    from console.app.commands.setup import nobody_may_act

    what, _, remedy = nobody_may_act(site, config).partition("; ")
    return Finding("people", "warn", what, remedy) if what else Finding("people", "ok", str(site / "users.toml"))


def world(station: StationSettings) -> Iterator[Finding]:
    if not station.brokers:
        yield Finding("broker", "warn", "none configured", "add a [[broker]] to station.toml")
    for settings in station.brokers:
        yield broker(settings)
    yield centre(station.centre)


def sqlite_version() -> Finding:
    from pysqlite3 import dbapi2

    version = dbapi2.sqlite_version_info
    if version < (3, 51, 3):
        return Finding(
            "sqlite", "fail", dbapi2.sqlite_version, "3.51.3 or newer is needed: install the locked packages"
        )
    return Finding("sqlite", "ok", dbapi2.sqlite_version)


def disk(data: Path) -> Finding:
    folder = next(parent for parent in (data, *data.parents) if parent.exists())
    usage = shutil.disk_usage(folder)
    free, used = usage.free, 1 - usage.free / usage.total
    text = f"{free / 2**30:.1f} GiB free at {data}, {used:.0%} used"
    if free < _FREE_ALARM:
        return Finding("disk", "fail", text, "free some space: the journal refuses acts when it cannot write")
    if free < _FREE_WARNING or used > _USED_WARNING:
        return Finding("disk", "warn", text, "free some space before the journal needs it")
    return Finding("disk", "ok", text)


def permissions(data: Path) -> Finding:
    folder = next(parent for parent in (data, *data.parents) if parent.exists())
    if not os.access(folder, os.W_OK):
        return Finding("permissions", "fail", f"{folder} cannot be written", "give this user the right to write there")
    keys = data / "keys"
    if os.name != "nt" and keys.is_dir():
        loose = [p.name for p in keys.iterdir() if stat.S_IMODE(p.stat().st_mode) & 0o077]
        if loose:
            return Finding("permissions", "warn", f"others may read {', '.join(loose)}", f"chmod 600 {keys}/*")
    return Finding("permissions", "ok", str(folder))


def clock() -> Finding:
    """Wall and monotonic clock must agree over a moment, and the date must be possible."""
    year = time.gmtime().tm_year
    if not 2026 <= year <= 2099:
        return Finding("clock", "fail", f"the year is {year}", "set the clock of this PC")
    return Finding("clock", "ok", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))


def fonts() -> Finding:
    from console.ui.resources import resource

    shipped = sorted(path.name for path in resource("fonts").glob("*.[ot]tf"))
    if shipped:
        return Finding("fonts", "ok", ", ".join(shipped))
    return Finding("fonts", "warn", "no font is shipped; the system's is used")


def sound() -> Finding:
    """Whether the system names an audio output; the console itself raises a system alarm when the horn is mute."""
    try:
        from PySide6.QtCore import QCoreApplication
        from PySide6.QtMultimedia import QMediaDevices
    except ImportError as error:
        return Finding("sound", "fail", str(error), "install libpulse0 (Linux)")
    app = QCoreApplication.instance() or QCoreApplication(["doctor"])
    device = QMediaDevices.defaultAudioOutput()
    del app
    if device.isNull():
        return Finding("sound", "warn", "no audio output: alarms are shown, not heard", "connect a loudspeaker")
    return Finding("sound", "ok", device.description())


def broker(settings: BrokerSettings) -> Finding:
    name = f"broker {settings.name}"
    text = f"{settings.host}:{settings.port}"
    if error := _unreachable(settings.host, settings.port):
        return Finding(name, "fail", f"{text} {error}", "start the broker, or correct [[broker]] in station.toml")
    return Finding(name, "ok", f"{text} answers")


def centre(settings: CentreSettings) -> Finding:
    if not settings.host:
        return Finding(
            "centre", "warn", "none configured: everything stays on this PC", "fill [centre] in station.toml"
        )
    text = f"{settings.host}:{settings.port}"
    if error := _unreachable(settings.host, settings.port):
        return Finding("centre", "fail", f"{text} {error}", "acts are kept here and sent when it is back")
    return Finding("centre", "ok", f"{text} answers")


def _unreachable(host: str, port: int) -> str:
    try:
        with socket.create_connection((host, port), timeout=_CONNECT_S):
            return ""
    except OSError as error:
        return f"does not answer: {error.strerror or error}"
