"""Until when the plant was looked at: what a killed station's history must not claim to know afterwards."""

from sqlalchemy.engine import Connection

from console.services.storage.direct import direct

_NAME = "alive_us"


def alive_us(connection: Connection) -> int:
    """Wall time, us UTC; 0: nobody ever looked."""
    row = direct(connection, "SELECT value FROM counter WHERE name = ?", (_NAME,)).fetchone()
    return int(row[0]) if row else 0


def put_alive(connection: Connection, now_us: int) -> None:
    """Everything up to now is known, or its loss is."""
    sql = "INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    direct(connection, sql, (_NAME, now_us))
