"""Reads a run's files by libraries of others, and holds what they find against its JSON.

usage: read.py FOLDER    with run.json, run.csv, run.hgrm, run.hlog and run.prom
"""

import csv
import json
import math
import sys
from fractions import Fraction
from pathlib import Path

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from prometheus_client.parser import text_string_to_metric_families

folder = Path(sys.argv[1])
run = json.loads((folder / "run.json").read_text())
counts = run["counts"]
lost = counts["lost"] + counts["late"]
clocks = {"due": "from_due", "send": "from_send"}
quantiles = {"p50": Fraction(1, 2), "p90": Fraction(9, 10), "p99": Fraction(99, 100)}


def same(what, found, expected):
    if found != expected:
        sys.exit(f"read.py: {folder.name}: {what} is {found}, and {expected} in the JSON")


def check_histogram(what, found, clock):
    """The lost are in no histogram: a quantile of all probes is looked up by its rank."""
    same(f"{what} count", found.get_total_count(), counts["received"])
    exact = run["histograms"][clock]["max"]
    same(f"{what} max", found.get_max_value(), found.get_highest_equivalent_value(exact))
    for name, part in quantiles.items():
        rank = math.ceil(part * counts["sent"])
        expected = run["rtt_ns"][clock][name]
        if rank > counts["received"]:
            same(f"{what} {name}", "lost", expected)
            continue
        # A quarter below the rank, so that no way of rounding misses it.
        percentile = 100 * (rank - 0.25) / counts["received"]
        same(f"{what} {name}", min(found.get_value_at_percentile(percentile), exact), expected)


def json_histograms():
    for clock in clocks.values():
        encoded = run["histograms"][clock]["hdr"]
        check_histogram(f"the histogram {clock} of the JSON", HdrHistogram.decode(encoded), clock)


def interval_log():
    whole = HdrHistogram(1, 120_000_000_000, 3)
    log = HistogramLogReader(str(folder / "run.hlog"), whole)
    intervals = 0
    while histogram := log.get_next_interval_histogram():
        row = run["intervals"][intervals]
        same("an interval's count", histogram.get_total_count(), row["received"])
        began = run["began_unix_ns"] / 1e6 + row["from_ns"] / 1e6
        same("an interval's begin", round(histogram.get_start_time_stamp() - began), 0)
        whole.add(histogram)
        intervals += 1
    same("the number of intervals", intervals, len(run["intervals"]))
    check_histogram("the interval log", whole, "from_due")


def percentile_distribution():
    lines = (folder / "run.hgrm").read_text().splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")][1:]
    last = rows[-1]
    same("the last row's count", int(last[2]), counts["received"])
    part = counts["received"] / counts["sent"]
    same("the last row's percentile", last[1], f"{part:.12f}")
    same("the last row's columns", len(last), 4 if lost else 3)
    decoded = HdrHistogram.decode(run["histograms"]["from_due"]["hdr"])
    up_to = {
        f"{item.value_iterated_to / 1e3:.3f}": item.total_count_to_this_value
        for item in decoded.get_recorded_iterator()
    }
    for value, percentile, count, *_ in rows:
        same(f"the count up to {value}", int(count), up_to[value])
        same(f"{percentile} in its row", int(count) >= float(percentile) * counts["sent"] - 1e-6, True)


def table():
    with open(folder / "run.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    same("the number of rows", len(rows), len(run["intervals"]))
    for row, interval in zip(rows, run["intervals"]):
        same("from_s", Fraction(row["from_s"]), Fraction(interval["from_ns"], 10**9))
        for clock in clocks.values():
            for name in ["p50", "p90", "p99", "p99_9", "max"]:
                expected = interval["rtt_ns"][clock][name]
                expected = "" if expected is None else str(expected)
                same(f"{clock} {name}", row[f"{clock}_{name}_ns"], expected)
    for name in ["sent", "not_sent", "received"]:
        same(f"the sum of {name}", sum(int(row[name]) for row in rows), counts[name])
    same("the sum of lost", sum(int(row["lost"]) for row in rows), lost)


def metrics():
    families = text_string_to_metric_families((folder / "run.prom").read_text())
    samples = {
        (sample.name, *sorted(set(sample.labels.items()) - {("target", sample.labels["target"])})):
            sample.value
        for family in families
        for sample in family.samples
    }
    for state in ["received", "late", "lost", "not_sent"]:
        same(state, samples["loadgen_probes_total", ("state", state)], counts[state])
    for label, clock in clocks.items():
        for name, part in quantiles.items():
            expected = run["rtt_ns"][clock][name]
            expected = math.inf if expected == "lost" else expected / 1e9
            key = ("clock", label), ("quantile", str(float(part)))
            same(f"{clock} {name}", samples["loadgen_round_trip_quantile_seconds", *key], expected)
        bucket = samples["loadgen_round_trip_seconds_bucket", ("clock", label), ("le", "+Inf")]
        same("the last bucket", bucket, counts["sent"])
        total = samples["loadgen_round_trip_seconds_count", ("clock", label)]
        same("the count", total, counts["sent"])
    same("the verdict", samples["loadgen_verdict", ("outcome", run["verdict"]["outcome"])], 1)


json_histograms()
interval_log()
percentile_distribution()
table()
metrics()
print(f"readers: {folder.name}: Python finds what the JSON says ({counts['received']} answers, "
      f"{lost} lost)")
