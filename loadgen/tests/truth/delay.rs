//! A server that answers late on purpose.

use echo_reactor::config::Wait;

use crate::rig::run::{assert_within, measure, micros};
use crate::rig::server::faulty;

#[test]
fn a_delay_moves_the_median_by_itself() {
    let mut moved: Vec<f64> = (0..5)
        .map(|_round| {
            let [base, delayed] = ["", "delay=500us"].map(|faults| {
                let (server, target) = faulty(faults, |config| config.wait(Wait::Spin));
                let run = measure(target, "--rate 5k --duration 2s --warmup 200ms").run;
                drop(server);
                micros(run.rtt_ns.from_due.p50)
            });
            delayed - base
        })
        .collect();
    moved.sort_by(f64::total_cmp);
    println!("rounds {moved:.1?}");
    assert_within("p50 moved by, us", moved[2], 500.0, 15.0);
}

#[test]
fn a_delay_over_the_timeout_makes_every_answer_late_and_none_lost() {
    let (server, target) = faulty("delay=110ms", |config| config);
    let run = measure(
        target,
        "--rate 5k --duration 2s --warmup 200ms --timeout 100ms",
    )
    .run;
    drop(server);
    assert_eq!(run.counts.late, 10_000);
    assert_eq!((run.counts.lost, run.counts.duplicated), (0, 0));
}
