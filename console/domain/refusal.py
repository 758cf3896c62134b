"""A refusal: the operator asked for something that may not or cannot be done, and is told why."""


class Refused(Exception):
    """Shown beside the row it concerns. `text` is an English template, translated on screen; `values` fill it."""

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text.format(**values) if values else text)
        self.text = text
        self.values = values
