"""Anchor and fingerprint: a journal that was set back, lost or copied is never continued as if nothing had been."""

import asyncio
import shutil
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.services.journal.store import EventStore
from console.services.journal.verify import verify_journal
from console.services.storage import machine_identity
from console.services.storage.anchor import Anchor, AnchorKeeper, AnchorMark, anchor_folder, why_new_stream
from console.services.storage.database import LIBRARY
from console.services.storage.machine_identity import file_id, fingerprint, machine_id
from console.services.storage.start_doubt import start_doubt
from console.services.storage.start_mark import StartMark, Why
from tests.support.journals import StationJournal, note

STREAM, OTHER = UUID(int=1), UUID(int=2)
STATION = StationJournal.place_of("K1").station


def mark(stream: UUID, seq: int, branch: int = 0) -> AnchorMark:
    return AnchorMark(stream, seq, b"".join(n.to_bytes(4, "big") for n in (stream.int, seq, branch)) + bytes(20))


# -- the decision ----------------------------------------------------------------------------------------------------


@given(
    head=st.integers(1, 40),
    anchored=st.integers(0, 40),
    is_rolled=st.booleans(),
    moved=st.booleans(),
    told=st.booleans(),
)
def test_a_stream_goes_on_only_with_its_anchored_event_in_the_journal_and_the_same_fingerprint(
    head: int, anchored: int, is_rolled: bool, moved: bool, told: bool
) -> None:
    """The journal holds the stream up to `head`; the anchor was written at `anchored` (0: never), perhaps elsewhere."""
    anchor = mark(STREAM, anchored, int(is_rolled)) if anchored else None
    why = why_new_stream(
        mark(STREAM, head),
        anchor,
        "then" if told else "",
        "now" if moved else "then",
        lambda m: m.stream == STREAM and m.seq <= head and m == mark(STREAM, m.seq),
    )
    is_behind = bool(anchored) and (anchored > head or is_rolled)
    assert (why == "rolled_back") == is_behind
    assert (why == "fingerprint") == (not is_behind and told and moved)
    assert why in {"", "rolled_back", "fingerprint"}


@pytest.mark.proves("INV-15")
@given(lengths=st.lists(st.integers(1, 5), min_size=1, max_size=6), data=st.data())
def test_whatever_past_state_a_journal_is_set_back_to_the_anchor_tells(lengths: list[int], data: st.DataObject) -> None:
    """A history of streams one after the other; the anchor is as new as the last commit, the file is any prefix."""
    history = [mark(UUID(int=n + 1), seq) for n, length in enumerate(lengths) for seq in range(1, length + 1)]
    kept = data.draw(st.integers(0, len(history)))
    journal = history[:kept]
    why = why_new_stream(journal[-1] if journal else None, history[-1], "f", "f", lambda m: m in journal)
    assert why == ("" if kept == len(history) else "rolled_back")


def test_a_first_start_is_no_doubt_and_a_deleted_journal_is_one() -> None:
    assert why_new_stream(None, None, "", "f", lambda m: False) == ""
    assert why_new_stream(None, mark(STREAM, 1), "", "f", lambda m: False) == "rolled_back"


# -- the file --------------------------------------------------------------------------------------------------------


def test_what_was_written_is_read_and_nothing_is_no_mark(tmp_path: Path) -> None:
    anchor = Anchor(tmp_path / "a" / "b", STATION)
    assert anchor.read() is None
    for seq in (1, 2, 70):
        anchor.write(mark(STREAM, seq))
        assert Anchor(tmp_path / "a" / "b", STATION).read() == mark(STREAM, seq)
    assert anchor.path.name == f"{STATION}.json"
    assert list(anchor.path.parent.iterdir()) == [anchor.path]
    assert Anchor(tmp_path / "a" / "b", OTHER).read() is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"stream": 5}', b"\xff\xfe", b'{"v":1,"stream":"x"}'])
