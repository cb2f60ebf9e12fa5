#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The server under many clients at once. LEMMA_BIN names the program.

Sizes are modest, for every run of the tests; the flags make them large:
  serve_test.py --streams 1000 --idle 10000 --disconnects 10000 --rounds 200 --identical 1000
"""
import argparse
import asyncio
import contextlib
import json
import pathlib
import random
import resource
import sys
import tempfile
import time
import unittest

from http_client import SLOW, Connection, Server

SIZES = argparse.Namespace(streams=24, idle=300, disconnects=60, rounds=2, identical=40, kills=6)
QUESTIONS = ["What is {0} + {1}?", "小明有 {0} 个苹果，又买了 {1} 个，一共有多少个？", "{0} * {1} = ?",
             "Solve x + {0} = {1}.", "Tell me about {0} and {1} at some length, please."]


def chat(number, **fields):
    """A request that is like no other: prompt, sampling and length depend on the number."""
    draw = random.Random(number)
    text = draw.choice(QUESTIONS).format(draw.randrange(100), draw.randrange(100))
    return {"messages": [{"role": "user", "content": text}], "stream": True, "seed": number,
            "temperature": draw.choice([0, 0.6, 1.2]), "max_tokens": draw.randrange(4, 90), **fields}


REFUSED = [0]  # requests that found the queue full, all tests together


class Outcome:
    def __init__(self):
        self.text = ""
        self.finish = None
        self.done = False

    def add(self, data):
        if data == b"[DONE]":
            self.done = True
            return
        for choice in json.loads(data)["choices"]:
            delta = choice["delta"]
            self.text += (delta.get("reasoning_content") or "") + (delta.get("content") or "")
            self.finish = choice.get("finish_reason") or self.finish


async def stream(server, body, key=None):
    """The whole answer. A full queue is tried again, as Retry-After says."""
    while True:
        connection = await Connection.open(server.port)
        try:
            await connection.send("POST", "/v1/chat/completions", body, key)
            status, headers = await connection.head()
            if status == 503:
                REFUSED[0] += 1
                await asyncio.sleep(min(float(headers["retry-after"]), 2))
                continue
            if status != 200:
                raise AssertionError(f"status {status}: {await connection.reader.read(2000)}")
            outcome = Outcome()
            async for data in connection.events():
                outcome.add(data)
            if not outcome.done or outcome.finish is None:
                raise AssertionError("an answer without its end")
            return outcome
        finally:
            connection.close()


class ServeTest(unittest.IsolatedAsyncioTestCase):
    ARGS = []

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)  # unittest switches it on: slow, and talks
        self.server = Server(*self.ARGS)
        await self.server.ready()

    async def asyncTearDown(self):
        if self.server.process.poll() is None:
            self.assertEqual(self.server.stop(), 0, self.server.log[-2000:])

    async def until_idle(self, key=None):
        """Waits until nothing runs; the figures then."""
        for _ in range(3000 * SLOW):
            values = await self.server.metrics(key)
            if all(values[name] == 0 for name in ("lemma_streams_running", "lemma_requests_serving",
                                                  "lemma_engine_sequences_running",
                                                  "lemma_engine_requests_waiting",
                                                  "lemma_kv_pages_used")):
                return values
            await asyncio.sleep(0.02)
        raise AssertionError(f"something still runs: {values}")

    async def touch_all_pages(self):
        """Fills the cache: a page that was never used takes no memory yet."""
        for number in range(200):
            text = f"{number} " + "some words that fill the pages of the cache " * 90
            body = {"messages": [{"role": "user", "content": text}], "max_tokens": 1}
            reply = await self.server.request("POST", "/v1/chat/completions", body)
            self.assertEqual(reply.status, 200, reply.body)
            values = await self.until_idle()
            if values["lemma_kv_pages_free"] < 16:
                return
        raise AssertionError(f"the cache is not full: {values}")

    @staticmethod
    def pages(values):
        return sum(values[f"lemma_kv_pages_{kind}"] for kind in ("used", "cached", "free"))


class StreamsTest(ServeTest):
    async def test_many_streams_at_once_are_the_same_as_each_alone(self):
        bodies = [chat(number) for number in range(SIZES.streams)]
        together = await asyncio.gather(*(stream(self.server, body) for body in bodies))
        await self.until_idle()
        for body, outcome in zip(bodies, together):
            alone = await stream(self.server, body)
            self.assertEqual((alone.text, alone.finish), (outcome.text, outcome.finish), body)
        self.assertGreater(len({outcome.text for outcome in together}), SIZES.streams // 3)

    async def test_equal_greedy_requests_among_others_have_one_answer(self):
        body = chat(7, temperature=0, max_tokens=60)
        async def one(number):
            await asyncio.sleep(random.Random(number).random())
            return await stream(self.server, body if number % 2 else chat(1000 + number))
        outcomes = await asyncio.gather(*(one(number) for number in range(2 * SIZES.identical)))
        self.assertEqual(len({outcome.text for outcome in outcomes[1::2]}), 1)

    async def test_clients_that_leave_disturb_nobody_and_give_everything_back(self):
        watched = chat(3, temperature=0.6, max_tokens=400)
        alone = await stream(self.server, watched)
        gate = asyncio.Semaphore(64)

        async def leave(number):
            draw = random.Random(number)
            async with gate:
                connection = await Connection.open(self.server.port)
                try:
                    await connection.send("POST", "/v1/chat/completions",
                                          chat(number, max_tokens=600, ignore_eos=True))
                    left = draw.randrange(0, 30)  # events that are read before
                    if left == 0:
                        await asyncio.sleep(draw.random() * 0.05)
                        return
                    status, _ = await connection.head()
                    if status != 200:
                        return
                    async for _ in connection.events():
                        left -= 1
                        if left == 0:
                            return
                finally:
                    connection.close()

        async def storm(numbers):
            """All of them leave; a neighbour's stream goes on all the while, again and again."""
            leaving = asyncio.gather(*(leave(number) for number in numbers))
            heard = 0
            while not leaving.done() or heard == 0:
                self.assertEqual((await stream(self.server, watched)).text, alone.text)
                heard += 1
            await leaving
            return heard

        await storm(range(64))  # as many as come at once: buffers and threads have their size
        await self.touch_all_pages()
        before = await self.until_idle()
        memory, descriptors = self.server.memory(), self.server.descriptors()
        heard = await storm(range(64, 64 + SIZES.disconnects))
        after = await self.until_idle()
        self.assertEqual(self.pages(after), self.pages(before))
        gone = after["lemma_clients_gone_total"] - before["lemma_clients_gone_total"]
        self.assertGreater(gone, 0)
        await asyncio.sleep(0.2)  # connections that were reset are being closed
        self.assertLessEqual(self.server.descriptors(), descriptors + 4)
        growth = self.server.memory() - memory
        print(f"{SIZES.disconnects} clients left, {gone:.0f} of them in the middle of an answer; {heard} answers of a "
              f"neighbour beside them; memory {memory / 1e6:.1f} MB, {growth / 1e6:+.1f} MB")
        if SLOW == 1:
            self.assertLessEqual(growth, 10 << 20)
        # Stopping checks the books of the pages, and fails when they are wrong.


