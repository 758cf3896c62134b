"""Two consoles of one site: what one annotates and shares beside a trend, the other sees; and takes away in a file."""

import asyncio
import csv
from pathlib import Path
from uuid import UUID

from console.app.door import command_from
from console.domain import commands as c
from console.domain.history.annotations import AddAnnotation, EditAnnotation
from console.domain.history.export_commands import ExportTrend
from console.domain.history.pen_groups import SavePenGroup
from console.services.station import RawQuery
from tests.app.test_neighbourhood import is_live, running
from tests.support import story_site
from tests.support.broker import Broker, running_broker
from tests.support.edge import M, running_edge
from tests.support.story_site import LEAD, OPERATOR, make_site, make_station
from tests.support.synced import until


def test_annotations_and_shared_pen_groups_reach_the_other_console_and_come_back_changed(tmp_path: Path) -> None:
    async def story(broker: Broker) -> None:
        site, brokers = make_site(tmp_path), (story_site.Broker("plant", broker.port),)
        first, second = make_station(site, "k1", "K1", brokers), make_station(site, "k2", "K2", brokers)
        async with running(first) as k1, running(second) as k2:
            await until(lambda: is_live(k1, "neighbour:K2") and is_live(k2, "neighbour:K1"), "they meet")
            await k1.station.submit(c.SignOn(*OPERATOR))
            await k2.station.submit(c.SignOn(*LEAD))
            tag, at = UUID(int=7), 1_795_000_000_000_000
            note = UUID((await k1.station.submit(AddAnnotation(at, "Filter changed", at + 60, (tag,)))).entity_id)
            await k1.station.submit(SavePenGroup("Cell 4", (tag,), is_shared=True, look='{"version":2}'))
            told, groups = k2.parts.annotations, k2.parts.pen_groups
            await until(lambda: bool(told.snapshot().annotations) and bool(groups.snapshot().groups), "seen at K2")
            (seen,), (group,) = told.snapshot().annotations, groups.snapshot().groups
            assert (seen.text, seen.author, seen.tag_ids) == ("Filter changed", "Anna Keller", (tag,))
            assert (group.name, group.is_shared, group.owner, group.look) == (
                "Cell 4",
                True,
                "Anna Keller",
                '{"version":2}',
            )
            await k2.station.submit(EditAnnotation(note, "Filter 2 changed", seen=seen.heads))
            await until(
                lambda: k1.parts.annotations.snapshot().annotations[0].text == "Filter 2 changed", "changed at K1"
            )
            assert k1.parts.annotations.snapshot() == told.snapshot()
            assert not k1.defects
            assert not k2.defects
        async with running(first) as k1:  # a start of its own reads both from the journal
            assert k1.parts.annotations.snapshot().annotations[0].text == "Filter 2 changed"
            assert [one.name for one in k1.parts.pen_groups.snapshot().groups] == ["Cell 4"]

    with running_broker() as broker:
        asyncio.run(story(broker))


def test_pen_groups_and_annotations_are_written_on_the_command_line_too() -> None:
    one, two = UUID(int=1), UUID(int=2)
    fields = {"title": "Cell 4", "tag-ids": f"{one},{two}", "is-shared": "yes", "group-id": str(two)}
    assert command_from("save-pen-group", fields) == SavePenGroup("Cell 4", (one, two), True, group_id=two)
    fields = {"from-us": "17", "text": "Filter changed", "tag-ids": str(one)}
    assert command_from("add-annotation", fields) == AddAnnotation(17, "Filter changed", tag_ids=(one,))


def test_what_the_plant_sent_is_taken_away_in_a_file_and_the_journal_says_so(tmp_path: Path) -> None:
    async def story(broker: Broker) -> None:
        site, brokers = make_site(tmp_path), (story_site.Broker("plant", broker.port),)
        with running_edge(broker.port) as edge:
            async with running(make_station(site, "k1", "K1", brokers)) as k1:
                await until(lambda: is_live(k1, "broker:plant"), "broker")
                edge.birth([M("Temperature", 20.0)])
                await until(lambda: k1.parts.store.size > 0, "born")
                edge.data([M("Temperature", 21.5)])
                tag = next(one for one in k1.parts.store.tags() if one.source.metric == "Temperature")
                now = k1.parts.now_us()
                question = RawQuery((tag.tag_id,), now - 3_600_000_000, now + 60_000_000)

                await until(lambda: float(k1.parts.store.value[tag.handle]) == 21.5, "both values are here")
                await k1.station.submit(c.SignOn(*OPERATOR))
                file = tmp_path / "t.csv"
                made = await k1.station.submit(ExportTrend(str(file), (tag.tag_id,), question.from_us, question.to_us))
                with file.open(encoding="utf-8-sig", newline="") as opened:
                    rows = list(csv.DictReader(opened))
                assert [row["value"] for row in rows][-2:] == ["20.0", "21.5"]
                assert made.number == str(len(rows))
                assert any(row.etype == "journal.exported" for row in k1.parts.recent.snapshot().rows)

    with running_broker() as broker:
        asyncio.run(story(broker))
