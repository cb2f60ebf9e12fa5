# SPDX-License-Identifier: Apache-2.0
"""Writes a trained state as GGUF v3: export_gguf.py STATE.pt TOKENIZER.json OUT.gguf [--type q8_0|f32|f16].

Keys and tensor names are the ones that llama.cpp's converter writes for Qwen2. Q8_0 blocks hold 32
values: a float16 scale d = max|x| / 127 and int8 values round(x / d), halves away from zero.
"""

import argparse
import os
import pathlib
import struct

import numpy as np
import torch

import bpe
import model

_HERE = pathlib.Path(__file__).resolve().parent
_ALIGN = 32
_U32, _F32, _BOOL, _STR, _ARR, _I32 = 4, 6, 7, 8, 9, 5
TENSOR_TYPES = {"f32": 0, "f16": 1, "q8_0": 8}
FILE_TYPES = {"f32": 0, "f16": 1, "q8_0": 7}


def encode_q8_0(x):
    """float32 [rows, 32*k] -> bytes of the block format."""
    blocks = np.ascontiguousarray(x, np.float32).reshape(-1, 32)
    d = np.abs(blocks).max(1) / np.float32(127)
    inverse = np.where(d > 0, np.float32(1) / np.where(d > 0, d, 1), np.float32(0)).astype(np.float32)
    scaled = blocks * inverse[:, None]
    q = np.trunc(scaled + np.copysign(np.float32(0.5), scaled)).astype(np.int8)
    out = np.empty(len(blocks), dtype=[("d", "<f2"), ("q", "i1", 32)])
    out["d"], out["q"] = d.astype(np.float16), q
    return out.tobytes()


def decode_q8_0(raw, shape):
    """Inverse of encode_q8_0."""
    blocks = np.frombuffer(raw, dtype=[("d", "<f2"), ("q", "i1", 32)])
    return (blocks["d"].astype(np.float32)[:, None] * blocks["q"].astype(np.float32)).reshape(shape)


def round_q8_0(params):
    """The parameters as the exported file holds them: matrices through Q8_0, vectors unchanged."""
    out = {}
    for name, p in params.items():
        out[name] = torch.from_numpy(decode_q8_0(encode_q8_0(p.numpy()), p.shape).copy()) if p.dim() == 2 else p
    return out


def load_params(path, weights="w"):
    """(Config, {name: float32 tensor}, state) of a training state; weights "ema" takes the average where there is one."""
    state = torch.load(path, map_location="cpu")
    cfg = model.Config(**state["config"])
    flat = state.get(weights, state["w"])
    params, at = {}, 0
    for name, shape in model.shapes(cfg).items():
        size = int(np.prod(shape))
        params[name] = flat[at:at + size].view(shape)
        at += size
    return cfg, params, state


def gguf_tensors(cfg, params):
    """[(GGUF name, array)] with the fused matrices split."""
    q, kv = cfg.heads * cfg.head_dim, cfg.kv_heads * cfg.head_dim
    out = [("token_embd.weight", params["embed"])]
    for i in range(cfg.layers):
        pre = f"blk.{i}."
        out.append((pre + "attn_norm.weight", params[f"{i}.norm1"]))
        for part, kind in ((params[f"{i}.qkv"], "weight"), (params[f"{i}.qkv_bias"], "bias")):
            for name, rows in (("attn_q", part[:q]), ("attn_k", part[q:q + kv]), ("attn_v", part[q + kv:])):
                out.append((f"{pre}{name}.{kind}", rows))
        out.append((pre + "attn_output.weight", params[f"{i}.o"]))
        out.append((pre + "ffn_norm.weight", params[f"{i}.norm2"]))
        out.append((pre + "ffn_gate.weight", params[f"{i}.gate_up"][:cfg.ff]))
        out.append((pre + "ffn_up.weight", params[f"{i}.gate_up"][cfg.ff:]))
        out.append((pre + "ffn_down.weight", params[f"{i}.down"]))
    out.append(("output_norm.weight", params["norm"]))
    return [(name, t.numpy()) for name, t in out]


