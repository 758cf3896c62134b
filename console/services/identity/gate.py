"""The effect gate: an act whose author had no right to it is kept and flagged, and an unsafe one moves nothing.

A pure judge over the set of facts about people: the verdict on an event depends on which facts exist, never on the
order in which they arrived (P19, INV-5, INV-29). Late facts change verdicts; `rejudged` says whose.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from console.domain.unsafe_acts import is_unsafe
from console.services.identity.people_history import PeopleHistory, Place
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
        self._by: dict[str, list[Place]] = {}  # the same by author, in the order of their stamps
        self._held: set[bytes] = set()

    def take(self, entries: Sequence[Entry]) -> Rejudged:
        """Learn from entries. Notifies `rejudged` when something known before is judged otherwise now."""
        from_hlc = self._history.take(entries)
        fresh = {
            entry.hash: entry
            for entry in entries
            if entry.hash not in self._unsafe and is_unsafe(entry.etype, entry.fact)
        }
        result = Rejudged() if from_hlc is None else self._judge_again(from_hlc)
        self._unsafe.update(fresh)
        for entry in fresh.values():
            insort(self._by.setdefault(entry.actor.user_id, []), (entry.hlc, entry.hash))
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

    def _judge_again(self, from_hlc: int) -> Rejudged:
        """Unsafe acts of before whose verdict may be another: there may be a hundred thousand in all, and what is done
        about rights concerns few people, and mostly what they do from now on."""
        changed = self._history.changed()
        if changed.unknown:  # once: when it is first told who there is
            for user_id in self._by:
                changed.note(user_id, (-1, b""))
        acts = {one for one in changed.acts if one in self._unsafe}
        for user_id, place in changed.users.items():
            mine = self._by.get(user_id, [])
            acts.update(event_hash for _, event_hash in mine[bisect_left(mine, place) :])
        before = {one for one in acts if one in self._held}
        for one in acts:
            self._hold(self._unsafe[one])
        now = {one for one in acts if one in self._held}
        return Rejudged(
            from_hlc,
            tuple(self._unsafe[one] for one in sorted(now - before)),
            tuple(self._unsafe[one] for one in sorted(before - now)),
        )

    def _hold(self, entry: Entry) -> None:
        if self.is_withheld(entry):
            self._held.add(entry.hash)
        else:
            self._held.discard(entry.hash)
