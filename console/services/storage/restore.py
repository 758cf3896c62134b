"""Brings a backup back into a station's folders; what is there is set aside, never deleted.

A backup without the history leaves the one that is there; where there is none, the daily copy beside the backup is
taken (`history_copy`).
"""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from console.config.station_file import FILE, read_station
from console.domain.refusal import Refused
from console.services.storage.backup_file import (
    HISTORY,
    JOURNAL,
    STATION,
    Manifest,
    extract_part,
    sha256_of,
    verify_backup,
)
from console.services.storage.history_copy import bring_history_back
from console.services.storage.journal_health import forget_damage
from console.services.storage.ownership import Ownership, restrict_to_owner
from console.services.storage.start_mark import StartMark, Why, write_mark

_DATA = (JOURNAL, STATION)
_BESIDE = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back, and where what was there is kept now (None: nothing was there)."""

    manifest: Manifest
    set_aside: Path | None
    with_settings: bool
    history: str = ""  # where the history came from: backup, copy (the daily one), or empty: it was left as it was


def restore(file: Path, data: Path, config: Path, now_us: int, *, force: bool = False) -> Restored:
    """Databases and keys from the backup; station.toml and site/ only where there is no station.toml.

    Raises DataFolderInUse while a process owns the folder, BadBackup, Refused for another station's backup and, unless
    `force`, when the folder holds databases or keys; OSError. The next start opens a new stream, "restored".
    """
    ownership = Ownership(data)
    scratch = data / ".restoring"
    try:
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        restrict_to_owner(scratch)
        manifest = verify_backup(file, scratch)
        settings, _ = read_station(config)
        if settings is not None and settings.station_id != manifest.station_id:
            raise Refused("{file} is the backup of another station ({code}).", file=file.name, code=manifest.code)
        present = _present(data, has_history=any(part.name == HISTORY for part in manifest.parts))
        if present and not force:
            raise Refused(
                "{folder} holds {names}. With --force they are set aside first.",
                folder=str(data),
                names=", ".join(path.name for path in present),
            )
        with_settings = not (config / FILE).exists()
        for part in manifest.parts:
            extract_part(file, part.name, scratch / part.name)
        set_aside = _set_aside(data, present, now_us)
        mark = StartMark(Why.RESTORED, file.name, sha256_of(file), manifest.events, set_aside.name if set_aside else "")
        write_mark(data, mark)
        _place(manifest, scratch, data, config, with_settings)
        has_copy = bring_history_back(file.parent, manifest.code, data)
        forget_damage(data / "journal.db")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        ownership.release()
    has_history = any(part.name == HISTORY for part in manifest.parts)
    return Restored(manifest, set_aside, with_settings, "backup" if has_history else "copy" if has_copy else "")


def _present(data: Path, *, has_history: bool) -> list[Path]:
    """What a restore would take the place of."""
    names = (*_DATA, HISTORY) if has_history else _DATA
    databases = [data / (Path(name).name + end) for name in names for end in _BESIDE]
    return [path for path in (*databases, data / "keys") if path.exists()]


def _set_aside(data: Path, present: list[Path], now_us: int) -> Path | None:
    if not present:
        return None
    stamp = f"{datetime.fromtimestamp(now_us / 1e6, UTC):%Y%m%dT%H%M%SZ}"
    folder = next(path for n in range(1000) if not (path := data / f"set-aside-{stamp}{f'-{n}' if n else ''}").exists())
    folder.mkdir()
    restrict_to_owner(folder)
    for path in reversed(present):  # a WAL before its database: one that stays behind would spoil the next database
        path.replace(folder / path.name)
    return folder


def _place(manifest: Manifest, scratch: Path, data: Path, config: Path, with_settings: bool) -> None:
    """Move what was taken out to its place; settings first, because station.toml says where site/ lies."""
    names = [part.name for part in manifest.parts]
    if with_settings:
        for name in (name for name in names if name.startswith("config/")):
            _move(scratch / name, config / name.removeprefix("config/"))
        settings, _ = read_station(config)
        site = settings.site if settings is not None and settings.site is not None else config / "site"
        for name in (name for name in names if name.startswith("site/")):
            if not (target := site / name.removeprefix("site/")).exists():
                _move(scratch / name, target)
    for name in (name for name in names if name.startswith("data/")):
        _move(scratch / name, data / name.removeprefix("data/"))


def _move(source: Path, target: Path) -> None:
    is_new = not target.parent.exists()
    target.parent.mkdir(parents=True, exist_ok=True)
    if is_new:
        restrict_to_owner(target.parent)
    shutil.move(source, target)