def metadata(cfg, tok, file_type, version="v1"):
    """[(key, type, value)] in writing order."""
    ids = tok.ids
    arch = "qwen2"
    return [
        ("general.architecture", _STR, arch),
        ("general.type", _STR, "model"),
        ("general.name", _STR, f"Lemma bundled {version}"),
        ("general.version", _STR, version),
        ("general.size_label", _STR, "5M"),
        ("general.license", _STR, "apache-2.0"),
        ("general.description", _STR, "Small demonstration model trained on synthetic reasoning steps (Chinese and English)"),
        ("general.languages", _ARR, (_STR, ["zh", "en"])),
        (f"{arch}.block_count", _U32, cfg.layers),
        (f"{arch}.context_length", _U32, cfg.context),
        (f"{arch}.embedding_length", _U32, cfg.dim),
        (f"{arch}.feed_forward_length", _U32, cfg.ff),
        (f"{arch}.attention.head_count", _U32, cfg.heads),
        (f"{arch}.attention.head_count_kv", _U32, cfg.kv_heads),
        (f"{arch}.rope.freq_base", _F32, cfg.rope_base),
        (f"{arch}.attention.layer_norm_rms_epsilon", _F32, cfg.eps),
        ("general.quantization_version", _U32, 2),
        ("general.file_type", _U32, file_type),
        ("tokenizer.ggml.model", _STR, "gpt2"),
        ("tokenizer.ggml.pre", _STR, "deepseek-r1-qwen"),
        ("tokenizer.ggml.tokens", _ARR, (_STR, tok.tokens)),
        ("tokenizer.ggml.token_type", _ARR, (_I32, tok.types)),
        ("tokenizer.ggml.merges", _ARR, (_STR, [f"{a} {b}" for a, b in tok.merges])),
        ("tokenizer.ggml.bos_token_id", _U32, ids[bpe.BOS]),
        ("tokenizer.ggml.eos_token_id", _U32, ids[bpe.EOS]),
        ("tokenizer.ggml.padding_token_id", _U32, ids[bpe.EOS]),
        ("tokenizer.ggml.add_bos_token", _BOOL, True),
        ("tokenizer.ggml.add_eos_token", _BOOL, False),
        ("tokenizer.chat_template", _STR, (_HERE / "chat_template.jinja").read_text(encoding="utf-8")),
    ]


def _string(text):
    raw = text.encode("utf-8")
    return struct.pack("<Q", len(raw)) + raw


def _value(kind, value):
    if kind == _STR:
        return _string(value)
    if kind == _ARR:
        item, values = value
        return struct.pack("<IQ", item, len(values)) + b"".join(_value(item, v) for v in values)
    return struct.pack({_U32: "<I", _I32: "<i", _F32: "<f", _BOOL: "<?"}[kind], value)


def write(path, cfg, tok, params, kind, version="v1"):
    """Writes the file under a temporary name, then renames it."""
    pairs = metadata(cfg, tok, FILE_TYPES[kind], version)
    tensors, infos, offset = [], [], 0
    for name, array in gguf_tensors(cfg, params):
        this = kind if array.ndim == 2 else "f32"
        raw = encode_q8_0(array) if this == "q8_0" else array.astype("<f2" if this == "f16" else "<f4").tobytes()
        dims = array.shape[::-1]
        infos.append(_string(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, TENSOR_TYPES[this], offset))
        raw += b"\0" * (-len(raw) % _ALIGN)
        tensors.append(raw)
        offset += len(raw)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs))
    head += b"".join(_string(k) + struct.pack("<I", t) + _value(t, v) for k, t, v in pairs) + b"".join(infos)
    head += b"\0" * (-len(head) % _ALIGN)
    with open(f"{path}.tmp", "wb") as f:
        f.write(head + b"".join(tensors))
    os.replace(f"{path}.tmp", path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("state")
    parser.add_argument("tokenizer")
    parser.add_argument("out")
    parser.add_argument("--type", choices=sorted(TENSOR_TYPES), default="q8_0")
    parser.add_argument("--version", default="v1")
    parser.add_argument("--ema", action="store_true")
    args = parser.parse_args()
    cfg, params, state = load_params(args.state, "ema" if args.ema else "w")
    write(args.out, cfg, bpe.Tokenizer.load(args.tokenizer), params, args.type, args.version)
    count = sum(p.numel() for p in params.values())
    print(f"{args.out}: {count} parameters, {os.path.getsize(args.out)} bytes, {state['tokens'] / 1e6:.1f}M tokens trained")


if __name__ == "__main__":
    main()
