//! A million probes with every fault at once: the generator's books against the server's.

use crate::rig::run::measure;
use crate::rig::server::faulty;

const FAULTS: &str = "drop=1%,duplicate=1%,corrupt=0.1%,reorder=1%,delay=500us,stall=20ms@2s,\
                      service=exp:2us,seed=7";

#[test]
fn a_million_probes_with_every_fault_are_counted_as_the_server_counted_them() {
    let (server, target) = faulty(FAULTS, |config| config);
    let run = measure(
        target,
        "--rate 50k --duration 20s --warmup 0s --timeout 10s --seed 1",
    )
    .run;
    server.stopper().drain();
    let truth = server.join().expect("no worker fails").total;
    let faults = truth.faults.expect("it had faults");
    println!("{faults:?}");
    let counts = run.counts;
    assert_eq!((counts.scheduled, counts.sent), (1_000_000, 1_000_000));
    // Nothing else went wrong, so that every difference below would be a mistake.
    assert_eq!((truth.received, truth.kernel_drops), (1_000_000, 0));
    assert_eq!(
        (
            run.own_drops.unwrap(),
            counts.late,
            counts.foreign,
            counts.stale
        ),
        (0, 0, 0, 0)
    );
    assert_eq!(counts.lost, faults.dropped_by_fault + faults.corrupted);
    assert_eq!(counts.corrupted, faults.corrupted);
    assert_eq!(counts.duplicated, faults.duplicated);
    assert_eq!(counts.reordered, faults.reordered);
    assert_eq!(counts.received, truth.echoed - faults.corrupted);
    assert_eq!(faults.stalls, 1);
    // A share of 1 % of a million is 10,000, and three standard deviations are 300.
    for (count, expected) in [
        (faults.dropped_by_fault, 10_000_u64),
        (faults.duplicated, 10_000),
        (faults.reordered + faults.held_in_vain, 10_000),
    ] {
        assert!(count.abs_diff(expected) <= 300, "{count} for {expected}");
    }
    assert!(faults.corrupted.abs_diff(1_000) <= 100);
    assert!(run.rtt_ns.from_send.min >= Some(500_000));
}
