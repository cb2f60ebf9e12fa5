#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that each folder below src/ includes only folders of a lower level (docs/layers.txt).

Usage: check_layers.py [ROOT]. Prints one line per violation and exits 1 if there is any.
"""
import pathlib
import re
import sys

SUFFIXES = {".h", ".cc", ".cu", ".cuh"}
INCLUDE = re.compile(r'\s*#\s*include\s+"(?:src/)?([a-z_0-9]+)/')


def read_levels(path):
    levels = {}
    for line in path.read_text().splitlines():
        if line.strip():
            number, *folders = line.split()
            levels.update({folder: int(number) for folder in folders})
    return levels


def violations(root):
    levels = read_levels(root / "docs" / "layers.txt")
    for path in sorted((root / "src").rglob("*")):
        if path.suffix not in SUFFIXES:
            continue
        folder = path.relative_to(root / "src").parts[0]
        if folder not in levels:
            yield f"{path.relative_to(root)}: folder '{folder}' is not in docs/layers.txt"
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match or match[1] == folder:
                continue
            if match[1] not in levels or levels[match[1]] >= levels[folder]:
                yield f"{path.relative_to(root)}:{number}: {folder} must not include {match[1]}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    found = list(violations(root.resolve()))
    print("\n".join(found) if found else "layers: ok")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