def test_an_anchor_that_cannot_be_read_is_none_and_is_said(tmp_path: Path, content: bytes, log_lines: object) -> None:
    log_lines.expect("cannot be read")  # type: ignore[attr-defined]
    anchor = Anchor(tmp_path, STATION)
    anchor.path.write_bytes(content)
    assert anchor.read() is None


def test_the_folder_is_what_the_settings_say_then_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert anchor_folder(tmp_path) == tmp_path
    monkeypatch.setenv("LEITSTAND_ANCHOR_DIR", "elsewhere")
    assert anchor_folder(None) == Path("elsewhere")
    monkeypatch.delenv("LEITSTAND_ANCHOR_DIR")
    assert anchor_folder(None).parts[-2:] == ("Leitstand", "anchors")


# -- the keeper ------------------------------------------------------------------------------------------------------


def test_the_keeper_writes_the_first_mark_at_once_and_then_the_newest(tmp_path: Path) -> None:
    async def story() -> None:
        anchor = Anchor(tmp_path, STATION)
        keeper = AnchorKeeper(anchor)
        keeper.note(STREAM, 1, mark(STREAM, 1).hash)
        async with asyncio.timeout(30):
            while anchor.read() is None:  # noqa: ASYNC110 a file
                await asyncio.sleep(0.01)
        for seq in range(2, 500):
            keeper.note(STREAM, seq, mark(STREAM, seq).hash)
        async with asyncio.timeout(30):
            while anchor.read() != mark(STREAM, 499):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        keeper.note(STREAM, 500, mark(STREAM, 500).hash)
        await keeper.flush()
        assert anchor.read() == mark(STREAM, 500)
        await keeper.flush()

    asyncio.run(story())


def test_marks_are_written_in_order_whatever_the_moment_of_the_end(tmp_path: Path) -> None:
    async def story() -> None:
        for pause in range(12):
            anchor = Anchor(tmp_path, STATION)
            keeper = AnchorKeeper(anchor)
            keeper.note(STREAM, pause + 1, mark(STREAM, pause + 1).hash)
            for _ in range(pause):
                await asyncio.sleep(0)
            keeper.note(STREAM, pause + 2, mark(STREAM, pause + 2).hash)
            await keeper.flush()
            assert anchor.read() == mark(STREAM, pause + 2)

    asyncio.run(story())


def test_an_anchor_that_cannot_be_written_is_told_once_and_when_it_can_again(tmp_path: Path, log_lines: object) -> None:
    log_lines.expect("anchor cannot be written")  # type: ignore[attr-defined]

    async def story() -> None:
        problems: list[str] = []
        in_the_way = tmp_path / "folder"
        in_the_way.write_text("a file where the folder should be")
        keeper = AnchorKeeper(Anchor(in_the_way, STATION), problems.append)
        keeper.note(STREAM, 1, mark(STREAM, 1).hash)
        await keeper.flush()
        assert problems
        assert all(problems)
        in_the_way.unlink()
        await keeper.flush()
        assert problems[-1] == ""
        assert Anchor(in_the_way, STATION).read() == mark(STREAM, 1)

    asyncio.run(story())


# -- the fingerprint -------------------------------------------------------------------------------------------------


def test_a_copy_of_the_file_another_machine_and_another_key_have_other_fingerprints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, copy = tmp_path / "journal.db", tmp_path / "copy.db"
    journal.write_bytes(b"x")
    shutil.copy2(journal, copy)
    here = fingerprint(journal, b"key")
    assert here == fingerprint(journal, b"key")
    assert len(here) == 64
    assert file_id(journal) != file_id(copy)
    assert len({here, fingerprint(copy, b"key"), fingerprint(journal, b"other")}) == 3
    journal.rename(tmp_path / "moved.db")
    assert fingerprint(tmp_path / "moved.db", b"key") == here
    monkeypatch.setattr(machine_identity, "_system_id", lambda: "another machine")
    assert fingerprint(tmp_path / "moved.db", b"key") != here


