//! The server stands still for a tenth of a second: what every probe that it kept waiting adds up
//! to, and what a small receive buffer loses meanwhile.
//!
//! With a stall of S in a window of T at a constant rate, the share of probes that wait longer than
//! x is (S - x) / T, and a little more because the queue takes a moment to drain: the quantile q is
//! S - (1 - q) T.

use loadgen::measure::Quantile;
use loadgen::results::Run;
use loadgen::slo::Outcome;

use crate::rig::run::{assert_within, measure, median, micros, millis};
use crate::rig::server::faulty;

/// One second into the window that is measured: the warm-up lasts for one, too.
const STALL: &str = "stall=100ms@2s";

const RATE: &str = "--rate 10k --warmup 1s --timeout 5s";

#[test]
fn every_probe_that_waits_for_a_stalled_server_is_charged_with_its_wait() {
    let slo = "--slo p97.6<5ms,p98.4<5ms";
    let runs = rounds(&format!("{RATE} --duration 5s {slo}"));
    for run in &runs {
        assert_eq!((run.counts.lost, run.counts.late), (0, 0));
        // About a thousand of the 50,000 probes had to wait, which is 2 %: p97.6 is not among
        // them, p98.4 is.
        let slo = run.slo.as_ref().expect("it was asked for");
        let outcomes: Vec<_> = slo.objectives.iter().map(|one| one.outcome).collect();
        assert_eq!(outcomes, [Outcome::Met, Outcome::Missed], "{slo:?}");
    }
    let p99 = median(&runs, |run| millis(run.rtt_ns.from_due.p99));
    let p99_9 = median(&runs, |run| millis(run.rtt_ns.from_due.p99_9));
    assert_within("p99, ms", p99, 51.0, 3.0);
    assert_within("p99.9, ms", p99_9, 95.0, 3.0);
    let p99 = median(&runs, |run| millis(run.rtt_ns.from_send.p99));
    let p99_9 = median(&runs, |run| millis(run.rtt_ns.from_send.p99_9));
    assert_within("p99 from send, ms", p99, 51.0, 3.0);
    assert_within("p99.9 from send, ms", p99_9, 95.0, 3.0);
}

#[test]
fn a_longer_run_shows_the_same_stall_further_out() {
    let runs = rounds(&format!("{RATE} --duration 20s"));
    let p99_9 = median(&runs, |run| millis(run.rtt_ns.from_due.p99_9));
    assert_within("p99.9, ms", p99_9, 80.0, 3.0);
    let base = median(&runs, |run| micros(run.rtt_ns.from_due.p50));
    let p99 = median(&runs, |run| micros(run.rtt_ns.from_due.p99));
    println!("p50 {base} us, p99 {p99} us");
    assert!(p99 < 10_000.0, "p99 is {p99} us, the base {base} us");
}

/// Three runs against a server that stalls in each: a pause of the machine moves one of them.
fn rounds(arguments: &str) -> Vec<Run> {
    let round = |_round| {
        let (server, target) = faulty(STALL, |config| config);
        let run = measure(target, arguments).run;
        drop(server);
        run
    };
    (0..3).map(round).collect()
}

#[test]
fn what_a_small_receive_buffer_loses_is_named_and_stands_in_the_percentiles() {
    // The kernel doubles what is asked for: 212,992 bytes, as on a host with default settings.
    let (server, target) = faulty(STALL, |config| config.receive_buffer(106_496));
    let run = measure(target, &format!("{RATE} --duration 5s")).run;
    server.stopper().drain();
    let summary = server.join().expect("no worker fails");
    let dropped = summary.total.kernel_drops;
    println!("lost {} ({:?})", run.counts.lost, run.lost_by);
    #[expect(clippy::cast_precision_loss, reason = "there are 50,000 probes")]
    assert_within("lost", run.counts.lost as f64, 744.0, 30.0);
    assert_eq!(run.counts.lost, dropped);
    assert_eq!(run.lost_by.server_socket, Some(dropped));
    assert_eq!(run.lost_by.path, 0);
    assert_eq!(run.rtt_ns.from_due.p99, Quantile::Lost);
    assert_eq!(run.rtt_ns.from_send.p99, Quantile::Lost);
}
