"""What `export journal` and `import` share: whose station it is, the running station's door, and the meter."""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.app.folders import Folders, resolve
from console.config.settings import SiteSettings, StationSettings
from console.config.site_files import load_site
from console.config.station_file import load_station
from console.domain.refusal import Refused
from console.services.identity.enrolment import CERTIFICATE_FILE
from console.services.journal.own_stream import Place
from console.services.local_socket import ask

_PAUSE_S = 0.5


@dataclass(frozen=True, slots=True)
class Bearer:
    """The station that a file is written or taken in for."""

    folders: Folders
    settings: StationSettings
    site: SiteSettings

    @classmethod
    def of(cls, config: str | None, data: str | None) -> "Bearer":
        """Raises BadConfiguration, OSError."""
        folders = resolve(config, data)
        settings = load_station(folders.config)
        return cls(folders, settings, load_site(settings.site or folders.config / "site"))

    @property
    def place(self) -> Place:
        return Place(self.site.site_id, self.settings.station_id, self.settings.code)

    @property
    def journal(self) -> Path:
        return self.folders.data / "journal.db"

    @property
    def keys(self) -> Path:
        return self.folders.data / "keys"

    def certificate(self) -> str:
        """What proves that this station belongs to its site; empty when it has none."""
        path = self.keys / CERTIFICATE_FILE
        return path.read_text(encoding="ascii", errors="replace").strip() if path.exists() else ""

    async def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """The running station's answer. Raises Refused, ValueError, ConnectionError."""
        line = await ask(self.folders.data, json.dumps(question).encode())
        if not line:
            raise ConnectionError("the station gave no answer")
        reply: dict[str, Any] = json.loads(line)
        if "refused" in reply:
            raise Refused("{why}", why=reply["refused"])
        if not reply["ok"]:
            raise ValueError(str(reply["error"]).removeprefix("ValueError: "))
        return reply


class Meter:
    """Says on a terminal's stderr how far a long work has come."""

    def __init__(self, word: str) -> None:
        self._word = word
        self._next_s = time.monotonic() + _PAUSE_S
        self._is_shown = False

    def __call__(self, done: int, of_all: int) -> bool:
        if sys.stderr.isatty() and time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + _PAUSE_S
            share = f" ({100 * done // of_all} %)" if of_all else ""
            print(f"\r{self._word}: {done:,}{share}   ", end="", file=sys.stderr, flush=True)
            self._is_shown = True
        return True

    def end(self) -> None:
        if self._is_shown:
            print(file=sys.stderr)
            self._is_shown = False
