"""Killed at random moments and at every failpoint, half with a torn WAL: nothing acknowledged is lost."""

import asyncio
import importlib
import random
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.services.journal.verify import verify_journal
from console.services.storage import failpoints
from console.services.storage.anchor import Anchor, AnchorMark, why_new_stream
from console.services.storage.failpoints import EXIT_CODE, POINTS
from console.services.storage.rescue import RescuePlan, prepare_journal
from tests.support.journals import START_US, StationJournal
from tests.support.kills import CODE, Nursery, tear

PLACE = StationJournal.place_of(CODE)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as made:
        yield made


class Story:
    """One station's folder through many kills; `acknowledged` is everything that it ever told to be durable."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.chance = random.Random(seed)
        self.acknowledged: set[bytes] = set()
        self.reopened_s: list[float] = []
        self.torn = 0

    def die(self, nursery: Nursery, point: str = "", defect: str = "") -> None:
        """One life and its end; then the reopening that has to find everything."""
        if point:
            life = nursery.run(
                self.folder, f"{point}:{self.chance.randint(1, 2 if 'anchor' in point else 25)}", defect=defect
            )
            assert life.code == EXIT_CODE, f"{point} was not reached"
        else:
            life = nursery.run(self.folder, kill_after=self.chance.choice((0, 1, self.chance.randint(2, 300))))
            assert life.code != 1
        self.acknowledged |= life.acknowledged
        if self.chance.random() < 0.75:  # some lives end before there is a WAL
            self.torn += tear(self.folder, self.chance)
        asyncio.run(self._reopen())

    async def _reopen(self) -> None:
        path = self.folder / "journal.db"
        anchor = Anchor(self.folder.with_name(self.folder.name + "-anchors"), PLACE.station).read()
        began = time.perf_counter()
        assert prepare_journal(RescuePlan(path, PLACE.station, (), START_US), anchor) is None
        station = StationJournal(self.folder, CODE)
        try:
            await station.start()
            self.reopened_s.append(time.perf_counter() - began)
            hashes = await station.hashes()
            assert not self.acknowledged - hashes, f"{len(self.acknowledged - hashes)} acknowledged acts are lost"
            if anchor is not None:
                mark = AnchorMark(anchor.stream, anchor.seq, anchor.hash)
                assert why_new_stream(mark, anchor, "", "", lambda m: m.hash in hashes) == ""
        finally:
            station.close()
        assert verify_journal(path).is_sound


@pytest.mark.proves("INV-1", "SEC-40")
@pytest.mark.parametrize("point", POINTS)
def test_killed_at_this_point_the_journal_holds_what_it_acknowledged(
    tmp_path: Path, nursery: Nursery, point: str
) -> None:
    story = Story(tmp_path / "k", sum(point.encode()))
    for _ in range(2):
        story.die(nursery, point)


@pytest.mark.proves("INV-1", "SEC-40")
@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment_again_and_again_nothing_acknowledged_is_lost(
    tmp_path: Path, nursery: Nursery, seed: int
) -> None:
    story = Story(tmp_path / "k", seed)
    for _ in range(10):
        story.die(nursery)
    assert story.acknowledged


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_three_hundred_kills(tmp_path: Path, nursery: Nursery, capsys: pytest.CaptureFixture[str]) -> None:
    stories = [Story(tmp_path / f"k{seed}", 1000 + seed) for seed in range(20)]
    for story in stories:
        for _ in range(9):
            story.die(nursery)
        for point in story.chance.sample(POINTS, 6):
            story.die(nursery, point)
    reopened = [s for story in stories for s in story.reopened_s]
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(reopened)} kills, {sum(story.torn for story in stories)} with a torn WAL, "
            f"{sum(len(story.acknowledged) for story in stories)} acknowledged, 0 lost; "
            f"reopened in {statistics.median(reopened):.3f} s (median), {max(reopened):.3f} s at most\n"
        )


@pytest.mark.proves("INV-12")
def test_a_writer_that_acknowledges_before_its_commit_is_caught(tmp_path: Path, nursery: Nursery) -> None:
    """The seeded defect: if this passed unnoticed, the tests above would prove nothing."""
    story = Story(tmp_path / "k", 5)
    with pytest.raises(AssertionError, match="acknowledged acts are lost"):
        for _ in range(5):
            story.die(nursery, "commit.before", defect="receipt before commit")


def test_points_are_armed_by_the_environment_but_never_in_an_installed_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEITSTAND_FAILPOINT", "commit.before:3")
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    try:
        importlib.reload(failpoints)
        for name in ("commit.after", "commit.before", "commit.before"):
            failpoints.reach(name)
        assert ended == []
        failpoints.reach("commit.before")
        assert ended == [EXIT_CODE]
        monkeypatch.setattr("sys.frozen", True, raising=False)
        importlib.reload(failpoints)
        for _ in range(5):
            failpoints.reach("commit.before")
        assert ended == [EXIT_CODE]
    finally:
        monkeypatch.undo()
        importlib.reload(failpoints)
