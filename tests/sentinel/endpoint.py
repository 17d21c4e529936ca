"""The endpoint of a managed service, by TLS: one address that leads to whichever Valkey is the primary."""

import asyncio
import ssl
import subprocess
import threading
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from pathlib import Path


class Endpoint:
    """What is connected already stays where it is when the target changes. Clients must show a certificate, too."""

    def __init__(self, target: int, folder: Path) -> None:
        self.target = target
        self.certificate, self.key = folder / "certificate.pem", folder / "key.pem"
        """Its own, that of its clients, and the authority that vouches for both."""
        self.is_listening = threading.Event()
        self.thread = threading.Thread(target=asyncio.run, args=(self._main(),), daemon=True)

    def start(self) -> None:
        subject = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        files = ("-keyout", self.key, "-out", self.certificate)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject, *files],
            check=True,
            capture_output=True,
        )
        self.thread.start()
        assert self.is_listening.wait(10)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.is_over.set)
        self.thread.join(10)

    async def _main(self) -> None:
        self.loop, self.is_over = asyncio.get_running_loop(), asyncio.Event()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        context.load_verify_locations(self.certificate)
        context.verify_mode = ssl.CERT_REQUIRED
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        self.is_listening.set()
        await self.is_over.wait()
        server.close()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            its_reader, its_writer = await asyncio.open_connection("127.0.0.1", self.target)
            await asyncio.gather(_pump(reader, its_writer), _pump(its_reader, writer))


async def _pump(source: StreamReader, sink: StreamWriter) -> None:
    try:
        while piece := await source.read(65_536):
            sink.write(piece)
            await sink.drain()
    finally:
        sink.close()
