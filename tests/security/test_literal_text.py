"""Text from outside stands in the window as it is written: two hundred hostile texts in every part that shows text."""

import ast
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import Qt, QTextDocument
from PySide6.QtWidgets import QLabel, QWidget

from console.domain.alarms import AlarmState
from console.ui.format import ValueText
from console.ui.plain_label import PlainLabel, plain_tip
from console.widgets.alarm_banner import TopAlarm, TopAlarmLine
from console.widgets.alarm_card import AlarmCard, AlarmCardRow
from console.widgets.card import Card
from console.widgets.command_palette import CommandPalette, PaletteItem
from console.widgets.lamp import LampState
from console.widgets.notice_bar import NoticeBar
from console.widgets.standing_band import BandButton, StandingBand
from console.widgets.status_strip import StatusStrip, StripItem
from console.widgets.value_card import ValueCard, ValueRow
from tests.support.hostile import HOSTILE, MARKUP

SOURCES = sorted((Path(__file__).resolve().parents[2] / "console").rglob("*.py"))
AROUND = ("{}", "Pump {}", "{} &amp; Co", "{}\n{}", " {} ", "[{}]", "{}/Temperature", "<p>{}</p>", "{}<br>", "a{}b{}c")
CORPUS = tuple(
    dict.fromkeys([*HOSTILE, *(around.replace("{}", text) for around, text in product(AROUND, (*MARKUP, *HOSTILE)))])
)
RENDERS = {
    "setHtml",
    "setMarkdown",
    "insertHtml",
    "appendHtml",
    "toHtml",
    "QTextBrowser",
    "QMessageBox",
    "QErrorMessage",
}
FORMATS = {"RichText", "AutoText", "MarkdownText"}
# the only place that makes a label of its own: it shows a picture
LABELS = {"console/ui/plain_label.py", "console/widgets/standing_band.py"}
TIPS_OF_OUR_OWN = {  # what they say is translated text and shortcuts, never text from outside
    "console/ui/actions.py", "console/widgets/key_button.py", "console/widgets/navigation_rail.py",
    "console/widgets/priority_count.py", "console/views/diagnostics/view.py",
    "console/app/frame/attention.py", "console/widgets/aside_counts.py",
}  # fmt: skip


def test_the_corpus_is_large_enough_and_looks_like_markup():
    assert len(CORPUS) >= 200
    assert sum(Qt.mightBeRichText(text) for text in CORPUS) > 60


@pytest.mark.proves("SEC-61", "SEC-21")
def test_nothing_in_the_program_renders_markup():
    found = []
    for path in SOURCES:
        name = path.relative_to(path.parents[len(path.parts) - path.parts.index("console") - 1]).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in RENDERS | FORMATS:
                found.append(f"{name}:{node.lineno}: {node.attr}")
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called in RENDERS or (called == "QLabel" and name not in LABELS):
                    found.append(f"{name}:{node.lineno}: {called}")
                if called.endswith((".setToolTip", "QToolTip.showText")) and name not in TIPS_OF_OUR_OWN:
                    text = " ".join(ast.unparse(one) for one in node.args)
                    if "plain_tip(" not in text and "tr(" not in text and text not in ("''", ""):
                        found.append(f"{name}:{node.lineno}: {called}({text})")
    assert found == []


def literal(widget: QWidget, text: str) -> None:
    """Every label is plain, and no tooltip shows something else than what is written."""
    for label in (*widget.findChildren(QLabel), *([widget] if isinstance(widget, QLabel) else [])):
        assert label.textFormat() is Qt.TextFormat.PlainText or not label.text()
    for part in (widget, *widget.findChildren(QWidget)):
        if Qt.mightBeRichText(part.toolTip()):
            document = QTextDocument()
            document.setHtml(part.toolTip())
            assert flat(text) in flat(document.toPlainText()), part.toolTip()


def flat(text: str) -> str:
    return "".join(text.split())


@pytest.mark.proves("SEC-61")
def test_every_widget_that_shows_words_shows_them_as_they_are(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    label, card, values = PlainLabel("", parent, elide=True), Card(parent), ValueCard(parent)
    notice, band, strip = NoticeBar(parent), StandingBand("info"), StatusStrip(parent)
    band.setParent(parent)
    line, alarms, palette = TopAlarmLine(parent), AlarmCard(parent), CommandPalette(parent)
    for text in CORPUS:
        label.setText(text)
        card.set_title(text)
        card.set_rows([(text, text, "")])
        card.set_text(text)
        assert card.texts().count(text) >= 2
        values.set_values([ValueRow(text, ValueText(text, text, "", text), "", np.zeros(0), np.zeros(0))])
        notice.show_text(text, "error")
        assert notice.text() == text
        band.show_band(text, text, [BandButton(text, lambda: None, "F2")], text)
        strip.show_items((StripItem("one", text, text, text, LampState.ALARM, text),))
        line.set_alarm(TopAlarm(1, text, text, 1))
        alarms.set_alarms([AlarmCardRow(1, AlarmState.UNACKNOWLEDGED, text, text)])
        palette.open_with([PaletteItem("view", text, 1, why_not=text)])
        literal(parent, text)
    palette.close()


@pytest.mark.proves("SEC-61")
def test_a_tip_shows_what_is_written_whatever_it_looks_like(qtbot):
    for text in CORPUS:
        document = QTextDocument()
        document.setHtml(plain_tip(text))
        assert flat(document.toPlainText()) == flat(text)
