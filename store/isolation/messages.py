"""What a server process and the process that runs its statements tell each other."""

from collections.abc import Sequence
from typing import Any

import msgspec


class Close(msgspec.Struct, array_like=True, tag="close"):
    pass


class Statement(msgspec.Struct, array_like=True, tag="statement"):
    path: str
    text: str
    parameters: tuple[Any, ...]
    seconds: float


class Rows(msgspec.Struct, array_like=True, tag="rows"):
    columns: Sequence[str]
    rows: list[tuple[Any, ...]]


class Failure(msgspec.Struct, array_like=True, tag="failure"):
    kind: str
    message: str
    state: str | None


encoder = msgspec.msgpack.Encoder()
read_request = msgspec.msgpack.Decoder(Statement | Close).decode
read_answer = msgspec.msgpack.Decoder(Rows | Failure).decode
