"""One thread per broker: connects, keeps alive, notices every kind of loss, and feeds the Sparkplug host."""

import logging
import select
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt

from console.config.settings import BrokerSettings
from console.services.records import LinkRecord
from console.services.telemetry import link_words as words
from console.services.telemetry.batch import LinkChanged
from console.services.telemetry.clock import Clock
from console.services.telemetry.host_state import HostState, Reply
from console.services.telemetry.link_words import LinkLost
from console.services.telemetry.mqtt_client import WiredClient, make_client
from console.services.telemetry.outlet import Outlet
from console.services.telemetry.plain_topics import PlainTopics, without_covered
from console.services.telemetry.rebirth import Key, RebirthDesk
from console.services.telemetry.sparkplug_host import SparkplugHost, rebirth_payload, rebirth_topic
from console.services.telemetry.troubles import hex_example
from console.services.telemetry.wire import Wire

log = logging.getLogger(__name__)

SILENCE_S = 3.0  # no packet for so long means lost even if TCP stands
_PING_S = 1.0
_FLUSH_S = 0.015
_FLUSH_ROWS = 20_000
_TICK_S = 0.05
_IDLE_S = 0.02
_PAUSE_S = 0.004  # lets small packets gather, so that a flood does not cost a wake-up per message
_ROOM_S = 0.1  # a look whether the main thread has caught up
_RETRY_S = (1.0, 2.0, 3.0)
_GOODBYE_S = 1.0
_STATE_EVERY_S = 1.0
_SHORT_S, _SHORT_LIVES = 6.0, 2
_MAX_TOPICS = 200_000
_MAX_KEPT_TOPIC = 512  # bytes; who invents long topics must not fill the memory with them
_SPARKPLUG, _PLAIN, _OWN_STATE, _FOREIGN_STATE = range(4)


