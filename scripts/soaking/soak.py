"""What scripts/soak does: the stages in their order, and the table in the end."""

import sys

import stages
from traffic import Loadgen

STAGES = {
    "soak": stages.soak,
    "flood": stages.flood,
    "forged": stages.forged,
    "scrapes": stages.scrapes,
    "stopped": stages.stopped,
}


def main():
    work, minutes, wanted = sys.argv[1], int(sys.argv[2]), sys.argv[3:] or list(STAGES)
    for stage in wanted:
        if stage not in STAGES:
            print(f"soak: there is no stage {stage}: there are {', '.join(STAGES)}", file=sys.stderr)
            sys.exit(2)
    loadgen = Loadgen(work)
    capacity = stages.capacity(loadgen)
    print(f"capacity: {capacity:,.0f} datagrams of 64 bytes a second, one by one, from one generator")
    breaches = 0
    for stage in wanted:
        for row in STAGES[stage](loadgen, capacity, minutes):
            stages.progress("")
            breaches += not row.holds
            print(f"{stage:<9}{row.what:<44}{row.measured:>22}   {row.allowed:<28}{row.word}", flush=True)
    if breaches:
        print(f"soak: {breaches} of what was measured is not allowed", file=sys.stderr)
        sys.exit(1)


main()
