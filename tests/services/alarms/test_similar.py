"""What happened with an alarm and in like cases, from a real log, a real journal and real incidents."""

import asyncio
from pathlib import Path
from uuid import UUID, uuid5

import pytest

from console.domain.alarm_facts import AlarmShelved, AlarmUnacknowledged
from console.domain.alarm_step import Transition
from console.domain.facts import (
    AlarmAcknowledged,
    AlarmCommented,
    Fact,
    IncidentAlarmLinked,
    IncidentMoved,
    IncidentOpened,
)
from console.services.alarms import alarm_tables, similar
from console.services.alarms.alarm_log import insert_transitions
from console.services.alarms.story import AlarmStory, StorySource
from console.services.alarms.transitions import AlarmTransition
from console.services.journal.entries import Actor
from console.services.servicedesk.incidents import IncidentDesk
from console.services.station import AlarmDetailsQuery
from console.services.storage.schema import open_station_db
from console.services.story_records import AlarmDetails, RawInputs
from tests.support.journals import ANNA, SITE, START_US, StationJournal

MINUTE = 60_000_000
PUMP, TWIN = uuid5(SITE, "pump too hot"), uuid5(SITE, "the other pump too hot")
BERT = Actor("u-bert", "bert", "Bert", ("operator",), "s-2", "password")
NAMES = {"u-anna": "Anna Ä.", "u-bert": "Bert Ohm"}


def move(condition: UUID, start_us: int, what: Transition, at_us: int, n: int = 0, **more: object) -> AlarmTransition:
    asset = "PUMP-1" if condition == PUMP else "PUMP-2"
    known: dict[str, object] = {"priority": 2, "severity": 1, "value": 91.5, "who": "", **more}
    return AlarmTransition(
        condition, start_us, what, n, at_us, at_us + 1000, text="Too hot", subject="p", kind="limit", rule_id="hot",
        side="high", asset_name=asset, **known,  # type: ignore[arg-type]
    )  # fmt: skip


def whole(condition: UUID, start_us: int, lasts_us: int, ack_us: int = 0, who: str = "") -> list[AlarmTransition]:
    moves = [move(condition, start_us, Transition.RAISED, start_us)]
    if ack_us:
        moves.append(move(condition, start_us, Transition.ACKNOWLEDGED, start_us + ack_us, who=who))
    end = start_us + lasts_us
    moves += [move(condition, start_us, what, end) for what in (Transition.RETURNED, Transition.CLOSED)]
    return moves


class Case:
    """A station's log, journal and incidents, asked as the seam asks them."""

    def __init__(self, folder: Path) -> None:
        self.station = open_station_db(folder / "station.db", [alarm_tables.metadata])
        self.journal = StationJournal(folder / "a", "A1")
        self.desk = IncidentDesk(lambda user: NAMES.get(user, user))
        self.journal.log.entries.subscribe(self.desk.apply)
        self.doubted: frozenset[bytes] = frozenset()
        self.statements = 0

    async def log(self, *moves: AlarmTransition) -> None:
        await self.station.writer.write(lambda connection: insert_transitions(connection, moves))

    async def act(self, at_us: int, fact: Fact, actor: Actor = ANNA, after: tuple[bytes, ...] = ()) -> bytes:
        self.journal.clock.now_us = at_us
        return (await self.journal.log.append([fact], actor, parents=after))[0].hash

    async def details(self, start_us: int, condition: UUID = PUMP) -> AlarmDetails:
        source = StorySource(
            self.journal.place.station,
            self.station.readers,
            self.journal.database.readers,
            lambda _condition, _most: (TWIN,),
            self.desk.linked,
            lambda _condition: RawInputs(),
            lambda by: ("clock_suspect",) if by in self.doubted else (),
            lambda user: NAMES.get(user, user),
        )
        return await AlarmStory(source).details(AlarmDetailsQuery(condition, start_us))

    def close(self) -> None:
        self.station.close()
        self.journal.close()


def case(folder: Path, story: object) -> None:
    async def work() -> None:
        made = Case(folder)
        try:
            await made.journal.start()
            await story(made)  # type: ignore[operator]
        finally:
            made.close()

    asyncio.run(work())


