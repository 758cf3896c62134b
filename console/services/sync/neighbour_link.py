"""The neighbours' thread: one MQTT connection of its own beside telemetry's, so that no flood of values delays a fact.

Connects, keeps alive and notices every kind of loss like `telemetry/mqtt_link`; what is said on it is `Speaker`'s.
"""

import logging
import select
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import paho.mqtt.client as mqtt

from console.config.settings import BrokerSettings
from console.services.sync.neighbour_frames import MAX_FRAME
from console.services.telemetry import link_words as words
from console.services.telemetry.clock import Clock
from console.services.telemetry.link_words import LinkLost
from console.services.telemetry.mqtt_client import WiredClient, make_client
from console.services.telemetry.wire import Wire

SILENCE_S = 3.0  # no packet for so long means lost even if TCP stands
_PING_S = 1.0
_IDLE_S = 0.02
_RETRY_S = (1.0, 2.0, 3.0)
_GOODBYE_S = 1.0
log = logging.getLogger(__name__)


class Speaker(Protocol):
    """What is said and heard; called in the link's thread only."""

    def filters(self) -> tuple[str, ...]: ...

    def will(self) -> tuple[str, bytes]:
        """Topic and payload that the broker says, retained, when this station falls silent."""
        ...

    def on_live(self) -> None: ...

    def on_lost(self, state: str, detail: str) -> None: ...

    def take(self, topic: bytes, payload: bytes, retained: bool, mid: int) -> None:
        """`mid` is 0 where nothing is to be acknowledged; else it counts as taken once `ack(mid)` was called."""
        ...

    def oversize(self, topic: bytes, size: int) -> None: ...

    def turn(self) -> None:
        """Timers; some fifty times a second, also while there is no link."""
        ...

    def goodbye(self) -> None:
        """The last words of a clean end."""
        ...


