# SPDX-License-Identifier: Apache-2.0
"""The steps of the ladder, as options of `lemma eval`."""
import dataclasses


@dataclasses.dataclass
class Step:
    name: str
    says: str              # what is new in it
    options: list
    replays: str = ""      # name of the recording that it counts anew
    greedy: bool = False   # every seed gives the same: one is run
    file: str = ""         # name of another model file
    learns: bool = False   # fills the notebook; no line of the table
    table: bool = True


def frame(scaffold):
    """The option that names a scaffold; "policy" is what the policy of each question has."""
    return [] if scaffold == "policy" else ["--scaffold", scaffold]


def alone(scaffold, temp, calculator, more=()):
    """One chain, nothing checked: what the model says."""
    return [*frame(scaffold), "--chains", "1", "--retries", "0", "--checkers", "off",
            "--calculator", calculator, *temp, *more]


def ladder(scaffold, temp, files, notebook_items, notebook):
    cold = ["--temp", "0"]
    warm = ["--temp", str(temp)] if temp is not None else []
    shape = [*frame(scaffold), *warm]
    out = [
        Step("direct", "direct answer, greedy", alone("direct", cold, "off"), greedy=True),
        Step("plain", "chain of thought, greedy", alone("", cold, "off"), greedy=True),
        Step("scaffold", f"+ scaffold {scaffold}, greedy", alone(scaffold, cold, "off"), greedy=True),
        Step("record-plain", "8 chains, recorded, no calculator",
             [*shape, "--record", "--chains", "8", "--calculator", "off"], table=False),
        Step("temperature", "+ temperature", ["--chains", "1", "--checkers", "off"], replays="record-plain"),
        Step("verified8-plain", "8 chains with checkers, no calculator", counted(8, 8, "1", "on"),
             replays="record-plain"),
        Step("record", "8 chains, recorded", [*shape, "--record", "--chains", "8", "--calculator", "on"], table=False),
        Step("calculator", "+ calculator", ["--chains", "1", "--checkers", "off"], replays="record"),
    ]
    for n in (4, 8):
        out.append(Step(f"maj{n}", f"+ vote of {n} (maj@{n})", counted(n, n, "1", "off"), replays="record"))
    out += [
        Step("adaptive", "vote that stops early, at most 8", counted(8, 3, "0.93", "off"), replays="record"),
        Step("short", "vote of the 3 shortest of 5 (short-3@5)", counted(5, 5, "0.999", "off") + ["--short", "3"],
             replays="record"),
        Step("verified4", "+ checkers, 4 chains (verified@4)", counted(4, 4, "1", "on"), replays="record"),
        Step("verified8", "+ checkers, 8 chains (verified@8)", counted(8, 8, "1", "on"), replays="record"),
    ]
    # The first proof ends these: what resampling reaches, by what it costs.
    for k in (1, 2, 3, 4, 5, 6, 8):
        out.append(Step(f"resample{k}", f"checkers, until proven, at most {k}", counted(k, min(k, 2), "0.93", "on"),
                        replays="record"))
    solve = [*shape, "--calculator", "on"]
    out += [
        Step("retry", "4 chains, + 2 rounds of computed feedback",
             [*solve, "--chains", "4", "--first-chains", "2", "--retries", "2"]),
        Step("beam", "step beam 4 x 2, checkers prune", [*solve, "--search", "beam", "--retries", "0"]),
        Step("rewind", "4 chains, false sums written anew",
             [*solve, "--chains", "4", "--first-chains", "2", "--retries", "0", "--rewind", "on"]),
    ]
    if notebook_items:
        out += [
            Step("learn", "fills the notebook", [*solve, "--chains", "4", "--first-chains", "2", "--retries", "2",
                                                 "--learn", notebook], learns=True, table=False),
            Step("notebook", "as retry, + rules of the notebook",
                 [*solve, "--chains", "4", "--first-chains", "2", "--retries", "2", "--notebook", notebook]),
        ]
    out.append(Step("seed", "profile seed: one cold chain, four steps", ["--profile", "seed", "--checkers", "off"]))
    for name in files:
        out.append(Step(f"greedy-{name}", f"{name}: one chain, greedy, calculator", alone(scaffold, cold, "on"),
                        greedy=True, file=name))
        out.append(Step(f"retry-{name}", f"{name}: as retry",
                        [*solve, "--chains", "4", "--first-chains", "2", "--retries", "2"], file=name))
    return out


def counted(chains, first, enough, checkers):
    return ["--chains", str(chains), "--first-chains", str(first), "--enough", enough, "--checkers", checkers]


def choose(all_steps, names):
    """Those that are named, and what they stand on, in their order."""
    if not names:
        return all_steps
    by_name = {step.name: step for step in all_steps}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise SystemExit(f"--steps: {', '.join(unknown)}: not known, expected of {', '.join(by_name)}")
    wanted = set(names)
    for name in names:
        if by_name[name].replays:
            wanted.add(by_name[name].replays)
        if name == "notebook":
            wanted.add("learn")
    return [step for step in all_steps if step.name in wanted]
