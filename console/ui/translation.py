"""Every word that a person sees goes through `tr`: English in the code, German in `resources/translations/de/`.

Catalogues are TOML tables from the English text to the German one, one file per room, merged at start. Texts that
are made where no translation is known (refusals, table rows) are marked with `mark` and translated when shown.
"""

import logging
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from console.domain.refusal import Refused
from console.ui.resources import resource

LANGUAGES = ("en", "de")
log = logging.getLogger(__name__)
_language = "en"
_qt_translator: QTranslator | None = None


def mark(text: str) -> str:
    """Mark a text for translation that is translated later; returns it unchanged."""
    return text


@cache
def catalogue(language: str) -> dict[str, str]:
    """All translations of a language; empty for English. A text defined twice must be translated alike."""
    merged: dict[str, str] = {}
    for path in _files(language):
        merged.update(_words(path))
    return merged


def read_catalogue(language: str) -> Iterator[None]:
    """What `catalogue` needs, a file a piece."""
    for path in _files(language):
        _words(path)
        yield


def _files(language: str) -> list[Path]:
    folder = resource("translations", language)
    return sorted(folder.glob("*.toml")) if folder.is_dir() else []


@cache
def _words(path: Path) -> dict[str, str]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:  # one broken file must not take the words of the others
        log.error("translations %s cannot be read: %s", path.name, error)
        return {}


def set_language(language: str) -> None:
    """Switch; texts shown before must be set again by their owners (they listen to `theme().changed`)."""
    global _language, _qt_translator
    _language = language if language in LANGUAGES else "en"
    QLocale.setDefault(QLocale(_language))
    app = QApplication.instance()
    if app is not None:
        if _qt_translator is not None:
            app.removeTranslator(_qt_translator)
        _qt_translator = QTranslator()
        if _qt_translator.load(f"qtbase_{_language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
            app.installTranslator(_qt_translator)


def language() -> str:
    return _language


def system_language() -> str:
    """The system's language when the program speaks it, else English."""
    code = QLocale.system().name().split("_")[0]
    return code if code in LANGUAGES else "en"


def tr(text: str, **values: object) -> str:
    """The text in the current language, with `{name}` places filled. Unknown texts stay English."""
    found = catalogue(_language).get(text, text) if _language != "en" else text
    return found.format(**values) if values else found


def whole_text(count: int) -> str:
    """A count with grouped thousands."""
    return f"{count:,}".replace(",", ".") if _language == "de" else f"{count:,}"


def tr_n(one: str, many: str, n: int, **values: object) -> str:
    """Singular or plural by n (also filled as `{n}`, as counts are written); English and German share the rule."""
    return tr(one if n == 1 else many, n=whole_text(n), **values)


def in_every_language(text: str) -> tuple[str, ...]:
    """The text as people of any language read it, to be found by whoever types it."""
    return tuple(dict.fromkeys(catalogue(name).get(text, text) if name != "en" else text for name in LANGUAGES))


def tr_refusal(refused: Refused) -> str:
    """A refusal in the words of the person who reads it; text values that are themselves marked are translated."""
    values = {key: tr(value) if isinstance(value, str) else value for key, value in refused.values.items()}
    return tr(refused.text, **values)
