"""What an administrator's `centre init` settles beside the migrations: partitions, guards, owner and rights.

Every step looks first and may be repeated. Runs in the transaction of the migrations.
"""

from typing import Any

import psycopg
from psycopg import sql

from console.services.sync.central_schema_2 import VIEW_NAMES, VIEWS

OWNER = "leitstand_owner"  # owns everything, cannot log in
STATIONS = "leitstand_stations"  # group of the stations' roles: EXECUTE on the functions below
AUDITORS = "auditor_ro"  # group of auditors: SELECT on the views
GROUPS = (OWNER, STATIONS, AUDITORS)
STATION_FUNCTIONS = (
    "archive", "hello", "push", "tips", "pull", "hashes", "events_by_hash", "confirm", "receipts", "history_push",
    "history_heads", "history_since", "history_range", "history_open", "credential_push", "credential_pull",
    "samples_push", "samples_have", "samples_range", "samples_mark", "sample_tags_push", "sample_tags_find",
)  # fmt: skip
_PARTITIONED = ("event", "alarm_log", "alarm_sighting")
_GUARDED = ("event", "receipt", "revocation", "archive_segment")

Connection = psycopg.Connection[Any]


def make_groups(connection: Connection) -> None:
    """The three roles without login; they belong to the whole server, so another centre may have made them."""
    for name in GROUPS:
        if connection.execute("select 1 from pg_roles where rolname = %s", (name,)).fetchone() is None:
            with connection.transaction():
                connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(name)))
    me = connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
    if me is not None and not me[0]:  # who is not a superuser hands things over only to a role that he belongs to
        connection.execute(sql.SQL("grant {} to current_user with inherit true, set true").format(_name(OWNER)))


def partition_by(connection: Connection, partitions: int) -> None:
    """Store the large tables in so many hash partitions by site, 0 = plain; what they hold is copied over."""
    if all(_partitions_of(connection, table) == partitions for table in _PARTITIONED):
        return
    connection.execute(sql.SQL("drop view {}").format(sql.SQL(", ").join(map(_name, VIEW_NAMES))))
    for table in _PARTITIONED:
        _rebuild(connection, table, partitions)
    connection.execute(VIEWS.encode())


def partitions_now(connection: Connection) -> int:
    return _partitions_of(connection, "event")


def _partitions_of(connection: Connection, table: str) -> int:
    row = connection.execute("select count(*) from pg_inherits where inhparent = %s::regclass", (f"leitstand.{table}",))
    found = row.fetchone()
    kind = connection.execute("select relkind from pg_class where oid = %s::regclass", (f"leitstand.{table}",))
    is_plain = kind.fetchone() in {("r",), (b"r",)}
    return -1 if found is None or (found[0] == 0 and not is_plain) else int(found[0])


def _rebuild(connection: Connection, table: str, partitions: int) -> None:
    old, new = _name(f"{table}_old"), _name(table)
    for (name,) in connection.execute(
        "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = %s::regclass",
        (f"leitstand.{table}",),
    ).fetchall():
        connection.execute(sql.SQL("alter table {} rename to {}").format(_name(name), sql.Identifier(f"{name}_old")))
    connection.execute(sql.SQL("alter table {} rename to {}").format(new, sql.Identifier(f"{table}_old")))
    how = sql.SQL("partition by hash (site_id)") if partitions else sql.SQL("")
    connection.execute(sql.SQL("create table {} (like {} including all) {}").format(new, old, how))
    for number in range(partitions):
        statement = "create table {} partition of {} for values with (modulus {}, remainder {})"
        part = _name(f"{table}_{number}")
        connection.execute(sql.SQL(statement).format(part, new, sql.Literal(partitions), sql.Literal(number)))
    connection.execute(sql.SQL("insert into {} select * from {}").format(new, old))
    connection.execute(sql.SQL("drop table {}").format(old))


