"""Follows the tags that expressions name: says which expression has which value at which source time, and no other.

Samples of a turn are gone through by source time; an expression is evaluated when one of its tags changed or when
time changes what a window function says, and at no other time. What one expression gives may be the input of others.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from console.domain.expression_terms import UNKNOWN, Term
from console.domain.expressions import Expression
from console.domain.quality import Quality
from console.domain.tags import Tag
from console.services.telemetry.batch import FLAG_HISTORICAL, FLAG_LATE, SampleBatch, TagColumns
from console.services.telemetry.windows import NEVER, WindowPast

_AMBIGUOUS = -2


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Expression `index` has this value and trust at this source time."""

    index: int
    at_us: int
    term: Term
    by_time: bool  # no sample came: time alone changed it


@dataclass(slots=True)
class _Bound:
    """One expression beside one device. Implements `Inputs`."""

    feed: "ExpressionFeed"
    expression: Expression
    handles: list[int]  # by reference, below 0: not known
    pasts: tuple[WindowPast, ...]
    interval_us: int
    output: int = -1  # handle of the tag that takes its value
    at_us: int = 0
    told_us: int = -1
    held_until_us: int = NEVER  # a value waits for the end of its interval

    def tag(self, reference: int) -> Term:
        return self.feed.term_of(self.handles[reference])

    def age_s(self, reference: int) -> float | None:
        seen = self.feed.seen_us(self.handles[reference])
        return None if seen is None else (self.newest_us() - seen) / 1e6

    def window(self, window: int) -> Term:
        return self.pasts[window].answer(self.at_us)

    def newest_us(self) -> int:
        """The newest source time of its tags."""
        seen = (self.feed.seen_us(handle) for handle in self.handles)
        return max((one for one in seen if one is not None), default=0)

    def due_us(self) -> int:
        return min((past.due_us(self.at_us) for past in self.pasts), default=NEVER)


@dataclass(slots=True)
class _State:
    term: Term
    source_us: int | None
    followers: list[int] = field(default_factory=list)  # expressions that name the tag


