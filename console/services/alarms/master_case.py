"""One master alarm record as it follows from what was written about it, whatever the order of arrival."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from console.domain.identity import Hash
from console.domain.master_alarms import EVENTS, OPENNESS, Approved, MasterAlarm, MasterState, content_of
from console.domain.master_facts import MasterAlarmMoved
from console.domain.registers import Register
from console.domain.signatures import Meaning
from console.services.journal.entries import Entry
from console.services.master_records import CompetingText


@dataclass(frozen=True, slots=True)
class Word:
    """What one event says about one record: values, or a step of its review. `import_id` is empty for no import."""

    entry: Entry
    parents: tuple[Hash, ...]
    values: tuple[tuple[str, str], ...] = ()
    move: MasterAlarmMoved | None = None
    import_id: str = ""

    @property
    def order(self) -> tuple[int, Hash]:
        return (self.entry.hlc, self.entry.hash)


def _openness(move: MasterAlarmMoved) -> int:
    return OPENNESS.index(EVENTS[move.event])


def _counts(word: Word) -> bool:
    """A step that this version knows; an approval only with its signature."""
    move = word.move
    if move is None or move.event not in EVENTS:
        return move is None
    return move.event != "approve" or word.entry.meaning == Meaning.APPROVED


class MasterCase:
    """Built whole from its words; cheap, because a record is written a few times in its life."""

    def __init__(self, key: str, words: Iterable[Word]) -> None:
        self.key = key
        self._fields: dict[str, Register[str]] = {}
        self._state: Register[MasterAlarmMoved] = Register(_openness)
        self._words: dict[Hash, Word] = {}
        for word in words:
            if _counts(word):
                self._put(word)

    def _put(self, word: Word) -> None:
        entry = word.entry
        self._words[entry.hash] = word
        if word.move is not None:
            self._state.put(entry.hash, entry.hlc, word.move, word.parents)
        for name, value in word.values:
            self._fields.setdefault(name, Register()).put(entry.hash, entry.hlc, value, word.parents)

    @property
    def is_written(self) -> bool:
        return bool(self._words)

    @property
    def newest(self) -> Word | None:
        return max(self._words.values(), key=lambda word: word.order, default=None)

    @property
    def reason(self) -> str:
        """Of the step that stands."""
        moves = self._state.values()
        return moves[-1].reason if moves else ""

    def record(self) -> MasterAlarm:
        values = {name: register.values()[-1] for name, register in self._fields.items() if register.values()}
        values = {name: value for name, value in values.items() if value}
        disputed = tuple(name for name, register in sorted(self._fields.items()) if register.is_disputed())
        approved = self._approved()
        heads = {name: register.heads() for name, register in self._fields.items()}
        return MasterAlarm(
            self.key,
            values,
            self._state_of(values, disputed),
            {**heads, "state": self._state.heads()},
            self._authors(approved),
            approved,
            disputed,
        )

    def competing(self, name_of: Callable[[str], str]) -> tuple[CompetingText, ...]:
        found: list[CompetingText] = []
        for name, register in sorted(self._fields.items()):
            if register.is_disputed():
                for by, value in zip(register.heads(), register.values(), strict=True):
                    entry = self._words[by].entry
                    found.append(CompetingText(name, value, name_of(entry.actor.user_id), entry.wall_us))
        return tuple(found)

    def _state_of(self, values: Mapping[str, str], disputed: tuple[str, ...]) -> MasterState:
        """What the last step says, as long as it is about these very values."""
        moves = self._state.values()
        if not moves or disputed or moves[-1].content != content_of(self.key, values):
            return MasterState.DRAFT
        return EVENTS[moves[-1].event]

    def _approved(self) -> Approved | None:
        given = [word for word in self._words.values() if word.move is not None and word.move.event == "approve"]
        if not given:
            return None
        last = max(given, key=lambda word: word.order)
        assert last.move is not None
        return Approved(dict(last.move.values), last.move.priority, last.entry.actor.user_id, last.entry.wall_us)

    def _authors(self, approved: Approved | None) -> frozenset[str]:
        """Who wrote what is not approved, and who submitted it."""
        known = approved.values if approved is not None else {}
        found = {
            self._words[by].entry.actor.user_id
            for name, register in self._fields.items()
            if register.values()[-1:] != (known.get(name, ""),)
            for by in register.heads()
        }
        heads = [self._words[by] for by in self._state.heads()]
        found |= {word.entry.actor.user_id for word in heads if word.move is not None and word.move.event == "submit"}
        return frozenset(found)
