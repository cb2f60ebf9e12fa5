# SPDX-License-Identifier: Apache-2.0
"""What is measured. A scenario is a name that says all: pp512, tg512, tg8192:q8_0, batch16@512,
quantize. tg = decode with so many tokens in the cache before, pp = prefill."""
import dataclasses
import re

KV_TYPES = ("f32", "f16", "bf16", "q8_0")


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    kind: str  # "prefill", "decode", "quantize"
    tokens: int = 0  # prefill: of the prompt; decode: steps
    depth: int = 0
    batch: int = 1
    kv: str = ""  # empty: each contestant's default

    def title(self):
        if self.kind == "quantize":
            return "quantize to Q4_K_M, tensors' GB/s read"
        if self.kind == "prefill":
            return f"prefill of {self.tokens} tokens, tok/s"
        kv = f", KV {self.kv}" if self.kv else ""
        many = f", {self.batch} sequences together" if self.batch > 1 else ""
        return f"decode at {self.depth} tokens{many}{kv}, tok/s"


def parse_scenario(text, steps=64):
    """Scenario of a name; ValueError says what was expected."""
    if text == "quantize":
        return Scenario(text, "quantize")
    name, _, kv = text.partition(":")
    if kv and kv not in KV_TYPES:
        raise ValueError(f"scenario {text!r}: KV type {kv!r}, expected one of {', '.join(KV_TYPES)}")
    if match := re.fullmatch(r"pp(\d+)", name):
        if int(match[1]) > 0:
            return Scenario(text, "prefill", tokens=int(match[1]), kv=kv)
    if match := re.fullmatch(r"tg(\d+)", name):
        return Scenario(text, "decode", tokens=steps, depth=int(match[1]), kv=kv)
    if match := re.fullmatch(r"batch(\d+)(?:@(\d+))?", name):
        if int(match[1]) > 0:
            return Scenario(text, "decode", tokens=max(8, steps // 2), batch=int(match[1]),
                            depth=int(match[2] or 512), kv=kv)
    raise ValueError(f"scenario {text!r}: expected ppN, tgN, batchN or batchN@DEPTH, with :KVTYPE "
                     "or without, or quantize")
