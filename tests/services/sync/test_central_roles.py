"""Who may do what at the centre: a station its functions for itself, an auditor the views, nobody change history."""

from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from console.config.settings import CentreSettings
from console.domain.refusal import Refused
from console.services.sync.central import Central
from console.services.sync.central_layout import AUDITORS, OWNER, STATION_FUNCTIONS, STATIONS, VIEW_NAMES
from console.services.sync.central_schema import CentreRefuses
from console.services.sync.central_stations import Enrolment, enrol, revoke
from tests.support.centres import KEY, Chain, Site
from tests.support.postgres import TestDatabase
from tests.support.synced import asked

_RELATIONS = (
    "select c.relname, c.relkind::text from pg_class c "
    "where c.relnamespace = 'leitstand'::regnamespace and c.relkind in ('r', 'p', 'v')"
)
_VERBS = ("select * from {}", "insert into {} default values", "delete from {}", "truncate {}")
_NO_SUCH_VERB = psycopg.errors.ObjectNotInPrerequisiteState  # a view of several tables takes no change at all
_DENIED = psycopg.errors.InsufficientPrivilege


@pytest.mark.proves("SEC-65")
def test_a_stations_role_touches_no_table_and_no_view_by_any_verb(site: Site) -> None:
    relations = asked(site.database.url, _RELATIONS)
    assert len(relations) > 15
    with site.connection("A1") as connection:
        for name, kind in relations:
            (column,) = asked(
                site.database.url,
                f"select attname from pg_attribute where attrelid = 'leitstand.{name}'::regclass and attnum = 1",
            )
            update = f"update {{}} set {column[0]} = null"
            for verb in (*_VERBS, update):
                if kind == "v" and verb.startswith("truncate"):
                    continue  # not a verb of views
                with pytest.raises((_DENIED, _NO_SUCH_VERB) if kind == "v" else _DENIED):
                    connection.execute(sql.SQL(verb).format(sql.Identifier("leitstand", str(name))))  # type: ignore[arg-type]
            with pytest.raises(_DENIED):
                connection.execute(sql.SQL("copy {} to stdout").format(sql.Identifier("leitstand", str(name))))


@pytest.mark.proves("SEC-65")
def test_a_station_may_execute_its_functions_and_no_other_and_make_nothing(site: Site) -> None:
    role = site.settings("A1").user
    allowed = asked(
        site.database.url,
        "select p.proname from pg_proc p where p.pronamespace = 'leitstand'::regnamespace "
        f"and has_function_privilege('{role}', p.oid, 'execute')",
    )
    assert {name for (name,) in allowed} == set(STATION_FUNCTIONS)
    with site.connection("A1") as connection:
        for statement in (
            "create table leitstand.mine (n int)", "create table public.mine (n int)", "create temp table mine (n int)",
            "create schema mine", "create role mine", f"set role {OWNER}", f"set session authorization {OWNER}",
            "select leitstand.take(null, '{}', '{}', '{}')", "select leitstand.caller(null, null)",
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.ProgrammingError):
                connection.execute(statement.encode())


def test_a_stations_role_has_its_limits_and_the_owner_no_login(site: Site) -> None:
    role = site.settings("A1").user
    assert role.startswith("ls_")
    rows = asked(
        site.database.url,
        "select rolname, rolcanlogin, rolsuper, rolcreaterole, rolconnlimit, rolconfig from pg_roles "
        f"where rolname in ('{role}', '{OWNER}', '{STATIONS}', '{AUDITORS}') order by rolcanlogin desc",
    )
    assert rows[0][1:5] == (True, False, False, 4)
    assert {"statement_timeout=10s", "idle_in_transaction_session_timeout=30s"} <= set(rows[0][5])  # type: ignore[call-overload]
    assert [row[1:4] for row in rows[1:]] == [(False, False, False)] * 3
    owners = asked(
        site.database.url,
        "select distinct pg_get_userbyid(relowner) from pg_class where relnamespace = 'leitstand'::regnamespace "
        "union select pg_get_userbyid(proowner) from pg_proc where pronamespace = 'leitstand'::regnamespace",
    )
    assert owners == [(OWNER,)]
    loose = asked(
        site.database.url,
        "select proname from pg_proc where pronamespace = 'leitstand'::regnamespace and prosecdef "
        "and not coalesce(proconfig @> array['search_path=leitstand, pg_temp'], false)",
    )
    assert loose == []


@pytest.mark.proves("SEC-30", "INV-2")
def test_not_even_the_owner_changes_or_removes_an_event_or_a_receipt(site: Site) -> None:
    central, chain = site.session("A1"), Chain(site.place("A1"))
    central.push(chain.grow(3))
    central.confirm(list(central.tips()))
    tables = asked(
        site.database.url,
        "select tableoid::regclass::text from leitstand.event union select 'leitstand.event' "
        "union select 'leitstand.receipt'",
    )
    for (table,) in tables:
        for statement in (f"delete from {table}", f"update {table} set seq = 9", f"truncate {table}"):
            with pytest.raises(psycopg.errors.RaiseException, match="is never changed"):
                asked(site.database.url, f"set role {OWNER}; {statement}")
    for statement in ("delete from leitstand.event", "truncate leitstand.event cascade"):
        with pytest.raises(psycopg.errors.RaiseException, match="is never changed"):
            asked(site.database.url, statement)
    assert len(central.pull(chain.stream, 0, b"")) == 3


