"""Annotations and pen groups at the real door: people, rights and journal of a station, on a journal in memory."""

from pathlib import Path

from console.domain.history.export_commands import ExportTrend
from console.services.trend_records import AnnotationRecord, PenGroupRecord
from console.services.trends.annotation_desk import AnnotationDesk
from console.services.trends.pen_group_desk import PenGroupDesk
from console.services.trends.trend_acts import TrendActs
from tests.support.people_desk import PeopleDesk


class TrendDesk(PeopleDesk):
    """`PeopleDesk` with annotations and pen groups; `record` and `group` tell what its window would show."""

    def __init__(self, folder: Path, code: str = "A1", number: int = 1) -> None:
        super().__init__(folder, code, number)
        self.annotations = AnnotationDesk(self.sign_on.name_of, self.gate.is_withheld)
        self.groups = PenGroupDesk(self.sign_on.name_of)
        self.gate.rejudged.subscribe(self.annotations.rejudge)
        self.log.entries.subscribe(self.annotations.apply)
        self.log.entries.subscribe(self.groups.apply)
        self.files = _NoFiles()
        acts = TrendActs(
            self.log,
            self.annotations,
            self.groups,
            self.files,
            clock_us=self.clock,
            random_bits=self.random_bits,
        )
        self.operations.extend(acts.acts())

    @property
    def records(self) -> tuple[AnnotationRecord, ...]:
        return self.annotations.snapshot().annotations

    @property
    def pen_groups(self) -> tuple[PenGroupRecord, ...]:
        return self.groups.snapshot().groups


class _NoFiles:
    """Remembers what was asked for."""

    def __init__(self) -> None:
        self.asked: list[ExportTrend] = []

    async def write(self, command: ExportTrend) -> tuple[str, int, str]:
        self.asked.append(command)
        return "trend.csv", 7, "ab" * 32