class NeighbourLink:
    """Start once, stop once. `post`, `ask_stop` and `stop` may be called in any thread, the rest in the link's own.

    `open_speaker` is called in the thread and gives the speaker and what closes its files.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        client_id: str,
        open_speaker: "Callable[[NeighbourLink], tuple[Speaker, Callable[[], None]]]",
        clock: Clock,
        random: Callable[[], float],
    ) -> None:
        self._settings = replace(settings, max_payload=MAX_FRAME)
        self._client_id = client_id
        self._open_speaker = open_speaker
        self._clock = clock
        self._random = random
        self._stop = threading.Event()
        self._posted: deque[Callable[[], None]] = deque()
        self._client: WiredClient | None = None
        self._failure: LinkLost | None = None
        self._was_live = False
        self._speaker: Speaker
        self._thread = threading.Thread(target=self._run, name="neighbours", daemon=True)

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def ask_stop(self) -> None:
        """Begin to stop, without waiting."""
        self._stop.set()

    def stop(self, patience_s: float = 8.0) -> None:
        """Last words, DISCONNECT, and the thread ends; some four seconds when the broker does not answer."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(patience_s)

    def post(self, work: Callable[[], None]) -> None:
        """Run this in the link's thread, soon and in order."""
        self._posted.append(work)

    # --- the thread ------------------------------------------------------------------------------------------------

    def send(self, topic: str, payload: bytes, qos: int = 0, *, retain: bool = False) -> bool:
        """False while there is no link: nothing is kept for later, because polling is the truth."""
        if self._client is None or not self._was_live:
            return False
        self._client.publish(topic, payload, qos=qos, retain=retain)
        return True

    def ack(self, mid: int) -> None:
        """A message of the present connection is taken care of, durably."""
        if mid and self._client is not None and self._was_live:
            self._client.ack(mid, 1)

    def _run(self) -> None:
        try:
            self._speaker, close = self._open_speaker(self)
        except Exception:
            log.exception("the exchange with neighbours cannot begin")
            return
        failures = 0
        while not self._stop.is_set():
            self._was_live = False
            try:
                self._one_connection()
            except LinkLost as lost:
                self._lose(lost)
            except OSError as error:
                self._lose(words.lost_by(error))
            except Exception:
                log.exception("the link to the neighbours failed")
                self._lose(LinkLost(words.DEFECT))
            failures = 0 if self._was_live else min(failures + 1, len(_RETRY_S) - 1)
            self._rest(_RETRY_S[failures] * (0.8 + 0.4 * self._random()))
        self._lose(LinkLost("", "off"))
        close()

    def _lose(self, lost: LinkLost) -> None:
        self._client = None
        self._speaker.on_lost(lost.state, lost.detail)

    def _rest(self, seconds: float) -> None:
        until_s = self._clock.mono_s() + seconds
        while not self._stop.is_set() and self._clock.mono_s() < until_s:
            self._turn()
            self._stop.wait(_IDLE_S)

    def _one_connection(self) -> None:
        """From CONNECT to the loss of the link (raises) or a clean exit (returns)."""
        client = make_client(self._settings, self._client_id)
        client.manual_ack_set(True)
        self._client, self._failure = client, None
        topic, payload = self._speaker.will()
        client.will_set(topic, payload, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        try:
            wire = client.open()
            self._serve(client, wire)
            self._say_goodbye(client, wire)
        finally:
            if client.wire is not None:
                client.wire.close()

    def _serve(self, client: WiredClient, wire: Wire) -> None:
        heard_s = pinged_s = self._clock.mono_s()
        while not self._stop.is_set():
            is_readable = wire.is_saturated or wire.pending() or _wait(wire, client.want_write())
            mono_s = self._clock.mono_s()
            if is_readable and wire.fill():
                heard_s = mono_s
            wire.cut(self, self._let_paho_read)
            if self._failure is not None:
                raise self._failure
            if wire.is_closed:
                raise LinkLost(words.CLOSED)
            if mono_s - heard_s >= SILENCE_S:
                raise LinkLost(words.SILENT if self._was_live else words.NO_ANSWER)
            self._turn()
            if client.want_write():
                client.loop_write()
            elif self._was_live and mono_s - pinged_s >= _PING_S:
                pinged_s = mono_s
                _ping(wire)

    def _turn(self) -> None:
        while self._posted:
            self._guarded(self._posted.popleft())
        self._guarded(self._speaker.turn)

    @staticmethod
    def _guarded(work: Callable[[], None]) -> None:
        """A defect in one message must not end the exchange with all neighbours."""
        try:
            work()
        except Exception:
            log.exception("a defect in the exchange with neighbours")

    def _let_paho_read(self) -> None:
        assert self._client is not None
        if self._client.loop_read() != mqtt.MQTT_ERR_SUCCESS and self._failure is None:
            self._failure = LinkLost(words.CLOSED)

    def _say_goodbye(self, client: WiredClient, wire: Wire) -> None:
        if not self._was_live:
            return
        self._guarded(self._speaker.goodbye)
        until_s = self._clock.mono_s() + _GOODBYE_S
        while client.want_write() and self._clock.mono_s() < until_s and not wire.is_closed:
            client.loop_write()
            _wait(wire, True)
        client.disconnect()
        while client.want_write() and self._clock.mono_s() < until_s and not wire.is_closed:
            client.loop_write()

    # --- what paho and the wire call -------------------------------------------------------------------------------

    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._failure = words.refused_by(reason)
            return
        client.subscribe([(topic, 1) for topic in self._speaker.filters()])

    def _on_subscribe(self, _client: mqtt.Client, _data: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        if any(reason.is_failure for reason in reasons):
            self._failure = LinkLost(words.NO_SUBSCRIPTION, "refused")
            return
        self._was_live = True
        self._guarded(self._speaker.on_live)

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        mid = message.mid if message.qos == 1 else 0
        topic, payload = bytes(message._topic), bytes(message.payload)
        self._guarded(lambda: self._speaker.take(topic, payload, message.retain, mid))

    def publish(self, topic: bytes, payload: bytes, retained: bool) -> None:
        self._guarded(lambda: self._speaker.take(topic, bytes(payload), retained, 0))

    def oversize(self, topic: bytes, size: int) -> None:
        self._speaker.oversize(topic, size)


def _wait(wire: Wire, wants_write: bool) -> bool:
    """Until something can be read, at most one idle step."""
    try:
        readable, _, _ = select.select([wire], [wire] if wants_write else [], [], _IDLE_S)
    except ValueError as error:  # closed under us
        raise LinkLost(words.CLOSED) from error
    return bool(readable)


def _ping(wire: Wire) -> None:
    """Our own keep-alive: paho's would give up while a long packet is still coming in."""
    try:
        wire.send(b"\xc0\x00")
    except BlockingIOError:
        return  # the silence rule decides
