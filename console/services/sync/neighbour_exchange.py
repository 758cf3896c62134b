"""Exchanges with neighbours: one question out per neighbour at a time; what does not come back costs the exchange."""

import logging
from collections.abc import Callable, Collection, Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from console.services.journal.envelope import RawEvent
from console.services.journal.event_table import Tip
from console.services.journal.keys import is_signed_by
from console.services.journal.store import Disk
from console.services.records import CatchUp
from console.services.sync import messages as m
from console.services.sync import neighbour_words as words
from console.services.sync.conversation import Budget, Outcome, answer, exchange, why_not
from console.services.sync.neighbour_frames import Message
from console.services.sync.neighbour_peer import Asking, Peer
from console.services.sync.neighbour_voice import Ears, Voice

POLL_S = 2.0
JITTER = 0.2
ANSWER_S = 3.0
CALM_S = 10.0  # equal neighbours still tell their ends and their clock so often
_SOONEST_S = 0.5
_TURNED_S = 10.0
_DUTY = 0.2  # a backlog may keep the exchange busy for so much of the time
_BULK = 50  # fewer events are no backlog
_MAX_RECEIPTS = 500
_LONG_WAY = 1000  # events to catch up with that are worth showing
log = logging.getLogger(__name__)


class Surroundings(Protocol):
    """What the exchange asks of the room it happens in."""

    def hello(self) -> m.Hello: ...

    def now_us(self) -> int: ...

    def mono_s(self) -> float: ...

    def jittered(self, seconds: float) -> float: ...

    def may_pull(self, peer: Peer) -> bool: ...

    def count(self, peer: Peer, kind: str) -> None: ...

    def vector(self) -> tuple[bytes, tuple[Tip, ...]]:
        """(digest, ends) of what is durable here."""
        ...


