"""The alarm engine: follows the tag store, raises, returns and counts alarms, in source time, without a clock.

States after OPC UA Part 9. The owner
calls `tick` every turn, drains `take_transitions` into the log and `take_delta` towards the models.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from console.domain import identity
from console.domain.alarm_classes import AlarmSettings
from console.domain.alarm_flags import AlarmFlag
from console.domain.alarm_step import (
    Event,
    Trigger,
)
from console.domain.alarms import (
    AlarmKind,
    AlarmRule,
    Occurrence,
    Priority,
)
from console.domain.quality import Quality
from console.domain.tags import Tag
from console.services.alarms.annunciation import Annunciation
from console.services.alarms.asset_conditions import ASSET_KINDS, AssetConditions
from console.services.alarms.asset_quality import AssetQuality
from console.services.alarms.band_play import BandPlay
from console.services.alarms.clock_watch import ClockWatch
from console.services.alarms.described import described, returning_of
from console.services.alarms.engine_face import EngineFace
from console.services.alarms.hearing import Hearing, present
from console.services.alarms.limits import BandColumns, BandEvents, Rows
from console.services.alarms.places import Places, unplaced
from console.services.alarms.plain_steps import BandSteps
from console.services.alarms.restoring import restore
from console.services.alarms.rule_match import OWN_KINDS, TAG_KINDS, RuleMatch
from console.services.alarms.sessions import Sessions
from console.services.alarms.source_times import BandLinks, SourceTimes
from console.services.alarms.tag_conditions import TagConditions, band_settings, sides
from console.services.alarms.tag_rows import TagRow, priorities, tag_condition
from console.services.alarms.transitions import OpenOccurrence
from console.services.alarms.usual import UsualBands
from console.services.records import Trouble
from console.services.telemetry.batch import LinkChanged, QualityChanged, SampleBatch, SessionChanged, TagColumns

RESTORED_OWN_S = 30.0  # an alarm about this station itself that nothing speaks of by then has ended


class AlarmEngine(EngineFace):
    """A `Consumer` of the tag store. Main thread only. `restore` comes before the first tags."""

    def __init__(
        self,
        site_id: UUID,
        tags: TagColumns,
        rules: Iterable[AlarmRule] = (),
        *,
        station_id: UUID | None = None,
        annunciation: Annunciation | None = None,
        places: Places = unplaced,
        name_of: Callable[[str], str] = str,
        settings: AlarmSettings | None = None,
        elapsed: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__(annunciation or Annunciation(), settings or AlarmSettings(), name_of)
        self._tags = tags
        self._places = places
        self._bands = BandColumns()
        self._band_play = BandPlay(self._book, elapsed)
        self._tag_conditions = TagConditions(self._bands)
        self._rules = tuple(rules)
        self._tag_conditions.expect(self._rules)
        self._match = RuleMatch(rule for rule in self._rules if rule.kind in TAG_KINDS)
        asset_rules = [rule for rule in self._rules if rule.kind in ASSET_KINDS]
        self._assets = AssetConditions(site_id, station_id or site_id, self._book, asset_rules, places)
        self._quality = AssetQuality(self._assets, self._bands)
        self._sessions = Sessions(self._assets, self._book, tags)
        self._clocks = ClockWatch(site_id, tags, self._sessions)
        self._links = BandLinks()
        self._times = SourceTimes(tags, self._book.rows, self._links, self._bands, self._band_play)
        self._hearing = self.elsewhere.hearing = Hearing(
            tags, self._book.rows, self._links, self._bands, self._tag_conditions, self._band_play
        )
        self._tag_rows: dict[int, TagRow] = {}  # alarm row -> what it hangs on
        self._hung_before: dict[int, TagRow] = {}  # while rules are edited: by the rules until now
        self._realarm.is_fresh = self._is_fresh
        self._book.node_time_us = self._times.by_node
        self.annunciation.is_link_lost = self._sessions.is_link_lost
        self._of_rule: tuple[object, NDArray[np.int64]] = None, np.zeros(0, np.int64)  # rows of the rule asked for last
        self._restored_own: set[int] = set()
        self._restored_until: float | None = None
        self._now_us = 0

    # -- Consumer ----------------------------------------------------------------------------------------------------

    def on_tags(self, tags: tuple[Tag, ...]) -> None:
        """New or redefined tags: their conditions exist from now on; a rebirth starts nothing anew."""
        for tag in tags:
            self._tag_conditions.know(tag)
        for tag in tags:
            path = tag.source.path().partition("/")[2]
            rules = self._match.rules_of(path)
            kinds = {rule.kind for rule in rules}
            self._quality.add(tag, AlarmKind.BAD_QUALITY in kinds, AlarmKind.STALE in kinds)
            for rule in rules:
                for side in sides(rule):
                    self._hang(tag, rule, side)
        self._take_new_bands()

    def on_samples(self, batch: SampleBatch) -> None:
        if not len(batch):
            return
        self._now_us = max(self._now_us, int(batch.receive_us[-1]))
        events, held = self._tag_conditions.evaluate(batch)
        self._play(events)
        self._mark_uncertain(held)
        for change in self._quality.update(batch.handle, self._tags):
            self._play(change)
        self._take_new_bands()
        self._run_delays()
        self._clocks.look(batch, self._now_us)

    def on_quality(self, change: QualityChanged) -> None:
        if not len(change.handles):
            return
        events, held = self._tag_conditions.judge_quality(change.handles, self._tags, change.at_us)
        self._play(events)
        self._mark_uncertain(held)
        for asset_change in self._quality.update(change.handles, self._tags, change.at_us):
            self._play(asset_change)
        self._take_new_bands()
        self._run_delays()

    def on_session(self, change: SessionChanged) -> None:
        self._sessions.on_session(change, max(self._now_us, change.at_us))

    def on_link(self, change: LinkChanged) -> None:
        known = self._assets.known_link_row(change.broker)
        if known is not None:
            self._restored_own.discard(known)
        self._sessions.on_link(change, max(self._now_us, change.at_us))

    def tick(self, now_us: int, mono_s: float) -> None:
        """Once a turn: delays that ran out on their nodes' watermarks, graces that ran out on the monotonic clock."""
        self._now_us = now_us
        self._book.is_set_back(now_us)
        self._run_delays()
        self._band_play.work(now_us)
        self._sessions.tick(now_us, mono_s)
        self.acknowledging.tick(now_us, mono_s)
        self.shelves.tick(now_us, mono_s)
        self._realarm.tick(now_us, mono_s)
        self._escalation.tick(now_us, mono_s)
        self.patterns.tick(now_us)
        self.annunciation.tick(now_us, mono_s)
        if self._restored_own:
            if self._restored_until is None:
                self._restored_until = mono_s + RESTORED_OWN_S
            elif mono_s >= self._restored_until:
                for row in self._restored_own:
                    self._book.apply(row, Trigger(Event.CONDITION_FALSE, now_us), now_us)
                self._restored_own.clear()

    # -- what Leitstand says about itself ----------------------------------------------------------------------------

    def raise_system(self, key: str, text: str, priority: Priority, now_us: int) -> None:
        """An alarm about this station (no sound device, centre away, defect). Raising it twice is one occurrence."""
        row = self._assets.system_row(key, text, priority)
        self._restored_own.discard(row)
        self._book.apply(row, Trigger(Event.CONDITION_TRUE, now_us), now_us)

    def clear_system(self, key: str, now_us: int) -> None:
        row = self._assets.known_system_row(key)
        if row is not None:
            self._restored_own.discard(row)
            self._book.apply(row, Trigger(Event.CONDITION_FALSE, now_us), now_us)

    def on_trouble(self, trouble: Trouble) -> None:
        """Messages of a node are missing (P24): whether its active alarms ended and came again meanwhile is unknown."""
        if trouble.kind != "seq_gap" or not self._links.band_of:
            return
        bands = np.fromiter(self._links.band_of.values(), np.int64, len(self._links.band_of))
        handles = self._links.handle_of[bands]
        nodes, first = np.unique(self._tags.node[handles], return_index=True)
        sources = [self._tags.tag(int(handle)).source for handle in handles[first]]
        here = [node for node, one in zip(nodes, sources, strict=True) if one.node_path() == trouble.sender]
        self._mark_uncertain(bands[np.isin(self._tags.node[handles], here)])

    def seen_through_us(self, occurrence: Occurrence, now_us: int) -> int:
        """How far somebody who acknowledges now has seen this condition, in its own source time.

        Not the wall clock: a node whose clock is slow would have its next occurrence acknowledged unseen. It is the
        tag's newest sample, but never an entry that still waits for its on-delay, and at most now + 5 min.
        """
        row = self._book.current_row(occurrence)
        if row is None:
            return 0
        if row not in self._links.band_of and self._book.condition(row).kind in TAG_KINDS:
            return int(self._book.rows.annunciated_us[row])  # of the last run: its tag is not back, nor its node's time
        return self._times.seen_through(row, now_us)

    @property
    def usual(self) -> UsualBands:
        """What baseline rules judge by; whoever reads history tells it what is usual."""
        return self._tag_conditions.usual

    @property
    def waiting(self) -> int:
        """Alarms of a burst whose change waits for the next turn."""
        return self._band_play.waiting

    def drain(self, now_us: int) -> None:
        """Everything that waits for a turn, now: at the end, before the log is closed."""
        self._band_play.drain(now_us)

    # -- restart, edits ----------------------------------------------------------------------------------------------

    def restore(self, occurrences: Iterable[OpenOccurrence], now_us: int, returned: Iterable[UUID] = ()) -> None:
        """Open occurrences of the last run, after the journal was replayed and before the first tags.

        Each continues silently and uncertain until fresh data says what is. Rules that are gone retire theirs.
        `returned`: which conditions of `shelves.one_shots` were seen to return since. A shelf that ended meanwhile
        ends now: who was unacknowledged sounds, nothing else does.
        """
        known = {rule.rule_id: rule for rule in self._rules}
        occurrences = tuple(occurrences)
        restored = restore(self._book, occurrences, now_us, partial(described, known, self.settings))
        for row in restored:
            self._assets.has_restored = True
            condition = self._book.condition(row)
            if condition.kind in OWN_KINDS and condition.rule_id not in known:
                self._book.apply(row, Trigger(Event.RETIRED, now_us), now_us)
            elif condition.kind in (AlarmKind.SYSTEM, AlarmKind.LINK_DOWN) and self._book.rows.is_active(row):
                self._restored_own.add(row)
            elif condition.kind is AlarmKind.CLOCK and self._book.rows.is_active(row):
                self._sessions.restored_clock(row)
        for one in occurrences:
            if not one.began_under:
                continue
            for rules, flag in ((self.suppressing, AlarmFlag.SUPPRESSED), (self.masking, AlarmFlag.MASKED)):
                hidden = self._book.row_of(one.condition_id) if one.began_under & flag else None
                if hidden is not None:
                    rules.restored(hidden, one.start_us)
        self.shelves.restored(restored, returned, now_us)

    def set_rules(self, rules: Iterable[AlarmRule], now_us: int, settings: AlarmSettings | None = None) -> None:
        """Edited rules: what still exists keeps its occurrence and is judged anew; what is gone retires."""
        self._now_us = max(self._now_us, now_us)
        self.drain(now_us)
        if settings is not None:
            self.settings, self.annunciation.rules = settings, settings.sound
            self.shelves.by_condition = settings.shelving.by_condition
            self.patterns.flood.rules = settings.flood
        self._rules = tuple(rules)
        self._tag_conditions.expect(self._rules)
        self._match = RuleMatch(rule for rule in self._rules if rule.kind in TAG_KINDS)
        self._assets.set_rules(rule for rule in self._rules if rule.kind in ASSET_KINDS)
        before, self._tag_rows = self._tag_rows, {}
        self._hung_before = before
        self.on_tags(tuple(self._known_tags()))
        self._hung_before = {}
        for row, gone in before.items():
            if row not in self._tag_rows:
                self._bands.disarm(gone.band)
                self._book.apply(row, Trigger(Event.RETIRED, now_us), now_us)
                self._tag_rows[row] = gone  # the rule may come back: same condition, same band
        self._judge_present(now_us)

    # -- inside ------------------------------------------------------------------------------------------------------

    def hung_on(self, condition_id: UUID) -> tuple[AlarmRule, Tag, Tag | None] | None:
        """The rule, the tag and (of a deviation) the setpoint's tag of a tag's alarm; None for any other."""
        row = self._book.row_of(condition_id)
        hung = self._tag_rows.get(row) if row is not None else None
        if hung is None:
            return None
        setpoint = self._tag_conditions.setpoint_tag(hung.band)
        return hung.rule, self._tags.tag(hung.handle), self._tags.tag(setpoint) if setpoint >= 0 else None

    def siblings_of(self, condition_id: UUID, most: int) -> tuple[UUID, ...]:
        """Alarms of the same rule and side on other tags; those that changed last come first."""
        row, rows = self._book.row_of(condition_id), self._book.rows
        hung = self._tag_rows.get(row) if row is not None else None
        if row is None or hung is None:
            return ()
        known = (len(self._tag_rows), hung.rule)
        if self._of_rule[0] != known:  # of one rule: the list beside which somebody goes from alarm to alarm
            same = [r for r, one in self._tag_rows.items() if one.rule.rule_id == hung.rule.rule_id]
            self._of_rule = known, np.array(same, np.int64)
        others = self._of_rule[1]
        others = others[(rows.sign[others] == rows.sign[row]) & (others != row)]
        if len(others) > most:
            others = others[np.argpartition(-rows.changed_us[others], most)[:most]]
        newest = others[np.argsort(-rows.changed_us[others], kind="stable")]
        return tuple(self._book.ids[r] for r in newest.tolist())

    def _known_tags(self) -> Iterator[Tag]:
        for handle in range(self._tags.size):
            with suppress(IndexError):  # handles are given out in another thread, definitions may lag
                yield self._tags.tag(handle)

    def _judge_present(self, now_us: int) -> None:
        """Judge the values as they stand: a tag that reports by exception may not send for hours."""
        tags = self._tags
        handles = np.flatnonzero(tags.quality[: tags.size] == Quality.GOOD).astype(np.int32)
        events, _held = self._tag_conditions.evaluate(present(tags, handles, now_us))
        self._play(events)
        self._run_delays()

    def _hang(self, tag: Tag, rule: AlarmRule, side: str) -> None:
        key = f"{rule.rule_id}/{side}" if side else rule.rule_id
        condition_id = identity.condition_id(tag.tag_id, key)
        row = self._book.row_of(condition_id)
        known = (self._tag_rows.get(row) or self._hung_before.get(row)) if row is not None else None
        outer, inner = priorities(rule, side)
        its_class = self.settings.class_of(rule.alarm_class)
        maker = tag_condition(condition_id, tag, rule, side, its_class, self._places)
        row = self._book.open_row(
            condition_id,
            maker,
            outer=outer,
            inner=inner,
            sign=-1 if side == "low" else 1,
            returning=returning_of(rule, self.settings),
        )
        its_class = self.settings.class_of(rule.alarm_class)
        self._book.rows.realarm_s[row], self._book.rows.escalate_s[row] = its_class.realarm_s, its_class.escalate_s
        if known is not None:
            self._bands.configure(known.band, band_settings(rule, side))
            self._tag_conditions.configure(known.band, tag, rule)
            self._tag_rows[row] = TagRow(known.band, tag.handle, rule)
            return
        shown = int(self._book.rows.severity[row]) if self._book.rows.is_active(row) else 0
        band = self._tag_conditions.add(tag, rule, side, shown)
        self._tag_rows[row] = TagRow(band, tag.handle, rule)
        self._links.link(band, row, tag.handle)
        if not shown and self.elsewhere.is_open(condition_id):
            self._hearing.also(row)

    def _take_new_bands(self) -> None:
        for band, row, handle in self._quality.take_new_bands():
            self._links.link(band, row, handle)

    def _run_delays(self) -> None:
        self._play(self._tag_conditions.go_on(self._times.of_bands))
        if not self._bands.is_waiting:
            return
        bands = self._bands.waiting_rows()
        self._play(self._bands.expire(bands, self._times.of_bands(bands)))

    def _play(self, events: BandEvents) -> None:
        """Band changes become triggers of their alarms."""
        if not len(events):
            return
        self._take_new_bands()
        rows = self._links.row_of[events.row]
        of_tag = self._tags.value[self._links.handle_of[events.row]]
        value, has_value = self._tag_conditions.shown(events.row, events.value, of_tag)
        self._band_play.play(BandSteps(rows, events.at_us, events.old, events.new, value, has_value), self._now_us)

    def _is_fresh(self, row: int) -> bool:
        band = self._links.band_of.get(row)
        if band is None:
            return True
        is_good = self._tags.quality[self._links.handle_of[band]] == Quality.GOOD
        return bool(is_good) and not self._band_play.is_waiting(row)

    def _mark_uncertain(self, bands: Rows) -> None:
        if len(bands):
            self._band_play.distrust(np.unique(self._links.row_of[bands]))
