#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seed files of gguf_fuzz into fuzz/corpus/gguf: one a value type, one a tensor type,
one a layout feature, and one a shape that broke readers before. Run again after adding one."""
import pathlib
import struct

OUT = pathlib.Path(__file__).resolve().parent / "corpus" / "gguf"

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "B", 10: "Q", 11: "q", 12: "d"}
# GGUF id -> (elements, bytes) of a block.
TENSOR_TYPES = {0: (1, 4), 1: (1, 2), 30: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24),
                8: (32, 34), 10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176),
                14: (256, 210), 20: (32, 18), 23: (256, 136)}


def string(text):
    return struct.pack("<Q", len(text)) + text.encode()


def header(tensors, pairs, version=3):
    return b"GGUF" + struct.pack("<IQQ", version, tensors, pairs)


def scalar(key, kind, value=1):
    return string(key) + struct.pack("<I" + SCALARS[kind], kind, value)


def array(key, kind, values):
    body = b"".join(string(v) if kind == 8 else struct.pack("<" + SCALARS[kind], v) for v in values)
    return string(key) + struct.pack("<IIQ", 9, kind, len(values)) + body


def tensor(name, dims, kind, offset):
    return string(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, kind, offset)


def pad(data, alignment=32):
    return data + b"\0" * (-len(data) % alignment)


def seeds():
    yield "empty_v2", header(0, 0, 2)
    yield "empty_v3", header(0, 0)
    for kind in SCALARS:
        yield f"scalar_{kind}", header(0, 1) + scalar("k", kind)
        yield f"array_{kind}", header(0, 1) + array("k", kind, [1, 0])
    yield "string", header(0, 1) + string("k") + struct.pack("<I", 8) + string("text")
    yield "array_string", header(0, 1) + array("k", 8, ["a", "", "bc"])
    for kind, (elements, size) in TENSOR_TYPES.items():
        head = pad(header(1, 0) + tensor("w", [elements, 2], kind, 0))
        yield f"tensor_{kind}", pad(head + bytes(i % 251 for i in range(2 * size)))
    two = tensor("a", [3], 0, 64) + tensor("b", [1, 2, 1, 2], 1, 0)
    yield "two_tensors", pad(header(2, 0) + two) + b"\1" * 76
    aligned = header(1, 1) + scalar("general.alignment", 4, 64) + tensor("a", [3], 0, 64)
    yield "alignment_64", pad(aligned, 64) + b"\1" * 76
    yield "split_part", header(0, 2) + scalar("split.no", 2, 0) + scalar("split.count", 2, 3)
    # Shapes whose product is 2^64, a tensor past the end, an overlap, a nested array.
    yield "shape_2_64", pad(header(1, 0) + tensor("w", [1 << 32, 1 << 32, 1, 1], 0, 0))
    yield "no_data", header(1, 0) + tensor("w", [4, 4], 0, 0)
    overlap = tensor("a", [16], 0, 0) + tensor("b", [16], 0, 32)
    yield "overlap", pad(header(2, 0) + overlap) + b"\1" * 128
    yield "nested", header(0, 1) + string("k") + struct.pack("<IIQIQ", 9, 9, 1, 4, 0)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for name, data in seeds():
        (OUT / f"{name}.gguf").write_bytes(data)


if __name__ == "__main__":
    main()
