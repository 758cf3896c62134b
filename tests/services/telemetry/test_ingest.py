"""The walk of messages past everybody: order, completeness, budget, and a consumer that fails."""

import time
from dataclasses import replace
from uuid import UUID

from console.domain.quality import Quality
from console.services.inbox import Inbox
from console.services.records import LinkRecord
from console.services.telemetry.batch import LinkChanged, Message, SampleBatch, TagsDefined
from console.services.telemetry.ingest import Ingest
from console.services.telemetry.tag_store import TagStore
from console.services.telemetry.watchdog import Watchdog
from tests.conftest import LogLines
from tests.services.telemetry.rig import Follower
from tests.services.telemetry.test_tag_store import T0, batch, tag


class Failing(Follower):
    def on_samples(self, batch: SampleBatch) -> None:
        raise RuntimeError("broken alarm engine")


class Ticking:
    """Every look at the clock takes a millisecond."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


def build(*followers: Follower, elapsed: Ticking | None = None) -> tuple[Inbox[Message], TagStore, Ingest]:
    inbox: Inbox[Message] = Inbox()
    store = TagStore()
    ingest = Ingest(inbox, store, Watchdog(store), followers, elapsed=elapsed or Ticking())
    return inbox, store, ingest


def test_consecutive_batches_reach_everybody_as_one_and_in_order() -> None:
    first, second = Follower(), Follower()
    inbox, store, ingest = build(first, second)
    inbox.put(TagsDefined((tag(0), tag(1))))
    inbox.put(batch([(0, 0, 1.0, 0)]))
    inbox.put(batch([(0, 1, 2.0, 0), (1, 1, 3.0, 0)]))
    assert ingest.turn(T0, 1.0, budget_s=1.0) == 3
    assert store.value.tolist() == [2.0, 3.0]
    for follower in (first, second):
        assert [b.value.tolist() for b in follower.batches] == [[1.0, 2.0, 3.0]]
        assert [t.tag_id for t in follower.tags] == [UUID(int=0), UUID(int=1)]


def test_a_lost_link_stands_between_the_samples_before_and_after_it() -> None:
    follower = Follower()
    inbox, store, ingest = build(follower)
    inbox.put(TagsDefined((tag(0),)))
    inbox.put(batch([(0, 0, 1.0, 0)]))
    inbox.put(LinkChanged("b", LinkRecord("broker:b", "lost", T0), T0))
    ingest.turn(T0, 1.0, budget_s=1.0)
    assert store.quality[0] == Quality.BLIND
    inbox.put(LinkChanged("b", LinkRecord("broker:b", "live", T0), T0))
    inbox.put(batch([(0, 1, 2.0, 0)]))
    ingest.turn(T0, 1.0, budget_s=1.0)
    assert store.quality[0] == Quality.GOOD
    assert [change.quality for change in follower.changes] == [Quality.BLIND, Quality.STALE]


def test_a_turn_ends_when_its_budget_is_used_up_and_the_rest_waits() -> None:
    inbox, _, ingest = build(Follower())
    inbox.put(TagsDefined((tag(0),)))
    for number in range(50):
        inbox.put(batch([(0, number, 1.0, 0)]))
    taken = ingest.turn(T0, 1.0, budget_s=0.012)
    assert 0 < taken < 50
    while inbox.depth:
        taken += ingest.turn(T0, 1.0, budget_s=0.012)
    assert taken == 50


def test_a_birth_of_ten_thousand_tags_comes_in_pieces_before_its_samples() -> None:
    follower = Follower()
    inbox, _store, ingest = build(follower)
    inbox.put(TagsDefined(tuple(tag(handle) for handle in range(10_000))))
    inbox.put(batch([(9_999, 0, 5.0, 0)]))
    ingest.turn(T0, 1.0, budget_s=0.004)
    assert 0 < len(follower.tags) < 10_000
    assert ingest.has_more
    while ingest.has_more:
        ingest.turn(T0, 1.0, budget_s=0.004)
    assert [t.handle for t in follower.tags] == list(range(10_000))
    assert [b.value.tolist() for b in follower.batches] == [[5.0]]


def test_a_consumer_that_fails_is_logged_and_stops_nobody(log_lines: LogLines) -> None:
    log_lines.expect("a follower of the tags failed")
    after = Follower()
    inbox, _, ingest = build(Failing(), after)
    inbox.put(TagsDefined((tag(0),)))
    inbox.put(batch([(0, 0, 1.0, 0)]))
    ingest.turn(T0, 1.0, budget_s=1.0)
    assert len(after.batches) == 1
    assert ingest.defects == 1


def test_the_rate_is_samples_by_the_second() -> None:
    inbox, _, ingest = build(Follower())
    inbox.put(TagsDefined((tag(0),)))
    ingest.turn(T0, 1.0, budget_s=1.0)
    inbox.put(batch([(0, number, 1.0, 0) for number in range(500)]))
    ingest.turn(T0, 3.0, budget_s=1.0)
    assert ingest.samples == 500
    assert ingest.samples_per_s == 250.0


def test_nobody_is_called_silent_while_his_word_still_waits_in_our_inbox() -> None:
    follower = Follower()
    inbox, store, ingest = build(follower)
    inbox.put(TagsDefined((replace(tag(0), stale_after_s=10.0), tag(1))))
    inbox.put(LinkChanged("b", LinkRecord("broker:b", "live", T0), T0))
    inbox.put(batch([(0, 0, 1.0, 0)]))
    ingest.turn(T0, 1000.0, budget_s=1.0)
    for second, handle in ((5, 1), (6, 0)):  # we hang: what came 15 and 14 s ago has not been read
        inbox._items.append((time.monotonic() - 20 + second, 1, batch([(handle, second, 1.0, 0)])))
    ingest.turn(T0, 1020.0, budget_s=0.0)
    assert ingest.has_more
    assert store.quality[0] == Quality.GOOD
    ingest.turn(T0, 1021.0, budget_s=1.0)
    assert store.quality[0] == Quality.GOOD
    ingest.turn(T0, 1040.0, budget_s=1.0)
    assert store.quality[0] == Quality.STALE