@pytest.mark.proves("ALARM-F75", "ALARM-F70")
def test_an_earlier_time_tells_how_long_who_answered_what_was_said_and_what_was_done(tmp_path: Path) -> None:
    async def story(made: Case) -> None:
        old, now = START_US, START_US + 600 * MINUTE
        incident = uuid5(SITE, "incident")
        await made.log(*whole(PUMP, old, 12 * MINUTE, 2 * MINUTE, "u-anna"))
        await made.act(old + 2 * MINUTE, AlarmAcknowledged(PUMP, old, old, "fan is slow"))
        await made.act(old + 3 * MINUTE, AlarmCommented(PUMP, old, "filter looks dirty"), BERT)
        opened = await made.act(old + 4 * MINUTE, IncidentOpened(incident, "INC-1", "Pump gets hot", 2, 2))
        await made.act(old + 5 * MINUTE, IncidentAlarmLinked(incident, PUMP, old, "Too hot"))
        moved = IncidentMoved(
            incident, "resolve", "resolved", resolution_code="replaced", solution="New filter, order 77"
        )
        resolved = await made.act(old + 9 * MINUTE, moved, BERT, (opened,))
        await made.act(old + 10 * MINUTE, IncidentMoved(incident, "close", "closed"), after=(resolved,))
        details = await made.details(now)
        (past,) = details.past
        assert (past.is_own, past.start_us, past.ended_us) == (True, old, old + 12 * MINUTE)
        assert (past.acknowledged_us, past.acknowledged_by) == (old + 2 * MINUTE, "Anna Ä.")
        assert [(act.who, act.text) for act in past.acts] == [
            ("Anna Ä.", "fan is slow"),
            ("Bert Ohm", "filter looks dirty"),
        ]
        (known,) = past.incidents
        assert (known.number, known.state, known.resolution_code) == ("INC-1", "closed", "replaced")
        assert (known.solution, known.solved_by) == ("New filter, order 77", "Bert Ohm")

    case(tmp_path, story)


@pytest.mark.proves("ALARM-F52", "ALARM-F75")
def test_the_same_rule_on_another_device_is_a_like_case_and_other_alarms_are_none(tmp_path: Path) -> None:
    async def story(made: Case) -> None:
        other = uuid5(SITE, "door open")
        await made.log(
            *whole(TWIN, START_US, 5 * MINUTE, MINUTE, "u-bert"),
            *whole(PUMP, START_US + 10 * MINUTE, MINUTE),
            *whole(other, START_US + 12 * MINUTE, MINUTE),
            *whole(PUMP, START_US + 60 * MINUTE, MINUTE),
        )
        details = await made.details(START_US + 60 * MINUTE)
        assert [(one.asset_name, one.is_own) for one in details.past] == [("PUMP-1", True), ("PUMP-2", False)]
        assert details.past[1].acknowledged_by == "Bert Ohm"  # the journal knows nothing of it, the log does
        assert details.own_past == 1, "the present one and later ones are not past"

    case(tmp_path, story)


@pytest.mark.proves("ALARM-F70", "ALARM-F47")
def test_every_acknowledgement_is_told_with_its_name_and_what_is_wrong_with_it(tmp_path: Path) -> None:
    async def story(made: Case) -> None:
        at = START_US
        await made.log(move(PUMP, at, Transition.RAISED, at))
        first = await made.act(at + MINUTE, AlarmAcknowledged(PUMP, at, at + 50, "mine"))
        await made.act(at + 2 * MINUTE, AlarmAcknowledged(PUMP, at, at + 50, "mine too"), BERT)
        details = await made.details(at)
        acks = [step for step in details.steps if step.kind == "alarm.acknowledged"]
        assert [(one.who, one.is_concurrent) for one in acks] == [("Bert Ohm", True), ("Anna Ä.", False)]
        await made.act(at + 3 * MINUTE, AlarmUnacknowledged(PUMP, at, (first.hex(),), at + 60))
        made.doubted = frozenset({first})
        details = await made.details(at)
        told = next(step for step in details.steps if step.text == "mine")
        assert told.is_taken_back and told.doubts == ("clock_suspect",) and told.workstation == "A1"
        assert {step.kind for step in details.steps} >= {"raised", "alarm.unacknowledged"}

    case(tmp_path, story)


