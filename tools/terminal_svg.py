#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws a terminal screen as SVG: tmux capture-pane -e -p | terminal_svg.py > screen.svg

Understands the styles that the chat uses: dim, bold, reset. Wide characters take two columns.
"""
import html
import re
import sys
import unicodedata

CELL, LINE, MARGIN = 8.4, 18, 14
STYLE = re.compile(r"\x1b\[([0-9;]*)m")


def width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def spans(line, style):
    """(text, style) pieces of one line, and the style at its end."""
    out, at = [], 0
    for match in STYLE.finditer(line):
        out.append((line[at:match.start()], style))
        codes = match[1].split(";")
        if "2" in codes:
            style = "dim"
        elif "1" in codes:
            style = "bold"
        elif "0" in codes or match[1] == "":
            style = "text"
        at = match.end()
    out.append((line[at:], style))
    return [piece for piece in out if piece[0]], style


def main():
    lines = sys.stdin.read().rstrip().split("\n")
    columns = max(width(STYLE.sub("", line)) for line in lines)
    w, h = columns * CELL + 2 * MARGIN, len(lines) * LINE + 2 * MARGIN
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{w:.0f}" height="{h:.0f}" '
          'font-family="ui-monospace, Menlo, Consolas, \'Noto Sans Mono CJK SC\', monospace" '
          'font-size="14">')
    print("<style>.text{fill:#e6e6e6}.dim{fill:#8b949e}.bold{fill:#fff;font-weight:bold}</style>")
    print(f'<rect width="{w:.0f}" height="{h:.0f}" rx="8" fill="#161b22"/>')
    style = "text"
    for row, line in enumerate(lines):
        column, (pieces, style) = 0, spans(line, style)
        for text, piece_style in pieces:
            x, y = MARGIN + column * CELL, MARGIN + (row + 0.8) * LINE
            print(f'<text x="{x:.1f}" y="{y:.1f}" class="{piece_style}" xml:space="preserve" '
                  f'textLength="{width(text) * CELL:.1f}">{html.escape(text)}</text>')
            column += width(text)
    print("</svg>")


if __name__ == "__main__":
    main()
