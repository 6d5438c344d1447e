"""JSON Lines: every row as GraphQL answers it, one a line."""

import msgspec

LIST = msgspec.json.Decoder(list[msgspec.Raw])


class JsonLinesWriter:
    """Rows keep their shape: objects inside of rows stay objects."""

    media_type = "application/jsonl; charset=utf-8"
    extension = "jsonl"

    async def start(self) -> bytes:
        """Nothing comes before the first row."""
        return b""

    async def write(self, rows: bytes) -> bytes:
        """The lines of a JSON list of rows."""
        return b"".join(b"%b\n" % bytes(row) for row in LIST.decode(rows))

    async def finish(self) -> bytes:
        """Nothing more."""
        return b""
