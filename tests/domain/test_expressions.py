"""The expression language: Python's own arithmetic beside it, three-valued logic, every error with its place."""

import math
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.expressions import MAX_DEPTH, MAX_LENGTH, MAX_REFERENCES, ExpressionError, Window, parse
from console.domain.quality import Quality

GOOD, UNCERTAIN, BAD, STALE, UNKNOWN = (
    int(one) for one in (Quality.GOOD, Quality.UNCERTAIN, Quality.BAD, Quality.STALE, Quality.UNKNOWN)
)


class Tags:
    """Inputs from a dictionary: path -> value, or (value, quality). Ages and windows by hand."""

    def __init__(self, expression, values=None, ages=None, windows=()):
        self._paths = expression.references
        self._values = values or {}
        self._ages = ages or {}
        self._windows = windows

    def tag(self, reference):
        found = self._values.get(self._paths[reference], (None, UNKNOWN))
        return found if isinstance(found, tuple) else (found, GOOD)

    def age_s(self, reference):
        return self._ages.get(self._paths[reference])

    def window(self, window):
        return self._windows[window]


def value(text, **values):
    expression = parse(text)
    return expression.evaluate(Tags(expression, {name.replace("_", "/"): one for name, one in values.items()}))


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("10 - 4 - 3", 3.0),
        ("-2 * -3", 6.0),
        ("7 % 3 + .5e1", 6.0),
        ("min(3, 1, 2) + max(1, 5) + avg(1, 2, 3) + abs(-4)", 12.0),
        ("sqrt(16) + round(2.6) + round(1.26, 1)", 8.3),
        ("if(2 > 1, 10, 20)", 10.0),
        ("not 1 > 2 and (3 <> 4 or false)", 1.0),
        ('"a" = "a" and "a" != "b" and "a" < "b"', 1.0),
        ('if(true, "run", "stop")', "run"),
        ('"say ""yes"""', 'say "yes"'),
        ("1 = 1.0 == true", None),
        ("not not true", 1.0),
        ("IF(True, 1, 2) AND NOT false", 1.0),
    ],
)
def test_what_is_written_is_what_comes_out(text, result):
    if result is None:
        with pytest.raises(ExpressionError):
            parse(text)
        return
    found, quality = value(text)
    assert found == pytest.approx(result) if isinstance(result, float) else found == result
    assert quality == GOOD


numbers = st.one_of(st.integers(-50, 50).map(float), st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3)))


def sums(children):
    joined = st.tuples(children, st.sampled_from(["+", "-", "*", "/", "%"]), children).map(" ".join)
    calls = st.tuples(st.sampled_from(["min", "max"]), children, children).map(lambda t: f"{t[0]}({t[1]}, {t[2]})")
    return joined | calls | children.map(lambda one: f"({one})") | children.map(lambda one: f"abs({one})")


def truths(children):
    joined = st.tuples(children, st.sampled_from(["and", "or"]), children).map(" ".join)
    return joined | children.map(lambda one: f"(not {one})") | children.map(lambda one: f"({one})")


arithmetic = st.recursive(numbers.map(lambda x: f"({x!r})" if x < 0 else repr(x)), sums, max_leaves=8)
comparison = st.tuples(arithmetic, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), arithmetic).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(arithmetic)
def test_arithmetic_agrees_with_pythons_own(text):
    try:
        wanted = float(eval(text))  # the other implementation; what is drawn is numbers and signs only
    except (ArithmeticError, ValueError):
        wanted = math.nan
    found, quality = value(text)
    if math.isfinite(wanted):
        assert (found, quality) == (wanted, GOOD)
    else:
        assert (found, quality) == (None, BAD)


@settings(max_examples=100, deadline=None)
@given(st.recursive(comparison, truths, max_leaves=5))
def test_logic_agrees_with_pythons_own_where_everything_is_known(text):
    try:
        wanted = bool(eval(text))  # the same
    except ArithmeticError:
        return  # Python stops; what is unknown here is told elsewhere
    found, _quality = value(text)
    if found is not None:  # a division by zero that Python never came to
        assert bool(found) is wanted


THREE = {"t": 1.0, "f": 0.0, "u": None}


@pytest.mark.parametrize("left", "tfu")
@pytest.mark.parametrize("right", "tfu")
def test_unknown_is_neither_true_nor_false(left, right):
    """Kleene's tables, in both orders."""
    a, b = THREE[left], THREE[right]
    values = {"a": (a, GOOD if a is not None else STALE), "b": (b, GOOD if b is not None else STALE)}
    both = 0.0 if 0.0 in (a, b) else None if None in (a, b) else 1.0
    either = 1.0 if 1.0 in (a, b) else None if None in (a, b) else 0.0
    assert value("'a' and 'b'", **values)[0] == both
    assert value("'a' or 'b'", **values)[0] == either
    assert value("not 'a'", **values)[0] == (None if a is None else 1.0 - a)


@pytest.mark.parametrize("quality", [q for q in Quality if q > Quality.UNCERTAIN])
@pytest.mark.parametrize(
    "text",
    ["'a' + 1", "'a' * 0", "'a' > 0 or 'a' <= 0", "not 'a'", "if('a', 1, 1)", "min('a', 1)", "'a' = 'a'", "'a'"],
)
def test_what_cannot_be_trusted_is_unknown_and_never_true_and_never_good(text, quality):
    expression = parse(text)
    tags = Tags(expression, {"a": (None, int(quality))})
    found, trust = expression.evaluate(tags)
    assert found is None
    assert trust >= BAD
    assert not expression.is_true(tags)


