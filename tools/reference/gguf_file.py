# SPDX-License-Identifier: Apache-2.0
"""Reads and writes GGUF v3 (github.com/ggml-org/ggml, docs/gguf.md) with NumPy, for the reference
forward pass and the test models. Independent of the C++ reader on purpose; trusts its input."""
import struct

import numpy as np

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
# name: (id in the file, elements a block, bytes a block)
TYPES = {
    "F32": (0, 1, 4),
    "F16": (1, 1, 2),
    "Q4_0": (2, 32, 18),
    "Q8_0": (8, 32, 34),
    "Q4_K": (12, 256, 144),
    "Q6_K": (14, 256, 210),
    "BF16": (30, 1, 2),
}
TYPE_NAMES = {row[0]: name for name, row in TYPES.items()}


class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, code):
        value = struct.unpack_from("<" + code, self.data, self.at)[0]
        self.at += struct.calcsize("<" + code)
        return value

    def string(self):
        length = self.number("Q")
        self.at += length
        return bytes(self.data[self.at - length : self.at]).decode("utf-8", "surrogateescape")

    def value(self, kind):
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            element, count = self.number("I"), self.number("Q")
            return [self.value(element) for _ in range(count)]
        return self.number(SCALARS[kind])


class Gguf:
    """metadata: dict; tensors: name -> (type name, shape with the row length last, bytes)."""

    def __init__(self, path):
        cursor = Cursor(memoryview(np.fromfile(path, dtype=np.uint8)))
        magic, version = cursor.number("I"), cursor.number("I")
        assert magic == 0x46554747 and version in (2, 3), (path, hex(magic), version)
        num_tensors, num_pairs = cursor.number("Q"), cursor.number("Q")
        self.metadata = {}
        for _ in range(num_pairs):
            key = cursor.string()
            self.metadata[key] = cursor.value(cursor.number("I"))
        infos = []
        for _ in range(num_tensors):
            name = cursor.string()
            dims = [cursor.number("Q") for _ in range(cursor.number("I"))]
            infos.append((name, dims, TYPE_NAMES[cursor.number("I")], cursor.number("Q")))
        align = self.metadata.get("general.alignment", 32)
        base = -(-cursor.at // align) * align
        self.tensors = {}
        for name, dims, kind, offset in infos:
            _, elems, size = TYPES[kind]
            length = int(np.prod(dims)) // elems * size
            data = np.asarray(cursor.data[base + offset : base + offset + length])
            self.tensors[name] = (kind, tuple(reversed(dims)), data)


def _string(text):
    raw = text.encode("utf-8")
    return struct.pack("<Q", len(raw)) + raw


def _value(value):
    if isinstance(value, str):
        return struct.pack("<I", STRING) + _string(value)
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    raise TypeError(type(value))


def write_gguf(path, metadata, tensors):
    """tensors: list of (name, type name, shape with the row length last, bytes)."""
    head = struct.pack("<IIQQ", 0x46554747, 3, len(tensors), len(metadata))
    for key, value in metadata.items():
        head += _string(key) + _value(value)
    offset = 0
    for name, kind, shape, data in tensors:
        head += _string(name) + struct.pack("<I", len(shape))
        head += struct.pack(f"<{len(shape)}Q", *reversed(shape))
        head += struct.pack("<IQ", TYPES[kind][0], offset)
        offset += -(-len(data) // 32) * 32
    with open(path, "wb") as out:
        out.write(head + b"\0" * (-len(head) % 32))
        for _, _, _, data in tensors:
            out.write(data + b"\0" * (-len(data) % 32))
