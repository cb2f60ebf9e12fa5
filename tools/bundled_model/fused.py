# SPDX-License-Identifier: Apache-2.0
"""Fast CPU training step: bfloat16 matrix products by torch (oneDNN, AMX where present), the rest in kernels.cc."""

import ctypes
import pathlib
import subprocess

import numpy as np
import torch

import model

_HERE = pathlib.Path(__file__).resolve().parent


def load_kernels(build_dir):
    """Compiles kernels.cc for this machine when needed and loads it."""
    source, target = _HERE / "kernels.cc", pathlib.Path(build_dir) / "kernels.so"
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["g++", "-O3", "-march=native", "-mprefer-vector-width=512", "-ffast-math", "-fopenmp", "-shared", "-fPIC",
                        str(source), "-o", str(target)], check=True)
    return ctypes.CDLL(str(target))


def _ptr(x):
    return ctypes.c_void_p(0 if x is None else x.data_ptr())


def _views(cfg, flat):
    """{name: view of its range} over a flat array in the order of model.shapes."""
    out, at = {}, 0
    for name, shape in model.shapes(cfg).items():
        size = int(np.prod(shape))
        out[name] = flat[at:at + size].view(shape)
        at += size
    return out


class Weights:
    """Flat parameters with their bfloat16 copy and AdamW state, in memory that processes can share."""

    def __init__(self, cfg, seed):
        shapes = model.shapes(cfg)
        self.total = sum(int(np.prod(s)) for s in shapes.values())
        self.w, self.m, self.v, self.decay = (torch.zeros(self.total).share_memory_() for _ in range(4))
        self.w16 = torch.zeros(self.total, dtype=torch.bfloat16).share_memory_()
        at = 0
        fresh = model.init(cfg, seed)
        for name, shape in shapes.items():
            size = int(np.prod(shape))
            self.w[at:at + size] = fresh[name].reshape(-1)
            self.decay[at:at + size] = 0.1 if len(shape) == 2 else 0.0
            at += size
        self.w16.copy_(self.w)


