"""Counts the values of a JSON text before anything is made of it: parsed ones take 30 times the room."""

CHUNK_BYTES = 64 * 1024
"""How much of a text is taken apart at once."""
STRUCTURE = (b",", b"[", b"{")
"""What stands before each value but the first."""


def holds_more_values(content: bytes, most: int) -> bool:
    """Whether a JSON text may hold more than ``most`` values, in time linear in its length.

    Members count with their values; empty lists and objects count once more. A text that is not
    JSON has any answer.
    """
    if len(content) <= most or count(content) <= most:
        return False
    # Commas of texts were counted, too: once more, without what stands between quotes.
    found, is_text = 0, False
    content = content.replace(rb"\\", b"").replace(rb"\"", b"")
    for start in range(0, len(content), CHUNK_BYTES):
        parts = content[start : start + CHUNK_BYTES].split(b'"')
        found += count(b"".join(parts[is_text::2]))
        if found > most:
            return True
        is_text ^= len(parts) % 2 == 0
    return False


def count(content: bytes) -> int:
    """Return how many values begin in a text without quotes."""
    return sum(content.count(mark) for mark in STRUCTURE)
