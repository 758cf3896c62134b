"""Messages of a small Sparkplug plant for services that follow the tag store."""

from uuid import UUID

import numpy as np

from console.domain import identity
from console.domain.quality import Detail, Quality
from console.domain.tags import Tag, TagSource
from console.domain.values import ValueType
from console.services.records import LinkRecord, NodeRecord
from console.services.telemetry.batch import LinkChanged, QualityChanged, SampleBatch, SessionChanged

SITE = UUID(int=11)
S = 1_000_000


def tag(handle, node="PLC", device="", metric="temp", value_type=ValueType.DOUBLE, unit="°C"):
    source = TagSource("plant", "KAS", node, device, metric)
    return Tag(
        handle,
        identity.tag_id(SITE, "plant", "KAS", node, device, metric),
        identity.asset_id(SITE, source.asset_path()),
        source,
        value_type,
        unit,
    )


def samples(*rows):
    """(handle, time_us, value[, quality[, flags]]) per row."""
    full = [(*row, *(0, 0)[len(row) - 3 :]) for row in rows]
    columns = list(zip(*full, strict=True)) if full else [(), (), (), (), ()]
    return SampleBatch(
        np.array(columns[0], np.int32),
        np.array(columns[1], np.int64),
        np.array(columns[1], np.int64),
        np.array(columns[2], np.float64),
        np.array(columns[3], np.uint8),
        np.zeros(len(full), np.uint8),
        np.array(columns[4], np.uint8),
    )


def quality(handles, value: Quality, at_us, detail=Detail.NONE):
    return QualityChanged(np.array(handles, np.int32), int(value), int(detail), at_us)


def session(node="PLC", device="", state="online", since_us=1 * S, handles=()):
    asset = identity.asset_id(SITE, "/".join(part for part in ("plant", "KAS", node, device) if part))
    record = NodeRecord("plant", "KAS", node, device, asset, state, since_us)
    return SessionChanged(record, np.array(handles, np.int32), since_us)


def link(state, at_us):
    return LinkChanged("plant", LinkRecord("broker:plant", state, at_us), at_us)


def asset(path):
    return identity.asset_id(SITE, path)
