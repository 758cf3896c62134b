"""Connections of the simulated plant to its broker: one paho client each, all served by one loop, no threads."""

import contextlib
import select
import socket
import time
from collections.abc import Callable

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from console.app.demo.edge import Outgoing
from console.app.demo.simulation import Action, Cut, Publish, Restore, Simulation

_RETRY_S = 0.5
_KEEPALIVE_S = 10
_MISC_S = 1.0


class PlantLink:
    """One connection. A new paho client per CONNECT, so that each has its own will (bdSeq)."""

    def __init__(self, name: str, simulation: Simulation, port: int, clock_us: Callable[[], int]) -> None:
        self.name = name
        self.is_cut = False
        self.is_live = False
        self.sent = 0
        self._simulation = simulation
        self._port = port
        self._clock_us = clock_us
        self._client: mqtt.Client | None = None

    @property
    def is_open(self) -> bool:
        return self._client is not None

    def open(self) -> bool:
        """One attempt to connect; False when the broker does not take it."""
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"plant-{self.name.replace('/', '-')}", protocol=mqtt.MQTTv311
        )
        will = self._simulation.will(self.name, self._clock_us())
        if will is not None:
            client.will_set(will.topic, will.payload, will.qos)
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.connect_timeout = 1.0
        try:
            client.connect("127.0.0.1", self._port, _KEEPALIVE_S)
        except OSError:
            return False
        self._client = client
        return True

    def socket(self) -> socket.socket | None:
        """The socket to select on, None while there is no connection."""
        found = self._client.socket() if self._client else None
        return found if isinstance(found, socket.socket) else None

    def wants_write(self) -> bool:
        return self._client is not None and self._client.want_write()

    def serve(self, can_read: bool, can_write: bool, is_time_for_misc: bool) -> None:
        """Let paho read, write and keep alive; a lost connection is forgotten and opened again later."""
        client = self._client
        if client is None:
            return
        results = [client.loop_read()] if can_read else []
        results += [client.loop_write()] if can_write else []
        results += [client.loop_misc()] if is_time_for_misc else []
        if any(result is not MQTTErrorCode.MQTT_ERR_SUCCESS for result in results):
            self._forget()

    def publish(self, message: Outgoing) -> None:
        """Send when connected; a plant device without a network loses its value, as real ones do."""
        if self.is_live and self._client is not None:
            self._client.publish(message.topic, message.payload, message.qos)
            self.sent += 1

    def cut(self) -> None:
        """Break without DISCONNECT, as when a switch dies: the broker publishes the will."""
        self.is_cut = True
        self._forget()

    def restore(self) -> None:
        self.is_cut = False

    def close(self) -> None:
        """Leave for good; the broker publishes the will, for a plant that is switched off is dead."""
        self._forget()

    def _forget(self) -> None:
        found = self.socket()
        self._client = None
        self.is_live = False
        if found is not None:
            with contextlib.suppress(OSError):
                found.shutdown(socket.SHUT_RDWR)
            found.close()

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: mqtt.ConnectFlags, reason: ReasonCode, _props: object
    ) -> None:
        if reason.is_failure:
            return
        self.is_live = True
        topic = self._simulation.command_topic(self.name)
        if topic:
            client.subscribe(topic, 1)
        for message in self._simulation.connected(self.name, self._clock_us()):
            self.publish(message)

    def _on_message(self, client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        for answer in self._simulation.commanded(self.name, bytes(message.payload), self._clock_us()):
            self.publish(answer)


class PlantLinks:
    """All connections of the plant; `turn` serves them until a deadline."""

    def __init__(self, simulation: Simulation, port: int, clock_us: Callable[[], int]) -> None:
        self._links = {name: PlantLink(name, simulation, port, clock_us) for name in simulation.connections()}
        self._next_attempt_s = 0.0
        self._next_misc_s = 0.0

    @property
    def live(self) -> int:
        return sum(link.is_live for link in self._links.values())

    @property
    def total(self) -> int:
        return len(self._links)

    @property
    def sent(self) -> int:
        return sum(link.sent for link in self._links.values())

    def do(self, action: Action) -> None:
        link = self._links[action.connection]
        match action:
            case Publish():
                link.publish(action.message)
            case Cut():
                link.cut()
            case Restore():
                link.restore()

    def turn(self, wait_s: float, control: socket.socket | None) -> bool:
        """Serve the sockets for at most `wait_s`; True when `control` has something to read."""
        self._open_missing()
        sockets = {found: link for link in self._links.values() if (found := link.socket()) is not None}
        reading = [*sockets, control] if control is not None else list(sockets)
        writing = [found for found, link in sockets.items() if link.wants_write()]
        if not reading:
            return False
        readable, writable, _ = select.select(reading, writing, [], max(0.0, wait_s))
        now_s = time.monotonic()
        is_time_for_misc = now_s >= self._next_misc_s
        if is_time_for_misc:
            self._next_misc_s = now_s + _MISC_S
        can_read, can_write = set(readable), set(writable)
        for found, link in sockets.items():
            link.serve(found in can_read, found in can_write, is_time_for_misc)
        return control in can_read

    def close(self) -> None:
        for link in self._links.values():
            link.close()

    def _open_missing(self) -> None:
        """After one refusal all wait: a refused connect takes up to two seconds on Windows."""
        now_s = time.monotonic()
        if now_s < self._next_attempt_s:
            return
        for link in self._links.values():
            if not link.is_open and not link.is_cut and not link.open():
                self._next_attempt_s = now_s + _RETRY_S
                return
