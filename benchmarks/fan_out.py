"""Provide the reference of live streams: a plain WebSocket server that forwards messages.

Written as by hand: rooms, ``websockets.broadcast``, no compression. A line on the second port names a
room and holds the message for everyone in it.
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
MAX_LINE_BYTES = 1 << 20


class FanOut:
    def __init__(self) -> None:
        self._rooms: defaultdict[str, set[ServerConnection]] = defaultdict(set)

    async def join(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        room = self._rooms[connection.request.path]
        room.add(connection)
        try:
            await connection.send(HELLO)
            await connection.wait_closed()
        finally:
            room.discard(connection)

    async def publish(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            room, _, message = line.rstrip(b"\n").partition(b"\t")
            broadcast(self._rooms[room.decode()], message, text=True)
        writer.close()


def answer(connection: ServerConnection, request: Request) -> Response | None:
    return connection.respond(HTTPStatus.OK, "ready") if request.path == READY else None


async def main(port: int, publish_port: int) -> None:
    server, stopped = FanOut(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    publishing = await asyncio.start_server(
        server.publish, "127.0.0.1", publish_port, limit=MAX_LINE_BYTES
    )
    async with (
        publishing,
        serve(server.join, "127.0.0.1", port, compression=None, process_request=answer),
    ):
        await stopped.wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
