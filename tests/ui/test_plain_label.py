"""Text from outside is shown as it is."""

from console.ui.plain_label import PlainLabel, plain_tip


def test_markup_is_not_rendered(qtbot):
    label = PlainLabel("<b>PLC</b>", elide=True)
    qtbot.addWidget(label)
    assert label.text() == "<b>PLC</b>"
    assert "&lt;b&gt;" in label.toolTip()


def test_an_empty_tip_stays_empty():
    assert plain_tip("") == ""
