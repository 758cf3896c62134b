"""A centre of the first version becomes one of today with all it holds; its layout may change; who may not, is told."""

import hashlib
from uuid import UUID, uuid4

import psycopg
import pytest

from console.config.private_file import write_private
from console.config.settings import CentreSettings
from console.domain.refusal import Refused
from console.services.identity.credentials import LAST
from console.services.sync import central_schema
from console.services.sync.central import Central
from console.services.sync.central_layout import partitions_now
from console.services.sync.central_rows import CredentialRow
from console.services.sync.central_schema import MIGRATIONS, CentreRefuses, ensure_schema, schema_version
from console.services.sync.central_schema_1 import first
from console.services.sync.central_stations import Enrolment, enrol, revoke
from tests.support.centres import KEY, Chain, Site
from tests.support.journals import StationJournal
from tests.support.postgres import TestDatabase
from tests.support.synced import asked

_PUSH_1 = """insert into leitstand.event (tenant_id, site_id, stream_id, seq, hash, prev_hash, hlc, wall_us, station_id,
 etype, ever, entity_type, entity_id, user_id, tx_id, tx_n, body, sig)
 values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""


def _first_version(database: TestDatabase, chain: Chain) -> None:
    """What the first version left: its schema, a shared role with rights on tables, events, alarms, receipts."""
    place, last = chain.place, chain.events[-1]
    with psycopg.connect(database.url, autocommit=True) as connection:
        with connection.transaction():
            first(connection)
            connection.execute("insert into leitstand.meta values ('schema_ver', '1')")
        for event in chain.events:
            body = event.body
            connection.execute(
                _PUSH_1,
                (place.tenant, place.site, body.stream, body.seq, event.raw.hash, event.prev, event.hlc, body.wall_us,
                 place.station, body.etype, body.ever, body.entity_type, body.entity_id, body.user_id, body.tx_id,
                 body.tx_n, event.raw.body, event.raw.sig),
            )  # fmt: skip
        site = (place.tenant, place.site)
        connection.execute(
            "insert into leitstand.stream values (%s, %s, %s, %s, 1)", (*site, chain.stream, place.station)
        )
        connection.execute(
            "insert into leitstand.stream_tip values (%s, %s, %s, %s, %s)",
            (*site, chain.stream, last.raw.hash, last.seq),
        )
        connection.execute(
            "insert into leitstand.station values (%s, %s, %s, %s, 'shared')", (*site, place.station, place.code)
        )
        connection.execute(
            "insert into leitstand.alarm_log values (%s, %s, %s, 1, 'raised', 0, 5, 6, 1, 2, 7.5, 'high', 'T', '', %s)",
            (*site, UUID(int=4), place.station),
        )
        connection.execute(
            "insert into leitstand.receipt values (%s, %s, %s, %s, 3, %s)",
            (*site, uuid4(), chain.stream, chain.events[2].raw.hash),
        )
        connection.execute("create role shared login password 'shared'")
        connection.execute("grant usage on schema leitstand to shared")
        connection.execute("grant select on all tables in schema leitstand to shared")


def _contents(database: TestDatabase) -> list[tuple[object, ...]]:
    return [
        *asked(database.url, "select hash, body, sig, recv_at, seq from leitstand.event order by stream_id, seq, hash"),
        *asked(database.url, "select condition_id, at_us, value, text from leitstand.alarm_log"),
        *asked(database.url, "select peer_id, seq, hash, at from leitstand.receipt"),
        *asked(database.url, "select station_id, code from leitstand.station"),
    ]


@pytest.mark.parametrize("partitions", [None, 0, 3])
def test_a_centre_of_the_first_version_keeps_all_it_holds_and_its_shared_role_may_do_nothing_more(
    postgres: TestDatabase, partitions: int | None
) -> None:
    site = Site(postgres)
    chain = Chain(site.place("A1"))
    chain.grow(40)
    _first_version(postgres, chain)
    before = _contents(postgres)
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        with pytest.raises(CentreRefuses, match="leitstand centre init URL"):
            Central(postgres.settings, site.place("A1"))  # a station migrates nothing
        assert schema_version(connection) == 1
        ensure_schema(connection, partitions)
        assert (schema_version(connection), partitions_now(connection)) == (
            len(MIGRATIONS),
            8 if partitions is None else partitions,
        )
        assert _contents(postgres) == before
        ensure_schema(connection)
        assert partitions_now(connection) == (8 if partitions is None else partitions)
    url = f"postgresql://shared:shared@127.0.0.1:{postgres.server.port}/{postgres.name}"
    with pytest.raises(psycopg.Error):
        asked(url, "select * from leitstand.event")
    central = site.session("A1")
    assert central.push(chain.grow(2)).taken == 2
    assert [raw for _, raw in central.pull(chain.stream, 0, b"")] == [event.raw for event in chain.events]
    site.close()
    asked(postgres.url, "drop owned by shared; drop role shared")


def test_the_layout_of_a_living_centre_changes_without_loss(postgres: TestDatabase) -> None:
    site = Site(postgres.set_up(0))
    central, chain = site.session("A1"), Chain(site.place("A1"))
    central.push(chain.grow(50))
    before = _contents(postgres)
    for partitions in (5, 2, 0):
        postgres.set_up(partitions)
        assert _contents(postgres) == before
        assert central.push(chain.events).taken == 0
        with pytest.raises(psycopg.errors.RaiseException, match="is never changed"):
            asked(postgres.url, "delete from leitstand.event")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), site.connection("A1") as connection:
            connection.execute("select * from leitstand.event")
    site.close()


def test_an_administrator_who_is_no_superuser_sets_up_and_enrols(postgres: TestDatabase) -> None:
    admin = "plant_admin"
    asked(
        postgres.url,
        f"create role {admin} login createrole password 'p'; alter database {postgres.name} owner to {admin};"
        f"grant leitstand_owner, leitstand_stations, auditor_ro to {admin} with admin option"
        if asked(postgres.url, "select 1 from pg_roles where rolname = 'leitstand_owner'")
        else f"create role {admin} login createrole password 'p'; alter database {postgres.name} owner to {admin}",
    )
    url = f"postgresql://{admin}:p@127.0.0.1:{postgres.server.port}/{postgres.name}"
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            ensure_schema(connection)
            ensure_schema(connection, 2)
            place, file = StationJournal.place_of("ZQ"), postgres.server.folder / "admins-station.password"
            write_private(file, "s")
            one = Enrolment(place.site, place.station, place.code, KEY)
            enrol(connection, one, "s")
            settings = CentreSettings("127.0.0.1", postgres.server.port, postgres.name, one.role, file)
            central = Central(settings, place)
            assert central.push(Chain(place).grow(2)).taken == 2
            assert revoke(connection, place.tenant, place.site, place.station) == 1
            with pytest.raises(psycopg.OperationalError):
                central.tips()
            asked(postgres.url, f"drop owned by {one.role}; drop role {one.role}")
    finally:
        asked(postgres.url, f"reassign owned by {admin} to postgres; drop owned by {admin}; drop role {admin}")


def test_who_is_no_administrator_and_a_centre_of_tomorrow_are_refused_with_words(
    postgres: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(postgres.url, "create role visitor login password 'v'")
    url = f"postgresql://visitor:v@127.0.0.1:{postgres.server.port}/{postgres.name}"
    try:
        with psycopg.connect(url, autocommit=True) as connection, pytest.raises(Refused, match="administrator"):
            ensure_schema(connection)
    finally:
        asked(postgres.url, "drop role visitor")
    place = StationJournal.place_of("A1")
    settings = postgres.set_up().enrolled(place, KEY)
    asked(postgres.url, f"update leitstand.meta set value = '{len(MIGRATIONS) + 1}' where name = 'schema_ver'")
    with psycopg.connect(postgres.url, autocommit=True) as connection, pytest.raises(CentreRefuses, match="newer"):
        ensure_schema(connection)
    Central(settings, place).close()  # the protocol is what counts for a station
    asked(postgres.url, "update leitstand.meta set value = '9' where name in ('min_protocol', 'max_protocol')")
    with pytest.raises(CentreRefuses, match="install the same Leitstand"):
        Central(settings, place)


def test_the_first_migration_is_never_edited() -> None:
    texts = "".join(
        getattr(central_schema.central_schema_1, name) for name in ("_TABLES", "_GUARD", "_PUSH", "_READ", "_VIEWS")
    )
    assert (
        hashlib.sha256(texts.encode()).hexdigest() == "c3078c243ba6e079ecc8786d0960586358a8e9da5e66797c876b510cbfd48bcb"
    )


def test_people_and_grants_of_a_site_are_told_to_auditors_by_the_newest_fact(postgres: TestDatabase) -> None:
    site = Site(postgres.set_up())
    central, chain = site.session("A1"), Chain(site.place("A1"))
    for etype, payload in (
        ("user.added", {"user_id": "u1"}),
        ("user.role_granted", {"user_id": "u1", "role": "operator", "area": ""}),
        ("user.role_granted", {"user_id": "u1", "role": "shift_lead", "area": "Press"}),
        ("user.role_revoked", {"user_id": "u1", "role": "operator", "area": ""}),
        ("user.disabled", {"user_id": "u1", "why": "left"}),
    ):
        chain.grow(1, payload=payload, etype=etype, entity_id="u1")
    assert central.push(chain.events).taken == 5
    station, profile = site.place("A1").station, '{"login":"anna.k","name":"Anna K."}'
    assert central.push_credentials([CredentialRow("u1", "profile", 2, profile, 5, station, "aa")]) == 1
    accounts = "select user_id, login, name, state from leitstand.user_account"
    assert asked(postgres.url, accounts) == [("u1", "anna.k", "Anna K.", "disabled")]
    assert asked(postgres.url, "select role, area from leitstand.role_grant") == [("shift_lead", "Press")]
    for version, spoilt in enumerate(("no json", '{"login":"\\u0000\\ud800","name":7}', "[1]"), 3):
        assert central.push_credentials([CredentialRow("u1", "profile", version, spoilt, 5, station, "aa")]) == 1
        assert len(asked(postgres.url, accounts)) == 1
    chain.grow(1, payload={"user_id": "u1", "why": "asked for it"}, etype="user.erased", entity_id="u1")
    central.push(chain.events)
    assert central.push_credentials([CredentialRow("u1", "profile", LAST, profile, 6, station, "aa")]) == 0
    assert central.push_credentials([CredentialRow("u1", "profile", LAST, "", 6, station, "bb")]) == 1
    assert central.push_credentials([CredentialRow("u1", "profile", LAST - 1, profile, 9, station, "cc")]) == 0
    assert asked(postgres.url, accounts) == [("u1", None, None, "erased")]
    site.close()