def test_a_machine_without_an_id_is_known_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine_id()
    monkeypatch.setattr(machine_identity, "_system_id", lambda: "\n")
    assert machine_id() == machine_identity.platform.node()


# -- on a real journal -----------------------------------------------------------------------------------------------


class Life:
    """One start of a station: its journal opened under doubt, some acts, the anchor kept."""

    def __init__(self, folder: Path, anchors: Path, mark: StartMark | None = None) -> None:
        self.folder, self.anchor, self.mark = folder, Anchor(anchors, STATION), mark

    async def live(self, acts: int) -> str:
        """The reason of the stream that had to be opened, empty when the old one went on."""
        station = StationJournal(self.folder, "K1")
        keeper = AnchorKeeper(self.anchor)
        station.log.own_head.subscribe(lambda tip: keeper.note(tip.stream, tip.seq, tip.hash))
        reasons: list[str] = []
        doubt = start_doubt(station.path, b"key", self.anchor.read(), self.mark)

        def told(store: EventStore) -> str:
            reasons.append(doubt(store))
            return reasons[-1]

        try:
            await station.log.open(told)
            for number in range(acts):
                await station.act(note(str(number)))
        finally:
            await keeper.flush()
            station.close()
        return reasons[-1]


@pytest.mark.proves("P3", "P4", "P5", "INV-14", "INV-15")
def test_copied_or_set_back_folders_open_a_new_stream_once_and_then_live_on(tmp_path: Path, log_lines: object) -> None:
    log_lines.expect("a new stream is opened")  # type: ignore[attr-defined]

    async def story() -> None:
        station, anchors = tmp_path / "k", tmp_path / "anchors"
        assert await Life(station, anchors).live(3) == ""
        assert await Life(station, anchors).live(3) == ""
        old = tmp_path / "yesterday"
        shutil.copytree(station, old)
        assert await Life(station, anchors).live(1) == ""

        shutil.copytree(station, tmp_path / "clone")  # carried to another machine: it has no anchor
        assert await Life(tmp_path / "clone", tmp_path / "anchors2").live(1) == "fingerprint"
        assert await Life(tmp_path / "clone", tmp_path / "anchors2").live(1) == ""

        shutil.copyfile(old / "journal.db", station / "journal.db")  # the same file, an older content
        assert await Life(station, anchors).live(1) == "rolled_back"
        assert await Life(station, anchors).live(1) == ""

        told = StartMark(Why.RESTORED, "b.zip")
        assert await Life(station, anchors, told).live(1) == "restored"
        assert await Life(station, anchors).live(1) == ""

        (station / "journal.db").unlink()
        assert await Life(station, anchors).live(1) == "rolled_back"

    asyncio.run(story())


@pytest.mark.proves("P16")
def test_an_insider_who_cuts_the_journals_end_off_is_noticed_at_the_next_start(
    tmp_path: Path, log_lines: object
) -> None:
    """He keeps every table consistent: only the anchor, and the peers' receipts, know better."""
    log_lines.expect("a new stream is opened")  # type: ignore[attr-defined]

    async def story() -> None:
        station, anchors = tmp_path / "k", tmp_path / "anchors"
        assert await Life(station, anchors).live(6) == ""
        cut(station / "journal.db")
        assert verify_journal(station / "journal.db").is_sound
        assert await Life(station, anchors).live(1) == "rolled_back"

    asyncio.run(story())


def cut(path: Path) -> None:
    connection = LIBRARY.connect(str(path), isolation_level=None)
    (guard,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'event_no_delete'").fetchone()
    connection.execute("DROP TRIGGER event_no_delete")
    connection.execute("DELETE FROM event WHERE seq > 4")
    connection.execute("UPDATE stream SET (head_seq, head_hash) = (SELECT seq, hash FROM event WHERE seq = 4)")
    connection.execute("UPDATE stream_tip SET (seq, hash) = (SELECT seq, hash FROM event WHERE seq = 4)")
    connection.execute(guard)
    connection.close()
