"""When alarms were active lately, out of their log: what the strip of the last hours shows that no longer lasts."""

from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.engine import Connection

from console.services.story_records import PastAlarm, PastSpans

# An occurrence that returned long ago may be closed only now: the first of its ends counts. The newest ends are read
# by the index over time, the rest of each occurrence by the key.
_SPANS = """
SELECT e.condition_id, e.start_us, min(CASE WHEN l.transition IN ('returned', 'closed', 'retired') THEN l.at_us END),
    min(l.priority), max(l.text), max(l.asset_name), max(l.area)
FROM (SELECT DISTINCT condition_id, start_us FROM (
    SELECT condition_id, start_us FROM alarm_log
    WHERE at_us >= ? AND at_us < ? AND start_us > 0 AND transition IN ('returned', 'closed', 'retired')
    ORDER BY at_us DESC LIMIT ?)) e
JOIN alarm_log l ON l.condition_id = e.condition_id AND l.start_us = e.start_us
GROUP BY e.condition_id, e.start_us HAVING min(CASE WHEN l.transition IN ('returned', 'closed', 'retired')
    THEN l.at_us END) >= ?
ORDER BY 3
"""
_ENDS = 2  # rows of the log that tell of one end: returned and closed


def past_spans(connection: Connection, from_us: int, to_us: int, most: int) -> PastSpans:
    """What was active in [from_us, to_us) and ended there, by its end; of more than `most` the newest."""
    rows = connection.exec_driver_sql(_SPANS, (from_us, to_us, most * _ENDS, from_us)).all()[-most:]
    alarms: dict[tuple[Any, ...], int] = {}
    which = [alarms.setdefault((row[0], row[4], row[5], row[6]), len(alarms)) for row in rows]
    return PastSpans(
        tuple(PastAlarm(UUID(bytes=one[0]), *one[1:]) for one in alarms),
        np.asarray(which, np.int32),
        np.asarray([row[1] for row in rows], np.int64),
        np.asarray([row[2] for row in rows], np.int64),
        np.asarray([row[3] for row in rows], np.uint8),
    )
