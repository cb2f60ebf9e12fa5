# SPDX-License-Identifier: Apache-2.0
"""Trains the bundled model within a wall-time budget; running the same command again resumes.

train.py --tokenizer T.json --out DIR --seconds S [--micro 1536] [--per-step 3] [--workers 2] [--peak 3e-3]
train.py --curriculum --tokenizer T.json --out DIR --tokens N [--init STATE.pt --init-tokenizer T1.json] ...

Each worker process runs on one core and takes the next micro-batch of a step as soon as it is free,
so the run loses little when a core is shared with other work: workers meet only once per step. Then
each applies AdamW to its own part of the shared weights.
The learning rate is a function of the share of the budget that is used (linear warm-up, constant,
then linear decay to 1 % of the peak), so the run always anneals in time. DIR/mix.json, when present,
gives the family weights and is read again while training; DIR/state.pt is written every few minutes
and on SIGTERM. With --tokens the budget is tokens instead of seconds, for a run that is often stopped and resumed.
--init starts from the weights of another model of the same shape; rows of the embedding are matched by token text.
The state also holds an exponential average of the weights ("ema"), which evaluates better than the weights while
the learning rate is high.
"""

import argparse
import os
import pathlib
import signal
import time

import torch
import torch.multiprocessing as mp

import bpe
import dataset
import fused
import model
from curriculum import mix as curriculum_mix

WARMUP_STEPS, DECAY_FROM = 150, 0.42
AVERAGE_EVERY, AVERAGE_SHARE = 10, 0.02  # the average looks back about 500 steps


def rate(peak, used, steps):
    """Learning rate at this share of the budget."""
    if used > DECAY_FROM:
        return peak * max(0.01, 1 - 0.99 * (used - DECAY_FROM) / (1 - DECAY_FROM))
    return peak * min(1.0, (steps + 1) / WARMUP_STEPS)


def spent(args, progress):
    """The share of the budget that is used."""
    return progress["tokens"] / args.tokens if args.tokens else progress["seconds"] / args.seconds


def start_from(weights, state_path, old_tokenizer, tokenizer):
    """Takes over the weights of another model; a token that it lacks starts as the mean of the pieces it had for it."""
    state = torch.load(state_path)
    cfg = model.Config(**state["config"])
    old, new = bpe.Tokenizer.load(old_tokenizer), bpe.Tokenizer.load(tokenizer)
    weights.w.copy_(state["w"])
    table = state["w"][:cfg.vocab * cfg.dim].view(cfg.vocab, cfg.dim)
    rows = weights.w[:cfg.vocab * cfg.dim].view(cfg.vocab, cfg.dim)
    for i, token in enumerate(new.tokens):
        rows[i] = table[old.ids[token]] if token in old.ids else table[old.pieces(token)].mean(0)
    weights.w16.copy_(weights.w)


def save(path, cfg, weights, progress):
    """Writes the state under a temporary name first, so that a reader never sees half a file."""
    state = {"config": cfg.to_dict(), "w": weights.w, "m": weights.m, "v": weights.v, "ema": weights.ema, **progress}
    temporary = f"{path}.tmp"
    torch.save(state, temporary)
    os.replace(temporary, path)


class Shared:
    """What the workers share besides the weights: the step's counter, sums, barrier."""

    def __init__(self, workers, total):
        self.barrier = mp.Barrier(workers)
        self.claimed = mp.Value("i", 0)
        self.sums = torch.zeros(workers, 3, dtype=torch.float64).share_memory_()  # loss, micro-batches, square norm
        self.go = torch.zeros(1, dtype=torch.float64).share_memory_()  # learning rate of this step; negative ends
        self.grads = [torch.zeros(total).share_memory_() for _ in range(workers)]

    def claim(self, limit):
        """True when this worker gets one of the step's micro-batches."""
        with self.claimed.get_lock():
            self.claimed.value += 1
            return self.claimed.value <= limit


