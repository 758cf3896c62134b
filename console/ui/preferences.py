"""Theme, language, layouts and column choices of a person at this workstation; kept here at once, carried as facts."""

import json
import logging
import re
from collections.abc import Callable, Mapping
from pathlib import Path

log = logging.getLogger(__name__)
NOBODY = "nobody"
VERSION = 1


class Preferences:
    """One JSON file per person in `folder`, written whole after each change, so that a crash loses nothing.

    `carry(key, json_text)` hands each change on (the lead submits `SavePreference`); it is only called for a person
    who is signed on. `adopt` takes values that came as facts, for keys this workstation has not set itself.
    """

    def __init__(self, folder: Path, carry: Callable[[str, str], None] | None = None) -> None:
        self._folder = folder
        self._carry = carry
        self._user = NOBODY
        self._values: dict[str, object] = {}
        self.use(NOBODY)

    @property
    def folder(self) -> Path:
        """Where this workstation keeps what its people chose."""
        return self._folder

    @property
    def user(self) -> str:
        return self._user

    def use(self, user: str) -> None:
        """Switch to a person's values; an unreadable file is set aside and counts as empty."""
        self._user = user or NOBODY
        self._owed: set[str] = set()  # changed here and not carried yet
        self._values = self._read(self._path())

    def get(self, key: str, default: object = None) -> object:
        return self._values.get(key, default)

    def text(self, key: str, default: str = "") -> str:
        value = self._values.get(key, default)
        return value if isinstance(value, str) else default

    def set(self, key: str, value: object, *, carry: bool = True) -> None:
        """Keep a JSON-able value; equal values are not written again. `carry=False` keeps it at this workstation."""
        is_new = key not in self._values or self._values[key] != value
        if is_new:
            self._values[key] = value
            self._write()
            self._owed.add(key)
        if carry and key in self._owed:
            self._owed.discard(key)
            if self._carry is not None and self._user != NOBODY:
                self._carry(key, json.dumps(value, separators=(",", ":")))

    def adopt(self, values: Mapping[str, str]) -> None:
        """JSON texts by key, from another workstation of the same person."""
        changed = False
        for key, value in values.items():
            if key in self._values:
                continue
            try:
                self._values[key] = json.loads(value)
                changed = True
            except ValueError:
                log.warning("preference %s is not JSON and is left out", key)
        if changed:
            self._write()

    def _path(self) -> Path:
        return self._folder / f"{re.sub(r'[^A-Za-z0-9_-]', '_', self._user)}.json"

    def _read(self, path: Path) -> dict[str, object]:
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
            values = table["values"]
            return dict(values) if isinstance(values, dict) else {}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("preferences %s cannot be read and start empty: %s", path.name, error)
            return {}

    def _write(self) -> None:
        path = self._path()
        part = path.with_name(path.name + ".part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps({"version": VERSION, "values": self._values}, indent=1), encoding="utf-8")
            part.replace(path)
        except OSError as error:
            log.warning("preferences %s cannot be kept: %s", path.name, error)
