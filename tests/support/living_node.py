"""A Sparkplug node that lives: publishes several times a second, is born again when asked or connected anew."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import paho.mqtt.client as mqtt

from tests.support.edge import M, SparkplugEdge, payload

_PACE_S = 0.2


class LivingNode(SparkplugEdge):
    """One device; `values` are its metrics, by name, and may be changed at any time with `set`."""

    def __init__(self, port: int, group: str, node: str, device: str, values: dict[str, float]) -> None:
        self._device = device
        self._values = dict(values)
        self._lock = threading.Lock()
        self._must_be_born = threading.Event()
        self._end = threading.Event()
        self._count = 0
        super().__init__(port, group, node)
        self._client.reconnect_delay_set(1, 1)
        self._must_be_born.set()
        self._thread = threading.Thread(target=self._live, name=f"living-{node}", daemon=True)
        self._thread.start()

    def set(self, **values: float) -> None:
        with self._lock:
            self._values.update(values)

    def end(self) -> None:
        """NDEATH, DISCONNECT, no thread left."""
        self._end.set()
        self._thread.join(10)
        self.close()

    def cut(self) -> None:
        """The node vanishes; its broker sends the will."""
        self._end.set()
        self._thread.join(10)
        self.die()

    def _live(self) -> None:
        while not self._end.wait(_PACE_S):
            if not self._client.is_connected():
                continue
            if self.rebirth_wanted.is_set() or self._must_be_born.is_set():
                self.rebirth_wanted.clear()
                self._must_be_born.clear()
                self.seq = 0
                born = [M("bdSeq", self.bd_seq, 4), M("Node Control/Rebirth", False, 11)]
                self._send(self.topic("NBIRTH"), born)
                self._send(self.topic("DBIRTH", self._device), self._metrics())
            self._send(self.topic("DDATA", self._device), self._metrics())

    def _metrics(self) -> list[M]:
        with self._lock:
            self._count += 1
            return [M("Count", self._count, 4), *(M(name, value, 10) for name, value in self._values.items())]

    def _send(self, topic: str, metrics: list[M]) -> None:
        self._client.publish(topic, payload(metrics, seq=self.next_seq()))

    def _on_connect(self, client: mqtt.Client, *rest: object) -> None:
        super()._on_connect(client, *rest)
        self._must_be_born.set()


@contextmanager
def living_node(
    port: int, values: dict[str, float], group: str = "plant", node: str = "line1", device: str = "press1"
) -> Iterator[LivingNode]:
    made = LivingNode(port, group, node, device, values)
    try:
        yield made
    finally:
        made.end()
