"""`leitstand doctor`: how much the history holds, how it grows, when there is no room left, and what of it is lost."""

from collections.abc import Iterator
from math import isinf
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from console.app.commands.doctor import Finding
from console.app.folders import Folders
from console.config.history_file import read_history
from console.config.settings import StationSettings
from console.domain.history.room import RoomForecast
from console.domain.history.settings import HistorySettings
from console.services.historian.file_figures import room_of, samples_lost
from console.services.historian.retention import Room
from console.services.historian.room_report import report
from console.services.storage.backup_schedule import backup_folder
from console.services.storage.history_copy import EVERY_S, history_copy

_SOON_DAYS = 14.0
_NAME = "history"


def history(station: StationSettings, folders: Folders, now_s: float) -> Iterator[Finding]:
    """Reads only, beside a running station or on a stopped one's file."""
    path = folders.data / "history.db"
    if not path.is_file():
        yield Finding(_NAME, "ok", f"none yet in {folders.data}")
        return
    settings, _ = read_history(station.site or folders.config / "site")
    try:
        room, lost = room_of(path, settings, round(now_s * 1e6)), samples_lost(path)
    except DBAPIError as error:
        yield Finding(_NAME, "fail", f"cannot be read: {error.orig}", "restart the station: it sets the file aside")
        return
    yield from _room(room, settings)
    if lost:
        remedy = "the disk may fail; leitstand restore brings an older history back"
        yield Finding(_NAME, "warn", f"{lost} samples are lost by damage to the file", remedy)
    yield from _copy(station, folders.data, now_s)


def _room(room: Room, settings: HistorySettings) -> Iterator[Finding]:
    found = report(room, settings)
    size = f"{room.file_size / 1e6:.1f} MB ({room.reusable / 1e6:.1f} MB of it to be used again)"
    yield _finding(f"{size}, {growth(found.disk)}", found.disk, "free some space, or keep less: site/history.toml")
    for name, one in found.by_class:
        budget = f" of {one.limit / 1e6:.0f} MB" if one.limit else ""
        text = f"class {name}: {one.size / 1e6:.1f} MB{budget}, {growth(one)}"
        yield _finding(text, one, "its oldest samples go first; raise its budget_mb or keep fewer days")


def _finding(text: str, one: RoomForecast, remedy: str) -> Finding:
    is_soon = one.days_left is not None and one.days_left < _SOON_DAYS and one.limit > 0
    return Finding(_NAME, "warn" if is_soon else "ok", text, remedy if is_soon else "")


def growth(one: RoomForecast) -> str:
    """Growth and when it ends, in words; what cannot be foretold is said so."""
    if one.per_day is None or one.days_left is None:
        return "growth not predictable yet"
    grows = f"grows by {one.per_day / 1e6:.1f} MB a day"
    if not one.limit:
        return grows
    if isinf(one.days_left):
        return f"{grows}, never full: its days end before"
    return f"{grows}, full in {one.days_left:.0f} days"


def _copy(station: StationSettings, data: Path, now_s: float) -> Iterator[Finding]:
    folder = backup_folder(station.backup, data)
    if not folder.is_dir() or folder.stat().st_dev == data.stat().st_dev:
        text = "no daily copy: the backups lie on the disk of the data"
        yield Finding(_NAME, "warn", text, "name another disk: [backup] folder; leitstand backup FILE has it too")
        return
    copy = history_copy(folder, station.code)
    age_s = now_s - copy.stat().st_mtime if copy.exists() else None
    if age_s is None or age_s > 2 * EVERY_S:
        text = f"no copy in {folder}" if age_s is None else f"the copy is {age_s / 86_400:.0f} days old, in {folder}"
        yield Finding(_NAME, "warn", text, "is the station running? Its log says why copies fail")
        return
    yield Finding(_NAME, "ok", f"copy {age_s / 3600:.0f} h old, in {folder}")
