"""Write JSON Lines: every row as GraphQL answers it, one per line."""

import msgspec

LIST_DECODER = msgspec.json.Decoder(list[msgspec.Raw])


class JsonLinesWriter:
    media_type = "application/jsonl; charset=utf-8"
    extension = "jsonl"

    async def start(self) -> bytes:
        return b""

    async def write(self, rows: bytes) -> bytes:
        return b"".join(b"%b\n" % bytes(row) for row in LIST_DECODER.decode(rows))

    async def finish(self) -> bytes:
        return b""
