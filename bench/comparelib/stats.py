# SPDX-License-Identifier: Apache-2.0
"""Medians, quartiles, and ratios of runs that were made in the same round."""
import math
import random


def quantile(samples, share):
    """Linear interpolation between the two nearest samples; share 0 is the least, 1 the greatest."""
    if not samples:
        raise ValueError("no samples")
    ordered = sorted(samples)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def median(samples):
    return quantile(samples, 0.5)


def summary(samples):
    return {"median": median(samples), "lower_quartile": quantile(samples, 0.25),
            "upper_quartile": quantile(samples, 0.75), "least": min(samples),
            "greatest": max(samples), "rounds": len(samples)}


def paired_ratio(ours, theirs, resamples=2000, seed=1):
    """Median of ours/theirs over the rounds in which both ran, with a 95 % bootstrap interval.

    Both are dicts from round to figure. Rounds are resampled, so that what disturbed a round
    disturbs both of its figures. None when no round has both.
    """
    rounds = sorted(set(ours) & set(theirs))
    ratios = [ours[r] / theirs[r] for r in rounds if theirs[r] > 0]
    if not ratios:
        return None
    rng = random.Random(seed)
    medians = [median([rng.choice(ratios) for _ in ratios]) for _ in range(resamples)]
    return {"median": median(ratios), "low": quantile(medians, 0.025),
            "high": quantile(medians, 0.975), "rounds": len(ratios)}
