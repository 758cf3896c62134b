"""The dictionary of each text tag: a text is stored once, samples hold its code."""

from sqlalchemy.engine import Connection

from console.services.historian.samples import SampleBlock
from console.services.storage.direct import direct


def with_codes(connection: Connection, block: SampleBlock) -> SampleBlock:
    """The block with the code of each text as its value; texts that are new get one, in this transaction."""
    if not block.texts:
        return block
    value = block.value.copy()
    known: dict[tuple[int, str], int] = {}
    for row, text in block.texts.items():
        place = int(block.key[row]), text
        if place not in known:
            known[place] = _code(connection, *place)
        value[row] = known[place]
    return SampleBlock(block.key, block.at_us, value, block.quality, block.exact)


def texts_of(connection: Connection, key: int) -> dict[int, str]:
    """Code -> text of one tag."""
    return dict(direct(connection, "SELECT code, text FROM text WHERE key = ?", (key,)))


def _code(connection: Connection, key: int, text: str) -> int:
    row = direct(connection, "SELECT code FROM text WHERE key = ? AND text = ?", (key, text)).fetchone()
    if row is None:
        sql = "INSERT INTO text SELECT ?1, coalesce(max(code) + 1, 0), ?2 FROM text WHERE key = ?1 RETURNING code"
        row = direct(connection, sql, (key, text)).fetchone()
    return int(row[0])
