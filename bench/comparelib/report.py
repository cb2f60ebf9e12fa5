# SPDX-License-Identifier: Apache-2.0
"""From runs to tables: medians, spread, ratios of paired rounds, shares of the machine's limits."""
from . import stats

DISTURBED_BUSY = 0.2   # of the machine, before a run
DISTURBED_STEAL = 0.05


def figures(runs, scenario, contestant):
    """{round: figure} of the runs that succeeded."""
    return {r["round"]: r["figure"] for r in runs
            if r["scenario"] == scenario and r["contestant"] == contestant and "figure" in r}


def is_disturbed(run):
    return ((run.get("busy_before") or 0) > DISTURBED_BUSY
            or (run.get("steal_before") or 0) > DISTURBED_STEAL
            or (run.get("steal_during") or 0) > DISTURBED_STEAL)


def rate(machines, isa, word):
    """Median MAC/s over the rounds of a multiply loop with all threads; None when there is none."""
    found = []
    for machine in machines:
        rows = [m for m in machine.get("multiply_rates", [])
                if m["isa"] == isa and word in m["instruction"]]
        if rows:
            found.append(max(rows, key=lambda m: m["threads"])["mac_s"])
    return stats.median(found) if found else None


def summarise(comparison):
    """[{scenario, title, rows: [{contestant, ours, median, ..., ratios}]}], fastest row first."""
    names = [c.name for c in comparison.contestants]
    ours = {c.name for c in comparison.contestants if c.ours}
    out = []
    for scenario in comparison.scenarios:
        by_name = {n: figures(comparison.runs, scenario.name, n) for n in names}
        rows = []
        for name in names:
            if not by_name[name]:
                continue
            runs = [r for r in comparison.runs
                    if r["scenario"] == scenario.name and r["contestant"] == name]
            row = {"contestant": name, "ours": name in ours,
                   **stats.summary(list(by_name[name].values())),
                   "disturbed": sum(map(is_disturbed, runs)),
                   "failed": sum("error" in r for r in runs),
                   "ratios": {o: stats.paired_ratio(by_name[o], by_name[name])
                              for o in names if o in ours and o != name}}
            row.update(limits(comparison, scenario, row, runs))
            rows.append(row)
        rows.sort(key=lambda r: -r["median"])
        out.append({"scenario": scenario.name, "title": scenario.title(), "rows": rows})
    return out


def limits(comparison, scenario, row, runs):
    """Share of the machine's limit in the same rounds, where the run or the model tells enough."""
    if scenario.kind == "decode":
        shares = [r["details"]["bandwidth_share"] for r in runs
                  if r.get("details", {}).get("bandwidth_share")]
        return {"bandwidth_share": stats.median(shares)} if shares else {}
    if scenario.kind != "prefill":
        return {}
    macs = [r["details"]["macs_per_token"] for r in comparison.runs
            if r.get("details", {}).get("macs_per_token")]
    if not macs:
        return {}
    out = {}
    for name, isa, word in (("amx_bf16_share", "amx", "bf16"), ("amx_int8_share", "amx", "int8"),
                            ("avx512_vnni_share", "avx512", "int8"),
                            ("avx2_int8_share", "avx2", "int8")):
        limit = rate(comparison.machines, isa, word)
        if limit:
            out[name] = row["median"] * macs[0] / limit
    return out


def ratio_text(ratio):
    if ratio is None:
        return ""
    return f"{ratio['median']:.2f} ({ratio['low']:.2f}-{ratio['high']:.2f})"


def limit_text(row):
    names = {"bandwidth_share": "read bandwidth", "amx_bf16_share": "AMX BF16",
             "amx_int8_share": "AMX int8", "avx512_vnni_share": "AVX-512 VNNI",
             "avx2_int8_share": "AVX2 int8"}
    return ", ".join(f"{100 * row[k]:.0f} % {v}" for k, v in names.items() if k in row)


def machine_lines(machines):
    if not machines:
        return []
    last = machines[-1]
    bandwidth = [m["read_bandwidth_gb_s"] for m in machines if "read_bandwidth_gb_s" in m]
    lines = [f"Processor: {last.get('processor') or 'not told'}; {last.get('usable_cpus')} usable "
             f"processors; {last.get('features')}."]
    if bandwidth:
        lines.append(f"Read bandwidth in the same rounds: median {stats.median(bandwidth):.1f} GB/s "
                     f"({min(bandwidth):.1f} to {max(bandwidth):.1f}).")
    for isa, word, label in (("amx", "int8", "AMX int8"), ("amx", "bf16", "AMX BF16"),
                             ("avx512", "int8", "AVX-512 VNNI"), ("avx2", "int8", "AVX2 int8")):
        found = rate(machines, isa, word)
        if found:
            lines.append(f"{label}: {found / 1e12:.3f} TMAC/s, all threads.")
    return lines


def markdown(summaries, comparison, about):
    """One table a scenario. Ratios are Lemma's figure over the row's, above 1: Lemma is faster."""
    lines = ["# Comparison", "", f"File `{about['model']}`, {about['threads']} threads, started "
             f"{about['started']}. Medians of rounds in turns; quartiles in brackets. A ratio is "
             "ours over the row's of the same round: median, and the 95 % bootstrap interval. "
             f"Disturbed: more than {100 * DISTURBED_BUSY:.0f} % of the machine busy before the "
             f"run, or {100 * DISTURBED_STEAL:.0f} % stolen.", ""]
    lines += [f"- {line}" for line in machine_lines(comparison.machines)]
    for item in summaries:
        ours = [r["contestant"] for r in item["rows"] if r["ours"]]
        lines += ["", f"## {item['scenario']}: {item['title']}", "",
                  "| | median | quartiles | rounds | disturbed | "
                  + "".join(f"{o} / this | " for o in ours) + "of the limit |",
                  "|---|---|---|---|---|" + "---|" * (len(ours) + 1)]
        for row in item["rows"]:
            name = f"**{row['contestant']}**" if row["ours"] else row["contestant"]
            lines.append(f"| {name} | {row['median']:.2f} | {row['lower_quartile']:.2f}-"
                         f"{row['upper_quartile']:.2f} | {row['rounds']} | {row['disturbed']} | "
                         + "".join(ratio_text(row["ratios"].get(o)) + " | " for o in ours)
                         + limit_text(row) + " |")
        for (scenario, name), why in comparison.left_out.items():
            if scenario == item["scenario"]:
                lines += ["", f"Left out: {name}: {why}"]
    return "\n".join(lines) + "\n"
