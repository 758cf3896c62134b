"""The effect gate: an act whose author had no right to it is kept and flagged, and an unsafe one moves nothing.

A pure judge over the set of facts about people: the verdict on an event depends on which facts exist, never on the
order in which they arrived (sync.md P19, invariants 5 and 29). Late facts change verdicts; `rejudged` says whose.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from console.domain.unsafe_acts import is_unsafe
from console.services.identity.people_history import PeopleHistory
from console.services.journal.entries import Entry
from console.services.notifier import Notifier


@dataclass(frozen=True, slots=True)
class Rejudged:
    """Verdicts may have changed for events from `from_hlc` on (None: for none); `withheld` and `released` name unsafe
    events that were let through before and no longer are, and the other way round."""

    from_hlc: int | None = None
    withheld: tuple[Entry, ...] = ()
    released: tuple[Entry, ...] = ()


class Gate:
    """Feed every entry to `take` (replay, own and received alike), before the projections; then ask.

    Only unsafe acts are remembered, so memory follows their number.
    """

    def __init__(self, history: PeopleHistory) -> None:
        self.rejudged: Notifier[Rejudged] = Notifier()
        self._history = history
        self._unsafe: dict[bytes, Entry] = {}
        self._held: set[bytes] = set()

    def take(self, entries: Sequence[Entry]) -> Rejudged:
        """Learn from entries. Notifies `rejudged` when something known before is judged otherwise now."""
        from_hlc = self._history.take(entries)
        fresh = {
            entry.hash: entry
            for entry in entries
            if entry.hash not in self._unsafe and is_unsafe(entry.etype, entry.fact)
        }
        result = Rejudged() if from_hlc is None else self._judge_all(from_hlc)
        self._unsafe.update(fresh)
        for entry in fresh.values():
            self._hold(entry)
        if from_hlc is not None:
            self.rejudged.notify(result)
        return result

    def judge(self, entry: Entry) -> str:
        """ "" for an act whose author might do it then, else the flag: "unauthorised" or "revoked_user"."""
        return self._history.judge_entry(entry)

    def is_withheld(self, entry: Entry) -> bool:
        """True when the event must have no effect now: unsafe, done without the right, not countersigned."""
        return (
            is_unsafe(entry.etype, entry.fact) and bool(self.judge(entry)) and not self._history.countersigned_by(entry)
        )

    def cleared_by(self, entry: Entry) -> bytes:
        """Hash of the event that countersigned this one, empty for none: `event_flag.cleared_by`."""
        return self._history.countersigned_by(entry)

    def find_withheld(self, act: bytes) -> Entry | None:
        """The withheld act with this hash."""
        return self._unsafe[act] if act in self._held else None

    @property
    def withheld_hashes(self) -> AbstractSet[bytes]:
        """Hashes of all acts that wait for a countersignature."""
        return self._held

    @property
    def withheld(self) -> tuple[Entry, ...]:
        """Every act that waits for a countersignature, oldest first."""
        return tuple(sorted((self._unsafe[one] for one in self._held), key=lambda entry: (entry.hlc, entry.hash)))

    def _judge_all(self, from_hlc: int) -> Rejudged:
        """Every unsafe act of before anew; the facts about people are few and come seldom."""
        before = set(self._held)
        for entry in self._unsafe.values():
            self._hold(entry)
        withheld, released = sorted(self._held - before), sorted(before - self._held)
        return Rejudged(
            from_hlc, tuple(self._unsafe[one] for one in withheld), tuple(self._unsafe[one] for one in released)
        )

    def _hold(self, entry: Entry) -> None:
        if self.is_withheld(entry):
            self._held.add(entry.hash)
        else:
            self._held.discard(entry.hash)
