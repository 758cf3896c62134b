"""`leitstand doctor --security`: where a station deviates from the secure settings, each with the way back.

62443-4-2 CR 7.6. A deviation may be wanted (an attended desk has no idle lock); it is listed all the same.
"""

import ipaddress
import os
from collections.abc import Iterator
from pathlib import Path

from console.app.commands.doctor import Finding
from console.app.folders import Folders
from console.config.private_file import is_private
from console.config.settings import BrokerSettings, CentreSettings, StationSettings
from console.config.site_files import read_site
from console.config.users_file import FILE as USERS
from console.config.users_file import read_users
from console.domain.people import Role
from console.services.identity.certificates import AUTHORITY_FILE
from console.services.storage.anchor import anchor_folder
from console.services.storage.backup_schedule import backup_folder

_LONG_SHIFT_S = 12 * 3600
_VERIFIED = "verify-full"
_FAILPOINT = "LEITSTAND_FAILPOINT"


def security(station: StationSettings, folders: Folders) -> Iterator[Finding]:
    """Every deviation as a warning, open secrets as a failure; one good line when there is none."""
    site = station.site or folders.config / "site"
    rows = [
        *_authority(site),
        *_people(site),
        *(finding for broker in station.brokers for finding in _broker(broker)),
        *_centre(station.centre),
        *_session(station),
        *_files(station, folders),
        *_secrets(station, site, folders),
    ]
    yield from rows or [Finding("security", "ok", "no deviation from the secure settings")]


def _authority(site: Path) -> Iterator[Finding]:
    settings, _ = read_site(site)
    if settings is not None and not settings.authority:
        text = "the site has no authority: stations are trusted on first sight"
        yield Finding("enrolment", "warn", text, "make the site anew with leitstand init, or add `authority`")
    if (site / AUTHORITY_FILE).is_file():
        text = f"{site / AUTHORITY_FILE} lies on this PC: who copies it lets stations in"
        yield Finding("authority", "warn", text, "move it to a safe place when all stations are in")


def _people(site: Path) -> Iterator[Finding]:
    people, _ = read_users(site)
    active = [one for one in people if not one.is_disabled and one.password_hash]
    for one in active:
        if {Role.ADMINISTRATOR, Role.AUDITOR} <= set(one.roles):
            text = f"{one.login} administers and audits himself"
            yield Finding("people", "warn", text, "give the role auditor to somebody else")
    if active and not any(Role.AUDITOR in one.roles for one in active):
        yield Finding("people", "warn", f"{site / USERS} names no auditor", "grant somebody the role auditor")
    telling = [one for one in people if one.login and one.login.casefold() in one.user_id.casefold()]
    if telling:
        text = f"{len(telling)} ids in {site / USERS} tell the login: an id stays in the journal for ever"
        yield Finding("people", "warn", text, "give further people ids that name nobody")


def _broker(broker: BrokerSettings) -> Iterator[Finding]:
    name = f"broker {broker.name}"
    if not broker.tls and not _is_here(broker.host):
        yield Finding(name, "warn", "without TLS", "tls = true and ca_file in [[broker]]")
    if not (broker.username and broker.password_file) and broker.cert_file is None:
        text = "neither password nor certificate: the broker cannot know who we are"
        yield Finding(name, "warn", text, "username and password_file, or cert_file and key_file")


def _centre(centre: CentreSettings) -> Iterator[Finding]:
    if not centre.host or _is_here(centre.host):
        return
    if centre.sslmode != _VERIFIED:
        text = f"sslmode is {centre.sslmode}: the server is not checked"
        yield Finding("centre", "warn", text, f'sslmode = "{_VERIFIED}" and ca_file in [centre]')
    if centre.cert_file is None:
        yield Finding("centre", "warn", "without a client certificate", "cert_file and key_file in [centre]")


def _session(station: StationSettings) -> Iterator[Finding]:
    if station.lock_after_s == 0:
        text = "never locks by itself"
        yield Finding("lock", "warn", text, "lock_after_s = 600, unless the desk is always attended")
    if station.shift_s > _LONG_SHIFT_S:
        text = f"a PIN opens for {station.shift_s / 3600:.0f} hours what a password began"
        yield Finding("PIN", "warn", text, "shift_s = 28800")


def _files(station: StationSettings, folders: Folders) -> Iterator[Finding]:
    data = folders.data
    backups, anchors = backup_folder(station.backup, data), anchor_folder(station.anchor)
    if _disk_of(backups) == _disk_of(data):
        text = f"{backups} is on the disk of the data"
        yield Finding("backup", "warn", text, "name another disk: [backup] folder")
    if anchors.resolve().is_relative_to(data.resolve()):
        yield Finding("anchor", "warn", f"{anchors} lies in the data folder and is set back with it", "leave it out")
    if station.ballast_mb == 0:
        yield Finding("ballast", "warn", "none: a full disk refuses acts at once", "ballast_mb = 512")
    if os.environ.get(_FAILPOINT):
        yield Finding("crash tests", "warn", f"{_FAILPOINT} is set", "take it out of the environment")


def _secrets(station: StationSettings, site: Path, folders: Folders) -> Iterator[Finding]:
    """Files that hold something secret and can be read by others; a failure, because nobody wants that."""
    keys = folders.data / "keys"
    told = [station.centre.password_file, station.centre.key_file]
    told += [one for broker in station.brokers for one in (broker.password_file, broker.key_file)]
    backups = backup_folder(station.backup, folders.data)
    files = [path for path in told if path is not None]
    files += [site / USERS, site / AUTHORITY_FILE, *keys.rglob("*"), *backups.glob("leitstand-*.zip")]
    files += [folders.data / name for name in ("journal.db", "station.db", "history.db")]
    for path in dict.fromkeys(files):
        if path.is_file() and not is_private(path):
            yield Finding("files", "fail", f"others may read {path}", f"chmod 600 {path}")


def _is_here(host: str) -> bool:
    """True for this machine itself: what stays on it needs no TLS."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _disk_of(folder: Path) -> int:
    return next(parent for parent in (folder, *folder.parents) if parent.exists()).stat().st_dev
