# SPDX-License-Identifier: Apache-2.0
"""Compares loss and gradients of fused.py with autograd on model.py: check_fused.py TOKENIZER BUILD_DIR."""

import sys
import time

import torch
import torch.nn.functional as F

import bpe
import dataset
import fused
import model


def main():
    cfg, size = model.Config(), 2048
    trainer = fused.Trainer(cfg, size, fused.Weights(cfg, 1), sys.argv[2])
    gen = torch.Generator().manual_seed(5)
    for name, p in trainer.p.items():  # Biases and norms away from their trivial start.
        p.add_(torch.randn(p.shape, generator=gen) * (0.1 if p.dim() == 1 else 0.03))
    trainer.weights.w16.copy_(trainer.weights.w)
    for name, p in trainer.p.items():
        p.copy_(trainer.p16[name].float())
    batch = next(dataset.Batches(bpe.Tokenizer.load(sys.argv[1]), size, 3))
    loss = trainer.step_loss(batch)
    params = {k: v.clone().requires_grad_() for k, v in trainer.p.items()}
    ids, pos, _, where, target, _ = batch
    starts = [i for i in range(size) if pos[i] == 0]
    logits = torch.cat([model.forward(cfg, params, torch.from_numpy(ids[s:e])) for s, e in zip(starts, starts[1:] + [size])])
    ref = F.cross_entropy(logits[torch.from_numpy(where)], torch.from_numpy(target))
    ref.backward()
    worst = 0.0
    for name, p in params.items():
        error = float((p.grad - trainer.grad[name]).norm() / (p.grad.norm() + 1e-12))
        worst = max(worst, error)
        if error > 0.03:
            print(f"{name}: relative gradient error {error:.4f}")
    print(f"loss {loss:.5f} against {ref.item():.5f}; worst relative gradient error {worst:.4f}")
    source = dataset.Batches(bpe.Tokenizer.load(sys.argv[1]), size, 3)
    batches = [next(source) for _ in range(12)]
    for i, item in enumerate(batches):
        if i == 2:
            begin = time.time()
        trainer.step_loss(item)
    print(f"{10 * size / (time.time() - begin):.0f} tokens/s")
    return 0 if worst < 0.05 and abs(loss - ref.item()) < 0.02 else 1


if __name__ == "__main__":
    sys.exit(main())
