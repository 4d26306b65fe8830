"""Prints medians, and ratios to a yardstick within each round, from records of the form
"table <tab> name <tab> value", one a round in the order of the rounds."""

import statistics
import sys

path, yardstick = sys.argv[1:]
tables = {}
with open(path) as lines:
    for line in lines:
        table, name, value = line.rstrip("\n").split("\t")
        tables.setdefault(table, {}).setdefault(name, []).append(float(value))


def figure(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


width = max(len(name) for names in tables.values() for name in names)
width = max(width, *map(len, tables))
for table, names in tables.items():
    print(f"\n{table:{width}}  {'median':>12}  {'min':>12}  {'max':>12}    ratio (min to max)")
    # What is measured side by side shares the weather, so ratios are taken within a round.
    base = next((values for name, values in names.items() if name.startswith(yardstick)), None)
    for name, values in names.items():
        row = [statistics.median(values), min(values), max(values)]
        cells = "  ".join(f"{figure(value):>12}" for value in row)
        text = f"{name:{width}}  {cells}"
        if base and values is not base:
            ratios = [value / other for value, other in zip(values, base) if other]
            if ratios:
                spread = f"({min(ratios):#.3g} to {max(ratios):#.3g})"
                text += f"    {statistics.median(ratios):#.3g} {spread}"
        print(text)
