"""Every colour can be told from what it stands on, also by people who see colours differently."""

import itertools

import pytest

from console.ui.stylesheet import stylesheet
from console.ui.theme import THEMES, load_tokens
from tests.ui.color_science import CVD, contrast, difference

SURFACES = ("surface.base", "surface.panel", "surface.raised", "selection")
CARDS = ("surface.panel", "surface.raised")
PRIORITIES = ("critical", "high", "medium", "low")
PENS = tuple(f"pen.{number}" for number in range(1, 9))


@pytest.mark.parametrize("name", THEMES)
def test_text_is_readable_on_every_surface(name):
    tokens = load_tokens(name)
    weak = [
        (text, surface, round(contrast(tokens[text], tokens[surface]), 2))
        for text in ("text", "text.dim", "stale")
        for surface in SURFACES
        if contrast(tokens[text], tokens[surface]) < 4.5
    ]
    assert not weak


@pytest.mark.parametrize("name", THEMES)
def test_alarm_words_on_cards_are_readable(name):
    tokens = load_tokens(name)
    weak = [
        (priority, card)
        for priority in PRIORITIES
        for card in ("surface.raised",)
        if contrast(tokens[f"alarm.{priority}.edge"], tokens[card]) < 4.5
    ]
    assert not weak


@pytest.mark.parametrize("name", THEMES)
def test_text_on_fills_is_readable(name):
    tokens = load_tokens(name)
    pairs = [(f"alarm.{p}.digit", f"alarm.{p}") for p in PRIORITIES]
    pairs += [("accent.text", "accent"), ("normal.text", "normal")]
    assert [pair for pair in pairs if contrast(tokens[pair[0]], tokens[pair[1]]) < 4.5] == []


@pytest.mark.parametrize("name", THEMES)
def test_symbols_and_lines_stand_out_on_every_surface(name):
    tokens = load_tokens(name)
    lines = [f"alarm.{p}.edge" for p in PRIORITIES] + ["normal", "accent"]
    weak = [
        (line, surface, round(contrast(tokens[line], tokens[surface]), 2))
        for line in lines
        for surface in SURFACES
        if contrast(tokens[line], tokens[surface]) < 3
    ]
    weak += [(p, s) for p in PENS for s in SURFACES[:3] if contrast(tokens[p], tokens[s]) < 3]
    assert not weak


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("vision", tuple(CVD))
def test_trend_pens_differ_for_every_vision(name, vision):
    tokens = load_tokens(name)
    close = [
        (one, other, round(difference(tokens[one], tokens[other], vision), 1))
        for one, other in itertools.combinations(PENS, 2)
        if difference(tokens[one], tokens[other], vision) < 8
    ]
    assert not close


@pytest.mark.proves("ALARM-F78")
@pytest.mark.parametrize("name", THEMES)
def test_no_trend_pen_looks_like_an_alarm(name):
    tokens = load_tokens(name)
    alarms = [f"alarm.{p}" for p in PRIORITIES] + [f"alarm.{p}.edge" for p in PRIORITIES]
    assert [(p, a) for p in PENS for a in alarms if difference(tokens[p], tokens[a], "normal") < 12] == []


@pytest.mark.proves("ALARM-F77")
@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("vision", tuple(CVD))
def test_alarm_colours_differ_for_every_vision(name, vision):
    tokens = load_tokens(name)
    pairs = itertools.combinations([f"alarm.{p}" for p in PRIORITIES], 2)
    assert [pair for pair in pairs if difference(tokens[pair[0]], tokens[pair[1]], vision) < 9] == []


def test_both_themes_name_the_same_tokens():
    assert load_tokens("light").keys() == load_tokens("dark").keys()


@pytest.mark.parametrize("name", THEMES)
def test_the_style_sheet_leaves_no_place_unfilled(name):
    assert "$" not in stylesheet(name)
