"""Erasings by somebody who had no right to it: without effect, and yet the name is gone where it was done.

Login, name and secrets are overwritten as soon as the fact is there; that its author had been revoked elsewhere may
become known later. So nothing brings them back: somebody adds the person anew and merges the old entry into the new
one, or countersigns the erasing. Until then it stands here as a finding.
"""

from pathlib import Path

from sqlalchemy.engine import Connection

from console.domain.people_facts import RIGHTS_ETYPES, UserErased
from console.services.identity.people_history import PeopleHistory
from console.services.journal.entries import Entry
from console.services.journal.envelope import BadEvent, RawEvent, decode_event
from console.services.journal.event_table import SELECT_STORED, Stored, entry_of, id_as_name
from console.services.journal.groups import Groups
from console.services.storage.database import reader_engine


def unauthorised_erasings(history: PeopleHistory) -> tuple[Entry, ...]:
    """Those that nobody put right yet, oldest first; `fact` of each is a `UserErased`."""
    found = (one for one in history.withheld if isinstance(one.fact, UserErased) and _is_open(history, one.fact))
    return tuple(sorted(found, key=lambda one: (one.hlc, one.hash)))


def erased_person(act: Entry) -> str:
    """Whose id the erasing names."""
    return act.fact.user_id if isinstance(act.fact, UserErased) else ""


def _is_open(history: PeopleHistory, fact: UserErased) -> bool:
    """Not for an id that nobody ever had, one that is erased rightly too, or one that another stands for."""
    own = history.own(fact.user_id)
    return own is not None and not own.merged_into and not history.is_erased(fact.user_id)


def erasings_in(journal: Path) -> tuple[Entry, ...]:
    """The same of a journal file, read-only, from its facts alone: what flags somebody set there does not count.

    Raises sqlalchemy's DBAPIError for a file that cannot be read.
    """
    engine = reader_engine(journal)
    try:
        with engine.connect() as connection, connection.begin():
            history = PeopleHistory()
            history.take(_facts_about_people(connection))
            return unauthorised_erasings(history)
    finally:
        engine.dispose()


def _facts_about_people(connection: Connection) -> list[Entry]:
    """Of whole transactions, as every projection gets them; an event that was altered is the proof's to name."""
    places = ", ".join("?" * len(RIGHTS_ETYPES))
    rows = connection.exec_driver_sql(
        f"{SELECT_STORED} WHERE e.tx_id IN (SELECT tx_id FROM event WHERE etype IN ({places})) "  # noqa: S608 places
        "ORDER BY e.stream_id, e.seq, e.hash",
        tuple(sorted(RIGHTS_ETYPES)),
    )
    sound: list[Stored] = []
    for rid, event_hash, body, sig, code in rows:
        try:
            sound.append(Stored(decode_event(RawEvent(event_hash, body, sig)), rid, code))
        except BadEvent:
            continue
    whole = Groups().complete(sound)
    return [entry_of(one, one.event.body.station, id_as_name, keeps_bytes=False) for one in whole]