class MqttLink:
    """Start once, stop once. `record` is what people see of the link; it may be read from any thread."""

    def __init__(
        self,
        settings: BrokerSettings,
        client_id: str,
        state: HostState,
        host: SparkplugHost,
        plain: PlainTopics,
        outlet: Outlet,
        desk: RebirthDesk,
        clock: Clock,
        random: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._client_id = client_id
        self._state = state
        self._host = host
        self._plain = plain
        self._outlet = outlet
        self._desk = desk
        self._clock = clock
        self._random = random
        self._name = f"broker:{settings.name}"
        self.record = LinkRecord(self._name, "off", clock.now_us())
        self._stop = threading.Event()
        self._asked: deque[Key] = deque()
        self._topics: dict[bytes, tuple[str, int]] = {}
        self._client: WiredClient | None = None
        self._failure: LinkLost | None = None
        self._has_birth = False
        self._was_live = False
        self._live_s = 0.0
        self._short_lives = 0  # connections in a row that the broker ended soon
        self._state_sent_s = float("-inf")
        self._now_us = 0
        self._mono_s = 0.0
        self._flushed_s = 0.0
        self._ticked_s = 0.0
        self._thread = threading.Thread(target=self._run, name=f"telemetry-{settings.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask_stop(self) -> None:
        """Begin to stop, without waiting."""
        self._stop.set()

    def stop(self) -> None:
        """Death certificate, DISCONNECT, and the thread ends; at most about four seconds."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(8.0)

    def ask_rebirth(self, group: str, node: str) -> None:
        """From any thread: ask this node for its birth certificate, soon."""
        self._asked.append((group, node))

    # the thread

    def _run(self) -> None:
        self._read_clock()
        self._set_state("connecting", "")
        failures = 0
        while not self._stop.is_set():
            self._was_live = False
            self._read_clock()
            try:
                self._one_connection()
            except LinkLost as lost:
                self._lose(self._explained(lost))
            except OSError as error:
                self._lose(words.lost_by(error))
            except Exception:
                log.exception("the link to broker %s failed", self._settings.name)
                self._lose(LinkLost(words.DEFECT))
            failures = 0 if self._was_live and not self._short_lives else min(failures + 1, len(_RETRY_S) - 1)
            self._stop.wait(_RETRY_S[failures] * (0.8 + 0.4 * self._random()))
            while not self._outlet.has_room and not self._stop.is_set():
                self._stop.wait(_ROOM_S)
        self._read_clock()
        self._set_state("off", "")
        self._outlet.flush(self._now_us, at_once=True)

    def _one_connection(self) -> None:
        """From CONNECT to the loss of the link (raises) or a clean exit (returns)."""
        client = make_client(self._settings, self._client_id)
        self._client, self._failure, self._has_birth = client, None, False
        client.will_set(self._state.topic, self._state.begin(self._now_us), qos=1, retain=True)
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
        self._read_clock()
        heard_s = pinged_s = self._mono_s
        while not self._stop.is_set():
            is_readable = wire.is_saturated or wire.pending() or self._wait(wire, client.want_write())
            self._read_clock()
            if is_readable and wire.fill():
                heard_s = self._mono_s
            wire.cut(self, self._let_paho_read)
            if self._failure is not None:
                raise self._failure
            if wire.is_closed:
                raise LinkLost(words.CLOSED)
            if self._mono_s - heard_s >= SILENCE_S:
                raise LinkLost(words.SILENT if self._was_live else words.NO_ANSWER)
            if client.want_write():
                client.loop_write()
            elif self._was_live and self._mono_s - pinged_s >= _PING_S:
                pinged_s = self._mono_s
                self._ping(wire)
            self._turn(client)
            if is_readable and not wire.is_saturated:
                self._stop.wait(_PAUSE_S)

    def _turn(self, client: WiredClient) -> None:
        """Timers, rebirth requests and handing on."""
        if self._mono_s - self._ticked_s >= _TICK_S:
            self._ticked_s = self._mono_s
            self._host.tick(self._now_us, self._mono_s)
            while self._asked:
                self._desk.ask_now(self._asked.popleft(), self._mono_s)
            if self._was_live:
                for key in self._host.rebirths_due(self._mono_s):
                    client.publish(rebirth_topic(key), rebirth_payload(self._now_us), qos=0, retain=False)
        waits = self._outlet.waiting
        if waits >= _FLUSH_ROWS or self._mono_s - self._flushed_s >= _FLUSH_S:
            self._flushed_s = self._mono_s
            self._outlet.flush(self._now_us)
            if self._outlet.is_full:
                self._outlet.trouble(self._name, "main_thread_behind", self._now_us)
                raise LinkLost(words.BEHIND)

    @staticmethod
    def _wait(wire: Wire, wants_write: bool) -> bool:
        """Until something can be read, at most one idle step."""
        try:
            readable, _, _ = select.select([wire], [wire] if wants_write else [], [], _IDLE_S)
        except ValueError as error:  # closed under us
            raise LinkLost(words.CLOSED) from error
        return bool(readable)

    @staticmethod
    def _ping(wire: Wire) -> None:
        """Our own keep-alive: paho's would give up while a long packet is still coming in."""
        try:
            wire.send(b"\xc0\x00")
        except BlockingIOError:
            return  # the silence rule decides

    def _let_paho_read(self) -> None:
        assert self._client is not None
        result = self._client.loop_read()
        if result != mqtt.MQTT_ERR_SUCCESS and self._failure is None:
            self._failure = LinkLost(words.CLOSED)

    def _say_goodbye(self, client: WiredClient, wire: Wire) -> None:
        """STATE offline, acknowledged, then DISCONNECT, so that no will is sent."""
        if not self._was_live:
            return
        info = client.publish(self._state.topic, self._state.death(self._now_us), qos=1, retain=True)
        self._has_birth = False
        until_s = self._clock.mono_s() + _GOODBYE_S
        while not info.is_published() and self._clock.mono_s() < until_s and not wire.is_closed:
            if client.want_write():
                client.loop_write()
            if self._wait(wire, client.want_write()):
                wire.fill()
            wire.cut(self, self._let_paho_read)
            if self._failure is not None:
                return
        client.disconnect()

    # what paho calls

    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._failure = words.refused_by(reason)
            return
        self._was_live = True
        self._live_s = self._mono_s
        self._set_state("live", "")
        self._host.link_live(self._now_us, self._mono_s)
        filters = [self._state.topic, *without_covered(["spBv1.0/#", *self._plain.filters])]
        client.subscribe([(topic, 1) for topic in filters])

    def _on_subscribe(self, client: mqtt.Client, _data: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        if any(reason.is_failure for reason in reasons):
            self._outlet.trouble(self._name, "subscription_refused", self._now_us)
            self._set_state("live", words.NO_SUBSCRIPTION)
        self._publish_birth(client)
        self._has_birth = True

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        self.publish(message._topic, bytes(message.payload), message.retain)

    # what the wire calls

    def publish(self, topic: bytes, payload: bytes, retained: bool) -> None:
        found = self._topics.get(topic) or self._classify(topic, payload)
        if found is None:
            return
        text, kind = found
        if kind == _SPARKPLUG:
            self._host.message(text, payload, self._now_us, self._mono_s, retained=retained)
        elif kind == _PLAIN:
            if len(payload) > self._settings.max_payload:
                self._host.too_large(text, len(payload), self._now_us)
            else:
                self._plain.message(text, payload, self._now_us, retained=retained)
        elif kind == _OWN_STATE:
            self._defend_state(payload)

    def oversize(self, topic: bytes, size: int) -> None:
        self._host.too_large(topic.decode("utf-8", "replace"), size, self._now_us)

    def _classify(self, topic: bytes, payload: bytes) -> tuple[str, int] | None:
        try:
            text = topic.decode("utf-8")
        except UnicodeDecodeError:
            self._outlet.trouble(self._name, "bad_topic", self._now_us, hex_example(topic + b" " + payload))
            return None
        if text == self._state.topic:
            kind = _OWN_STATE
        elif text.startswith("spBv1.0/STATE/"):
            kind = _FOREIGN_STATE
        else:
            kind = _SPARKPLUG if text.startswith("spBv1.0/") else _PLAIN
        if len(self._topics) >= _MAX_TOPICS:
            self._topics.clear()
        if len(topic) <= _MAX_KEPT_TOPIC:
            self._topics[topic] = (text, kind)
        return text, kind

    # state

    def _defend_state(self, payload: bytes) -> None:
        """Somebody (most often our own late will) changed what nodes believe of us."""
        if not self._has_birth:
            return
        reply = self._state.judge(payload, self._now_us)
        if reply == Reply.FOREIGN:
            self._outlet.trouble(self._name, "foreign_state", self._now_us, hex_example(payload))
        elif reply == Reply.RECONNECT:
            self._failure = LinkLost(words.RENEWED)
        elif reply == Reply.REPUBLISH and self._mono_s - self._state_sent_s >= _STATE_EVERY_S:
            assert self._client is not None
            self._publish_birth(self._client)

    def _publish_birth(self, client: mqtt.Client) -> None:
        self._state_sent_s = self._mono_s
        client.publish(self._state.topic, self._state.birth(), qos=1, retain=True)

    def _explained(self, lost: LinkLost) -> LinkLost:
        """A client with our id takes the connection away, we take it back, and so on: that must be named."""
        self._read_clock()
        is_short = self._was_live and lost.detail == words.CLOSED and self._mono_s - self._live_s < _SHORT_S
        self._short_lives = self._short_lives + 1 if is_short else 0
        return LinkLost(words.TAKEN) if self._short_lives >= _SHORT_LIVES else lost

    def _lose(self, lost: LinkLost) -> None:
        self._read_clock()
        self._set_state(lost.state, lost.detail)

    def _set_state(self, state: str, detail: str) -> None:
        """Tell it when it changed; on a loss everything of this broker is blind from here on, in order."""
        was = self.record
        if (was.state, was.detail) == (state, detail):
            return
        since_us = was.since_us if was.state == state else self._now_us
        self.record = LinkRecord(self._name, state, since_us, detail=detail)
        self._outlet.emit(LinkChanged(self._settings.name, self.record, self._now_us))
        if was.state == "live" and state != "live":
            self._host.link_lost(self._now_us)
            self._plain.link_lost()
        self._outlet.flush(self._now_us, at_once=True)

    def _read_clock(self) -> None:
        self._now_us = self._clock.now_us()
        self._mono_s = self._clock.mono_s()
