#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws what `lemma solve` did: lemma solve TEXT --events | reasoning_svg.py "TEXT" [--lang zh] > tree.svg

Each chain is a branch as long as its tokens, with its answer and what the checker says; a retry grows out of the chain
that was refuted. The colours follow the reader's choice of light or dark.
"""
import argparse
import html
import json
import sys
import unicodedata

WIDTH, LEFT, ROW, LINE = 860, 20, 30, 18
INDENT = 44          # of each round
TEXT_AT = 400        # where answers begin
BAR_FROM, BAR_TO = 110, 380

STYLE = """
text{font:13px system-ui,-apple-system,'Segoe UI','Noto Sans CJK SC',sans-serif;fill:#1f2328}
.dim{fill:#59636e}.b{font-weight:600}.edge{fill:none;stroke:#8c959f;stroke-width:1.5}
.ok{fill:#1a7f37}.bad{fill:#cf222e}.part{fill:#9a6700}.none{fill:#59636e}
.bar-ok{fill:#1a7f37;opacity:.8}.bar-bad{fill:#cf222e;opacity:.7}.bar-part{fill:#bf8700;opacity:.7}.bar-none{fill:#8c959f;opacity:.6}
.box{fill:#ddf4e4;stroke:#1a7f37}.boxbad{fill:#ffebe9;stroke:#cf222e}.boxnone{fill:#f6f8fa;stroke:#8c959f}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.dim,.none{fill:#9198a1}.edge{stroke:#656c76}
.ok{fill:#3fb950}.bad{fill:#ff7b72}.part{fill:#d29922}
.bar-ok{fill:#3fb950}.bar-bad{fill:#f85149}.bar-part{fill:#d29922}.bar-none{fill:#656c76}
.box{fill:#0f2d18;stroke:#3fb950}.boxbad{fill:#361519;stroke:#f85149}.boxnone{fill:#161b22;stroke:#656c76}}
""".strip()

MARKS = {"VERIFIED": ("ok", "✓"), "REFUTED": ("bad", "✗"), "CHECKED": ("part", "◐"), "SELF-OK": ("part", "·")}


def columns(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def cut(text, most):
    """At most so many columns."""
    text = " ".join(text.split())
    if columns(text) <= most:
        return text
    out = ""
    for c in text:
        if columns(out + c) > most - 1:
            return out + "…"
        out += c
    return out


def wrapped(text, most, lines):
    """Lines of at most `most` columns; English breaks at blanks."""
    out, line = [], ""
    for word in split(" ".join(text.split())):
        if line and columns(line + word.rstrip()) > most:
            out.append(line.rstrip())
            line = ""
        line += word
    out.append(line.rstrip())
    return out[:lines - 1] + [cut("".join(out[lines - 1:]), most)] if len(out) > lines else out


def split(text):
    word = ""
    for c in text:
        word += c
        if c == " " or unicodedata.east_asian_width(c) in "WF":
            yield word
            word = ""
    if word:
        yield word


class Trace:
    """What is drawn, out of the lines of --events."""

    def __init__(self, lines):
        self.chains, self.rounds, self.result, self.plan = {}, {}, None, {}
        for line in lines:
            event = json.loads(line)
            kind = event.get("type")
            if kind == "plan":
                self.plan = event["policy"]
            elif kind == "chain_started":
                self.chains[event["chain"]] = dict(event, end="cancelled", tokens=0)
            elif kind == "chain_finished":
                self.chains[event["chain"]].update(event)
            elif kind == "retry":
                self.rounds[event["round"]] = event["feedback"]
            elif kind is None and "status" in event:
                self.result = event
        if self.result is None:
            raise SystemExit("no result at the end: is this the output of lemma solve --events?")
        for chain in self.result["chains"]:
            self.chains[chain["chain"]].update(tokens=chain["tokens"], end=chain["end"])

    def of_round(self, number):
        return [chain for chain in self.chains.values() if chain["round"] == number]

    def refuted_before(self, number):
        """The chain that round `number` answers to."""
        told = self.rounds.get(number, "")
        before = [c for c in self.chains.values()
                  if c["round"] < number and c.get("status") == "REFUTED" and c["answer"] in told]
        return before[-1]["chain"] if before else None


class Drawing:
    def __init__(self):
        self.parts, self.y = [], 14

    def text(self, x, y, text, css=""):
        self.parts.append(f'<text x="{x:.0f}" y="{y:.0f}"' + (f' class="{css}"' if css else "") +
                          f">{html.escape(text)}</text>")

    def edge(self, x0, y0, x1, y1):
        self.parts.append(f'<path class="edge" d="M{x0:.0f} {y0:.0f} V{y1 - 8:.0f} Q{x0:.0f} {y1:.0f} '
                          f'{x0 + 8:.0f} {y1:.0f} H{x1:.0f}"/>')

    def svg(self):
        height = self.y + 10
        return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
                          f'width="{WIDTH}" height="{height:.0f}" role="img">', f"<style>{STYLE}</style>",
                          *self.parts, "</svg>"])


WORDS = {"en": {"chain": "chain {}", "tokens": "{} tokens", "cancelled": "not needed any more", "no_answer": "no answer",
                "unfinished": "cut, does not vote", "pruned": "pruned", "retry": "round {}: the model is told about chain {}",
                "afresh": "round {}: afresh, without feedback", "plan": "{} · profile {} · up to {} chains · temperature {}",
                "cost": "{} chains · {} tokens · {:.1f} s", "votes": "votes {} of {}"},
         "zh": {"chain": "思路 {}", "tokens": "{} 词元", "cancelled": "不再需要", "no_answer": "没有答案",
                "unfinished": "未写完，不投票", "pruned": "剪枝", "retry": "第 {} 轮：就思路 {} 告诉模型", "afresh": "第 {} 轮：重新采样",
                "plan": "{} · 配置 {} · 最多 {} 条思路 · 温度 {}", "cost": "{} 条思路 · {} 词元 · {:.1f} 秒", "votes": "{} / {} 票"}}


def verdict(chain, words, lang):
    """(colour, text) of a chain's end."""
    if chain["end"] == "answered":
        css, _ = MARKS.get(chain["status"], ("none", ""))
        return css, f"{cut(chain['answer'], 22)}  {cut(chain['summary'][lang], 50)}"
    return "none", words.get(chain["end"], chain["end"])


def draw(trace, question, lang):
    words, out = WORDS[lang], Drawing()
    for line in wrapped(question, 110, 3):
        out.text(LEFT, out.y + 4, line, "b")
        out.y += LINE + 2
    plan = trace.plan
    out.text(LEFT, out.y + 4, words["plan"].format(plan.get("task", ""), plan.get("profile", ""), plan.get("chains", ""),
                                                   round(plan.get("temperature", 0), 2)), "dim")
    out.y += LINE
    longest = max([chain["tokens"] for chain in trace.chains.values()] + [1])
    root = (LEFT + 6, out.y - 6)
    for number in sorted({chain["round"] for chain in trace.chains.values()}):
        x = LEFT + 6 + INDENT * number
        start = root
        if number > 0:
            parent, told = trace.refuted_before(number), trace.rounds.get(number, "")
            heading = words["retry"].format(number, "?" if parent is None else parent + 1) if told else \
                words["afresh"].format(number)
            out.y += ROW
            out.edge(*root, x - 6, out.y)
            out.text(x, out.y + 4, heading, "dim")
            for line in wrapped(told, 108, 3) if told else []:
                out.y += LINE
                out.text(x, out.y + 4, line)
            start = (x, out.y + 10)
        for chain in trace.of_round(number):
            out.y += ROW
            css, text = verdict(chain, words, lang)
            bar_from = max(BAR_FROM, x + 74) + (0 if number == 0 else 10)
            length = (BAR_TO - bar_from) * chain["tokens"] / longest
            out.edge(*start, x + 16, out.y)
            out.text(x + 22, out.y + 4, words["chain"].format(chain["chain"] + 1))
            out.parts.append(f'<rect class="bar-{css}" x="{bar_from}" y="{out.y - 5:.0f}" width="{max(length, 2):.0f}" '
                             f'height="10" rx="3"><title>{words["tokens"].format(chain["tokens"])}</title></rect>')
            out.text(TEXT_AT, out.y + 4, text, css)
    conclude(out, trace.result, words, lang)
    return out.svg()


def conclude(out, result, words, lang):
    out.y += ROW
    status = result["status"]
    css = {"VERIFIED": "box", "CHECKED": "box", "REFUTED": "boxbad"}.get(status, "boxnone")
    out.parts.append(f'<rect class="{css}" x="{LEFT}" y="{out.y:.0f}" width="{WIDTH - 2 * LEFT}" height="52" rx="8"/>')
    mark = MARKS.get(status, ("none", "≈"))[1]
    summary = result["summary"][lang] if result.get("summary") else ""
    # The summary of a checked answer begins with its own mark.
    head = f"{result['answer'] or '-'}  ·  {status}" + (f"  ·  {summary}" if summary else f" {mark}")
    out.text(LEFT + 14, out.y + 21, cut(head, 100), "b")
    votes = result["votes"]
    out.text(LEFT + 14, out.y + 41, words["votes"].format(votes["k"], votes["n"]) + " · " +
             words["cost"].format(result["samples"], result["tokens"], result["seconds"]), "dim")
    out.y += 52


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("question")
    parser.add_argument("--lang", choices=sorted(WORDS), default="en")
    args = parser.parse_args()
    print(draw(Trace(line for line in sys.stdin if line.startswith("{")), args.question, args.lang))


if __name__ == "__main__":
    main()
