"""People annotate trends and share pen groups: every console shows the same, and nobody overwrites anybody unseen."""

import asyncio
from contextlib import ExitStack
from uuid import UUID

import pytest

from console.domain.history.annotations import AddAnnotation, AnnotationWithdrawn, EditAnnotation, WithdrawAnnotation
from console.domain.history.export_commands import ExportTrend
from console.domain.history.pen_groups import DeletePenGroup, SavePenGroup
from console.domain.refusal import Refused
from console.domain.station_facts import JournalExported
from tests.support.trend_desk import TrendDesk

AT = 1_795_000_000_000_000
TAG, OTHER = UUID(int=71), UUID(int=72)


@pytest.fixture
def stations(tmp_path):
    """Two consoles of one site that meet when a test says so."""
    with ExitStack() as stack:
        yield tuple(stack.enter_context(TrendDesk(tmp_path / code, code, n)) for n, code in ((1, "A1"), (2, "A2")))


async def started(stations, *logins):
    for station, login in zip(stations, logins, strict=True):
        await station.start()
        await station.signed_on(login)


async def meet(one, two):
    await one.meet(two)
    await two.meet(one)


def test_an_annotation_is_seen_at_the_other_console_with_its_author(stations):
    async def story():
        here, there = stations
        await started(stations, "olga", "emil")
        await here.submit(AddAnnotation(AT, "Filter changed", AT + 60_000_000, (TAG,)))
        await meet(here, there)
        (seen,) = there.records
        assert (seen.text, seen.author, seen.from_us, seen.to_us) == ("Filter changed", "Olga", AT, AT + 60_000_000)
        assert seen.tag_ids == (TAG,)
        assert here.records == there.records

    asyncio.run(story())


def test_an_edit_can_be_undone_and_the_words_before_it_stay_readable(stations):
    async def story():
        here, _ = stations
        await started(stations, "olga", "emil")
        made = await here.submit(AddAnnotation(AT, "Filter changed"))
        annotation = UUID(made.entity_id)
        await here.submit(EditAnnotation(annotation, "Filter 2 changed"))
        (shown,) = here.records
        assert [one.text for one in shown.earlier] == ["Filter changed", "Filter 2 changed"]
        await here.submit(EditAnnotation(annotation, shown.earlier[0].text, seen=shown.heads))
        assert here.records[0].text == "Filter changed"

    asyncio.run(story())


def test_a_withdrawn_annotation_leaves_the_trend_and_comes_back_when_it_is_undone(stations):
    async def story():
        here, _ = stations
        await started(stations, "olga", "emil")
        annotation = UUID((await here.submit(AddAnnotation(AT, "Filter changed"))).entity_id)
        await here.submit(WithdrawAnnotation(annotation, "wrong machine"))
        assert here.records[0].is_gone
        assert here.records[0].text == "Filter changed"
        with pytest.raises(Refused, match="withdrawn already"):
            await here.submit(WithdrawAnnotation(annotation))
        await here.submit(EditAnnotation(annotation, here.records[0].text, seen=here.records[0].heads))
        assert not here.records[0].is_gone

    asyncio.run(story())


def test_two_edits_at_once_stand_beside_each_other_at_both_consoles(stations):
    async def story():
        here, there = stations
        await started(stations, "lena", "emil")
        annotation = UUID((await here.submit(AddAnnotation(AT, "Filter changed"))).entity_id)
        await meet(here, there)
        await here.submit(EditAnnotation(annotation, "Filter 2 changed"))
        await there.submit(EditAnnotation(annotation, "Filter changed, type B"))
        await meet(here, there)
        assert here.records == there.records
        (shown,) = here.records
        assert {one.text for one in shown.competing} == {"Filter 2 changed", "Filter changed, type B"}
        assert {one.who for one in shown.competing} == {"Lena", "Emil"}
        await there.submit(EditAnnotation(annotation, "Filter 2 changed, type B", seen=shown.heads))
        await meet(here, there)
        assert here.records[0].competing == ()
        assert here.records[0].text == "Filter 2 changed, type B"

    asyncio.run(story())


def test_words_that_came_while_somebody_was_typing_are_not_overwritten(stations):
    async def story():
        here, there = stations
        await started(stations, "lena", "emil")
        annotation = UUID((await here.submit(AddAnnotation(AT, "Filter changed"))).entity_id)
        await meet(here, there)
        (on_screen,) = there.records
        await here.submit(EditAnnotation(annotation, "Filter 2 changed"))
        await meet(here, there)
        await there.submit(EditAnnotation(annotation, "Filter changed, type B", seen=on_screen.heads))
        assert {one.text for one in there.records[0].competing} == {"Filter 2 changed", "Filter changed, type B"}

    asyncio.run(story())


