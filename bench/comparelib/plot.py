# SPDX-License-Identifier: Apache-2.0
"""One SVG with a panel of bars a scenario: medians, with whiskers at the quartiles. Colours follow
the reader's light or dark setting."""
from xml.sax.saxutils import escape

WIDTH, LABEL, FIGURE = 760, 170, 150  # pixels: all, names on the left, figures on the right
BAR, GAP, HEAD, SPACE = 18, 6, 30, 22

STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; font-size: 14px; }
.figure { font-variant-numeric: tabular-nums; }
.ours { fill: #0b7285; } .peer { fill: #9aa4ad; } .whisker { stroke: #1f2328; stroke-width: 1.5; }
.axis { stroke: #9aa4ad; stroke-width: 1; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; } .ours { fill: #3bc9db; } .peer { fill: #6e7781; }
.whisker { stroke: #e6edf3; } .axis { stroke: #6e7781; }
}
</style>"""


def bar(row, top, scale):
    middle = top + BAR / 2
    left, right = LABEL + row["lower_quartile"] * scale, LABEL + row["upper_quartile"] * scale
    kind = "ours" if row["ours"] else "peer"
    return [f'<text x="{LABEL - 8}" y="{middle + 4:.1f}" text-anchor="end">'
            f'{escape(row["contestant"])}</text>',
            f'<rect class="{kind}" x="{LABEL}" y="{top}" height="{BAR}" rx="2" '
            f'width="{max(row["median"] * scale, 1):.1f}"/>',
            f'<line class="whisker" x1="{left:.1f}" x2="{right:.1f}" y1="{middle}" y2="{middle}"/>',
            f'<text class="figure" x="{max(right, LABEL + row["median"] * scale) + 8:.1f}" '
            f'y="{middle + 4:.1f}">{row["median"]:.4g}{ratio_note(row)}</text>']


def ratio_note(row):
    """Beside a peer's figure: how many times as fast the fastest of ours is, in paired rounds."""
    ratios = [r["median"] for r in row["ratios"].values() if r]
    return f"  (ours {max(ratios):.2f}x)" if ratios and not row["ours"] else ""


def svg(summaries):
    body, top = [], 10
    for item in summaries:
        rows = item["rows"]
        if not rows:
            continue
        body.append(f'<text class="title" x="10" y="{top + 14}">{escape(item["title"])}</text>')
        top += HEAD
        most = max(r["upper_quartile"] for r in rows) or 1
        scale = (WIDTH - LABEL - FIGURE) / most
        first = top
        for row in rows:
            body += bar(row, top, scale)
            top += BAR + GAP
        body.append(f'<line class="axis" x1="{LABEL}" x2="{LABEL}" y1="{first - 3}" y2="{top}"/>')
        top += SPACE
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" '
            f'viewBox="0 0 {WIDTH} {top}" role="img" aria-label="Speed by contestant and scenario">\n'
            + STYLE + "\n" + "\n".join(body) + "\n</svg>\n")