def work(rank, args, weights, shared, step, after_step):
    """One worker's loop; rank 0 calls after_step(step, loss, norm) and sets the next learning rate."""
    torch.set_num_threads(1)
    trainer = fused.Trainer(model.Config(), args.micro, weights, args.out)
    trainer.bind_gradient(shared.grads[rank])
    stream = dataset.Batches(bpe.Tokenizer.load(args.tokenizer), args.micro, (args.seed * 1000003 + step) * 64 + rank,
                             pathlib.Path(args.out) / "mix.json", curriculum_mix if args.curriculum else None)
    size = weights.total // args.workers // 16 * 16
    part = slice(rank * size, weights.total if rank == args.workers - 1 else (rank + 1) * size)
    while float(shared.go) >= 0:
        loss, count = 0.0, 0
        while shared.claim(args.per_step):
            loss += trainer.step_loss(next(stream), 1.0 / args.per_step)
            count += 1
        shared.barrier.wait()
        total = shared.grads[0][part]
        for other in shared.grads[1:]:
            total += other[part]
            other[part].zero_()
        shared.sums[rank] = torch.tensor([loss, count, float(total.double().pow(2).sum())])
        shared.barrier.wait()
        norm = float(shared.sums[:, 2].sum()) ** 0.5
        step += 1
        trainer.update(shared.grads[0], part, step, float(shared.go), min(1.0, 1.0 / (norm + 1e-9)))
        if rank == 0:
            shared.claimed.value = 0
        shared.barrier.wait()
        if rank == 0:
            shared.go[0] = after_step(step, float(shared.sums[:, 0].sum() / shared.sums[:, 1].sum()), norm)
        shared.barrier.wait()


def supervise(args, weights, shared, progress):
    """Runs the workers; rank 0 in this process keeps the clock, the log and the checkpoints."""
    path, cfg = pathlib.Path(args.out) / "state.pt", model.Config()
    clock = {"start": time.time(), "save": time.time(), "log": time.time()}
    before, losses, logged, stopping = progress["seconds"], [], [progress["tokens"]], []

    def after_step(step, loss, norm):
        now = time.time()
        progress.update(steps=step, seconds=before + now - clock["start"], tokens=progress["tokens"] + args.micro * args.per_step)
        losses.append(loss)
        share = spent(args, progress)
        lr = rate(args.peak, share, step)
        if step % AVERAGE_EVERY == 0:
            weights.ema.lerp_(weights.w, AVERAGE_SHARE)
        if step % 50 == 0:
            print(f"{progress['seconds']:7.0f}s step {step} tokens {progress['tokens'] / 1e6:.2f}M loss {sum(losses) / len(losses):.4f} "
                  f"norm {norm:.2f} lr {lr:.2e} {(progress['tokens'] - logged[0]) / (now - clock['log']):.0f} tok/s", flush=True)
            losses.clear()
            logged[0], clock["log"] = progress["tokens"], now
        done = stopping or share >= 1
        if done or now - clock["save"] > args.save_every:
            save(path, cfg, weights, progress)
            clock["save"] = now
        return -1.0 if done else lr

    step = progress["steps"]
    others = [mp.Process(target=work, args=(rank, args, weights, shared, step, None), daemon=True) for rank in range(1, args.workers)]
    for process in others:
        process.start()
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    work(0, args, weights, shared, step, after_step)
    for process in others:
        process.join()
    print("done", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seconds", type=float, default=6600)
    parser.add_argument("--tokens", type=float, default=0)
    parser.add_argument("--curriculum", action="store_true")
    parser.add_argument("--init")
    parser.add_argument("--init-tokenizer")
    parser.add_argument("--micro", type=int, default=1536)
    parser.add_argument("--per-step", type=int, default=3)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--peak", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save-every", type=float, default=240)
    args = parser.parse_args()
    weights = fused.Weights(model.Config(), args.seed)
    fused.load_kernels(args.out)
    progress = {"seconds": 0.0, "tokens": 0, "steps": 0}
    path = pathlib.Path(args.out) / "state.pt"
    if args.init and not path.exists():
        start_from(weights, args.init, args.init_tokenizer or args.tokenizer, args.tokenizer)
    weights.ema = weights.w.clone()
    if path.exists():
        state = torch.load(path)
        for name in ("w", "m", "v"):
            getattr(weights, name).copy_(state[name])
        weights.ema.copy_(state.get("ema", state["w"]))
        weights.w16.copy_(weights.w)
        progress = {k: state[k] for k in progress}
    shared = Shared(args.workers, weights.total)
    shared.go[0] = rate(args.peak, spent(args, progress), progress["steps"])
    supervise(args, weights, shared, progress)


if __name__ == "__main__":
    main()