@pytest.mark.proves("INV-31", "P39", "SEC-50")
@pytest.mark.parametrize("function", STATION_FUNCTIONS)
def test_a_station_cannot_speak_for_another_site_or_tenant_with_any_function(site: Site, function: str) -> None:
    (arguments,) = asked(
        site.database.url,
        f"select pg_get_function_identity_arguments(oid) from pg_proc where proname = '{function}' "
        "and pronamespace = 'leitstand'::regnamespace",
    )
    kinds = [str(part).split()[1] for part in str(arguments[0]).split(", ")]
    zeros = [f"'{{}}'::{kind}" if kind.endswith("[]") else f"{_ZERO[kind]}::{kind}" for kind in kinds[2:]]
    mine, foreign = site.place("A1"), Site(site.database).place("F1")
    with site.connection("A1") as connection:
        for tenant, other in ((mine.tenant, foreign.site), (uuid4(), mine.site), (None, None)):
            call = f"select leitstand.{function}(%s::uuid, %s::uuid{''.join(', ' + zero for zero in zeros)})"
            with pytest.raises(_DENIED, match="another site"):
                connection.execute(call.encode(), (tenant, other))


_ZERO = {"uuid": f"'{uuid4()}'", "bigint": "0", "integer": "0", "text": "''", "bytea": "''", "jsonb": "'[]'"}


@pytest.mark.proves("SEC-2", "SEC-50")
def test_a_station_cannot_say_hello_confirm_or_number_alarms_as_its_neighbour(site: Site) -> None:
    mine, neighbour = site.session("A1"), site.session("B2")
    neighbour.push_alarm_log([])
    with pytest.raises(CentreRefuses, match="not of"):
        Central(site.settings("A1"), site.place("B2"))
    mine._place = site.place("B2")
    mine._lane = neighbour._lane
    with pytest.raises(_DENIED, match="for itself only"):
        mine.confirm([])
    with pytest.raises(_DENIED, match="another station's"):
        mine.push_alarm_log([])


@pytest.mark.proves("INV-31")
def test_two_sites_in_one_centre_see_nothing_of_each_other(site: Site, centre: TestDatabase) -> None:
    other = Site(centre)
    ours, theirs = site.session("A1"), other.session("A1")
    ours.push(Chain(site.place("A1")).grow(3))
    foreign = Chain(other.place("A1"))
    theirs.push(foreign.grow(3))
    assert len(ours.tips()) == len(theirs.tips()) == 1
    assert ours.pull(foreign.stream, 0, b"") == ours.hashes(foreign.stream, [1, 2, 3]) == []
    assert ours.events_by_hash([event.raw.hash for event in foreign.events]) == []
    assert ours.receipts() == []
    other.close()


@pytest.mark.proves("P18", "SEC-2")
def test_a_revoked_station_is_shut_out_at_once_with_words_and_may_be_enrolled_again(site: Site) -> None:
    settings, place, chain = site.settings("A1"), site.place("A1"), Chain(site.place("A1"))
    central = site.session("A1")
    central.push(chain.grow(4))
    with psycopg.connect(site.database.url, autocommit=True) as admin:
        admin.execute(
            "update leitstand.station set state = 'revoked', revoked_at = now() where pg_role = %s", (settings.user,)
        )
        with pytest.raises(_DENIED, match="A1 was revoked"):  # a session that is open already
            central.push(chain.grow(1))
        assert revoke(admin, place.tenant, place.site, place.station) == 1
        with pytest.raises(psycopg.OperationalError):  # and now it is ended
            central.tips()
        with pytest.raises(CentreRefuses, match="its enrolment was revoked"):
            Central(settings, place)
        assert admin.execute(
            "select stream_id, after_seq from leitstand.revocation where site_id = %s", (place.site,)
        ).fetchall() == [(chain.stream, 4)]
        with pytest.raises(Refused, match="knows no station"):
            revoke(admin, place.tenant, place.site, uuid4())
    assert site.session("A1").push(chain.events).taken == 1


def test_a_role_that_nobody_enrolled_and_a_second_station_with_one_code_are_refused(site: Site) -> None:
    settings, place = site.settings("A1"), site.place("A1")
    with psycopg.connect(site.database.url, autocommit=True) as admin:
        admin.execute("update leitstand.station set pg_role = '' where pg_role = %s", (settings.user,))
        with pytest.raises(CentreRefuses, match=r"belongs to no enrolled station.*leitstand centre enrol"):
            Central(settings, place)
        twin = Enrolment(place.site, uuid4(), place.code, KEY)
        with pytest.raises(Refused, match="has the code A1 already"):
            enrol(admin, twin, "x")
        with pytest.raises(Refused, match="32 bytes"):
            enrol(admin, replace(twin, public_key=b""), "x")


def test_an_auditor_reads_the_views_and_nothing_else(site: Site) -> None:
    central, chain = site.session("A1"), Chain(site.place("A1"))
    central.push(chain.grow(2))
    asked(site.database.url, f"drop role if exists paula; create role paula login password 'p' in role {AUDITORS}")
    server = site.database.server
    url = f"postgresql://paula:p@127.0.0.1:{server.port}/{site.database.name}"
    for view in VIEW_NAMES:
        assert isinstance(asked(url, f"select * from leitstand.{view} limit 1"), list)
    assert len(asked(url, f"select payload from leitstand.fact where stream_id = '{chain.stream}'")) == 2
    for name, kind in asked(site.database.url, _RELATIONS):
        if kind != "v":
            with pytest.raises(_DENIED):
                asked(url, f"select * from leitstand.{name}")
    with pytest.raises(_DENIED):
        asked(url, "select leitstand.tips(null, null)")
    asked(site.database.url, "drop role paula")


def test_a_station_that_names_no_password_is_not_let_in(site: Site) -> None:
    settings: CentreSettings = replace(site.settings("A1"), password_file=None)
    with pytest.raises(psycopg.OperationalError):
        Central(settings, site.place("A1"))
