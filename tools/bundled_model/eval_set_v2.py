# SPDX-License-Identifier: Apache-2.0
"""Writes the held-out problems of version 2: eval_set_v2.py OUT.jsonl [--per-family 130] [--seed 2027] [--levels 0 0 0 1]."""

import argparse

from curriculum import core, eval_rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--per-family", type=int, default=130)
    parser.add_argument("--seed", type=int, default=2027)
    parser.add_argument("--levels", type=float, nargs=4, help="shares of the four levels")
    args = parser.parse_args()
    eval_rows.dump(args.out, args.per_family, args.seed, dict(zip(core.LEVELS, args.levels)) if args.levels else None)


if __name__ == "__main__":
    main()
