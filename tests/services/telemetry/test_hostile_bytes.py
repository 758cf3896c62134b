"""Whatever arrives on a Sparkplug or mapped topic: counted with its sender, never raised, never half taken."""

import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.config.settings import TopicMap
from console.services.telemetry.plain_topics import PlainTopics
from console.services.telemetry.sparkplug_b_pb2 import Payload
from tests.services.telemetry.rig import Rig
from tests.support.edge import M, payload

VERBS = st.sampled_from(["NBIRTH/n1", "NDATA/n1", "NDEATH/n1", "DBIRTH/n1/d", "DDATA/n1/d", "DDEATH/n1/d", "XX/n1"])
numbers = st.integers(0, 2**64 - 1)
metrics: st.SearchStrategy[dict[str, object]] = st.builds(
    dict,
    name=st.text(max_size=20),
    alias=st.none() | st.integers(0, 3) | numbers,
    datatype=st.none() | st.integers(0, 40) | st.integers(0, 2**32 - 1),
    timestamp=st.none() | numbers,
    is_null=st.booleans(),
    is_historical=st.booleans(),
    value=st.sampled_from(["none", "int", "long", "float", "double", "boolean", "string", "bytes", "dataset"]),
    number=numbers,
    text=st.text(max_size=20),
    float=st.floats(width=32),
)


def build(parts: list[dict[str, object]], seq: int | None, timestamp: int | None) -> bytes:
    message = Payload()
    if seq is not None:
        message.seq = seq
    if timestamp is not None:
        message.timestamp = timestamp
    for part in parts:
        metric = message.metrics.add()
        for name in ("name", "alias", "datatype", "timestamp", "is_null", "is_historical"):
            if part[name] is not None:
                setattr(metric, name, part[name])
        kind, number = part["value"], part["number"]
        assert isinstance(number, int)
        if kind == "int":
            metric.int_value = number & 0xFFFFFFFF
        elif kind == "long":
            metric.long_value = number
        elif kind in {"float", "double"}:
            setattr(metric, f"{kind}_value", part["float"])
        elif kind == "boolean":
            metric.boolean_value = bool(number & 1)
        elif kind == "string":
            metric.string_value = str(part["text"])
        elif kind == "bytes":
            metric.bytes_value = str(part["text"]).encode()
        elif kind == "dataset":
            metric.dataset_value.num_of_columns = number % 4
            metric.dataset_value.columns.append("c")
    return message.SerializeToString()


def consistent(rig: Rig) -> None:
    for batch in rig.follower.batches:
        lengths = {
            len(column)
            for column in (batch.handle, batch.source_us, batch.receive_us, batch.value, batch.quality, batch.flags)
        }
        assert lengths == {len(batch)}
        assert all(0 <= row < len(batch) for row in (*batch.texts, *batch.exact))
        assert (abs(batch.source_us - batch.receive_us) < 2**62).all()


@pytest.mark.proves("SEC-26")
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(VERBS, st.binary(max_size=80)), min_size=1, max_size=8))
def test_random_bytes_are_counted_and_never_raise(messages: list[tuple[str, bytes]]) -> None:
    rig = Rig()
    for verb, body in messages:
        rig.raw(f"spBv1.0/g/{verb}", body)
    consistent(rig)
    unusable = sum(1 for verb, body in messages if verb == "XX/n1" or not _parses(body))
    counted = sum(t.count for (_, kind), t in rig.troubles.items() if kind in {"undecodable", "unknown_verb"})
    assert counted >= unusable


def _parses(body: bytes) -> bool:
    try:
        Payload.FromString(body)
    except Exception:
        return False
    return True


@pytest.mark.proves("SEC-26")
@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(VERBS, st.lists(metrics, max_size=5), st.none() | st.integers(0, 4) | numbers, st.none() | numbers),
        min_size=1,
        max_size=8,
    )
)
def test_well_formed_nonsense_never_raises_and_keeps_the_columns_whole(
    messages: list[tuple[str, list[dict[str, object]], int | None, int | None]],
) -> None:
    rig = Rig()
    rig.birth(M("a", 1.0, alias=1), M("b", 1, 4, alias=2))
    rig.send("DBIRTH", [M("c", "x", 12, alias=3)], device="d")
    for verb, parts, seq, timestamp in messages:
        rig.raw(f"spBv1.0/g/{verb}", build(parts, seq, timestamp))
    rig.pass_time(3, 1.0)
    consistent(rig)


@pytest.mark.parametrize(
    "topic", ["spBv1.0", "spBv1.0/g", "spBv1.0//NDATA/n", "spBv1.0/g/NDATA/n/d/e", "spBv1.0/g/DDATA/n", "spBv1.0/a/b"]
)
def test_topics_that_are_none_are_counted(topic: str) -> None:
    rig = Rig()
    rig.raw(topic, b"")
    assert rig.kinds() <= {"bad_topic", "unknown_verb"}
    assert rig.troubles


def test_retained_sparkplug_messages_are_old_news_and_counted() -> None:
    rig = Rig()
    rig.raw("spBv1.0/g/NBIRTH/n1", payload([M("a", 1.0)], seq=0), retained=True)
    assert rig.store.size == 0
    assert rig.kinds() == {"retained"}


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, lambda b: zlib.compress(b)[2:-4]])
def test_compressed_payloads_are_read(pack: object) -> None:
    assert callable(pack)
    rig = Rig()
    inner = payload([M("bdSeq", 0, 4), M("a", 4.5, alias=1)], seq=0, ms=rig.now_us // 1000)
    rig.raw("spBv1.0/g/NBIRTH/n1", Payload(uuid="SPBV1.0_COMPRESSED", body=pack(inner)).SerializeToString())
    assert rig.value("a") == 4.5


@pytest.mark.proves("SEC-26", "SEC-38")
def test_a_compression_bomb_is_stopped_at_the_size_limit() -> None:
    rig = Rig()
    bomb = Payload(uuid="SPBV1.0_COMPRESSED", body=gzip.compress(bytes(50 << 20))).SerializeToString()
    rig.raw("spBv1.0/g/NBIRTH/n1", bomb)
    assert rig.kinds() == {"too_large"}


@pytest.mark.proves("SEC-38")
def test_a_payload_over_the_cap_is_counted_before_it_is_parsed() -> None:
    rig = Rig(max_payload=100)
    rig.raw("spBv1.0/g/NBIRTH/n1", payload([M("a" * 200, 1.0)], seq=0))
    assert rig.kinds() == {"too_large"}
    assert rig.store.size == 0


@pytest.mark.proves("SEC-26")
@settings(max_examples=80, deadline=None)
@given(st.lists(st.binary(max_size=40) | st.text(alphabet='{}[]":,.0123456789aeintrufls-', max_size=30), max_size=8))
def test_plain_topics_survive_everything(bodies: list[bytes | str]) -> None:
    rig = Rig()
    plain = PlainTopics("plant", (TopicMap("p/#", path="a.b"), TopicMap("p/#"),), rig.handles, rig.outlet)  # fmt: skip
    for body in bodies:
        plain.message("p/x", body if isinstance(body, bytes) else body.encode(), rig.now_us)
    rig.settle()
    consistent(rig)


def test_a_flood_of_senders_does_not_become_a_flood_of_rows() -> None:
    rig = Rig()
    for number in range(6000):
        rig.host.message(f"spBv1.0/g/BAD/{number}", b"", rig.now_us, rig.mono_s)
    rig.settle()
    assert len(rig.troubles) <= 5001
    assert sum(t.count for t in rig.troubles.values()) == 6000