@pytest.mark.proves("ALARM-F70")
def test_the_history_has_source_and_receive_time_and_tells_an_act_once(tmp_path: Path) -> None:
    async def story(made: Case) -> None:
        at = START_US
        await made.log(
            move(PUMP, at, Transition.RAISED, at, severity=2, value=97.0),
            move(PUMP, at, Transition.ACKNOWLEDGED, at + MINUTE, who="u-anna"),
            move(PUMP, 0, Transition.SHELVED, at + 2 * MINUTE, n=7, who="u-anna"),
            move(PUMP, 0, Transition.SHELF_EXPIRED, at + 9 * MINUTE, n=8),
        )
        await made.act(at + MINUTE, AlarmAcknowledged(PUMP, at, at))
        shelved = AlarmShelved(PUMP, at + 9 * MINUTE, 3600, "", "cable is loose", "maintenance", start_us=at)
        await made.act(at + 2 * MINUTE, shelved)
        steps = (await made.details(at)).steps
        assert [one.kind for one in steps] == ["shelf_expired", "alarm.shelved", "alarm.acknowledged", "raised"]
        raised, shelf = steps[-1], steps[1]
        assert (raised.at_us, raised.receive_us, raised.value, raised.severity) == (at, at + 1000, 97.0, 2)
        assert (shelf.text, shelf.reason_code, shelf.until_us) == ("cable is loose", "maintenance", at + 9 * MINUTE)
        assert shelf.receive_us == at + 2 * MINUTE and shelf.who == "Anna Ä."

    case(tmp_path, story)


@pytest.mark.proves("ALARM-F52")
def test_of_ten_thousand_earlier_times_the_newest_fifty_are_read_by_the_index_alone(tmp_path: Path) -> None:
    async def story(made: Case) -> None:
        starts = [START_US + n * MINUTE for n in range(10_000)]
        moves = [one for start in starts for one in whole(PUMP, start, MINUTE // 2)]
        await made.log(*moves, *[one for start in starts[::10] for one in whole(TWIN, start, MINUTE // 2)])
        now = starts[-1] + MINUTE
        details = await made.details(now)
        own = [one for one in details.past if one.is_own]
        assert [one.start_us for one in own] == starts[:-51:-1]
        assert details.own_past == 10_000
        assert len(details.past) - len(own) == similar.OF_EACH_SIBLING

        def steps_taken(connection: object) -> int:
            """Virtual machine steps, in hundreds: grows with what is read, whatever the machine."""
            raw = connection.connection.dbapi_connection  # type: ignore[attr-defined]
            count = [0]

            def one_more() -> int:
                count[0] += 1
                return 0

            raw.set_progress_handler(one_more, 100)
            similar.own_past(connection, PUMP, now)  # type: ignore[arg-type]
            similar.siblings_past(connection, (TWIN,), now)  # type: ignore[arg-type]
            raw.set_progress_handler(None, 100)
            return count[0]

        few = await made.station.readers.read(steps_taken)
        assert few < 300, "50 occurrences of 3 rows, not 30,000 rows"

    case(tmp_path, story)


def test_an_alarm_that_never_came_before_has_no_past(tmp_path: Path) -> None:
    async def story(made: Case) -> None:
        details = await made.details(START_US)
        assert details == AlarmDetails(PUMP, START_US)

    case(tmp_path, story)


def test_a_normal_alarm_that_is_kept_aside_has_all_of_its_times_for_its_past(tmp_path: Path) -> None:
    async def story(made: Case) -> None:
        await made.log(*whole(PUMP, START_US, MINUTE), *whole(PUMP, START_US + 5 * MINUTE, MINUTE))
        details = await made.details(0)
        assert [one.start_us for one in details.past] == [START_US + 5 * MINUTE, START_US]

    case(tmp_path, story)
