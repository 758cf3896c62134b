"""A new subscriber gets everything once, then only what changed."""

from console.services.publications import Latest, Publication, Publications
from console.services.station import STATUS, Topic


def make():
    state = {"all": [1], "new": []}
    hub = Publications()
    topic: Topic[tuple[bool, list[int]]] = Topic("numbers")

    def delta():
        new, state["new"] = state["new"], []
        return (False, new) if new else None

    hub.offer(topic, lambda: (True, list(state["all"])), delta)
    return hub, topic, state


def test_the_first_delivery_is_a_snapshot_and_the_next_the_change():
    hub, topic, state = make()
    got = []
    hub.subscribe(topic, got.append)
    assert got == []
    hub.beat()
    state["all"].append(2)
    state["new"].append(2)
    hub.beat()
    hub.beat()
    assert got == [(True, [1]), (False, [2])]


def test_a_late_subscriber_misses_nothing_and_gets_nothing_twice():
    hub, topic, state = make()
    first, second = [], []
    hub.subscribe(topic, first.append)
    hub.beat()
    state["all"].append(2)
    state["new"].append(2)
    hub.subscribe(topic, second.append)
    hub.beat()
    assert first == [(True, [1]), (False, [2])]
    assert second == [(True, [1, 2])]


def test_undo_before_and_after_the_first_delivery():
    hub, topic, state = make()
    got = []
    hub.subscribe(topic, got.append)()
    hub.beat()
    assert got == []
    undo = hub.subscribe(topic, got.append)
    hub.beat()
    undo()
    state["new"].append(3)
    hub.beat()
    assert got == [(True, [1])]


def test_a_failing_subscriber_does_not_stop_the_others(log_lines):
    log_lines.expect("a subscriber failed")
    hub, topic, _ = make()
    got = []
    hub.subscribe(topic, lambda _: 1 / 0)
    hub.subscribe(topic, got.append)
    hub.beat()
    assert got == [(True, [1])]


def test_topics_with_parameters_are_made_on_first_use():
    hub = Publications()
    closed = []
    hub.offer_kind("samples", lambda rest: Publication(lambda: rest, lambda: None, lambda: closed.append(rest)))
    got = []
    first = hub.subscribe(Topic("samples:1,2"), got.append)
    second = hub.subscribe(Topic("samples:1,2"), got.append)
    hub.beat()
    assert got == ["1,2", "1,2"]
    first()
    assert closed == []
    second()
    assert closed == ["1,2"]


def test_the_latest_value_is_told_once():
    latest = Latest(1)
    hub = Publications()
    hub.offer(STATUS, latest.snapshot, latest.delta)  # type: ignore[arg-type]
    got = []
    hub.subscribe(STATUS, got.append)
    hub.beat()
    latest.set(1)
    hub.beat()
    latest.set(2)
    hub.beat()
    hub.beat()
    assert got == [1, 2]


def test_that_nobody_is_signed_on_any_more_is_told_as_well():
    hub = Publications()
    session: Latest[str | None] = Latest("Anna")
    hub.offer(Topic("session"), session.snapshot, session.delta)
    got = []
    hub.subscribe(Topic("session"), got.append)
    hub.beat()
    session.set(None)
    hub.beat()
    hub.beat()
    session.set("Bert")
    hub.beat()
    assert got == ["Anna", None, "Bert"]


def test_a_beat_may_be_told_in_pieces_and_is_of_one_moment():
    hub, topic, state = make()
    first, second, third = [], [], []
    for got in (first, second, third):
        hub.subscribe(topic, got.append)
    hub.beat()
    state["all"].append(2)
    state["new"].append(2)
    hub.begin()
    pieces = iter((False, True))
    assert hub.deliver(lambda: next(pieces)), "somebody is left"
    assert (first, second) == ([(True, [1]), (False, [2])], [(True, [1])])
    state["new"].append(3)
    assert not hub.deliver()
    assert second == third == first, "what came meanwhile belongs to the next beat"
    hub.beat()
    assert third[-1] == (False, [3])


def test_who_leaves_between_two_pieces_is_told_nothing_more():
    hub, topic, state = make()
    got = []
    undo = hub.subscribe(topic, got.append)
    hub.beat()
    late = hub.subscribe(topic, got.append)
    state["new"].append(2)
    hub.begin()
    undo()
    late()
    hub.deliver()
    assert got == [(True, [1])]


def test_what_is_told_at_once_comes_behind_what_a_beat_had_taken():
    hub, topic, state = make()
    got = []
    hub.subscribe(topic, got.append)
    hub.beat()
    state["new"].append(2)
    hub.begin()
    state["new"].append(3)
    hub.tell(topic)
    assert got == [(True, [1]), (False, [2]), (False, [3])]
    assert not hub.has_due
