#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that kernel objects hold no weak symbols.

A template or inline function that is compiled both in an object for a newer instruction set and in
baseline code is ONE weak symbol; the linker may keep the newer one, and older processors then stop
with an illegal instruction. So these objects must define local and strong symbols only.

Usage: check_weak_symbols.py NM OBJECT... Prints one line per weak symbol and exits 1 if there is any.
"""
import subprocess
import sys

WEAK_TYPES = set("WwVvu")


def weak_symbols(nm, path):
    lines = subprocess.run([nm, "-C", path], check=True, capture_output=True, text=True).stdout
    for line in lines.splitlines():
        fields = line.split(maxsplit=2) if line[:1] != " " else ["", *line.split(maxsplit=1)]
        if len(fields) == 3 and fields[1] in WEAK_TYPES:
            yield fields[1], fields[2]


def main(nm, *objects):
    if not objects:
        sys.exit("check_weak_symbols.py: no objects given")
    found = 0
    for path in objects:
        for kind, name in weak_symbols(nm, path):
            print(f"{path}: weak symbol ({kind}) {name}")
            found += 1
    print(f"weak symbols: {found} in {len(objects)} objects")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
