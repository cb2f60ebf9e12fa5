#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the explicit CMake lists name exactly the sources in the tree, and the size rules.

Every .cc below src/ must be named in its folder's CMakeLists.txt (or in that of its sub-folder, where
there is one), and every .cc named there must exist. Files longer than 800 lines are refused (generated tables excepted: first line says so).
"""
import pathlib
import re
import sys

MAX_LINES = 800


def folder_problems(folder):
    lists = folder / "CMakeLists.txt"
    on_disk = {str(p.relative_to(folder)) for p in folder.rglob("*.cc")}
    if not lists.exists():
        if on_disk:
            yield f"{lists}: missing, but the folder has sources"
        return
    named = set()
    for path in folder.rglob("CMakeLists.txt"):
        text = re.sub(r"#.*|\$\{\w+\}\S*", "", path.read_text())  # nor what the build writes
        inner = path.parent.relative_to(folder)
        named |= {str(inner / name) for name in re.findall(r"[\w./-]+\.cc\b", text)}
    for name in sorted(on_disk - named):
        yield f"{folder.name}/{name}: not named in {folder.name}/CMakeLists.txt"
    for name in sorted(named - on_disk):
        yield f"{folder.name}/CMakeLists.txt names {name}, which does not exist"


def size_problems(root):
    for top in ("src", "include", "tools", "bench", "fuzz", "tests"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix not in {".h", ".cc", ".py", ".mjs", ".ts"} or "node_modules" in path.parts:
                continue
            lines = path.read_text(errors="replace").splitlines()
            if len(lines) > MAX_LINES and "generated" not in (lines[0] + lines[1]).lower():
                yield f"{path.relative_to(root)}: {len(lines)} lines, at most {MAX_LINES}"


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    found = []
    for folder in sorted((root / "src").iterdir()):
        if folder.is_dir():
            found += folder_problems(folder)
    found += size_problems(root)
    print("\n".join(found) if found else "lists: ok")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
