"""Text that a person typed, as it may become part of a record: trimmed, bounded, storable."""

from console.domain.refusal import Refused

TEXT_BYTES = 8 * 1024  # the journal's bound for one text
LINE_CHARACTERS = 200


def paragraph(text: str) -> str:
    """Free text with its line breaks. Raises Refused when it is longer than the journal takes or cannot be stored."""
    trimmed = text.strip()
    try:
        size = len(trimmed.encode())
    except UnicodeEncodeError:
        raise Refused("The text contains characters that cannot be stored") from None
    if "\0" in trimmed:
        raise Refused("The text contains characters that cannot be stored")
    if size > TEXT_BYTES:
        raise Refused("The text is too long: at most {limit} bytes", limit=TEXT_BYTES)
    return trimmed


def line(text: str) -> str:
    """One line of text; line breaks and tabs become spaces. Raises Refused when it is longer than a line may be."""
    joined = " ".join(paragraph(text).split())
    if len(joined) > LINE_CHARACTERS:
        raise Refused("The text is too long: at most {limit} characters", limit=LINE_CHARACTERS)
    return joined


def required(text: str, missing: str) -> str:
    """The text, or Refused with the sentence `missing` when nothing was written."""
    if not any(sign.isprintable() and not sign.isspace() for sign in text):  # marks without width are no words
        raise Refused(missing)
    return text