def guard(connection: Connection) -> None:
    """Triggers that forbid change on what is never changed, on each partition too: TRUNCATE may name one alone."""
    rows = connection.execute(
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname = 'leitstand' and c.relkind in ('r', 'p') and (c.relname = any(%s) or exists ("
        "  select 1 from pg_inherits i join pg_class p on p.oid = i.inhparent"
        "  where i.inhrelid = c.oid and p.relname = any(%s)))"
        "and not exists (select 1 from pg_trigger t where t.tgrelid = c.oid and t.tgname = c.relname || '_unchanged')",
        (list(_GUARDED), list(_GUARDED)),
    ).fetchall()
    for (table,) in rows:
        statement = (
            "create trigger {} before update or delete or truncate on {} for each statement "
            "execute function leitstand.refuse_change()"
        )
        connection.execute(sql.SQL(statement).format(sql.Identifier(f"{table}_unchanged"), _name(table)))


def give_rights(connection: Connection) -> None:
    """Everything belongs to the owner; stations may call their functions, auditors read the views, nobody else."""
    database = connection.execute("select current_database()").fetchone()
    assert database is not None
    names = {
        "db": sql.Identifier(str(database[0])), "owner": sql.Identifier(OWNER),
        "stations": sql.Identifier(STATIONS), "auditors": sql.Identifier(AUDITORS),
    }  # fmt: skip
    for text in (
        "revoke all on database {db} from public",
        "grant connect on database {db} to {stations}, {auditors}",
        "grant create on database {db} to {owner}",
        "alter schema leitstand owner to {owner}",
        "revoke create on database {db} from {owner}",
    ):
        connection.execute(sql.SQL(text).format(**names))
    for kind, name in _objects(connection):
        connection.execute(sql.SQL("alter {} {} owner to {owner}").format(sql.SQL(kind), sql.SQL(name), **names))
    for text in (
        "revoke all on all tables in schema leitstand from public, {stations}, {auditors}",
        "revoke all on all functions in schema leitstand from public, {stations}, {auditors}",
        "revoke all on schema leitstand from public",
        "grant usage on schema leitstand to {stations}, {auditors}",
        "grant execute on function leitstand.readable(bytea) to {auditors}",
    ):
        connection.execute(sql.SQL(text).format(**names))
    _take_back(connection)
    views = sql.SQL(", ").join(map(_name, VIEW_NAMES))
    connection.execute(sql.SQL("grant select on {} to {auditors}").format(views, **names))
    for function in STATION_FUNCTIONS:
        connection.execute(sql.SQL("grant execute on function {} to {stations}").format(_name(function), **names))


def _take_back(connection: Connection) -> None:
    """Rights on tables that somebody granted by hand, as version 1's demo did."""
    rows = connection.execute(
        "select distinct c.relname, r.rolname from pg_class c cross join lateral aclexplode(c.relacl) a "
        "join pg_roles r on r.oid = a.grantee where c.relnamespace = 'leitstand'::regnamespace "
        "and c.relkind in ('r', 'p') and a.grantee <> c.relowner"
    ).fetchall()
    for table, role in rows:
        connection.execute(sql.SQL("revoke all on {} from {}").format(_name(table), sql.Identifier(role)))


def _objects(connection: Connection) -> list[tuple[str, str]]:
    """Kind and quoted name of everything in the schema that is not the owner's yet."""
    return connection.execute(
        "select case c.relkind when 'v' then 'view' else 'table' end, c.oid::regclass::text from pg_class c "
        "where c.relnamespace = 'leitstand'::regnamespace and c.relkind in ('r', 'p', 'v') "
        "and pg_get_userbyid(c.relowner) <> %s "
        "union all select 'function', p.oid::regprocedure::text from pg_proc p "
        "where p.pronamespace = 'leitstand'::regnamespace and pg_get_userbyid(p.proowner) <> %s",
        (OWNER, OWNER),
    ).fetchall()


def _name(table: str) -> sql.Composable:
    return sql.Identifier(table) if table in GROUPS else sql.Identifier("leitstand", table)