def test_an_operator_changes_only_annotations_of_his_own(stations):
    async def story():
        here, _ = stations
        await started(stations, "olga", "emil")
        annotation = UUID((await here.submit(AddAnnotation(AT, "Filter changed"))).entity_id)
        await here.signed_on("otto")
        with pytest.raises(Refused, match="Only its author"):
            await here.submit(EditAnnotation(annotation, "other words"))
        with pytest.raises(Refused, match="Only its author"):
            await here.submit(WithdrawAnnotation(annotation))
        await here.signed_on("lena")
        await here.submit(WithdrawAnnotation(annotation))
        await here.signed_on("aude")
        with pytest.raises(Refused, match="may annotate"):
            await here.submit(AddAnnotation(AT, "Hello"))

    asyncio.run(story())


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (AddAnnotation(AT, "  "), "Write what"),
        (AddAnnotation(0, "text"), "needs a time"),
        (AddAnnotation(AT, "text", 1 << 62), "needs a time"),
        (AddAnnotation(AT, "text", 0, tuple(UUID(int=n) for n in range(33))), "at most 32"),
        (EditAnnotation(UUID(int=9), "text"), "not known"),
        (SavePenGroup(" ", (TAG,)), "needs a name"),
        (SavePenGroup("x" * 61, (TAG,)), "too long"),
        (SavePenGroup("Cell 4", ()), "needs a pen"),
        (SavePenGroup("Cell 4", tuple(UUID(int=n) for n in range(33))), "At most 32"),
        (SavePenGroup("Cell 4", (TAG,), look="{"), "JSON"),
        (DeletePenGroup(UUID(int=9)), "not known"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(stations, command, why):
    async def story():
        await started(stations, "emil", "emil")
        before = len(stations[0].log.kept)
        with pytest.raises(Refused, match=why):
            await stations[0].submit(command)
        assert len(stations[0].log.kept) == before

    asyncio.run(story())


def test_a_withdrawal_without_the_right_to_it_takes_nothing_away(stations):
    """Unsafe acts without the right wait for a countersignature (P19); an annotation hides by being withdrawn."""

    async def story():
        here, _ = stations
        await started(stations, "olga", "emil")
        annotation = UUID((await here.submit(AddAnnotation(AT, "Filter changed"))).entity_id)
        auditor = here.sign_on.actor(await here.signed_on("aude"))
        await here.log.append([AnnotationWithdrawn(annotation)], auditor, parents=[here.log.kept[-1].hash])
        assert not here.records[0].is_gone

    asyncio.run(story())


def test_a_shared_pen_group_is_seen_and_changed_at_the_other_console(stations):
    async def story():
        here, there = stations
        await started(stations, "olga", "otto")
        group = UUID((await here.submit(SavePenGroup("Cell 4", (TAG,), is_shared=True))).entity_id)
        await meet(here, there)
        (seen,) = there.pen_groups
        assert (seen.name, seen.tag_ids, seen.owner, seen.is_shared) == ("Cell 4", (TAG,), "Olga", True)
        await there.submit(SavePenGroup("Cell 4", (TAG, OTHER), True, group_id=group, seen=seen.heads))
        await meet(here, there)
        assert here.pen_groups == there.pen_groups
        assert here.pen_groups[0].tag_ids == (TAG, OTHER)
        with pytest.raises(Refused, match="stop sharing"):
            await there.submit(SavePenGroup("Cell 4", (TAG,), False, group_id=group))

    asyncio.run(story())


def test_ones_own_pen_group_is_changed_by_nobody_else(stations):
    async def story():
        here, _ = stations
        await started(stations, "olga", "emil")
        group = UUID((await here.submit(SavePenGroup("Mine", (TAG,)))).entity_id)
        await here.signed_on("emil")
        with pytest.raises(Refused, match="somebody else"):
            await here.submit(SavePenGroup("Mine", (OTHER,), True, group_id=group))
        with pytest.raises(Refused, match="somebody else"):
            await here.submit(DeletePenGroup(group))

    asyncio.run(story())


def test_two_who_save_a_pen_group_at_once_are_both_told_and_neither_is_lost(stations):
    async def story():
        here, there = stations
        await started(stations, "lena", "emil")
        group = UUID((await here.submit(SavePenGroup("Cell 4", (TAG,), is_shared=True))).entity_id)
        await meet(here, there)
        await here.submit(SavePenGroup("Cell 4", (TAG, OTHER), True, group_id=group))
        await there.submit(SavePenGroup("Cell 4", (OTHER,), True, group_id=group))
        await meet(here, there)
        assert here.pen_groups == there.pen_groups
        (shown,) = here.pen_groups
        assert {one.tag_ids for one in shown.competing} == {(TAG, OTHER), (OTHER,)}
        chosen = next(one for one in shown.competing if one.who == "Lena")
        await there.submit(SavePenGroup(chosen.name, chosen.tag_ids, True, group_id=group, seen=shown.heads))
        await meet(here, there)
        assert here.pen_groups[0].competing == ()
        assert here.pen_groups[0].tag_ids == (TAG, OTHER)

    asyncio.run(story())


def test_a_group_that_somebody_saves_while_another_deletes_it_stays_and_says_so(stations):
    async def story():
        here, there = stations
        await started(stations, "lena", "emil")
        group = UUID((await here.submit(SavePenGroup("Cell 4", (TAG,), is_shared=True))).entity_id)
        await meet(here, there)
        await here.submit(DeletePenGroup(group))
        await there.submit(SavePenGroup("Cell 4 new", (TAG,), True, group_id=group))
        await meet(here, there)
        for station in stations:
            (shown,) = station.pen_groups
            assert (shown.is_gone, shown.name) == (False, "Cell 4 new")
            assert [one.is_gone for one in shown.competing] == [True, False]

    asyncio.run(story())


def test_values_that_leave_in_a_file_are_written_down(stations):
    async def story():
        here, _ = stations
        await started(stations, "aude", "emil")
        made = await here.submit(ExportTrend("/tmp/trend.csv", (TAG,), AT, AT + 1))
        assert made.number == "7"
        assert here.log.facts(JournalExported) == [JournalExported("trend_samples", "trend.csv", 7, "ab" * 32)]

    asyncio.run(story())
