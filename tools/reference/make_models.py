#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the small random models of src/model's tests and their golden logits, by seed:

    make_models.py OUTPUT_FOLDER        # as committed: tests/data/models

One model a weight type and, in F32, one an architecture, with odd sizes, grouped heads, tied and
untied outputs, biases, and every way to stretch a context."""
import pathlib
import sys
from dataclasses import dataclass, field

import numpy as np

from forward import Model, write_goldens
from gguf_file import write_gguf
from quant_types import ENCODE

PROMPT_TOKENS = 150  # more than two pages of 64


@dataclass
class Spec:
    name: str
    arch: str
    kind: str
    embedding: int
    heads: int
    kv_heads: int
    head_dim: int
    feed_forward: int
    layers: int = 2
    vocab: int = 96
    tied: bool = False
    output_bias: bool = False
    kinds: dict = field(default_factory=dict)  # tensor name's part -> another type
    metadata: dict = field(default_factory=dict)
    rope_divisors: bool = False


YARN = {
    "rope.freq_base": 1000000.0,
    "rope.scaling.type": "yarn",
    "rope.scaling.factor": 4.0,
    "rope.scaling.original_context_length": 64,
}
LINEAR = {"rope.freq_base": 50000.0, "rope.scaling.type": "linear", "rope.scaling.factor": 2.0}
SPECS = [
    Spec("qwen2-f32-yarn-tied", "qwen2", "F32", 64, 4, 2, 16, 48, tied=True, metadata=YARN),
    Spec("llama-f32-llama3", "llama", "F32", 48, 4, 1, 12, 72, rope_divisors=True,
         metadata={"rope.freq_base": 500000.0}),
    Spec("qwen3-f32-linear", "qwen3", "F32", 40, 4, 2, 24, 56, metadata=LINEAR),
    Spec("llama-f16-biases", "llama", "F16", 48, 4, 2, 12, 88, output_bias=True),
    Spec("qwen2-bf16", "qwen2", "BF16", 64, 4, 1, 16, 64),
    Spec("qwen3-q8_0", "qwen3", "Q8_0", 64, 4, 2, 32, 96, metadata={"rope.freq_base": 1000000.0}),
    Spec("llama-q4_0", "llama", "Q4_0", 64, 4, 2, 16, 96),
    Spec("qwen2-q4_k-tied", "qwen2", "Q4_K", 256, 4, 1, 64, 256, layers=1, vocab=32, tied=True),
    Spec("llama-q6_k", "llama", "Q6_K", 256, 4, 1, 64, 256, layers=1, vocab=32),
]


def tensor_shapes(spec):
    h, g = spec.heads * spec.head_dim, spec.kv_heads * spec.head_dim
    d, f = spec.embedding, spec.feed_forward
    yield "token_embd.weight", (spec.vocab, d)
    for i in range(spec.layers):
        p = f"blk.{i}."
        yield p + "attn_norm.weight", (d,)
        for name, rows in (("attn_q", h), ("attn_k", g), ("attn_v", g)):
            yield f"{p}{name}.weight", (rows, d)
            if spec.arch == "qwen2" or spec.output_bias:
                yield f"{p}{name}.bias", (rows,)
        if spec.arch == "qwen3":
            yield p + "attn_q_norm.weight", (spec.head_dim,)
            yield p + "attn_k_norm.weight", (spec.head_dim,)
        yield p + "attn_output.weight", (d, h)
        if spec.output_bias:
            yield p + "attn_output.bias", (d,)
        yield p + "ffn_norm.weight", (d,)
        yield p + "ffn_gate.weight", (f, d)
        yield p + "ffn_up.weight", (f, d)
        yield p + "ffn_down.weight", (d, f)
    yield "output_norm.weight", (d,)
    if not spec.tied:
        yield "output.weight", (spec.vocab, d)


def random_tensor(rng, name, shape):
    if "norm" in name:
        return 1 + 0.2 * rng.standard_normal(shape)
    if name.endswith("attn_k.bias"):  # published qwen2 models have large ones
        return 4 * rng.standard_normal(shape)
    if name.endswith(".bias"):
        return 0.5 * rng.standard_normal(shape)
    gain = {"token_embd.weight": 1.0, "output.weight": 2.5}.get(name, 1.0)
    return gain * rng.standard_normal(shape) / np.sqrt(shape[-1])


def build(spec, rng):
    metadata = {
        "general.architecture": spec.arch,
        "general.name": f"random {spec.name}",
        "general.license": "Apache-2.0",
        f"{spec.arch}.block_count": spec.layers,
        f"{spec.arch}.context_length": 256,
        f"{spec.arch}.embedding_length": spec.embedding,
        f"{spec.arch}.feed_forward_length": spec.feed_forward,
        f"{spec.arch}.attention.head_count": spec.heads,
        f"{spec.arch}.attention.head_count_kv": spec.kv_heads,
        f"{spec.arch}.attention.layer_norm_rms_epsilon": 1e-6,
    }
    if spec.head_dim * spec.heads != spec.embedding:
        metadata[f"{spec.arch}.attention.key_length"] = spec.head_dim
        metadata[f"{spec.arch}.attention.value_length"] = spec.head_dim
    metadata.update({f"{spec.arch}.{key}": value for key, value in spec.metadata.items()})
    tensors = []
    for name, shape in tensor_shapes(spec):
        kind = spec.kind if len(shape) == 2 else "F32"
        kind = next((k for part, k in spec.kinds.items() if part in name), kind)
        tensors.append((name, kind, shape, ENCODE[kind](random_tensor(rng, name, shape))))
    if spec.rope_divisors:
        divisors = np.geomspace(1.0, 8.0, spec.head_dim // 2)
        tensors.append(("rope_freqs.weight", "F32", divisors.shape, ENCODE["F32"](divisors)))
    return metadata, tensors


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    total = 0
    for index, spec in enumerate(SPECS):
        rng = np.random.default_rng(20250101 + index)
        path = folder / f"{spec.name}.gguf"
        write_gguf(path, *build(spec, rng))
        ids = rng.integers(0, spec.vocab, PROMPT_TOKENS).tolist()
        logits = write_goldens(Model(path), ids, 16, folder / spec.name)
        total += path.stat().st_size
        print(f"{spec.name}: {path.stat().st_size} bytes, logits std {logits.std():.2f}")
    print(f"{len(SPECS)} models, {total} bytes")


if __name__ == "__main__":
    main()
