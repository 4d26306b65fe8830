//! The server stands still for a tenth of a second: what every probe that it kept waiting adds up
//! to, and what a small receive buffer loses meanwhile.
//!
//! With a stall of S in a window of T at a constant rate R, and a server that then drains its queue at
//! the rate C, the share of probes that wait longer than x is (S - x) / (1 - R / C) / T: the quantile
//! q is S - (1 - q) (1 - R / C) T. With a fast server that is 51 ms at p99 and 95 ms at p99.9 of a
//! tenth of a second in five.

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
    // A thousand probes have to wait, 900 of them for more than 10 ms, which no pause of the machine
    // lasts for, and a few more while the queue drains: between 1.5 % and 2.2 % of the 50,000.
    let slo = "--slo p97.8<10ms,p98.5<10ms";
    let runs = rounds(&format!("{RATE} --duration 5s {slo}"));
    let as_expected = runs.iter().filter(|run| {
        assert_eq!((run.counts.lost, run.counts.late), (0, 0));
        let slo = run.slo.as_ref().expect("it was asked for");
        println!("{:?}", slo.objectives);
        let outcomes: Vec<_> = slo.objectives.iter().map(|one| one.outcome).collect();
        outcomes == [Outcome::Met, Outcome::Missed]
    });
    assert!(as_expected.count() >= 2);
    let idle = idle_share();
    let expected_p99 = 100.0 - 0.01 * idle * 5_000.0;
    let expected_p99_9 = 100.0 - 0.001 * idle * 5_000.0;
    let p99 = median(&runs, |run| millis(run.rtt_ns.from_due.p99));
    let p99_9 = median(&runs, |run| millis(run.rtt_ns.from_due.p99_9));
    assert_within("p99, ms", p99, expected_p99, 3.0);
    assert_within("p99.9, ms", p99_9, expected_p99_9, 3.0);
    let p99 = median(&runs, |run| millis(run.rtt_ns.from_send.p99));
    let p99_9 = median(&runs, |run| millis(run.rtt_ns.from_send.p99_9));
    assert_within("p99 from send, ms", p99, expected_p99, 3.0);
    assert_within("p99.9 from send, ms", p99_9, expected_p99_9, 3.0);
}

#[test]
fn a_longer_run_shows_the_same_stall_further_out() {
    let runs = rounds(&format!("{RATE} --duration 20s"));
    let p99_9 = median(&runs, |run| millis(run.rtt_ns.from_due.p99_9));
    let expected = 100.0 - 0.001 * idle_share() * 20_000.0;
    assert_within("p99.9, ms", p99_9, expected, 3.0);
    let base = median(&runs, |run| micros(run.rtt_ns.from_due.p50));
    let p99 = median(&runs, |run| micros(run.rtt_ns.from_due.p99));
    println!("p50 {base} us, p99 {p99} us");
    assert!(p99 < 10_000.0, "p99 is {p99} us, the base {base} us");
}

/// Which share of its time the server would be idle at 10,000 a second, by what it can do at most.
fn idle_share() -> f64 {
    // The same code answers, and the stall never comes.
    let (server, target) = faulty("stall=1ms@1h", |config| config);
    let flood = "--rate max --window 256 --flows 1 --gso off --duration 2s --warmup 200ms";
    let most = measure(target, flood).run.rate_pps.received;
    drop(server);
    println!("{most} answers/s at most");
    #[expect(clippy::cast_precision_loss, reason = "it is below a million")]
    let share = 1.0 - 10_000.0 / most as f64;
    assert!(share > 0.8, "a server this slow has another curve");
    share
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
    assert_eq!(run.lost_by.unwrap().server_socket, Some(dropped));
    assert_eq!(run.lost_by.unwrap().path, 0);
    assert_eq!(run.rtt_ns.from_due.p99, Quantile::Lost);
    assert_eq!(run.rtt_ns.from_send.p99, Quantile::Lost);
}
