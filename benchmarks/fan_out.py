"""The reference of live streams: a plain websocket server that passes on what it is handed.

Written as one writes it by hand: rooms, ``websockets.broadcast``, no compression. A line on the
second port names a room and holds the message for everybody in it.
"""

import asyncio
import signal
import sys
from collections import defaultdict
from http import HTTPStatus

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.http11 import Request, Response

HELLO = '{"seq":0,"message":"welcome"}'
READY = "/readyz"
LONGEST_LINE = 1 << 20


class FanOut:
    """Who is in which room."""

    def __init__(self) -> None:
        self._rooms: defaultdict[str, set[ServerConnection]] = defaultdict(set)

    async def join(self, connection: ServerConnection) -> None:
        """The path is the room."""
        assert connection.request is not None
        room = self._rooms[connection.request.path]
        room.add(connection)
        try:
            await connection.send(HELLO)
            await connection.wait_closed()
        finally:
            room.discard(connection)

    async def publish(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Whoever hands over messages."""
        while line := await reader.readline():
            room, _, message = line.rstrip(b"\n").partition(b"\t")
            broadcast(self._rooms[room.decode()], message, text=True)
        writer.close()


def answer(connection: ServerConnection, request: Request) -> Response | None:
    """Whether it serves yet."""
    return connection.respond(HTTPStatus.OK, "ready") if request.path == READY else None


async def main(port: int, publish_port: int) -> None:
    """Serve until told to stop."""
    found, stopped = FanOut(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    publishing = await asyncio.start_server(
        found.publish, "127.0.0.1", publish_port, limit=LONGEST_LINE
    )
    async with (
        publishing,
        serve(found.join, "127.0.0.1", port, compression=None, process_request=answer),
    ):
        await stopped.wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
