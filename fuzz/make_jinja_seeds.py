#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of jinja_fuzz to fuzz/corpus/jinja: every block of eight lines of the snippets of
tests/jinja, and the small templates of tests/data.

Usage: make_jinja_seeds.py
"""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/jinja"))
from snippets import snippets  # noqa: E402

LINES = 8
MAX_TEMPLATE_BYTES = 4200


def main():
    out = ROOT / "fuzz/corpus/jinja"
    out.mkdir(parents=True, exist_ok=True)
    lines = snippets()
    for start in range(0, len(lines), LINES):
        (out / f"snippets_{start // LINES:02}").write_text("\n".join(lines[start:start + LINES]))
    for path in sorted((ROOT / "tests/data/templates").glob("*.jinja")):
        if path.stat().st_size <= MAX_TEMPLATE_BYTES:
            (out / path.stem).write_bytes(path.read_bytes())


if __name__ == "__main__":
    main()