class ConnectionsTest(ServeTest):
    async def test_idle_connections_cost_little_memory(self):
        warm = [await Connection.open(self.server.port) for _ in range(20)]
        before = self.server.memory()
        idle = [await Connection.open(self.server.port) for _ in range(SIZES.idle)]
        self.assertEqual((await self.server.request("GET", "/health")).status, 200)
        cost = self.server.memory() - before
        if SLOW == 1:  # sanitizers keep shadow memory
            self.assertLessEqual(cost, 16 * 1024 * SIZES.idle + (1 << 20))
        for connection in warm + idle:
            connection.close()

    async def test_a_client_that_sends_its_head_too_slowly_is_closed(self):
        slow = [await Connection.open(self.server.port) for _ in range(5)]
        begin = time.monotonic()

        async def drip(connection):
            connection.writer.write(b"GET /health HTTP/1.1\r\nX-Slow: ")
            closed = asyncio.create_task(connection.reader.read())
            while not closed.done():
                connection.writer.write(b"a")
                await asyncio.wait({closed}, timeout=0.5)
            closed.exception()  # a reset is an end as well

        await asyncio.wait_for(asyncio.gather(*(drip(connection) for connection in slow)), 60 * SLOW)
        self.assertGreater(time.monotonic() - begin, 2, "a client may take some time")
        for connection in slow:
            connection.close()
        self.assertEqual((await self.server.request("GET", "/health")).status, 200)

    async def test_sigterm_lets_running_answers_finish(self):
        body = chat(11, temperature=0.8, max_tokens=300, ignore_eos=True)
        alone = await stream(self.server, body)
        running = [asyncio.create_task(stream(self.server, body)) for _ in range(4)]
        while (await self.server.metrics())["lemma_streams_running"] < 4:
            await asyncio.sleep(0.005)
            if any(task.done() for task in running):
                break
        code = await asyncio.get_running_loop().run_in_executor(None, self.server.stop)
        for task in running:
            self.assertEqual((await task).text, alone.text)
        self.assertEqual(code, 0)


