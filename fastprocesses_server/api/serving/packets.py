"""What an answer begins with goes out in one packet: uvicorn writes its head and its body one after the other."""

import asyncio
from typing import Any

HEAD = b"HTTP/1.1 "
MOST = 64 * 1024
"""Bytes of a body, or a part of one, that is copied to its head; for a larger one, one packet less is nothing."""


class Packets(asyncio.Transport):
    """The transport of a connection, which keeps a head until its body comes, in the same step of the loop or not."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.transport = transport
        self.loop = loop
        self.head = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self.head and data[: len(HEAD)] == HEAD:
            self.head = bytes(data)
            self.loop.call_soon(self.flush)
        elif self.head and len(data) <= MOST:
            head, self.head = self.head, b""
            self.transport.write(b"".join((head, data)))
        else:
            self.flush()
            self.transport.write(data)

    def flush(self) -> None:
        """The head of an answer without a body, or whose body is not known yet."""
        head, self.head = self.head, b""
        if head and not self.transport.is_closing():
            self.transport.write(head)

    def close(self) -> None:
        self.flush()
        self.transport.close()

    def abort(self) -> None:
        self.head = b""
        self.transport.abort()

    def is_closing(self) -> bool:
        return self.transport.is_closing()

    def pause_reading(self) -> None:
        self.transport.pause_reading()

    def resume_reading(self) -> None:
        self.transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.transport.get_extra_info(name, default)
