"""The service desk on the real journal: what was promised is there after a restart, in every detail."""

import asyncio
from pathlib import Path
from uuid import UUID

from console.config.users_file import TEST_COST
from console.domain import commands as c
from console.services.identity.password_worker import PasswordWorker
from console.services.identity.sign_on import SignOnDesk
from console.services.identity.users import Users
from console.services.operations import Operations
from console.services.records import IncidentsDelta
from console.services.servicedesk.incarnation import IncarnationLetter
from console.services.servicedesk.incidents import IncidentDesk
from tests.support.desk import PASSWORD, PEOPLE, FakeAlarms
from tests.support.journals import StationJournal


async def a_shift(journal: StationJournal, worker: PasswordWorker) -> IncidentsDelta:
    await journal.start()
    sign_on = SignOnDesk(Users(PEOPLE), journal.log, worker, journal.clock)
    desk, letter, alarms = IncidentDesk(sign_on.name_of), IncarnationLetter(journal.place.station), FakeAlarms()
    await journal.log.replay(lambda entries: (desk.apply(entries), letter.apply(entries))[0])
    for subscriber in (desk.apply, letter.apply):
        journal.log.entries.subscribe(subscriber)
    operations = Operations(
        journal.log,
        alarms,
        desk,
        sign_on,
        clock_us=journal.clock,
        site_short="KASS",
        station_code=journal.place.code,
        incarnation=letter,
    )
    occurrence = alarms.raise_alarm(1, journal.clock(), "Öldruck <b>niedrig</b>")
    await operations.submit(c.SignOn("olga", PASSWORD))
    receipt = await operations.submit(c.OpenIncident("", 1, 1, "läuft aus", (occurrence,)))
    assert receipt.number.startswith("INC-KASS-A1A-")
    incident_id = UUID(receipt.entity_id)
    await operations.submit(c.AssignIncident(incident_id, "Shop IT", "emil"))
    await operations.submit(c.EditIncident(incident_id, "urgency", 3))
    await operations.submit(c.NoteIncident(incident_id, "on my way"))
    await operations.submit(c.ResolveIncident(incident_id, "replaced", "new seal"))
    return desk.snapshot()


async def after_restart(journal: StationJournal) -> IncidentsDelta:
    await journal.start()
    desk = IncidentDesk(Users(PEOPLE).name_of)
    await journal.log.replay(desk.apply)
    return desk.snapshot()


def test_an_incident_is_the_same_after_a_restart(tmp_path: Path) -> None:
    worker = PasswordWorker(TEST_COST)
    first = StationJournal(tmp_path, "A1")
    try:
        before = asyncio.run(a_shift(first, worker))
    finally:
        first.close()
        worker.close()
    second = StationJournal(tmp_path, "A1")
    try:
        after = asyncio.run(after_restart(second))
    finally:
        second.close()
    (record,) = after.incidents
    assert after == before
    assert (record.state, record.priority, record.conflicts) == ("resolved", 2, ())
    assert (record.opened_by, record.agent) == ("Olga", "Emil")
    assert [text for _, _, text in record.notes] == [
        "Opened: Öldruck <b>niedrig</b>",
        "Assigned: Shop IT, Emil",
        "on my way",
        "Resolved: replaced, new seal",
    ]