class Exchanges:
    """All exchanges of this station; lives in the neighbours' thread, which owns the disk's connection."""

    def __init__(self, room: Surroundings, disk: Disk, voice: Voice, ears: Ears, first_request: int) -> None:
        self._room = room
        self._disk = disk
        self._voice = voice
        self._ears = ears
        self._request = first_request

    def next_request(self) -> int:
        self._request += 1
        return self._request

    # --- asking ----------------------------------------------------------------------------------------------------

    def poll(self, peer: Peer) -> None:
        """Begin an exchange when it is time and the digests of both sides do not say that there is nothing to do."""
        now_s = self._room.mono_s()
        if peer.asking is not None:
            if now_s > peer.asking.until_s:
                self._give_up(peer)
            return
        if not peer.is_taken_in or now_s < peer.next_poll_s:
            return
        peer.next_poll_s = now_s + self._room.jittered(POLL_S)
        own, _ends = self._room.vector()
        if peer.is_answering and peer.digest == own == peer.confirmed and now_s - peer.told_s < CALM_S:
            return
        peer.began_s = now_s
        outcome = Outcome()
        talk = exchange(
            self._disk,
            self._room.hello(),
            outcome,
            Budget(push=1, pull=1),
            pulls=self._room.may_pull(peer),
            resting=peer.resting.now(now_s),
        )
        self._ask(peer, Asking(talk, outcome, 0, 0.0, 0), next(talk))

    def hurry(self, peer: Peer) -> None:
        """Its head says that there is something to do."""
        soonest = max(self._room.mono_s() + 0.05, peer.began_s + _SOONEST_S)
        peer.next_poll_s = min(peer.next_poll_s, soonest)

    def _ask(self, peer: Peer, asking: Asking, question: m.Question) -> None:
        asking.request = self.next_request()
        asking.asked_us = self._room.now_us()
        asking.until_s = self._room.mono_s() + ANSWER_S
        peer.asking = asking
        self._voice.tell_one(words.ASK, m.encode(question), "ask", peer.station, asking.request)

    def _give_up(self, peer: Peer) -> None:
        assert peer.asking is not None
        peer.asking.talk.close()
        peer.asking = None
        if self._room.mono_s() - peer.answered_s > ANSWER_S * 1.5:
            peer.is_answering = False

    def on_say(self, peer: Peer, message: Message) -> None:
        """An answer: the next question goes out, or the exchange is over."""
        asking = peer.asking
        if asking is None or message.request != asking.request:
            self._room.count(peer, "unasked")
            return
        try:
            told = m.decode_answer(message.data)
        except (msgspec.DecodeError, ValueError, RecursionError):
            self._room.count(peer, "undecodable")
            self._give_up(peer)
            return
        peer.answered_s = self._room.mono_s()
        if isinstance(told, m.Vector) and not self._judge(peer, asking, told):
            self._give_up(peer)
            return
        try:
            question = asking.talk.send(told)
        except StopIteration:
            peer.asking = None
            self._finish(peer, asking.outcome)
        except Exception:  # numbers that no table holds and the like: it costs the peer's own exchange
            log.info("an answer of %s made no sense", peer.code, exc_info=True)
            self._room.count(peer, "senseless")
            self._give_up(peer)
        else:
            self._ask(peer, asking, question)

    def _judge(self, peer: Peer, asking: Asking, told: m.Vector) -> bool:
        """The peer's HELLO: of our site, with a common protocol, by the station that signed it."""
        reason = why_not(self._room.hello(), told.hello)
        if reason or told.hello.station != peer.station:
            self._turn_away(peer, reason or "speaks for another station")
            return False
        now_us = self._room.now_us()
        peer.offset_s = (told.hello.clock_us - (asking.asked_us + now_us) / 2) / 1e6
        return True

    def _finish(self, peer: Peer, outcome: Outcome) -> None:
        now_s = self._room.mono_s()
        if outcome.refusal:
            self._turn_away(peer, outcome.refusal[:200])
            return
        if outcome.vector is None:
            return
        peer.is_answering, peer.told_s, peer.turned_away = True, now_s, ""
        peer.waiting, peer.missing = outcome.waiting, outcome.missing
        peer.resting.put(outcome.fruitless, now_s)
        ends = m.tips_of(outcome.vector.heads)
        if ends != peer.ends:
            peer.ends = ends
            self._ears.vector(peer.name, ends)
        is_sound = self._note(peer, outcome.vector.heads, outcome.vector.receipts, set(outcome.held))
        if outcome.is_equal and is_sound:
            peer.confirmed = words.vector_digest(ends)
        if outcome.pulled:
            self.take_in(peer, outcome.pulled, is_pulled=True, streams=outcome.pulled_streams)
        self._show_progress(peer, outcome)

    def _turn_away(self, peer: Peer, reason: str) -> None:
        peer.turned_away, peer.turned_until_s = reason, self._room.mono_s() + _TURNED_S

    def _show_progress(self, peer: Peer, outcome: Outcome) -> None:
        total = peer.done + outcome.missing
        if peer.done or outcome.missing >= _LONG_WAY:
            peer.done += len(outcome.pulled)
            self._ears.catch_up(CatchUp(peer.link_name, min(peer.done, total), total))
            if not outcome.missing:
                peer.done = 0

    # --- taking in -------------------------------------------------------------------------------------------------

    def take_in(
        self,
        peer: Peer,
        raws: list[RawEvent],
        *,
        is_pulled: bool,
        streams: Collection[UUID] = (),
        then: Callable[[], None] = lambda: None,
    ) -> None:
        """Hand events to the journal; when they are durable, the peer gets our receipts for them (invariant 12).
        `streams` are those that were asked for."""
        began_s = self._room.mono_s()
        if is_pulled:
            peer.is_taken_in = False
            began_s = peer.began_s

        def stored(bad: frozenset[UUID]) -> None:
            then()
            peer.resting.moved(set(streams) - bad)
            peer.resting.put(bad, self._room.mono_s())
            if is_pulled:
                took_s = self._room.mono_s() - began_s
                pause_s = took_s * (1 / _DUTY - 1) if len(raws) > _BULK else 0.0
                peer.is_taken_in = True
                peer.next_poll_s = self._room.mono_s() + pause_s
            self.confirm(peer)

        self._ears.events(peer.name, raws, stored)

    def confirm(self, peer: Peer) -> None:
        """Tell a neighbour which of our ends are new since it was told."""
        _digest, ends = self._room.vector()
        news = {tip.stream for tip in ends if tip not in peer.receipted}
        heads = m.heads_of(tuple(tip for tip in ends if tip.stream in news))[:_MAX_RECEIPTS]
        if heads:
            told = words.Receipts(heads, tuple(map(self._voice.receipt, heads)))
            if self._voice.tell_one(words.RECEIPTS, words.encode(told), "say", peer.station):
                peer.receipted = set(ends)

    def on_receipts(self, peer: Peer, told: words.Receipts) -> None:
        heads = told.heads[:_MAX_RECEIPTS]
        with self._disk.read() as store:
            held = {tip for tip in m.tips_of(heads) if store.place_of(tip.hash) == (tip.stream, tip.seq)}
        self._note(peer, heads, told.signatures, held)

    def _note(self, peer: Peer, heads: Sequence[m.Head], signatures: Sequence[bytes], held: set[Tip]) -> bool:
        """Keep receipts whose signatures are the peer's, of a forked stream all ends together. False: one is not."""
        if len(signatures) != len(heads):
            return False
        tips = m.tips_of(tuple(heads))
        news = {tip.stream for tip in tips if tip in held and tip not in peer.noted}
        chosen = [
            (tip, signature)
            for tip, head, signature in zip(tips, heads, signatures, strict=True)
            if tip in held and tip.stream in news and is_signed_by(peer.key, signature, m.receipt_bytes(head))
        ]
        wanted = sum(tip in held and tip.stream in news for tip in tips)
        if len(chosen) < wanted:
            self._room.count(peer, "bad_receipt")
            return False
        if chosen and peer.station != self._room.hello().station:  # a twin of ours is no second place
            peer.noted.update(tip for tip, _ in chosen)
            self._ears.receipts(peer.name, [tip for tip, _ in chosen], [signature for _, signature in chosen])
        return True

    # --- answering -------------------------------------------------------------------------------------------------

    def on_ask(self, peer: Peer, message: Message) -> None:
        try:
            question = m.decode_question(message.data)
        except (msgspec.DecodeError, ValueError, RecursionError):
            self._room.count(peer, "undecodable")
            return
        hello = self._room.hello()
        if isinstance(question, m.Give):
            self._room.count(peer, "unasked")
            return
        if peer.distrust:
            told: m.Answer = m.Refusal(peer.distrust)
        else:
            try:
                with self._disk.read() as store:
                    told = answer(store, question, hello)
            except (OverflowError, ValueError):  # numbers that no table holds
                self._room.count(peer, "out_of_range")
                return
        if isinstance(told, m.Vector):
            receipts = tuple(map(self._voice.receipt, told.heads))
            peer.receipted = set(m.tips_of(told.heads))
            told = msgspec.structs.replace(told, receipts=receipts)
        self._voice.tell_one(words.SAY, m.encode(told), "say", peer.station, message.request)
