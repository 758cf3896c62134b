"""A synthetic month of an alarm log: quiet nights, floods, chatter, standing alarms, shelves, gaps, a clock change."""

import random
from datetime import datetime
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from console.services.alarms.alarm_tables import alarm_log, alarm_open

S = 1_000_000
MIN, HOUR, DAY = 60 * S, 3600 * S, 86400 * S
ZONE = "Europe/Berlin"
_SITE = UUID(int=7)


def condition(number: int) -> bytes:
    return uuid5(_SITE, str(number)).bytes


def at(text: str, zone: str = ZONE) -> int:
    """Microseconds of a moment of the site."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * S


class Month:
    """Rows (condition, start, transition, at, priority) from `low` to `high`; `watched` has holes in it."""

    def __init__(self, low: int, high: int, seed: int = 1, conditions: int = 60) -> None:
        self.low, self.high, self._random = low, high, random.Random(seed)
        self.rows: list[tuple[bytes, int, str, int, int]] = []
        self._busy: dict[int, int] = {}
        hole = low + 9 * DAY + 4 * HOUR
        self.watched = [(low, hole), (hole + 13 * HOUR, high - 5 * DAY), (high - 5 * DAY + 20 * S, high)]
        self._holes = [(hole, hole + 13 * HOUR)]
        self._standing(conditions)
        self._everyday(conditions)
        self._floods(conditions)
        self._chatter(conditions)
        self._aside(conditions)
        self.rows.sort(key=lambda row: row[3])

    def alarm(self, number: int, start: int, lasts: int | None, ack: int | None, steps: tuple[str, ...] = ()) -> None:
        """One occurrence; `ack` after its start, None: never."""
        if start < self._busy.get(number, 0) or any(b <= start < e for b, e in self._holes):
            return
        self._busy[number] = start + (lasts if lasts is not None else 400 * DAY) + 1
        who, priority = condition(number), (4, 4, 4, 4, 4, 3, 3, 2, 1, 5)[number % 10]
        found = [("raised", start)]
        found += [(word, start + (nth + 1) * 7 * S) for nth, word in enumerate(steps)]
        if ack is not None:
            found.append(("acknowledged", start + ack))
        if lasts is not None:
            found.append(("returned", start + lasts))
            if ack is not None:
                found.append(("closed", start + max(ack, lasts)))
        self.rows += [(who, start, word, moment, priority) for word, moment in found]

    def _standing(self, conditions: int) -> None:
        for number in range(conditions, conditions + 6):
            self.alarm(number, self.low - number % 4 * DAY - 5 * HOUR, None, None if number % 2 else 40 * S)
        self.alarm(conditions + 6, self.low + 3 * DAY, 5 * DAY + HOUR, 3 * MIN, ("severity_up", "severity_down"))
        self.alarm(conditions + 7, self.low + 20 * DAY, 24 * HOUR, 3 * MIN)

    def _everyday(self, conditions: int) -> None:
        moment = self.low
        while moment < self.high:
            moment += int(self._random.expovariate(1 / (8 * MIN)))
            steps = ("severity_up",) if self._random.random() < 0.1 else ()
            ack = None if self._random.random() < 0.2 else self._random.randrange(2 * S, 900 * S)
            lasts = self._random.choice((3 * S, 10 * S, 10 * S + 1, 40 * S, 9 * MIN, 2 * HOUR))
            if lasts > 20 * MIN and self._random.random() < 0.3:
                steps = (*steps, "realarmed")
            self.alarm(self._random.randrange(conditions), moment, lasts, ack, steps)

    def _floods(self, conditions: int) -> None:
        for day, size, pause in ((2, 300, 2 * S), (14, 60, 5 * S), (24, 45, 30 * S), (27, 12, 40 * S)):
            begin = self.low + day * DAY + 3 * HOUR
            for nth in range(size):
                number = 1000 + self._random.randrange(200)
                self.alarm(number, begin + nth * pause, self._random.randrange(5 * S, HOUR), 20 * MIN)
        # at the edge of the window: the flood runs on
        for nth in range(30):
            self.alarm(2000 + nth, self.high - 100 * S + nth * S, 30 * MIN, None)
            self.alarm(2100 + nth, self.low - 9 * MIN + nth * S, 30 * MIN, None)

    def _chatter(self, conditions: int) -> None:
        for number, count, gap in ((3000, 3, 30 * S), (3001, 40, 12 * S), (3002, 3, 30 * S + 1), (3003, 7, 20 * S)):
            for burst in range(3):
                begin = self.low + (5 + 6 * burst) * DAY + number % 10 * HOUR
                for nth in range(count):
                    self.alarm(number, begin + nth * gap, 3 * S, None if nth % 2 else 2 * S)

    def _aside(self, conditions: int) -> None:
        pairs = (
            ("shelved", "shelf_expired", 2 * HOUR),
            ("shelved", "unshelved", 20 * MIN),
            ("shelved", "shelf_returned", 5 * MIN),
            ("suppressed", "unsuppressed", 6 * HOUR),
            ("masked", "unmasked", 3 * HOUR),
            ("out_of_service", "returned_to_service", 4 * DAY),
        )
        for nth in range(120):
            on, off, lasts = pairs[nth % len(pairs)]
            number, begin = self._random.randrange(conditions + 8), self._random.randrange(self.low - DAY, self.high)
            self.rows.append((condition(number), 0, on, begin, 3))
            if nth % 3 == 0:
                self.rows.append((condition(number), 0, on, begin + lasts // 2, 3))  # extended
            self.rows.append((condition(number), 0, off, begin + lasts, 3))
        self.rows.append((condition(5), 0, "out_of_service", self.low - 20 * DAY, 3))
        self.rows.append((condition(6), 0, "out_of_service", self.high - 20 * DAY, 3))
        self.rows.append((condition(7), 0, "taken", self.low + DAY, 3))
        self.rows.append((condition(8), 0, "shelved", self.high - HOUR, 3))


def write_log(connection: Connection, rows: list[tuple[bytes, int, str, int, int]]) -> None:
    """Into the real tables, open occurrences included."""
    names = ("condition_id", "start_us", "transition", "at_us", "priority")
    rest = {"severity": 1, "text": "Temperature high", "kind": "limit", "rule_id": "r", "side": "high"}
    connection.execute(
        alarm_log.insert(),
        [
            {
                **dict(zip(names, row, strict=True)),
                **rest,
                "n": nth,
                "receive_us": row[3],
                "subject": f"plant/{row[0].hex()[:6]}",
                "area": f"Area {row[0][0] % 3}",
                "asset_name": "Furnace",
                "who": "",
            }
            for nth, row in enumerate(rows)
        ],
    )
    ended = {row[:2] for row in rows if row[2] in ("closed", "retired", "superseded")}
    still = sorted({row[:2] for row in rows if row[1]} - ended)
    if still:
        connection.execute(alarm_open.insert(), [{"condition_id": one[0], "start_us": one[1]} for one in still])
