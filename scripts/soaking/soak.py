"""What scripts/soak does: the stages in their order, and the table in the end."""

import contextlib
import os
import sys

import stages
from processes import heed_signals
from traffic import Loadgen

STAGES = {
    "soak": stages.soak,
    "flood": stages.flood,
    "forged": stages.forged,
    "scrapes": stages.scrapes,
    "stopped": stages.stopped,
}


def main():
    heed_signals()
    work, minutes, named = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    wanted = named or list(STAGES)
    for stage in wanted:
        if stage not in STAGES:
            print(f"soak: there is no stage {stage}: there are {', '.join(STAGES)}", file=sys.stderr)
            sys.exit(2)
    loadgen = Loadgen(work)
    capacity = stages.capacity(loadgen)
    print(f"capacity: {capacity:,.0f} datagrams of 64 bytes a second, one by one, from one generator", flush=True)
    breaches, left_out = 0, []
    for stage in wanted:
        with contextlib.closing(STAGES[stage](loadgen, capacity, minutes)) as rows:
            for row in rows:
                stages.progress("")
                breaches += row.word == stages.NOT_ALLOWED
                if row.word == stages.LEFT_OUT:
                    left_out.append(stage)
                print(f"{stage:<9}{row.what:<44}{row.measured:>22}   {row.allowed:<28}{row.word}", flush=True)
    if breaches:
        print(f"soak: {breaches} of what was measured is not allowed", file=sys.stderr)
    # Whoever has asked for it must not take it for done.
    missed = left_out if named or os.environ.get("CI") else []
    if missed:
        print(f"soak: must not be left out: {', '.join(missed)}", file=sys.stderr)
    if breaches or missed:
        sys.exit(1)


main()