class ExpressionFeed:
    """Main thread. Add expressions inputs-first (see `domain.derived.in_order`); `know` every tag."""

    def __init__(self, tags: TagColumns, texts: Iterable[Expression]) -> None:
        """`texts` are all expressions that may be added: tags that none of them can mean are not remembered."""
        self._tags = tags
        self._tails = {path.rpartition("/")[2] for one in texts for path in one.references}
        self._by_path: dict[str, int] = {}
        self._waiting: dict[str, list[tuple[int, int]]] = {}  # path -> (expression, reference)
        self._bound: list[_Bound] = []
        self._states: dict[int, _State] = {}
        self._outputs: set[int] = set()
        self._is_input = np.zeros(256, bool)
        self._due = np.zeros(0, np.int64)
        self._timed = np.zeros(0, np.int64)  # expressions that time alone can change

    def add(self, expression: Expression, device_path: str = "", *, interval_s: float = 0.0, output: int = -1) -> int:
        """Follow an expression from now on; returns its index. `output`: the tag (handle) that takes its value."""
        index = len(self._bound)
        paths = expression.paths(device_path)
        pasts = tuple(WindowPast(window) for window in expression.windows)
        bound = _Bound(self, expression, [-1] * len(paths), pasts, round(interval_s * 1e6), output)
        self._bound.append(bound)
        if output >= 0:
            self._outputs.add(output)
        if pasts or bound.interval_us:
            self._timed = np.append(self._timed, index)
            self._due = np.append(self._due, NEVER)
        for reference, path in enumerate(paths):
            handle = self._by_path.get(path, -1)
            if handle >= 0:
                self._link(index, reference, handle)
            self._waiting.setdefault(path, []).append((index, reference))
        return index

    def know(self, tag: Tag) -> None:
        """A tag exists. Two tags of one path (on two brokers) make it unknown until the broker is named."""
        source = tag.source
        if source.metric.rpartition("/")[2] not in self._tails:
            return
        full = source.path()
        for path in (full, full.partition("/")[2]):
            known = self._by_path.get(path, -1)
            if known in (tag.handle, _AMBIGUOUS):
                continue
            self._by_path[path] = tag.handle if known < 0 else _AMBIGUOUS
            for index, reference in self._waiting.get(path, ()):
                if known < 0:
                    self._link(index, reference, tag.handle)
                else:
                    self._bound[index].handles[reference] = _AMBIGUOUS

    def present(self, index: int) -> Term:
        """What an expression says now."""
        return self._bound[index].expression.evaluate(self._bound[index])

    def inputs_of(self, index: int) -> tuple[str, tuple[tuple[str, int], ...]]:
        """The text of an expression, and the path and handle of each tag that it names."""
        bound = self._bound[index]
        return bound.expression.text, tuple(zip(bound.expression.references, bound.handles, strict=True))

    def newest_us(self, index: int) -> int:
        """The newest source time of its tags, 0: none was ever seen."""
        return self._bound[index].newest_us()

    def samples(self, batch: SampleBatch) -> Iterator[Evaluated]:
        """Apply a turn's samples (after the tag store) by source time."""
        inside = np.where(batch.handle < len(self._is_input), batch.handle, 0)
        mine = self._is_input[inside] & (batch.handle < len(self._is_input))
        mine &= (batch.flags & (FLAG_LATE | FLAG_HISTORICAL)) == 0
        rows = np.flatnonzero(mine)
        if not len(rows):
            return
        rows = rows[np.argsort(batch.source_us[rows], kind="stable")]
        cuts = np.flatnonzero(np.diff(batch.source_us[rows])) + 1
        for moment in np.split(rows, cuts):
            at_us = int(batch.source_us[moment[0]])
            changed = {int(batch.handle[row]): _term_of(batch, int(row)) for row in moment.tolist()}
            yield from self._moment(at_us, changed)

    def distrust(self, handles: NDArray[np.int32], quality: int) -> Iterator[Evaluated]:
        """Tags lost their trust without a sample."""
        changed: dict[int, Term] = {int(handle): (None, quality) for handle in handles if int(handle) in self._states}
        if changed:
            yield from self._moment(None, changed)

    def go_on(self) -> Iterator[Evaluated]:
        """Time goes on with the watermarks of the nodes: windows move, intervals end."""
        if not len(self._timed) or int(self._due.min()) == NEVER:
            return
        for place in np.flatnonzero(self._due < NEVER).tolist():
            index = int(self._timed[place])
            now_us = self._now_of(self._bound[index])
            if self._due[place] <= now_us:
                yield from self._catch_up(index, now_us)

    def term_of(self, handle: int) -> Term:
        state = self._states.get(handle)
        return UNKNOWN if state is None else state.term

    def seen_us(self, handle: int) -> int | None:
        state = self._states.get(handle)
        return None if state is None else state.source_us

    # inside

    def _moment(self, at_us: int | None, changed: dict[int, Term]) -> Iterator[Evaluated]:
        """One moment of source time, None: trust is lost, no time has passed."""
        todo: set[int] = set()
        for handle in changed:
            todo.update(self._states[handle].followers)
        if at_us is not None:
            for index in sorted(todo):
                yield from self._catch_up(index, at_us - 1)
        for handle, term in changed.items():
            self._set(handle, term, at_us)
        yield from self._evaluate(todo, None)

    def _evaluate(self, todo: set[int], due_us: int | None) -> Iterator[Evaluated]:
        """These, and what follows from them; inputs have smaller numbers than what is made of them."""
        heap = list(todo)
        heapq.heapify(heap)
        done = -1
        while heap:
            index = heapq.heappop(heap)
            if index == done:
                continue
            done = index
            bound = self._bound[index]
            at_us = max(bound.newest_us(), due_us or 0, bound.at_us)
            if self._must_wait(bound, at_us):
                self._note_due(index)
                continue
            bound.at_us = bound.told_us = at_us
            bound.held_until_us = NEVER
            term = bound.expression.evaluate(bound)
            self._note_due(index)
            if bound.output >= 0:
                for follower in self._follow(bound.output, term, at_us):
                    heapq.heappush(heap, follower)
            yield Evaluated(index, at_us, term, by_time=due_us is not None)

    def _follow(self, output: int, term: Term, at_us: int) -> list[int]:
        if output not in self._states:
            return []
        self._set(output, term, at_us)
        return self._states[output].followers

    def _must_wait(self, bound: _Bound, at_us: int) -> bool:
        """At most one value within an interval of source time; the rest is told at its end."""
        interval = bound.interval_us
        if not interval or bound.told_us < 0 or at_us // interval > bound.told_us // interval:
            return False
        bound.held_until_us = (at_us // interval + 1) * interval
        bound.at_us = max(bound.at_us, at_us)
        return True

    def _catch_up(self, index: int, until_us: int) -> Iterator[Evaluated]:
        """What time alone changed up to here, each at its moment."""
        bound = self._bound[index]
        if not (bound.pasts or bound.interval_us):
            return
        while (due_us := min(bound.held_until_us, self._window_due(bound))) <= until_us:
            yield from self._evaluate({index}, due_us)

    def _window_due(self, bound: _Bound) -> int:
        due_us = bound.due_us()
        if due_us == NEVER or not bound.interval_us or bound.told_us < 0:
            return due_us
        return max(due_us, (bound.told_us // bound.interval_us + 1) * bound.interval_us)

    def _note_due(self, index: int) -> None:
        place = int(np.searchsorted(self._timed, index))
        if place < len(self._timed) and self._timed[place] == index:
            bound = self._bound[index]
            self._due[place] = min(bound.held_until_us, self._window_due(bound))

    def _now_of(self, bound: _Bound) -> int:
        """Time on the nodes of its tags: all must have come so far."""
        tags = self._tags
        known = [handle for handle in bound.handles if handle >= 0]
        return min((int(tags.watermarks_us[tags.node[handle]]) for handle in known), default=0)

    def _set(self, handle: int, term: Term, at_us: int | None) -> None:
        state = self._states[handle]
        state.term = term
        if at_us is not None:
            state.source_us = at_us
        for index in state.followers:
            bound = self._bound[index]
            for past in bound.pasts:
                if bound.handles[past.window.reference] == handle:
                    past.sample(at_us if at_us is not None else bound.at_us, term)

    def _link(self, index: int, reference: int, handle: int) -> None:
        self._bound[index].handles[reference] = handle
        state = self._states.get(handle)
        if state is None:
            state = self._states[handle] = self._state_of(handle)
        if index not in state.followers:
            state.followers.append(index)
        if handle >= len(self._is_input):
            self._is_input = np.concatenate([self._is_input, np.zeros(max(handle, 256), bool)])
        self._is_input[handle] = handle not in self._outputs

    def _state_of(self, handle: int) -> _State:
        """As the tag stands."""
        tags = self._tags
        if handle >= tags.size:
            return _State(UNKNOWN, None)
        quality, value = int(tags.quality[handle]), float(tags.value[handle])
        source_us = int(tags.source_us[handle]) or None
        if quality > Quality.UNCERTAIN:
            return _State((None, quality), source_us)
        shown = value if value == value else tags.text(handle)  # noqa: PLR0124 - nan
        return _State((shown, quality), source_us)


def _term_of(batch: SampleBatch, row: int) -> Term:
    quality, value = int(batch.quality[row]), float(batch.value[row])
    if quality > Quality.UNCERTAIN:
        return None, quality
    if value == value:  # noqa: PLR0124 - nan
        return (value, quality) if np.isfinite(value) else (None, int(Quality.BAD))
    text = batch.texts.get(row)
    return (text, quality) if text is not None else (None, int(Quality.BAD))
