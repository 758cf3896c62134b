"""Plain JSON and scalar topics as site/topics.toml maps them."""

import math

import pytest

from console.config.settings import TopicMap
from console.domain.quality import Detail, Quality
from console.services.telemetry.plain_topics import PlainTopics, matches, without_covered
from tests.services.telemetry.rig import Rig


class PlainRig(Rig):
    def __init__(self, *maps: TopicMap) -> None:
        super().__init__()
        self.plain = PlainTopics("plant", maps, self.handles, self.outlet)

    def say(self, topic: str, body: str | bytes, *, retained: bool = False) -> None:
        raw = body if isinstance(body, bytes) else body.encode()
        self.plain.message(topic, raw, self.now_us, retained=retained)
        self.settle()


@pytest.mark.parametrize(
    ("topic_filter", "topic", "caught"),
    [
        ("a/b", "a/b", ()),
        ("a/+/c", "a/x/c", ("x",)),
        ("a/#", "a/x/y", ("x/y",)),
        ("a/#", "a", ("",)),
        ("+/+", "a/b", ("a", "b")),
        ("a/+", "a/b/c", None),
        ("a/b/c", "a/b", None),
        ("#", "$SYS/x", None),
        ("$SYS/#", "$SYS/x", ("x",)),
    ],
)
def test_filters_match_as_a_broker_matches(topic_filter: str, topic: str, caught: tuple[str, ...] | None) -> None:
    assert matches(topic_filter, topic) == caught


def test_a_scalar_topic_is_a_tag_with_unit_scale_and_silence_time() -> None:
    rig = PlainRig(TopicMap("hall/+/temp", tag="hall {1}", unit="°C", scale=0.1, offset=-5, interval_s=10))
    rig.say("hall/3/temp", "250")
    tag = rig.store.tag(0)
    assert (tag.source.metric, tag.unit, tag.stale_after_s) == ("hall 3", "°C", 30.0)
    assert rig.value("hall 3") == 20.0
    rig.pass_time(31)
    assert rig.quality("hall 3") == (Quality.STALE, Detail.SILENT)


def test_several_paths_of_one_json_message_are_several_tags() -> None:
    rig = PlainRig(
        TopicMap("m/+", path="v.0.t"), TopicMap("m/+", path="on", tag="{1} on"), TopicMap("m/+", path="s", tag="s")
    )
    rig.say("m/x", '{"v": [{"t": 4.5}], "on": true, "s": "läuft"}')
    assert rig.value("x.v.0.t") == 4.5
    assert rig.value("x on") == 1.0
    assert rig.text("s") == "läuft"
    assert {t.asset_id for t in rig.store.tags()} == {rig.node().asset_id}


def test_two_topics_with_the_same_shown_name_are_two_tags() -> None:
    rig = PlainRig(TopicMap("m/+", tag="speed"))
    rig.say("m/x", "1")
    rig.say("m/y", "2")
    assert rig.store.value.tolist() == [1.0, 2.0]


def test_a_subscription_that_another_covers_is_not_made() -> None:
    assert without_covered(["spBv1.0/#", "a/+", "a/b", "b/+/c", "b/#", "$SYS/x"]) == [
        "spBv1.0/#",
        "a/+",
        "b/#",
        "$SYS/x",
    ]
    assert without_covered(["spBv1.0/#", "#", "a/+"]) == ["#"]
    assert without_covered(["a/+", "a/#", "+/b", "a/+"]) == ["a/#", "+/b"]


def test_the_first_of_two_mappings_for_the_same_field_wins() -> None:
    rig = PlainRig(TopicMap("a/+", tag="first"), TopicMap("#", tag="second"))
    rig.say("a/b", "5")
    assert [tag.source.metric for tag in rig.store.tags()] == ["first"]
    assert rig.ingest.samples == 1


@pytest.mark.parametrize(
    ("body", "number"), [("true", 1.0), ("OFF", 0.0), ("-3", -3.0), ("1e3", 1000.0), (" 7 ", 7.0), (".5", 0.5)]
)
def test_scalars_in_their_usual_spellings(body: str, number: float) -> None:
    rig = PlainRig(TopicMap("t", tag="t"))
    rig.say("t", body)
    assert rig.value("t") == number


@pytest.mark.parametrize(
    ("body", "kind"),
    [("{", "bad_json"), (b"\xff", "bad_json"), ("[" * 100_000, "bad_json"), ('{"b": 1}', "no_such_path"),
     ('{"a": [1]}', "no_scalar"), ("3", "no_such_path")],
)  # fmt: skip
def test_what_cannot_be_read_is_counted_with_its_topic(body: str | bytes, kind: str) -> None:
    rig = PlainRig(TopicMap("t", path="a", tag="a"))
    rig.say("t", body)
    assert set(rig.troubles) == {("t", kind)}
    assert rig.store.size == 0


def test_what_can_be_read_of_a_message_is_used() -> None:
    rig = PlainRig(TopicMap("t", path="a", tag="a"), TopicMap("t", path="b", tag="b"))
    rig.say("t", '{"b": 2}')
    assert rig.value("b") == 2.0
    assert rig.kinds() == {"no_such_path"}


def test_null_and_nan_are_no_numbers() -> None:
    rig = PlainRig(TopicMap("t", path="a", tag="a"))
    rig.say("t", '{"a": 1}')
    rig.say("t", '{"a": null}')
    assert rig.quality("a") == (Quality.BAD, Detail.NULL)
    rig.say("t", '{"a": NaN}')
    assert rig.quality("a") == (Quality.BAD, Detail.NOT_FINITE)
    assert math.isnan(rig.value("a"))


def test_a_retained_value_is_of_unknown_age() -> None:
    rig = PlainRig(TopicMap("t", tag="t"))
    rig.say("t", "1", retained=True)
    assert rig.quality("t")[0] == Quality.UNCERTAIN
    rig.say("t", "2")
    assert rig.quality("t")[0] == Quality.GOOD


def test_large_integers_stay_exact() -> None:
    rig = PlainRig(TopicMap("t", tag="t"))
    rig.say("t", str(2**63 + 1))
    assert rig.text("t") == str(2**63 + 1)
