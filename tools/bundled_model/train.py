# SPDX-License-Identifier: Apache-2.0
"""Trains the bundled model within a wall-time budget; running the same command again resumes.

train.py --tokenizer T.json --out DIR --seconds S [--tokens 8192] [--peak 3e-3]

The learning rate is a function of the share of the budget that is used (linear warm-up, constant,
then linear decay to 1 % of the peak), so the run always anneals in time. DIR/mix.json, when present,
gives the family weights and is read again while training; DIR/state.pt is written every few minutes.
"""

import argparse
import os
import pathlib
import time

import torch

import bpe
import dataset
import fused
import model

WARMUP_STEPS, DECAY_FROM = 150, 0.55


def rate(peak, used, steps):
    """Learning rate at this share of the budget."""
    if used > DECAY_FROM:
        return peak * max(0.01, 1 - 0.99 * (used - DECAY_FROM) / (1 - DECAY_FROM))
    return peak * min(1.0, (steps + 1) / WARMUP_STEPS)


def save(path, trainer, seconds, tokens, batches):
    """Writes the state under a temporary name first, so that a reader never sees half a file."""
    state = {"config": trainer.cfg.to_dict(), "w": trainer.w, "m": trainer.m, "v": trainer.v, "steps": trainer.steps,
             "seconds": seconds, "tokens": tokens, "batches": batches}
    temporary = f"{path}.tmp"
    torch.save(state, temporary)
    os.replace(temporary, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--tokens", type=int, default=8192)
    parser.add_argument("--peak", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save-every", type=float, default=240)
    args = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    out = pathlib.Path(args.out)
    state_path = out / "state.pt"
    trainer = fused.Trainer(model.Config(), args.tokens, args.seed, args.out)
    used_before, tokens, seen = 0.0, 0, 0
    if state_path.exists():
        state = torch.load(state_path)
        for name in ("w", "m", "v"):
            getattr(trainer, name).copy_(state[name])
        trainer.w16.copy_(trainer.w)
        trainer.steps, used_before, tokens, seen = state["steps"], state["seconds"], state["tokens"], state["batches"]
    source = dataset.Batches(bpe.Tokenizer.load(args.tokenizer), args.tokens, args.seed * 1000003 + seen, out / "mix.json")
    start = last_save = last_log = time.time()
    losses, logged = [], tokens
    while True:
        used = used_before + time.time() - start
        if used >= args.seconds:
            break
        losses.append(trainer.step_loss(next(source)))
        lr = rate(args.peak, used / args.seconds, trainer.steps)
        norm = trainer.update(lr)
        tokens, seen = tokens + args.tokens, seen + 1
        now = time.time()
        if trainer.steps % 50 == 0:
            print(f"{used:7.0f}s step {trainer.steps} tokens {tokens / 1e6:.2f}M loss {sum(losses) / len(losses):.4f} "
                  f"norm {norm:.2f} lr {lr:.2e} {(tokens - logged) / (now - last_log):.0f} tok/s", flush=True)
            losses, logged, last_log = [], tokens, now
        if now - last_save > args.save_every:
            save(state_path, trainer, used_before + now - start, tokens, seen)
            last_save = now
    save(state_path, trainer, used_before + time.time() - start, tokens, seen)
    print("done", flush=True)


if __name__ == "__main__":
    main()
