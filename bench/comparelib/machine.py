# SPDX-License-Identifier: Apache-2.0
"""How busy the machine is, from /proc/stat: a disturbed run can be seen as such afterwards."""
import time


def parse_stat(text):
    """(busy, idle, steal) ticks since the start of the machine; None when the text is not it."""
    fields = text.split("\n", 1)[0].split()
    if len(fields) < 9 or fields[0] != "cpu":
        return None
    user, nice, system, idle, iowait, irq, softirq, steal = map(int, fields[1:9])
    return user + nice + system + irq + softirq, idle + iowait, steal


def read_times():
    try:
        with open("/proc/stat") as file:
            return parse_stat(file.read())
    except OSError:
        return None


def shares(before, after):
    """{"busy": 0..1, "steal": 0..1} between two readings; empty when not known."""
    if before is None or after is None:
        return {}
    busy, idle, steal = (b - a for a, b in zip(before, after))
    total = busy + idle + steal
    return {"busy": busy / total, "steal": steal / total} if total > 0 else {}


def load_now(seconds=0.3):
    before = read_times()
    time.sleep(seconds)
    return shares(before, read_times())


def wait_until_idle(limit_seconds, most_busy=0.1):
    """Waits for others to finish, at most so long; returns the last load seen."""
    end = time.monotonic() + limit_seconds
    load = load_now()
    while load.get("busy", 0) > most_busy and time.monotonic() < end:
        load = load_now(1.0)
    return load
