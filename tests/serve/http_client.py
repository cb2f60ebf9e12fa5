# SPDX-License-Identifier: Apache-2.0
"""A server process, and a small HTTP/1.1 client over asyncio streams that can break off anywhere."""
import asyncio
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUNDLED = ROOT / "models" / "lemma-bundled-v2-q8_0.gguf"
SLOW = 10 if os.environ.get("LEMMA_SANITIZED") else 1


class Server:
    def __init__(self, *args, model=BUNDLED):
        command = [os.environ["LEMMA_BIN"], "serve", "--port", "0", "-m", f"bundled={model}", *args]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                        env={**os.environ, "LC_ALL": "C"})
        self.log = bytearray()
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        self.port = int(self._wait_for(rb"http://127\.0\.0\.1:(\d+)")[1])

    def _read_log(self):
        for line in self.process.stderr:
            self.log += line

    def _wait_for(self, pattern, seconds=60 * SLOW):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = re.search(pattern, bytes(self.log))
            if found:
                return found
            if self.process.poll() is not None:
                raise AssertionError(f"the server left ({self.process.returncode}): {self.log}")
            time.sleep(0.01)
        raise AssertionError(f"nothing like {pattern} in the log: {self.log}")

    async def ready(self, key=None):
        for _ in range(6000 * SLOW):
            if (await self.request("GET", "/health", key=key)).status == 200:
                return self
            await asyncio.sleep(0.01)
        raise AssertionError("the model was not loaded in time")

    def memory(self):
        """Bytes of memory that are resident."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self._join(60 * SLOW)

    def kill(self):
        self.process.kill()
        return self._join(30)

    def _join(self, seconds):
        code = self.process.wait(seconds)
        self._reader.join(10)
        self.process.stderr.close()
        return code

    async def request(self, method, path, body=None, key=None):
        connection = await Connection.open(self.port)
        try:
            await connection.send(method, path, body, key)
            return await connection.reply()
        finally:
            connection.close()

    async def metrics(self, key=None):
        text = (await self.request("GET", "/metrics", key=key)).body.decode()
        values = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                name = name.split("{")[0]
                values[name] = values.get(name, 0) + float(value)
        return values


class Reply:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)


class Connection:
    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port):
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    def close(self):
        """At once: what was not read is thrown away (a reset, if there is any)."""
        self.writer.transport.abort()

    async def send(self, method, path, body=None, key=None):
        data = b"" if body is None else json.dumps(body).encode()
        head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(data)}",
                "Content-Type: application/json"]
        if key is not None:
            head.append(f"Authorization: Bearer {key}")
        self.writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + data)
        await self.writer.drain()

    async def head(self):
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:] if line)
        return int(lines[0].split()[1]), {name.lower(): value for name, value in headers.items()}

    async def chunks(self):
        """The pieces of a body in chunked coding; ends only with the last chunk (RFC 9112, 7.1)."""
        while True:
            size = int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16)
            data = await self.reader.readexactly(size + 2)
            if not data.endswith(b"\r\n"):
                raise AssertionError("a chunk without its end")
            if size == 0:
                return
            yield data[:-2]

    async def reply(self):
        status, headers = await self.head()
        if headers.get("transfer-encoding") == "chunked":
            body = b"".join([chunk async for chunk in self.chunks()])
        else:
            body = await self.reader.readexactly(int(headers["content-length"]))
        return Reply(status, headers, body)

    async def events(self):
        """The data of server-sent events, as they come."""
        rest = b""
        async for chunk in self.chunks():
            rest += chunk
            while (end := rest.find(b"\n\n")) >= 0:
                for line in rest[:end].split(b"\n"):
                    if line.startswith(b"data: "):
                        yield line[6:]
                rest = rest[end + 2:]
        if rest:
            raise AssertionError(f"an unfinished event: {rest}")