def test_an_uncertain_input_gives_a_value_but_nothing_is_true_by_it():
    expression = parse("'a' > 1")
    tags = Tags(expression, {"a": (5.0, UNCERTAIN)})
    assert expression.evaluate(tags) == (1.0, UNCERTAIN)
    assert not expression.is_true(tags)


def test_the_worst_input_is_the_quality_but_a_part_that_is_not_chosen_does_not_count():
    assert value("'a' + 'b'", a=(1.0, GOOD), b=(2.0, UNCERTAIN)) == (3.0, UNCERTAIN)
    assert value("'a' + 'b'", a=(None, STALE), b=(None, BAD)) == (None, STALE)
    text = "if(quality('a') = \"good\", 'a', 'b')"
    assert value(text, a=(None, BAD), b=7.0) == (7.0, GOOD)
    assert value("'a' and 'b'", a=0.0, b=(None, BAD)) == (0.0, GOOD)


@pytest.mark.parametrize("text", ["1 / 0", "5 % 0", "sqrt(0 - 1)", "1e300 * 1e300", "'a' + 1", "'a' < 1"])
def test_what_has_no_result_is_unknown(text):
    assert value(text, a="words") == (None, BAD)


def test_age_is_counted_in_source_time_and_quality_is_a_word():
    expression = parse("age('a') > 5 and quality('b') = \"stale\"")
    assert expression.is_true(Tags(expression, {"a": 1.0, "b": (None, STALE)}, {"a": 6.0}))
    assert not expression.is_true(Tags(expression, {"a": 1.0, "b": (None, STALE)}))


def test_references_and_windows_are_named_once_in_their_order():
    expression = parse("'x' + count_true('y', 60) + count_true('y', 60) + increase('x', 0.5) - 'x'")
    assert expression.references == ("x", "y")
    assert expression.windows == (Window("count_true", 1, 60_000_000), Window("increase", 0, 500_000))
    assert expression.evaluate(Tags(expression, {"x": 1.0}, windows=[(3.0, GOOD), (2.0, GOOD)]))[0] == 8.0
    assert parse("'./State' = 6 and 'a/b'").paths("G/N/D") == ("G/N/D/State", "a/b")
    assert parse("'it''s'").references == ("it's",)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("", 1),
        ("   ", 1),
        ("1 +", 4),
        ("1 + * 2", 5),
        ("(1 + 2", 7),
        ("1 + 2)", 6),
        ("foo(1)", 1),
        ("State = 6", 1),
        ("'a' = \"x", 7),
        ("'open", 1),
        ("1 < 2 < 3", 7),
        ("sqrt(1, 2)", 1),
        ("min()", 5),
        ("if(1, 2)", 8),
        ("age(1)", 5),
        ("count_true('a', 'b')", 17),
        ("count_true('a', 0)", 17),
        ("increase('a', 1e9)", 15),
        ('"a" + 1', 1),
        ("1 and \"b\"", 7),
        ('1 = "b"', 3),
        ("''", 1),
        ("1 ; 2", 3),
        ("1 $ 2", 3),
        ("1e999", 1),
        ("__import__('os')", 1),
        ("'a'.b", 4),
    ],
)  # fmt: skip
def test_every_error_names_its_place(text, at):
    with pytest.raises(ExpressionError) as error:
        parse(text)
    assert error.value.at == at, error.value
    assert error.value.text


def test_length_depth_and_references_are_bounded():
    with pytest.raises(ExpressionError):
        parse("1" + " " * MAX_LENGTH)
    with pytest.raises(ExpressionError):
        parse("(" * (MAX_DEPTH + 1) + "1" + ")" * (MAX_DEPTH + 1))
    assert parse("(" * (MAX_DEPTH - 1) + "1" + ")" * (MAX_DEPTH - 1))
    with pytest.raises(ExpressionError):
        parse("+".join(f"'t{n}'" for n in range(MAX_REFERENCES + 1)))
    assert value("+".join("1" for _ in range(1000))) == (1000.0, GOOD)  # long is not deep
    assert value("not " * 400 + "true") == (1.0, GOOD)
    assert value("-" * 1001 + "1") == (-1.0, GOOD)


PIECES = ["'a'", "'b/c'", '"x"', "1", ".5", "(", ")", ",", "and", "or", "not", "if", "min", "=", "<", "+", "-", "/",
          "%", "quality(", "count_true('a',", "true", "\x00", "ß", "'", '"', " ", "\n"]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60), st.text(string.printable, max_size=60), st.lists(st.sampled_from(PIECES)).map(" ".join)
    )
)
def test_no_text_is_anything_but_an_expression_or_an_error_with_a_place(text):
    try:
        expression = parse(text)
    except ExpressionError as error:
        assert 1 <= error.at <= len(text) + 1
        return
    for inputs in ({}, {"a": 1.0, "b/c": "x"}, {"a": (None, BAD), "b/c": 0.0}):
        windows = [(1.0, GOOD)] * len(expression.windows)
        found, quality = expression.evaluate(Tags(expression, inputs, windows=windows))
        assert found is None or isinstance(found, str) or math.isfinite(found)
        assert quality in tuple(Quality)
        assert found is not None or quality != GOOD
