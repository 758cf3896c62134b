"""The demo's derived tags and new kinds of rules on the living plant: everything named exists and has a value."""

from dataclasses import replace

import numpy as np

from console.app.demo.plant import Plant
from console.config.alarm_rules import load_alarm_file
from console.config.derived_file import load_derived
from console.domain.alarms import AlarmKind
from console.domain.quality import Quality
from console.domain.tags import TagSource
from console.domain.values import is_numeric
from console.services.alarms.engine import AlarmEngine
from console.services.alarms.suppression import SuppressionByDesign
from console.services.inbox import Inbox
from console.services.telemetry.batch import Message, SampleBatch, TagsDefined
from console.services.telemetry.derived_tags import DerivedTags
from console.services.telemetry.handles import HandleTable
from console.services.telemetry.ingest import Ingest
from console.services.telemetry.tag_store import TagStore
from console.services.telemetry.watchdog import Watchdog
from tests.app.demo.plant import NOON_US, RESOURCES, SECOND_US, shipped_plant
from tests.support.alarm_plant import SITE


def test_every_tag_that_the_demo_names_exists_and_its_key_figures_have_values() -> None:
    alarms, figures = load_alarm_file(RESOURCES), load_derived(RESOURCES)
    figures = tuple(replace(figure, interval_s=0.0) for figure in figures)
    store, inbox, handles = TagStore(), Inbox[Message](), HandleTable(SITE)
    engine = AlarmEngine(SITE, store, alarms.rules, settings=alarms.settings)
    by_design = SuppressionByDesign(alarms.rules, alarms.settings, store, engine)
    ingest = Ingest(
        inbox, store, Watchdog(store), (by_design, engine), derived=DerivedTags(figures, handles, store)
    )  # fmt: skip
    plant = Plant(shipped_plant(), NOON_US)
    points = {}
    for node in plant.model.nodes:
        for device, own in plant.points_of(f"{node.group}/{node.node}").items():
            for point in own:
                if is_numeric(point.model.value_type) and isinstance(point.value, (int, float)):
                    source = TagSource("plant", node.group, node.node, device, point.model.name)
                    points[handles.define(source, point.model.value_type)[0]] = point
    inbox.put(TagsDefined(tuple(points)))
    for second in range(0, 120, 10):
        now_us = NOON_US + second * SECOND_US
        plant.advance(now_us)
        count = len(points)
        inbox.put(
            SampleBatch(
                np.array([tag.handle for tag in points], np.int32),
                np.full(count, now_us, np.int64),
                np.full(count, now_us, np.int64),
                np.array([float(point.value) for point in points.values()]),
                *(np.zeros(count, np.uint8) for _ in range(3)),
            )
        )
        ingest.turn(now_us, float(second), budget_s=30.0)
        engine.tick(now_us, float(second))
    assert not ingest.defects
    by_path = {tag.source.path(): tag for tag in store.tags()}
    for figure in figures:
        tag = by_path[f"derived/{figure.path}"]
        assert store.quality[tag.handle] <= Quality.UNCERTAIN, figure.path
        for path in figure.inputs:
            assert f"plant/{path}" in by_path or f"derived/{path}" in by_path, path
    compressors = by_path["derived/Utilities/Compressed air/Running compressors"]
    assert store.value[compressors.handle] == 2.0
    paths = {path.partition("/")[2] for path in by_path}
    for rule in alarms.rules:
        if rule.kind is AlarmKind.DEVIATION and not rule.setpoint.replace(".", "").isdigit():
            assert rule.setpoint in paths
    for suppression in alarms.settings.suppressions:
        for path in by_design._feed._bound[alarms.settings.suppressions.index(suppression)].expression.references:
            assert path in paths or path in by_path, path
    assert sum(engine.counts().unacknowledged) <= 3
