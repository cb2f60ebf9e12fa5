#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The reference forward pass: GGUF file and token ids to logits, in float64 with NumPy.

Written from the papers and the GGUF specification, apart from the C++ code, to be checked against
it: RoPE (Su et al. 2021), YaRN (Peng et al. 2023), grouped-query attention, RMSNorm, SwiGLU.

    forward.py MODEL.gguf --prompt-tokens 1 --sample 150 --seed 1 -o NAME.golden

writes a golden file for src/model/golden_test.cc and, if the model has block-quantised weights,
NAME.int8.golden, where activations are quantised as the kernels do. The ids are the file's BOS and
random ones (--prompt-tokens), continued with ids sampled from the model itself (--sample), or read
from a file (--ids).

Golden file, little-endian: "LEMMAGLD" | u32 tokens | u32 rows | u32 vocabulary |
i32 ids[tokens] | i32 positions[rows] | f32 logits[rows][vocabulary].
"""
import argparse
import struct

import numpy as np

from gguf_file import Gguf
from quant_types import decode


def rope_frequencies(gguf, arch, dims):
    """(angle a position for each pair, factor of cos and sin)."""
    meta = gguf.metadata
    get = lambda key, default: meta.get(f"{arch}.rope.{key}", default)
    base = get("freq_base", 10000.0)
    pair = np.arange(dims // 2)
    extrapolated = base ** (-2.0 * pair / dims)
    if "rope_freqs.weight" in gguf.tensors:
        extrapolated = extrapolated / decode(*gguf.tensors["rope_freqs.weight"])
    kind = get("scaling.type", "linear")
    factor = get("scaling.factor", 1.0)
    attention = get("scaling.attn_factor", 1.0)
    if kind == "none":
        return extrapolated, attention
    interpolated = extrapolated / factor
    if kind == "linear":
        return interpolated, attention
    assert kind == "yarn", kind
    # Eq. 17 to 23 of the paper with the ramp over pair indices, its borders rounded outwards.
    context = get("scaling.original_context_length", meta[f"{arch}.context_length"])
    turns_at = lambda turns: dims * np.log(context / (turns * 2 * np.pi)) / (2 * np.log(base))
    low = max(np.floor(turns_at(get("scaling.yarn_beta_fast", 32.0))), 0)
    high = min(np.ceil(turns_at(get("scaling.yarn_beta_slow", 1.0))), dims - 1)
    keep = 1 - np.clip((pair - low) / max(high - low, 0.001), 0, 1)
    temperature = 0.1 * np.log(factor) + 1 if factor > 1 else 1.0
    return interpolated * (1 - keep) + extrapolated * keep, attention * temperature


def rms_norm(x, weight, epsilon):
    return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + epsilon) * weight


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def int8_activations(x):
    """What the kernels do to the inputs of a block-quantised matrix: 8 bits with one scale for
    256 values of a row (the last block may be shorter)."""
    pad = -x.shape[-1] % 256
    blocks = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, pad)]).reshape(*x.shape[:-1], -1, 256)
    step = np.abs(blocks).max(axis=-1, keepdims=True) / 127
    q = np.rint(np.divide(blocks, step, out=np.zeros_like(blocks), where=step > 0))
    return (q * step).reshape(*x.shape[:-1], -1)[..., : x.shape[-1]]


FLOAT_TYPES = {"F32", "F16", "BF16"}


class Model:
    def __init__(self, path):
        self.gguf = Gguf(path)
        self.int8 = False  # True: quantise activations as the kernels do
        meta = self.gguf.metadata
        self.arch = meta["general.architecture"]
        get = lambda key, default=None: meta.get(f"{self.arch}.{key}", default)
        self.layers = get("block_count")
        self.heads = get("attention.head_count")
        self.kv_heads = get("attention.head_count_kv", self.heads)
        self.head_dim = get("attention.key_length", get("embedding_length") // self.heads)
        self.epsilon = get("attention.layer_norm_rms_epsilon")
        self.rotated = get("rope.dimension_count", self.head_dim)
        self.frequencies, self.magnitude = rope_frequencies(self.gguf, self.arch, self.rotated)
        self.neighbours = self.arch == "llama"  # rotated pairs are (2i, 2i+1), else (i, i+n/2)
        self.tensors = {name: decode(*row) for name, row in self.gguf.tensors.items()}
        self.vocab = self.tensors["token_embd.weight"].shape[0]

    def has_block_types(self):
        return any(row[0] not in FLOAT_TYPES for row in self.gguf.tensors.values())

    def matmul(self, x, name):
        if self.int8 and self.gguf.tensors[name][0] not in FLOAT_TYPES:
            x = int8_activations(x)
        return x @ self.tensors[name].T

    def linear(self, x, name):
        y = self.matmul(x, name + ".weight")
        return y + self.tensors[name + ".bias"] if name + ".bias" in self.tensors else y

    def rope(self, x):
        """x: [tokens, heads, head_dim] at positions 0, 1, ..."""
        angles = np.arange(x.shape[0])[:, None, None] * self.frequencies
        cos, sin = np.cos(angles) * self.magnitude, np.sin(angles) * self.magnitude
        n = self.rotated
        first = slice(0, n, 2) if self.neighbours else slice(0, n // 2)
        second = slice(1, n, 2) if self.neighbours else slice(n // 2, n)
        out = x.copy()
        out[..., first] = x[..., first] * cos - x[..., second] * sin
        out[..., second] = x[..., first] * sin + x[..., second] * cos
        return out

    def attention(self, x, prefix):
        tokens = x.shape[0]
        q = self.linear(x, prefix + "attn_q").reshape(tokens, self.heads, self.head_dim)
        k = self.linear(x, prefix + "attn_k").reshape(tokens, self.kv_heads, self.head_dim)
        v = self.linear(x, prefix + "attn_v").reshape(tokens, self.kv_heads, self.head_dim)
        if self.arch == "qwen3":
            q = rms_norm(q, self.tensors[prefix + "attn_q_norm.weight"], self.epsilon)
            k = rms_norm(k, self.tensors[prefix + "attn_k_norm.weight"], self.epsilon)
        q, k = self.rope(q), self.rope(k)
        group = self.heads // self.kv_heads
        k, v = np.repeat(k, group, axis=1), np.repeat(v, group, axis=1)
        scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(self.head_dim)
        scores[:, np.triu(np.ones((tokens, tokens), dtype=bool), 1)] = -np.inf
        mixed = np.einsum("hqk,khd->qhd", softmax(scores), v).reshape(tokens, -1)
        return self.linear(mixed, prefix + "attn_output")

    def feed_forward(self, x, prefix):
        gate = self.linear(x, prefix + "ffn_gate")
        swish = gate / (1 + np.exp(-gate))
        return self.linear(swish * self.linear(x, prefix + "ffn_up"), prefix + "ffn_down")

    def logits(self, ids):
        """[tokens] -> [tokens, vocab]"""
        weight = self.tensors
        x = weight["token_embd.weight"][ids]
        for i in range(self.layers):
            prefix = f"blk.{i}."
            x = x + self.attention(
                rms_norm(x, weight[prefix + "attn_norm.weight"], self.epsilon), prefix
            )
            x = x + self.feed_forward(
                rms_norm(x, weight[prefix + "ffn_norm.weight"], self.epsilon), prefix
            )
        x = rms_norm(x, weight["output_norm.weight"], self.epsilon)
        return self.matmul(x, "output.weight" if "output.weight" in weight else "token_embd.weight")


def pick_ids(model, options, rng):
    if options.ids:
        with open(options.ids, encoding="utf-8") as lines:
            return [int(word) for word in lines.read().split()]
    ids = rng.integers(0, model.vocab, options.prompt_tokens).tolist()
    ids[0] = model.gguf.metadata.get("tokenizer.ggml.bos_token_id", ids[0])
    for _ in range(options.sample):
        ids.append(int(rng.choice(model.vocab, p=softmax(model.logits(ids)[-1]))))
    return ids


def pick_rows(tokens, wanted):
    """Positions spread over the sequence, with its ends and the borders of 64-token pages."""
    rows = {0, tokens - 1} | {p for border in range(64, tokens, 64) for p in (border - 1, border)}
    for p in np.linspace(1, tokens - 2, max(wanted - len(rows), 0)).astype(int):
        rows.add(int(p))
    return sorted(p for p in rows if 0 <= p < tokens)


def write_golden(path, ids, rows, logits):
    """One file; the layout is at the top."""
    with open(path, "wb") as out:
        out.write(b"LEMMAGLD" + struct.pack("<III", len(ids), len(rows), logits.shape[1]))
        out.write(np.asarray(ids, "<i4").tobytes() + np.asarray(rows, "<i4").tobytes())
        out.write(logits[rows].astype("<f4").tobytes())


def write_goldens(model, ids, num_rows, path):
    """PATH.golden and, for block formats, PATH.int8.golden. Returns the exact logits."""
    rows = pick_rows(len(ids), num_rows)
    logits = model.logits(ids)
    write_golden(f"{path}.golden", ids, rows, logits)
    if model.has_block_types():
        model.int8 = True
        write_golden(f"{path}.int8.golden", ids, rows, model.logits(ids))
    return logits


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--ids", help="file with token ids separated by spaces")
    parser.add_argument("--prompt-tokens", type=int, default=24)
    parser.add_argument("--sample", type=int, default=40)
    parser.add_argument("--rows", type=int, default=12, help="logit rows to keep")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", required=True)
    options = parser.parse_args()
    model = Model(options.model)
    ids = pick_ids(model, options, np.random.default_rng(options.seed))
    logits = write_goldens(model, ids, options.rows, options.output.removesuffix(".golden"))
    nll = [-np.log(softmax(logits[i])[ids[i + 1]]) for i in range(len(ids) - 1)]
    top = {int(t): round(float(logits[-1][t]), 4) for t in logits[-1].argsort()[::-1][:5]}
    print(f"{options.model}: {len(ids)} tokens, mean nll {np.mean(nll):.4f}, last row's top {top}")


if __name__ == "__main__":
    main()