class TenantsTest(ServeTest):
    TENANTS = 16

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)
        self.folder = tempfile.TemporaryDirectory()
        self.keys = [f"sk-tenant-{number:02}-{random.Random(number).getrandbits(96):024x}"
                     for number in range(self.TENANTS)]
        path = pathlib.Path(self.folder.name) / "keys"
        path.write_text("\n".join(self.keys) + "\n")
        path.chmod(0o600)
        self.server = Server("--api-key-file", str(path))
        await self.server.ready()

    async def asyncTearDown(self):
        await super().asyncTearDown()
        self.folder.cleanup()

    async def test_no_tenant_sees_anything_of_another(self):
        canaries = [f"{random.Random(100 + number).getrandbits(60):015x}"
                    for number in range(self.TENANTS)]

        async def ask(tenant, number):
            text = f"The secret word is {canaries[tenant]}. Repeat the secret word. What is 2 + 3?"
            body = {"messages": [{"role": "user", "content": text}], "temperature": 0.8,
                    "seed": number, "max_tokens": 40, "user": canaries[tenant]}
            reply = await self.server.request("POST", "/v1/chat/completions", body,
                                              self.keys[tenant])
            self.assertEqual(reply.status, 200, reply.body)
            for other in range(self.TENANTS):
                if other != tenant:
                    self.assertNotIn(canaries[other].encode(), reply.body)

        for number in range(SIZES.rounds):
            await asyncio.gather(*(ask(tenant, number) for tenant in range(self.TENANTS)))
        await self.until_idle(self.keys[0])
        for canary in canaries:
            self.assertNotIn(canary.encode(), bytes(self.server.log))

    async def test_the_prefix_cache_is_each_tenants_own(self):
        text = "A long common text that fills some pages of the cache. " * 12
        async def cached(key):
            body = {"messages": [{"role": "user", "content": text}], "max_tokens": 1}
            reply = await self.server.request("POST", "/v1/chat/completions", body, key)
            return reply.json()["usage"]["prompt_tokens_details"]["cached_tokens"]
        self.assertEqual(await cached(self.keys[0]), 0)
        self.assertGreater(await cached(self.keys[0]), 0)
        self.assertEqual(await cached(self.keys[1]), 0)

    async def test_no_key_no_answer(self):
        for key in (None, "wrong", self.keys[0][:-1]):
            reply = await self.server.request("POST", "/v1/chat/completions", chat(1), key)
            self.assertEqual(reply.status, 401)


class KillTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)

    async def test_a_killed_server_starts_again_and_answers_the_same(self):
        body = chat(5, temperature=0, max_tokens=40)
        server = await Server().ready()
        expected = (await stream(server, body)).text
        self.assertEqual(server.stop(), 0)
        draw = random.Random(1)
        for number in range(SIZES.kills):
            server = Server()
            if number % 2:  # while it serves; else while it loads
                await server.ready()
                tasks = [asyncio.create_task(stream(server, chat(i, max_tokens=600, ignore_eos=True)))
                         for i in range(4)]
                await asyncio.sleep(draw.random() * 0.2)
                self.assertEqual(server.kill(), -9)
                for task in tasks:
                    with self.assertRaises((AssertionError, OSError, EOFError)):
                        await task
            else:
                await asyncio.sleep(draw.random() * 0.05)
                self.assertEqual(server.kill(), -9)
            server = await Server().ready()
            self.assertEqual((await stream(server, body)).text, expected)
            self.assertEqual(server.stop(), 0)


class PrefixStoreTest(unittest.IsolatedAsyncioTestCase):
    """Prompts kept on disk, by servers that are killed at any moment."""

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)
        self.folder = tempfile.TemporaryDirectory()

    async def asyncTearDown(self):
        self.folder.cleanup()

    async def start(self):
        return await Server("--prefix-cache", self.folder.name).ready()

    def files(self):
        return sorted(path for path in pathlib.Path(self.folder.name).rglob("*") if path.is_file())

    @staticmethod
    async def ask(server, number):
        """(text, cached tokens) of an answer to a prompt of some pages."""
        text = f"Text {number}. " + "A long text that fills some pages of the cache. " * 14
        body = {"messages": [{"role": "user", "content": text}], "temperature": 0, "max_tokens": 12}
        reply = (await server.request("POST", "/v1/chat/completions", body)).json()
        message = reply["choices"][0]["message"]
        cached = reply["usage"]["prompt_tokens_details"]["cached_tokens"]
        return (message.get("reasoning") or "") + (message["content"] or ""), cached

    async def test_kills_and_damage_change_no_answer(self):
        expected = {}
        server = await Server().ready()
        for number in range(6):
            expected[number], _ = await self.ask(server, number)
        self.assertEqual(server.stop(), 0)
        draw = random.Random(2)
        for kill in range(SIZES.kills):
            server = await self.start()
            tasks = [asyncio.create_task(self.ask(server, number)) for number in range(6)]
            await asyncio.sleep(draw.random() * 0.3)
            self.assertEqual(server.kill(), -9)
            for number, task in enumerate(tasks):
                with contextlib.suppress(OSError, EOFError):
                    self.assertEqual((await task)[0], expected[number], kill)
            self.assertNotIn(b"is removed", server.log, "a kill leaves whole files or none")
        server = await self.start()
        for number in range(6):
            self.assertEqual((await self.ask(server, number))[0], expected[number])
        self.assertEqual(server.stop(), 0)
        self.assertEqual({path.suffix for path in self.files()}, {".kvpage"}, "no partial files")
        server = await self.start()
        for number in range(6):
            text, cached = await self.ask(server, number)
            self.assertEqual(text, expected[number])
            self.assertGreater(cached, 0, "kept over the restart")
        self.assertEqual(server.stop(), 0)
        self.damage(draw)
        server = await self.start()
        for number in range(6):
            self.assertEqual((await self.ask(server, number))[0], expected[number])
        self.assertEqual(server.stop(), 0)
        self.assertIn(b"is removed", server.log)
        self.assertNotIn(b"A long text", server.log)

    def damage(self, draw):
        """Every file: cut, or with a byte changed, or of nothing but zeros."""
        files = self.files()
        self.assertGreater(len(files), 6)
        for number, path in enumerate(files):
            data = bytearray(path.read_bytes())
            if number % 3 == 0:
                data = data[:draw.randrange(len(data))]
            elif number % 3 == 1:
                data[draw.randrange(len(data))] ^= 0x10
            else:
                data = bytes(len(data))
            path.write_bytes(data)


def main():
    parser = argparse.ArgumentParser()
    for name, value in vars(SIZES).items():
        parser.add_argument(f"--{name}", type=int, default=value)
    _, rest = parser.parse_known_args(namespace=SIZES)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    unittest.main(argv=["serve_test.py", *rest], exit=False).result.wasSuccessful() or sys.exit(1)
    print(f"requests that found the queue full and came again: {REFUSED[0]}")


if __name__ == "__main__":
    main()
