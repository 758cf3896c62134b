"""Which retention and which deadband a tag has, and what gives way first when there is no room."""

from console.domain.history.settings import (
    LEVELS_S,
    RAW,
    Band,
    HistorySettings,
    RetentionClass,
    TagHistory,
    TagRule,
    is_sound,
    order_of_loss,
)


def test_without_a_word_samples_are_kept_a_month_and_the_coarsest_rollup_ten_years():
    usual = HistorySettings().class_of("standard")
    assert usual.days_of(RAW) == 30
    assert usual.days_of(10) == 90
    assert 365 <= usual.days_of(100) <= 366
    assert 5 * 365 <= usual.days_of(1_000) <= 5 * 366
    assert 10 * 365 <= usual.days_of(10_000) <= 10 * 366
    assert HistorySettings().history_of("Press/PLC/Temp") == TagHistory()
    assert not TagHistory().has_deadband


def test_the_first_rule_that_names_a_tag_decides():
    slow, rest = TagHistory("slow"), TagHistory("rest", is_recorded=False)
    settings = HistorySettings(rules=(TagRule("Press/*/Temp", slow), TagRule("Press/*", rest)))
    assert settings.history_of("Press/PLC/P1/Temp") is slow
    assert settings.history_of("Press/PLC/P1/Flow") is rest
    assert settings.history_of("press/PLC/P1/Temp") == TagHistory()


def test_a_class_that_is_not_known_any_more_keeps_what_the_standard_class_keeps():
    own = RetentionClass("standard", raw_days=3)
    settings = HistorySettings((own, RetentionClass("fast", raw_days=1)))
    assert settings.class_of("fast").raw_days == 1
    assert settings.class_of("renamed") is own


def test_samples_of_the_most_generous_class_give_way_first_and_the_coarsest_rollups_last():
    lean = RetentionClass("lean", 5)
    rich = RetentionClass("rich", 90, (100.0, 400.0, 800.0, 900.0))
    order = order_of_loss((lean, rich))
    assert order[:4] == (("rich", RAW), ("lean", RAW), ("rich", 10), ("lean", 10))
    assert order[-2:] == (("lean", 10_000), ("rich", 10_000))
    assert len(order) == 2 * (1 + len(LEVELS_S))


def test_a_band_in_percent_follows_the_value_and_one_in_units_does_not():
    assert Band(2.0, is_percent=True).around(-50.0) == 1.0
    assert Band(2.0).around(-50.0) == 2.0


def test_a_coarser_level_is_never_kept_shorter_than_a_finer_one():
    assert is_sound((30, 30, 365, 400))
    assert not is_sound((30, 20, 365))
    assert not is_sound((float("nan"), 20))
