"""A station whose own clock was set back says so once, instead of blaming every node of the plant."""

import pytest

from console.domain.alarms import AlarmKind
from console.services.alarms.engine import AlarmEngine
from tests.services.telemetry.rig import SITE, Rig
from tests.support.edge import M

HOUR_S = 3600


class Desk(Rig):
    """Eight nodes that speak once a second, an alarm engine, and our own clock that can be set."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = AlarmEngine(SITE, self.store)
        self.ingest._consumers = (*self.ingest._consumers, self.engine)
        self.nodes = [f"n{number}" for number in range(8)]
        self.next_seq = dict.fromkeys(self.nodes, 1)
        for node in self.nodes:
            self.birth(M("a", 1.0, alias=1), node=node, seq=0)

    def speak(self, seconds: int, ahead_s: dict[str, float] | float = 0.0) -> None:
        for _ in range(seconds):
            for node in self.nodes:
                ahead = ahead_s.get(node, 0.0) if isinstance(ahead_s, dict) else ahead_s
                metrics = [M(alias=1, value=2.0, type=0)]
                self.send("NDATA", metrics, node=node, seq=self.next_seq[node], late_s=-ahead)
                self.next_seq[node] = (self.next_seq[node] + 1) % 256
            self.pass_time(1)
            self.engine.tick(self.now_us, self.mono_s)

    def active(self) -> list[tuple[AlarmKind, str]]:
        delta = self.engine.snapshot()
        return [(c.kind, c.subject) for c in delta.conditions if self.engine._book.rows.is_active(c.row)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_our_own_clock_that_is_wrong_is_one_alarm_and_ends_when_it_is_right_again(desk: Desk) -> None:
    desk.speak(2)
    desk.now_us -= HOUR_S * 1_000_000
    desk.speak(20, ahead_s=HOUR_S)
    assert desk.active() == [(AlarmKind.SYSTEM, "own clock")]
    desk.now_us += HOUR_S * 1_000_000
    desk.speak(70)
    assert desk.active() == []


def test_one_node_with_a_wrong_clock_is_still_blamed_itself(desk: Desk) -> None:
    desk.speak(10, ahead_s={"n3": HOUR_S})
    assert desk.active() == [(AlarmKind.CLOCK, "plant/g/n3")]
