"""A running station notices a clock that was set, an offset to the centre, and consoles that work by other rules."""

import asyncio
import logging
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.app.answers import answer
from console.app.bootstrap import Core, Work, build, now_us
from console.app.folders import Folders
from console.app.watches import OFFSET_TEXT, RULES_TEXT, ClockCare, Watches, note_site_files
from console.domain.facts import SiteFileApplied
from console.domain.refusal import Refused
from console.domain.station_facts import ClockStepped
from console.services.clock_steps import STEP_MS, ClockSteps
from console.services.journal.entries import SITE_FILE
from console.services.records import PeerRecord, PeerState
from console.services.rule_revisions import RuleRevisions
from console.services.station import JournalQuery
from tests.conftest import LogLines
from tests.support.clock import FakeClock
from tests.support.memory_log import MemoryLog
from tests.support.story_site import make_site, make_station

ME, OTHER = UUID(int=1), UUID(int=2)


class Written:
    """Keeps what is written and told; `refuse` is a full disk."""

    def __init__(self) -> None:
        self.facts: list[object] = []
        self.alarms: dict[str, str] = {}
        self.refuse = False
        self.offset_s: float | None = None
        self.care = ClockCare(ME, self.append, self.tell, lambda: self.offset_s)

    async def append(self, facts) -> None:
        if self.refuse:
            raise Refused("The disk is full")
        self.facts += facts

    def tell(self, key: str, text: str) -> None:
        self.alarms[key] = text

    def look(self, now_us: int, mono_s: float) -> None:
        asyncio.run(self.care.look(now_us, mono_s))


@pytest.mark.proves("SEC-16", "P6")
@given(st.lists(st.tuples(st.floats(0.1, 3600), st.integers(-(10**12), 10**12)), max_size=20))
def test_every_step_of_the_clock_is_seen_whatever_passes_between_and_nothing_else(looks):
    steps, wall_us, mono_s = ClockSteps(), 1_790_000_000_000_000, 0.0
    assert steps.look(wall_us, mono_s) == 0
    for passed_s, jump_ms in looks:
        mono_s += passed_s
        wall_us += round(passed_s * 1e6) + jump_ms * 1000
        seen = steps.look(wall_us, mono_s)
        assert abs(seen - jump_ms) <= 1 if abs(jump_ms) > STEP_MS else abs(seen) <= STEP_MS
    mono_s += 1.0
    assert steps.look(wall_us + 1_000_000, mono_s) == 0


@pytest.mark.proves("SEC-16", "SEC-19")
def test_a_clock_that_was_set_is_written_down_once_also_after_a_full_disk(log_lines):
    log_lines.expect("somebody set it by")
    written = Written()
    written.look(1_000_000_000, 0.0)
    written.refuse = True
    written.look(1_000_000_000 + 1_000_000 + 3_600_000_000, 1.0)
    assert written.facts == []
    written.refuse = False
    written.look(1_000_000_000 + 2_000_000 + 3_600_000_000, 2.0)
    written.look(1_000_000_000 + 3_000_000 + 3_600_000_000, 3.0)
    assert written.facts == [ClockStepped(ME, 3_600_000)]


@pytest.mark.proves("SEC-19")
def test_the_offset_to_the_centre_is_logged_and_a_large_one_is_an_alarm_until_it_is_gone(caplog):
    written = Written()
    with caplog.at_level(logging.INFO, logger="console.app.watches"):
        for second, offset_s in enumerate((None, 0.1, 0.12, 7.0, None, -6.0, 0.0)):
            written.offset_s = offset_s
            written.look(second * 1_000_000, float(second))
            is_off = (7.0, None, -6.0).count(offset_s) and second >= 3
            assert written.alarms.get("clock.centre", "") == (OFFSET_TEXT if is_off else "")
    assert [line.args for line in caplog.records] == [(0.1,), (7.0,), (-6.0,), (0.0,)]
    assert all("UTC" in line.message for line in caplog.records)


