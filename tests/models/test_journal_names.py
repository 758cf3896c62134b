"""The journal calls annotations and pen groups by their words, not by ids."""

from uuid import UUID

from console.models.journal_names import JournalNames
from console.services.station import ANNOTATIONS, PEN_GROUPS
from console.services.trend_records import AnnotationRecord, AnnotationsDelta, PenGroupRecord, PenGroupsDelta
from tests.models.test_other_tables import entry
from tests.support.fake_station import FakeStation

NOW = 1_795_000_000_000_000
NOTE, GROUP = UUID("0190b6f0-0000-7000-8000-000000000001"), UUID("0190b6f0-0000-7000-8000-000000000002")


def test_an_annotation_and_a_pen_group_are_named_in_the_journal():
    station = FakeStation()
    names = JournalNames(station)
    text = "Filter 2 changed\nbecause it was clogged by dust of the saw"
    note = AnnotationRecord(NOTE, NOW, NOW, text, (), (), "Olga", "u1", NOW, "Olga", NOW)
    station.deliver(ANNOTATIONS, AnnotationsDelta(True, (note,)))
    station.deliver(PEN_GROUPS, PenGroupsDelta(True, (PenGroupRecord(GROUP, "Cell 4", True, (), "", "", "", "", NOW),)))
    assert names.is_fresh
    told = [
        names.entity(entry(1, entity=f"annotation {NOTE}")),
        names.entity(entry(2, entity=f"pen_group {GROUP}")),
    ]
    assert told == ["Filter 2 changed because it was clogged…", "Cell 4"]
    assert "tags" not in names.summary(entry(3, summary='{"name":"Cell 4","look":"{}","tag_ids":["x"]}'), NOW)
    names.close()


def test_one_that_is_not_known_keeps_the_word_for_its_kind():
    names = JournalNames(FakeStation())
    assert names.entity(entry(1, entity=f"annotation {NOTE}")) == "annotation …00000001"
    names.close()
