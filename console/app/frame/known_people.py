"""Who signed on at this workstation lately: offered by name at the next sign-on. Nobody else is ever hinted at."""

import json
import logging
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

log = logging.getLogger(__name__)
FILE = "people-here.json"
MOST = 6


@dataclass(frozen=True, slots=True)
class KnownPerson:
    user_id: str
    login: str
    name: str


class KnownPeople:
    """The newest first, kept in one file of `folder`; what cannot be read or written is simply not remembered."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._people = self._read()

    def people(self) -> tuple[KnownPerson, ...]:
        return tuple(self._people)

    def remember(self, person: KnownPerson) -> None:
        others = [one for one in self._people if one.user_id != person.user_id]
        self._keep([person, *others][:MOST])

    def forget(self, user_id: str) -> None:
        self._keep([one for one in self._people if one.user_id != user_id])

    def keep_only(self, user_ids: Collection[str]) -> None:
        """Whoever is disabled or gone is no longer offered."""
        self._keep([one for one in self._people if one.user_id in user_ids])

    def _keep(self, people: list[KnownPerson]) -> None:
        if people == self._people:
            return
        self._people = people
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            part = self._path.with_name(self._path.name + ".part")
            part.write_text(json.dumps([asdict(one) for one in people], ensure_ascii=False), encoding="utf-8")
            part.replace(self._path)
        except OSError as error:
            log.warning("%s cannot be kept: %s", self._path.name, error)

    def _read(self) -> list[KnownPerson]:
        try:
            rows = json.loads(self._path.read_text(encoding="utf-8"))
            return [KnownPerson(str(r["user_id"]), str(r["login"]), str(r["name"])) for r in rows][:MOST]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("%s cannot be read and starts empty: %s", self._path.name, error)
            return []