@pytest.mark.proves("P38")
@given(st.permutations(range(6)), st.data())
def test_who_works_by_other_rules_is_known_whatever_the_order_of_the_journal(order, data):
    entries = []
    for code, number in (("A1", 1), ("B2", 2), ("C3", 3)):
        log = MemoryLog(FakeClock(), code, number)
        for turn in range(2):
            digest = "old" if turn == 0 else {1: "new", 2: "new", 3: "old"}[number]
            entries += asyncio.run(log.append([SiteFileApplied("alarms.toml", digest)], SITE_FILE))
    revisions = RuleRevisions()
    for index in order:
        revisions.apply(entries[index : index + 1])
    stations = [entries[0].station, entries[2].station, entries[4].station]
    assert revisions.differing(stations[0], stations) == [stations[2]]
    assert revisions.differing(stations[2], stations[:2]) == sorted(stations[:2])
    assert revisions.differing(stations[0], stations[1:2]) == []
    assert revisions.differing(stations[0], [UUID(int=77)]) == [], "who told of no rules is not judged"


async def opened(folder: Path) -> Core:
    return await build(Folders(folder, folder), Work.ACT)


@pytest.mark.proves("P38", "SEC-16")
def test_changed_rules_are_noted_by_each_station_and_a_difference_is_an_alarm(tmp_path: Path) -> None:
    async def story() -> None:
        site = make_site(tmp_path)
        core = await opened(make_station(site, "one", "K1", ()))
        try:
            await note_site_files(core)
            await note_site_files(core)
            rules = site / "alarms.toml"
            first = rules.read_text(encoding="utf-8")
            for text in (first + "\n# changed\n", first):  # back to what was applied before is news as well
                rules.write_text(text, encoding="utf-8")
                await note_site_files(core)
            rows = await core.parts.journal.query(JournalQuery(etype="site.file_applied"))
            assert sum("alarms.toml" in row.summary for row in rows) == 3
            watches = Watches(core)
            me = core.settings.station_id
            core.rules._newest[OTHER, "alarms.toml"] = ((1, b""), "something else")  # a neighbour's fact
            core.sync.status.on_peer(PeerRecord("neighbour:K2", PeerState.LIVE, 1, OTHER))
            watches._compare_rules()
            assert core.rules.differing(me, [OTHER]) == [OTHER]
            assert await is_raised(core, RULES_TEXT)
            core.sync.status.on_peer(PeerRecord("neighbour:K2", PeerState.LOST, 1, OTHER))
            watches._compare_rules()
            assert not await is_raised(core, RULES_TEXT)
        finally:
            await core.stop()

    asyncio.run(story())


@pytest.mark.proves("P6", "INV-16")
def test_a_station_whose_clock_was_years_ahead_writes_as_of_now_once_a_peer_agrees_with_it(
    tmp_path: Path, log_lines: LogLines
) -> None:
    log_lines.expect("clock: it is right again")

    async def story() -> None:
        core = await opened(make_station(make_site(tmp_path), "one", "K1", ()))
        try:
            journal, watches = core.parts.journal, Watches(core)
            journal._clock.resume((now_us() // 1000 + 10 * 365 * 86_400_000) << 16)  # as acts of a wrong clock left it
            peers = core.sync.status
            for offset_s, stepped_s in ((None, 0.0), (3600.0, 0.0), (0.5, 995.0)):
                peers.on_peer(PeerRecord("neighbour:K2", PeerState.LIVE, 1, OTHER, clock_offset_s=offset_s))
                watches._care.stepped_s = stepped_s
                await watches._end_clock_doubt(1000.0)
            assert journal._clock.is_ahead(), "nobody agrees, or was asked since the last step"
            watches._care.stepped_s = 0.0
            await watches._end_clock_doubt(1000.0)
            (entry,) = await journal.append([SiteFileApplied("alarms.toml", "x")], SITE_FILE)
            assert abs(entry.hlc // (1 << 16) - now_us() // 1000) < 300_000
            (row,) = await journal.query(JournalQuery(etype="stream.opened", limit=1))
            assert "clock" in row.summary
        finally:
            await core.stop()

    asyncio.run(story())


async def is_raised(core: Core, text: str) -> bool:
    rows = await answer(core, "alarms", {})
    return any(row["text"] == text and row["active"] for row in rows)
