"""Who is signed on where, by the journal: for the limit of sessions per person, and for what a killed station left."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.domain.facts import UserSignedOff, UserSignedOn
from console.domain.people_facts import BreakGlassAttributed, BreakGlassUsed
from console.services.journal.entries import Entry


@dataclass(frozen=True, slots=True)
class OpenSession:
    session_id: str
    user_id: str
    station_code: str
    since_us: int
    is_own: bool


@dataclass(frozen=True, slots=True)
class BreakGlassUse:
    """One use of the identity "control room"; `by` is the user id it was attributed to, empty for nobody yet."""

    use_id: str
    station_code: str
    at_us: int
    why: str
    by: str = ""


class OpenSessions:
    """Feed every entry to `take`, in any order."""

    def __init__(self) -> None:
        self._open: dict[str, OpenSession] = {}
        self._closed: set[str] = set()  # ends that came before their beginning
        self._uses: dict[str, BreakGlassUse] = {}
        self._attributed: dict[str, tuple[int, bytes, str]] = {}

    def take(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            session_id = entry.actor.session_id
            match entry.fact:
                case UserSignedOn(user_id) if session_id in self._closed:
                    self._closed.discard(session_id)
                case UserSignedOn(user_id):
                    opened = OpenSession(session_id, user_id, entry.station_code, entry.wall_us, entry.is_own)
                    self._open[session_id] = opened
                case UserSignedOff():
                    if self._open.pop(session_id, None) is None:
                        self._closed.add(session_id)
                case BreakGlassUsed(use_id, why):
                    self._uses.setdefault(use_id, BreakGlassUse(use_id, entry.station_code, entry.wall_us, why))
                case BreakGlassAttributed(use_id, user_id):
                    named = (entry.hlc, entry.hash, user_id)
                    self._attributed[use_id] = max(named, self._attributed.get(use_id, named))

    def of(self, user_id: str, since_us: int) -> tuple[OpenSession, ...]:
        """Sessions of this person that began after `since_us`: an older one was left by a station that died."""
        found = [one for one in self._open.values() if one.user_id == user_id and one.since_us >= since_us]
        return tuple(sorted(found, key=lambda one: one.since_us))

    def left_behind(self, alive: Sequence[str]) -> tuple[OpenSession, ...]:
        """Own sessions that nobody ended: the station was killed."""
        return tuple(one for one in self._open.values() if one.is_own and one.session_id not in alive)

    def uses(self) -> tuple[BreakGlassUse, ...]:
        """Every use of the identity "control room", oldest first, with who it was as far as it is known."""
        uses = [self._named(use) for use in self._uses.values()]
        return tuple(sorted(uses, key=lambda use: (use.at_us, use.use_id)))

    def use(self, use_id: str) -> BreakGlassUse | None:
        found = self._uses.get(use_id)
        return self._named(found) if found is not None else None

    def unattributed(self, before_us: int) -> tuple[BreakGlassUse, ...]:
        """Uses that began before this moment and that nobody has put a name to."""
        return tuple(use for use in self.uses() if not use.by and use.at_us < before_us)

    def _named(self, use: BreakGlassUse) -> BreakGlassUse:
        named = self._attributed.get(use.use_id)
        if named is None:
            return use
        return BreakGlassUse(use.use_id, use.station_code, use.at_us, use.why, named[2])
