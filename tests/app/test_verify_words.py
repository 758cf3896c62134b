"""`leitstand verify` tells what it looked at and what it found, in English and in German."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from console.app.cli import main
from console.app.commands.verify_words import Words
from console.app.exit_codes import Exit
from console.domain.people_facts import UserAdded, UserErased
from console.services.journal import receiving, verify_archive, verify_groups
from console.services.journal.entries import SYSTEM
from console.services.journal.verify_report import Break, VerifyReport
from tests.support.journals import ANNA, StationJournal, note

WRITTEN = "das Ende fehlt: 4 Ereignisse wurden geschrieben, 2 sind da"
WAITS = "ein Ereignis, das wartet: die Prüfsumme passt nicht zum Inhalt"
SOURCES = Path(receiving.__file__).parent


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Four groups of one to three events."""

    async def story() -> None:
        station = await StationJournal(tmp_path, "A1").start()
        await station.log.append([UserAdded("ada"), UserAdded("pia"), UserAdded(ANNA.user_id)], SYSTEM)
        await station.act(note("one"), note("two"))
        await station.act(note("three"))
        station.close()

    asyncio.run(story())
    return tmp_path


@pytest.mark.proves("SEC-20", "SEC-35")
def test_the_auditor_is_told_how_many_streams_and_groups_were_looked_at(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "--data", str(journal), "--config", str(journal)]) == Exit.DONE
    assert "7 events in 4 groups and 1 streams, 0 receipts: sound" in capsys.readouterr().out
    assert main(["verify", "--data", str(journal), "--config", str(journal), "--language", "de"]) == Exit.DONE
    assert "7 Ereignisse in 4 Vorgängen und 1 Strömen, 0 Empfangsscheine: in Ordnung" in capsys.readouterr().out


@pytest.mark.proves("P29")
def test_an_erasing_without_the_right_is_a_finding_and_no_break(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        station = await StationJournal(journal, "A1").start()
        await station.log.append([UserErased("pia", "spite")], ANNA)
        station.close()

    asyncio.run(story())
    assert main(["verify", "--data", str(journal), "--config", str(journal)]) == Exit.DONE
    said = capsys.readouterr()
    assert re.search(r"finding: stream \S+ seq 8: pia was erased by u-anna, who had no right to it, on", said.err)
    assert said.out.strip().endswith("sound, findings: 1")


def test_a_break_is_told_with_its_place_in_both_languages() -> None:
    for reason, german in (
        (receiving.NOT_ITS_STREAM, "eröffnet einen Strom, dessen Kennung einer anderen Station gehört"),
        (verify_groups.NOT_WHOLE, "ein Vorgang ist nicht ganz: Dieser Eintrag setzt nicht fort, wo der davor aufhörte"),
        ("predecessor is missing", "der Vorgänger fehlt"),
        ("the end is missing: 4 events were written, 2 are there", WRITTEN),
        ("an event that waits: hash does not fit the bytes", WAITS),
        ("something {odd} of a later version", "something {odd} of a later version"),
    ):
        one = Break("0190", 7, reason)
        assert Words("en").place(one) == f"stream 0190 seq 7: {reason}"
        assert Words("de").place(one) == f"Strom 0190 Nr. 7: {german}"
    part = f"x.segment: stream 0190 seq 3: {verify_groups.CUT_IN}"
    assert Words("de").of(part).startswith("x.segment: Strom 0190 Nr. 3: ein Vorgang ist nicht ganz")
    told = Words("de").of("x.segment: seq 9, byte 44: hash does not fit the bytes")
    assert told == "x.segment: Nr. 9, Byte 44: die Prüfsumme passt nicht zum Inhalt"
    assert Words("de").of(f"x.segment: {verify_archive._NO_FACT}").startswith("x.segment: das Journal weiß nichts")
    assert (
        Words("de").of("x: seq 5: this event is not in the journal") == "x: Nr. 5: dieses Ereignis ist nicht im Journal"
    )


def test_every_reason_of_the_proof_has_a_german_one() -> None:
    """Texts given to `broken`, `note` and `return` in the proof's modules."""
    words = Words("de")
    found: set[str] = set()
    for path in SOURCES.glob("verify*.py"):
        found.update(re.findall(r'(?:broken|note)\([^"\n]*, (?:0|1|\d|\S+), "([^"]+)"', path.read_text("utf-8")))
        found.update(re.findall(r'^ +return "([^"{]+ [^"{]+)"$', path.read_text("utf-8"), re.MULTILINE))
    assert len(found) > 12
    assert [one for one in sorted(found) if words.of(one) == one] == []


def test_counts_are_told_as_far_as_there_is_something_to_say() -> None:
    report = VerifyReport(
        events=3, streams=2, groups=2, unbound=1, receipts=4, signed_receipts=2, archived=9, segments=1
    )
    assert Words("").counted(report) == (
        "3 events in 2 groups and 2 streams, 1 of these with an id of before ids named their station, "
        "9 more in 1 archived parts, 4 receipts (2 signed)"
    )
    assert [Words("").verdict(n) for n in (0, 1, 2)] == ["sound", "BROKEN in 1 place", "BROKEN in 2 places"]


def test_the_words_need_no_qt() -> None:
    code = "import sys, console.app.commands.verify; print([m for m in sys.modules if m.startswith('PySide6')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
