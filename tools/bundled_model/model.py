# SPDX-License-Identifier: Apache-2.0
"""The bundled model: Qwen2 architecture in plain float32 torch, for evaluation and as a gradient oracle."""

import math
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F


@dataclass(frozen=True)
class Config:
    """Shape of the model; every matmul input width is a multiple of 256."""

    vocab: int = 2048
    dim: int = 256
    layers: int = 6
    heads: int = 8
    kv_heads: int = 4
    ff: int = 768
    context: int = 2048
    rope_base: float = 10000.0
    eps: float = 1e-6

    @property
    def head_dim(self):
        return self.dim // self.heads

    def to_dict(self):
        return asdict(self)


def shapes(cfg):
    """Ordered {name: shape} of all parameters; matrices are [out, in]."""
    qkv = (cfg.heads + 2 * cfg.kv_heads) * cfg.head_dim
    out = {"embed": (cfg.vocab, cfg.dim)}
    for i in range(cfg.layers):
        out[f"{i}.norm1"] = (cfg.dim,)
        out[f"{i}.qkv"] = (qkv, cfg.dim)
        out[f"{i}.qkv_bias"] = (qkv,)
        out[f"{i}.o"] = (cfg.dim, cfg.heads * cfg.head_dim)
        out[f"{i}.norm2"] = (cfg.dim,)
        out[f"{i}.gate_up"] = (2 * cfg.ff, cfg.dim)
        out[f"{i}.down"] = (cfg.dim, cfg.ff)
    out["norm"] = (cfg.dim,)
    return out


def init(cfg, seed):
    """Fresh parameters: normal(0.02), output projections scaled by depth, norms one, biases zero."""
    gen = torch.Generator().manual_seed(seed)
    params = {}
    for name, shape in shapes(cfg).items():
        if "norm" in name:
            params[name] = torch.ones(shape)
        elif "bias" in name:
            params[name] = torch.zeros(shape)
        else:
            std = 0.02 / math.sqrt(2 * cfg.layers) if name.endswith((".o", ".down")) else 0.02
            params[name] = torch.randn(shape, generator=gen) * std
    return params


def rope_tables(cfg, length):
    """(cos, sin), each [length, head_dim/2]."""
    half = cfg.head_dim // 2
    freq = cfg.rope_base ** (-torch.arange(half, dtype=torch.float64) / half)
    angle = torch.arange(length, dtype=torch.float64)[:, None] * freq[None]
    return angle.cos().float(), angle.sin().float()


def _norm(x, w, eps):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * w


def _rotate(x, cos, sin):
    half = x.shape[-1] // 2
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def forward(cfg, p, ids):
    """Logits [T, vocab] of one sequence of ids [T]."""
    t, hd = ids.shape[0], cfg.head_dim
    cos, sin = (x[:, None] for x in rope_tables(cfg, t))
    mask = torch.full((t, t), float("-inf")).triu(1)
    x = p["embed"][ids]
    for i in range(cfg.layers):
        h = _norm(x, p[f"{i}.norm1"], cfg.eps)
        qkv = F.linear(h, p[f"{i}.qkv"], p[f"{i}.qkv_bias"]).view(t, -1, hd)
        q, k, v = qkv.split([cfg.heads, cfg.kv_heads, cfg.kv_heads], 1)
        q, k = _rotate(q, cos, sin), _rotate(k, cos, sin)
        k, v = (z.repeat_interleave(cfg.heads // cfg.kv_heads, 1) for z in (k, v))
        s = torch.einsum("ihd,jhd->hij", q, k) / math.sqrt(hd) + mask
        a = torch.einsum("hij,jhd->ihd", s.softmax(-1), v).reshape(t, -1)
        x = x + a @ p[f"{i}.o"].T
        gate, up = (_norm(x, p[f"{i}.norm2"], cfg.eps) @ p[f"{i}.gate_up"].T).chunk(2, -1)
        x = x + (F.silu(gate) * up) @ p[f"{i}.down"].T
    return _norm(x, p["norm"], cfg.eps) @ p["embed"].T


def _choose(logits, temperature, gen):
    """One id a row: the best, or drawn at a temperature."""
    if not temperature:
        return logits.argmax(-1).tolist()
    return torch.multinomial((logits / temperature).softmax(-1), 1, generator=gen)[:, 0].tolist()


class Decoder:
    """Decoding of many sequences in step; all start at position 0, so no padding is needed."""

    def __init__(self, cfg, params):
        self.cfg, self.p = cfg, params
        self.cos, self.sin = rope_tables(cfg, cfg.context)

    def _step(self, token, pos, k_cache, v_cache):
        cfg, p, b = self.cfg, self.p, token.shape[0]
        group = cfg.heads // cfg.kv_heads
        x = p["embed"][token]
        cos, sin = self.cos[pos], self.sin[pos]
        for i in range(cfg.layers):
            h = _norm(x, p[f"{i}.norm1"], cfg.eps)
            qkv = F.linear(h, p[f"{i}.qkv"], p[f"{i}.qkv_bias"]).view(b, -1, cfg.head_dim)
            q, k, v = qkv.split([cfg.heads, cfg.kv_heads, cfg.kv_heads], 1)
            q, k = _rotate(q, cos, sin), _rotate(k, cos, sin)
            k_cache[i][:b, :, pos], v_cache[i][:b, :, pos] = k, v
            keys, values = k_cache[i][:b, :, :pos + 1], v_cache[i][:b, :, :pos + 1]
            q = q.view(b, cfg.kv_heads, group, cfg.head_dim)
            s = (q @ keys.transpose(-1, -2) / math.sqrt(cfg.head_dim)).softmax(-1)
            x = x + (s @ values).reshape(b, -1) @ p[f"{i}.o"].T
            gate, up = (_norm(x, p[f"{i}.norm2"], cfg.eps) @ p[f"{i}.gate_up"].T).chunk(2, -1)
            x = x + (F.silu(gate) * up) @ p[f"{i}.down"].T
        return _norm(x, p["norm"], cfg.eps) @ p["embed"].T

    @torch.no_grad()
    def generate(self, prompts, eos, limit, temperature=0.0, seed=0):
        """Lists of new ids per prompt, the end token included when it was reached within `limit`."""
        gen = torch.Generator().manual_seed(seed)
        cfg, n = self.cfg, len(prompts)
        longest = min(cfg.context, max(map(len, prompts)) + limit)
        shape = (n, cfg.kv_heads, longest, cfg.head_dim)
        k_cache = [torch.zeros(shape) for _ in range(cfg.layers)]
        v_cache = [torch.zeros(shape) for _ in range(cfg.layers)]
        out, alive = [[] for _ in prompts], list(range(n))
        token = torch.tensor([p[0] for p in prompts])
        for pos in range(longest):
            logits = self._step(token, pos, k_cache, v_cache)
            best, keep, nxt = _choose(logits, temperature, gen), [], []
            for row, i in enumerate(alive):
                if pos + 1 < len(prompts[i]):
                    nxt.append(prompts[i][pos + 1])
                else:
                    out[i].append(best[row])
                    if best[row] == eos or len(out[i]) >= limit:
                        continue
                    nxt.append(best[row])
                keep.append(row)
            if not keep:
                break
            if len(keep) < len(alive):
                index = torch.tensor(keep)
                k_cache = [c[index] for c in k_cache]
                v_cache = [c[index] for c in v_cache]
                alive = [alive[r] for r in keep]
            token = torch.tensor(nxt)
        return out