class Trainer:
    """One fused forward-backward over a flat batch of `tokens` tokens, with a gradient of its own."""

    def __init__(self, cfg, tokens, weights, build_dir):
        self.cfg, self.n, self.k = cfg, tokens, load_kernels(build_dir)
        assert cfg.head_dim == 32
        self.weights = weights
        self.p, self.p16 = _views(cfg, weights.w), _views(cfg, weights.w16)
        self.bind_gradient(torch.zeros(weights.total))
        self.cos, self.sin = model.rope_tables(cfg, max(cfg.context, tokens))
        self._buffers()

    def bind_gradient(self, flat):
        """Uses `flat` as the gradient accumulator."""
        self.g, self.grad = flat, _views(self.cfg, flat)

    def _buffers(self):
        cfg, n, bf = self.cfg, self.n, torch.bfloat16
        width = (cfg.heads + 2 * cfg.kv_heads) * cfg.head_dim
        count = cfg.layers
        self.x = [torch.empty(n, cfg.dim) for _ in range(2 * count + 2)]
        self.h = [torch.empty(n, cfg.dim, dtype=bf) for _ in range(2 * count + 1)]
        self.inv = [torch.empty(n) for _ in range(2 * count + 1)]
        self.qkv = [torch.empty(n, width, dtype=bf) for _ in range(count)]
        self.att = [torch.empty(n, cfg.heads * cfg.head_dim, dtype=bf) for _ in range(count)]
        self.lse = [torch.empty(n, cfg.heads) for _ in range(count)]
        self.gu = [torch.empty(n, 2 * cfg.ff, dtype=bf) for _ in range(count)]
        self.act = [torch.empty(n, cfg.ff, dtype=bf) for _ in range(count)]
        self.y, self.dh = torch.empty(n, cfg.dim, dtype=bf), torch.empty(n, cfg.dim, dtype=bf)
        self.dx, self.dx16 = torch.empty(n, cfg.dim), torch.empty(n, cfg.dim, dtype=bf)
        self.dact, self.dqkv = torch.empty(n, cfg.ff, dtype=bf), torch.empty(n, width, dtype=bf)
        self.datt = torch.empty(n, cfg.heads * cfg.head_dim, dtype=bf)

    def _norm(self, x_in, y, slot, weight):
        self.k.AddRmsNorm(_ptr(x_in), _ptr(y), _ptr(self.x[slot]), _ptr(weight), _ptr(self.h[slot]), _ptr(self.inv[slot]), self.n,
                          self.cfg.dim, ctypes.c_float(self.cfg.eps))

    def _norm_back(self, slot, name):
        self.k.RmsNormBackward(_ptr(self.dh), _ptr(self.x[slot]), _ptr(self.inv[slot]), _ptr(self.p[name]), _ptr(self.dx),
                               _ptr(self.dx16), _ptr(self.grad[name]), self.n, self.cfg.dim)

    def _weight_grad(self, name, dy, x):
        self.grad[name].add_(dy.t().mm(x))

    def step_loss(self, batch, share=1.0):
        """Forward and backward; the gradient times `share` is added to `self.g`. Returns the mean loss."""
        cfg, k, n = self.cfg, self.k, self.n
        ids, pos, begin, where, target, _ = batch
        starts = np.flatnonzero(pos == 0).astype(np.int32)
        lengths = np.diff(np.append(starts, n)).astype(np.int32)
        seqs = (ctypes.c_void_p(starts.ctypes.data), ctypes.c_void_p(lengths.ctypes.data), len(starts))
        ids, pos = torch.from_numpy(ids), torch.from_numpy(pos)
        where, target = torch.from_numpy(where), torch.from_numpy(target)
        rope = (_ptr(pos), _ptr(self.cos), _ptr(self.sin), n, cfg.heads, cfg.kv_heads)
        x, y = self.p["embed"][ids], None
        for i in range(cfg.layers):
            self._norm(x, y, 2 * i, self.p[f"{i}.norm1"])
            torch.mm(self.h[2 * i], self.p16[f"{i}.qkv"].t(), out=self.qkv[i])
            k.BiasRope(_ptr(self.qkv[i]), _ptr(self.p[f"{i}.qkv_bias"]), *rope)
            k.AttentionForward(_ptr(self.qkv[i]), _ptr(self.att[i]), _ptr(self.lse[i]), *seqs, cfg.heads, cfg.kv_heads)
            torch.mm(self.att[i], self.p16[f"{i}.o"].t(), out=self.y)
            self._norm(self.x[2 * i], self.y, 2 * i + 1, self.p[f"{i}.norm2"])
            torch.mm(self.h[2 * i + 1], self.p16[f"{i}.gate_up"].t(), out=self.gu[i])
            k.SwiGlu(_ptr(self.gu[i]), _ptr(self.act[i]), n, cfg.ff)
            torch.mm(self.act[i], self.p16[f"{i}.down"].t(), out=self.y)
            x, y = self.x[2 * i + 1], self.y
        last = 2 * cfg.layers
        self._norm(x, y, last, self.p["norm"])
        loss = self._head(last, where, target, share)
        self._backward(ids, rope, seqs)
        return loss

    def _head(self, slot, where, target, share):
        cfg = self.cfg
        picked = self.h[slot].index_select(0, where)
        logits = picked.mm(self.p16["embed"].t())
        rows, loss = where.shape[0], ctypes.c_double(0)
        self.k.CrossEntropy(_ptr(logits), _ptr(target), ctypes.byref(loss), rows, cfg.vocab, ctypes.c_float(share / rows))
        self._weight_grad("embed", logits, picked)
        self.dh.zero_()
        self.dh.index_copy_(0, where, logits.mm(self.p16["embed"]))
        return loss.value / rows

    def _backward(self, ids, rope, seqs):
        cfg, k, n = self.cfg, self.k, self.n
        self.dx.zero_()
        self._norm_back(2 * cfg.layers, "norm")
        for i in reversed(range(cfg.layers)):
            self._weight_grad(f"{i}.down", self.dx16, self.act[i])
            torch.mm(self.dx16, self.p16[f"{i}.down"], out=self.dact)
            k.SwiGluBackward(_ptr(self.gu[i]), _ptr(self.dact), n, cfg.ff)
            self._weight_grad(f"{i}.gate_up", self.gu[i], self.h[2 * i + 1])
            torch.mm(self.gu[i], self.p16[f"{i}.gate_up"], out=self.dh)
            self._norm_back(2 * i + 1, f"{i}.norm2")
            self._weight_grad(f"{i}.o", self.dx16, self.att[i])
            torch.mm(self.dx16, self.p16[f"{i}.o"], out=self.datt)
            k.AttentionBackward(_ptr(self.qkv[i]), _ptr(self.att[i]), _ptr(self.datt), _ptr(self.lse[i]), _ptr(self.dqkv), *seqs,
                                cfg.heads, cfg.kv_heads)
            k.BiasRopeBackward(_ptr(self.dqkv), _ptr(self.grad[f"{i}.qkv_bias"]), *rope)
            self._weight_grad(f"{i}.qkv", self.dqkv, self.h[2 * i])
            torch.mm(self.dqkv, self.p16[f"{i}.qkv"], out=self.dh)
            self._norm_back(2 * i, f"{i}.norm1")
        k.EmbeddingBackward(_ptr(ids), _ptr(self.dx), _ptr(self.grad["embed"]), n, cfg.dim)

    def update(self, g, part, step, lr, clip, beta1=0.9, beta2=0.95):
        """AdamW on the slice `part` of the weights with the gradient `g` times `clip`; clears that slice of `g`."""
        f, w = ctypes.c_float, self.weights
        flat = [_ptr(t[part]) for t in (w.w, w.w16, g, w.m, w.v, w.decay)]
        self.k.AdamW(*flat, ctypes.c_int64(part.stop - part.start), f(lr), f(beta1), f(beta2), f(1e-8), f(1 / (1 - beta1 ** step)),
                     f(1 / (1 - beta2 ** step)), f(clip))
