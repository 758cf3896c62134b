"""Enrolling stations at the centre: the row that says who a login role is, the role itself, and its end."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from console.domain.refusal import Refused
from console.services.sync.central_layout import STATIONS

NO_TENANT = UUID(int=0)  # a plant of its own
_CONNECTIONS = 4
_SETTINGS = (
    ("statement_timeout", "10s"),
    ("idle_in_transaction_session_timeout", "30s"),
    ("default_transaction_isolation", "read committed"),
)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A station as the centre is to know it; `public_key` 32 bytes (Ed25519), `tenant` as its events say it."""

    site: UUID
    station: UUID
    code: str
    public_key: bytes
    tenant: UUID = NO_TENANT
    cert_fpr: str = ""

    @property
    def role(self) -> str:
        """Its login role, `ls_<site, 8 digits>_<station, 12 digits>`; the last digits, the first ones are a date."""
        return f"ls_{self.site.hex[-8:]}_{self.station.hex[-12:]}"


def enrol(connection: "psycopg.Connection[Any]", one: Enrolment, password: str) -> str:
    """Make or renew a station's row and login role; gives the role's name. As an administrator of the centre.

    A station that was revoked is enrolled again by the same act. Raises Refused for a centre that is not set up or
    when the role or the code is another station's.
    """
    if len(one.public_key) != 32:
        raise Refused("A station's public key has 32 bytes; {count} were given.", count=len(one.public_key))
    try:
        with connection.transaction():
            _check_free(connection, one)
            _make_role(connection, one.role, password)
            connection.execute(
                "insert into leitstand.station (tenant_id, site_id, station_id, code, pg_role, public_key, cert_fpr,"
                " state, enrolled_at) values (%s, %s, %s, %s, %s, %s, %s, 'enrolled', now()) "
                "on conflict (tenant_id, site_id, station_id) do update set code = excluded.code,"
                " pg_role = excluded.pg_role, public_key = excluded.public_key, cert_fpr = excluded.cert_fpr,"
                " state = 'enrolled', enrolled_at = now(), revoked_at = null",
                (one.tenant, one.site, one.station, one.code, one.role, one.public_key, one.cert_fpr),
            )
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedObject) as error:
        raise not_set_up() from error
    return one.role


def revoke(connection: "psycopg.Connection[Any]", tenant: UUID, site: UUID, station: UUID) -> int:
    """Shut a station out: its role cannot log in, its sessions end, and where its streams stood is kept.

    Gives how many of its streams are known; their later events are flagged by who receives the fact. Raises Refused
    when the centre does not know the station.
    """
    with connection.transaction():
        row = connection.execute(
            "update leitstand.station set state = 'revoked', revoked_at = now() "
            "where tenant_id = %s and site_id = %s and station_id = %s returning pg_role",
            (tenant, site, station),
        ).fetchone()
        if row is None:
            raise Refused("The centre knows no station {station} of this site.", station=station)
        kept = connection.execute(
            "insert into leitstand.revocation (tenant_id, site_id, station_id, stream_id, after_seq) "
            "select s.tenant_id, s.site_id, s.station_id, t.stream_id, max(t.seq) from leitstand.stream s "
            "join leitstand.stream_tip t using (tenant_id, site_id, stream_id) "
            "where s.tenant_id = %s and s.site_id = %s and s.station_id = %s group by 1, 2, 3, 4",
            (tenant, site, station),
        ).rowcount
        if row[0]:
            connection.execute(sql.SQL("alter role {} nologin").format(sql.Identifier(row[0])))
    if row[0]:
        _may_end_sessions_of(connection, row[0])
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", (row[0],))
    return kept


def not_set_up() -> Refused:
    return Refused("This database is no centre of this version yet: leitstand centre init URL")


def _check_free(connection: "psycopg.Connection[Any]", one: Enrolment) -> None:
    other = connection.execute(
        "select station_id from leitstand.station where (tenant_id, site_id, station_id) <> (%s, %s, %s) "
        "and (pg_role = %s or (tenant_id = %s and site_id = %s and code = %s and state = 'enrolled')) limit 1",
        (one.tenant, one.site, one.station, one.role, one.tenant, one.site, one.code),
    ).fetchone()
    if other is not None:
        raise Refused("Station {station} of this site has the code {code} already.", station=other[0], code=one.code)


def _make_role(connection: "psycopg.Connection[Any]", name: str, password: str) -> None:
    role = sql.Identifier(name)
    if connection.execute("select 1 from pg_roles where rolname = %s", (name,)).fetchone() is None:
        connection.execute(sql.SQL("create role {} nologin").format(role))
    login = "alter role {} with login connection limit {} password {}"
    connection.execute(sql.SQL(login).format(role, sql.Literal(_CONNECTIONS), sql.Literal(password)))
    for key, value in _SETTINGS:
        connection.execute(sql.SQL("alter role {} set {} = {}").format(role, sql.Identifier(key), sql.Literal(value)))
    connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(STATIONS), role))


def _may_end_sessions_of(connection: "psycopg.Connection[Any]", name: str) -> None:
    """Who is not a superuser ends the sessions only of roles whose rights he has."""
    me = connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
    if me is not None and not me[0]:
        connection.execute(sql.SQL("grant {} to current_user with inherit true").format(sql.Identifier(name)))
