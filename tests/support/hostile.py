"""Texts as a hostile neighbour, device or person would send them: markup, formulas, controls, turned reading order."""

from itertools import product

MARKUP = (
    "<b>bold</b>",
    "<script>alert(1)</script>",
    "<img src='file:///etc/passwd'>",
    "<a href='http://evil'>ok</a>",
    "&lt;b&gt;",
    "<table><tr><td>x",
    "</span><h1>OK</h1>",
    "<!--",
    "<qt>rich</qt>",
    "<html><body style='color:lime'>live",
    "&#x3c;b&#x3e;",
)
TURNED = ("\u202egnp.exe", "a\u2066b\u2069c", "line\nline", "tab\tstop", "\u200fabc", "x\u0007y")
HOSTILE = (*MARKUP, *TURNED, "{n} {0} %s %(x)s", "$(rm -rf /)", "'; DROP TABLE event; --")

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\x00", "\n", "|", "%", "＝", "＋", "－", "＠")
_BODIES = ("1+1", "cmd|'/C calc'!A0", "SUM(A1:A9)", 'HYPERLINK("http://evil","ok")', 'DDE("cmd";"/C calc")')
_LEADS = ("", " ", "\u00a0", "\ufeff")
FORMULAS = tuple(f"{lead}{start}{body}" for lead, start, body in product(_LEADS, _STARTS, _BODIES))
assert len(FORMULAS) >= 200
