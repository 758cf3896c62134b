"""The central PostgreSQL's schema as ordered migrations, done by an administrator's `centre init`.

Every key starts with tenant and site; no sequences, no cross-site keys, no table locks, no NOTIFY; events and receipts
are never changed, by nobody. `PROTOCOL` is what this program speaks with the functions; a station never migrates.
"""

from typing import Any

import psycopg

from console.domain.refusal import Refused
from console.services.sync import central_layout, central_schema_1
from console.services.sync.central_schema_1 import first
from console.services.sync.central_schema_2 import second
from console.services.sync.central_schema_3 import third
from console.services.sync.central_schema_4 import fourth

PROTOCOL = 2
MIGRATIONS = (first, second, third, fourth)
_LOCK = 0x4C454954  # one migrating administrator at a time


class CentreRefuses(Refused):
    """The centre cannot be used by this program as it is; trying again alone will not help."""


def ensure_schema(connection: "psycopg.Connection[Any]", partitions: int | None = None) -> None:
    """Do the missing migrations, settle owner and rights; as an administrator: superuser, or CREATEROLE and owner of
    the database. May be repeated.

    `partitions` of the large tables by site: 0 = plain, None = as they are (a new centre: 8). The connection must be
    in autocommit mode. Raises CentreRefuses when the centre is newer or the role may not.
    """
    found = schema_version(connection)
    if found > len(MIGRATIONS):
        raise CentreRefuses("The central database needs a newer Leitstand.")
    try:
        with connection.transaction():
            connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
            central_layout.make_groups(connection)
            found = schema_version(connection)
            for number in range(found, len(MIGRATIONS)):
                MIGRATIONS[number](connection)
                connection.execute(
                    "insert into leitstand.meta values ('schema_ver', %s) "
                    "on conflict (name) do update set value = excluded.value",
                    (str(number + 1),),
                )
            if partitions is None:
                partitions = central_layout.partitions_now(connection) if found else central_schema_1.PARTITIONS
            central_layout.partition_by(connection, partitions)
            central_layout.guard(connection)
            central_layout.give_rights(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        reason = str(error).strip().splitlines()[0]
        raise CentreRefuses(
            "Setting up the central database needs an administrator: {reason}", reason=reason
        ) from error


def schema_version(connection: "psycopg.Connection[Any]") -> int:
    """The number of migrations done; 0 for a database that is no centre. Needs the right to read."""
    row = connection.execute("select to_regclass('leitstand.meta')").fetchone()
    if row is None or row[0] is None:
        return 0
    row = connection.execute("select value from leitstand.meta where name = 'schema_ver'").fetchone()
    return int(row[0]) if row else 0
