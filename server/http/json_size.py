"""Count the values of a JSON text before it is parsed, which takes 30 times its size in memory."""

CHUNK_BYTES = 64 * 1024
"""Size of the pieces that are scanned."""
STRUCTURE = (b",", b"[", b"{")
"""Precede each value but the first."""


def holds_more_values(content: bytes, maximum: int) -> bool:
    """Return whether a JSON text may hold more than ``maximum`` values, in linear time.

    Members count with their values; empty lists and objects count once more. The result is arbitrary
    for text that is not JSON.
    """
    if len(content) <= maximum or count(content) <= maximum:
        return False
    # The count included commas in strings; repeat it without quoted text.
    value_count, is_text = 0, False
    content = content.replace(rb"\\", b"").replace(rb"\"", b"")
    for start in range(0, len(content), CHUNK_BYTES):
        parts = content[start : start + CHUNK_BYTES].split(b'"')
        value_count += count(b"".join(parts[is_text::2]))
        if value_count > maximum:
            return True
        is_text ^= len(parts) % 2 == 0
    return False


def count(content: bytes) -> int:
    return sum(content.count(mark) for mark in STRUCTURE)
