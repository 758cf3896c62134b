"""Nodes whose time stamps cannot be: one clock alarm each, seen in the samples themselves."""

from uuid import UUID

import numpy as np

from console.domain import identity
from console.domain.quality import Detail
from console.services.alarms.sessions import Sessions
from console.services.telemetry.batch import SampleBatch, TagColumns


class ClockWatch:
    """Looks at every batch; costs one comparison while all clocks are right."""

    def __init__(self, site_id: UUID, tags: TagColumns, sessions: Sessions) -> None:
        self._site_id = site_id
        self._tags = tags
        self._sessions = sessions

    def look(self, batch: SampleBatch, now_us: int) -> None:
        is_wrong = batch.detail == Detail.BAD_CLOCK
        wrong = np.flatnonzero(is_wrong)
        if len(wrong):
            _nodes, first = np.unique(self._tags.node[batch.handle[wrong]], return_index=True)
            for i in wrong[first].tolist():
                path = self._node_path(int(batch.handle[i]))
                asset_id = identity.asset_id(self._site_id, path)
                self._sessions.clock_wrong(asset_id, path, int(batch.source_us[i]), now_us)
        if self._sessions.awaits_clocks:
            good = batch.handle[~is_wrong]
            _nodes, first = np.unique(self._tags.node[good], return_index=True)
            for handle in good[first].tolist():
                self._sessions.clock_heard(identity.asset_id(self._site_id, self._node_path(handle)))

    def _node_path(self, handle: int) -> str:
        source = self._tags.tag(handle).source
        return "/".join(part for part in (source.broker, source.group, source.node) if part)
