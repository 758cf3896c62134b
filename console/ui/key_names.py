"""What a key is called on the keyboard of the person's language: `Strg+F` and `Leertaste` in German."""

from PySide6.QtGui import QKeySequence


def key_text(key: str) -> str:
    """`key` in Qt's portable form, such as `Ctrl+F`; what is no key stays as it is."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) or key
