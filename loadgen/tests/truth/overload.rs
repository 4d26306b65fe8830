//! A rate that no machine can send.

use loadgen::verdict::Outcome;

use crate::rig::run::{doubts, measure, millis};
use crate::rig::server::faithful;

#[test]
fn fifty_times_what_the_machine_can_do_is_invalid_and_shows_how_far_it_fell_behind() {
    let (server, target) = faithful();
    // Trains would make even this rate possible on loopback.
    let ended = measure(target, "--rate 100M --gso off --duration 3s --warmup 0s");
    drop(server);
    assert_eq!(ended.code, Some(3));
    let run = &ended.run;
    assert_eq!(run.verdict.outcome, Outcome::Invalid);
    assert!(doubts(run).contains(&"rate_missed"), "{:?}", doubts(run));
    let sent_of = run.counts.scheduled / run.counts.sent;
    println!("scheduled {sent_of} times what was sent");
    assert!(sent_of >= 50, "the machine sent one in {sent_of}");
    assert_eq!(run.counts.scheduled, 300_000_000);
    // The last probes that were sent had been due nearly three seconds before.
    assert!(millis(run.rtt_ns.from_due.p90) > 2_000.0);
    assert!(millis(run.lateness_ns.p90) > 2_000.0);
    assert!(millis(run.rtt_ns.from_send.p50) < millis(run.rtt_ns.from_due.p50) / 2.0);
}
