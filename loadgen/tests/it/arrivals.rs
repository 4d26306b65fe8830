//! How probes are spaced.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use loadgen::rate::Rate;
use loadgen::results::Run;
use loadgen::schedule::{Arrivals, Schedule, Share};
use loadgen::sizes::Sizes;

use crate::rig::peer::Peer;
use crate::rig::program::Program;
use crate::rig::run::measure;
use crate::rig::scratch::Scratch;
use crate::rig::truth::Log;

/// A run of 300 ms whose every answer is awaited.
const BRIEF: &str = "--duration 300ms --warmup 0s --timeout 10s";

/// Every datagram of the peer, by when it was due: what the schedule and the sizes made of it.
fn on_the_wire(log: &Log) -> Vec<(u64, usize)> {
    let probes = log.seen.iter();
    let mut sent: Vec<(u64, usize)> = probes
        .map(|seen| (seen.probe.due.as_nanos(), seen.bytes.len()))
        .collect();
    sent.sort_unstable();
    sent
}

/// What the library says of the same schedule.
fn computed(arrivals: &Arrivals, rate: u64, sizes: &Sizes, seed: u64) -> Vec<(u64, usize)> {
    let share = Share {
        threads: 1.try_into().expect("it is not zero"),
        thread: 0,
    };
    let rate = Rate::per_second(rate).expect("it is in range");
    let span = Duration::from_millis(300);
    let schedule = Schedule::new(arrivals, rate, span, seed, share).expect("there is no file");
    let mut due: Vec<(u64, usize)> = (0..)
        .zip(schedule)
        .map(|(index, arrival)| (arrival.due.as_nanos(), sizes.of(seed, index).into()))
        .collect();
    due.sort_unstable();
    due
}

/// The peer saw `expected`, but for what the generator says that it had no time to send.
#[track_caller]
fn assert_sent(log: &Log, run: &Run, expected: &[(u64, usize)]) {
    let mut missing: BTreeMap<(u64, usize), i64> = BTreeMap::new();
    for probe in expected {
        *missing.entry(*probe).or_default() += 1;
    }
    for probe in on_the_wire(log) {
        *missing.entry(probe).or_default() -= 1;
    }
    assert!(missing.values().all(|count| *count >= 0), "{missing:?}");
    let missing: i64 = missing.values().sum();
    assert_eq!(u64::try_from(missing), Ok(run.counts.not_sent));
}

fn run_against_a_peer(arguments: &str) -> (Log, Run) {
    let peer = Peer::faithful();
    let (_, run) = measure(peer.address(), &format!("{BRIEF} {arguments}"));
    let log = peer.finish();
    log.assert_counted(&run.counts);
    (log, run)
}

#[test]
fn probes_at_random_leave_as_the_seed_says() {
    let sizes = Sizes::imix();
    let expected = computed(&Arrivals::Poisson, 1_000, &sizes, 42);
    for threads in [1, 3] {
        let arguments = format!("--threads {threads} --arrivals poisson --size imix --seed 42");
        let (log, run) = run_against_a_peer(&format!("--rate 1000 {arguments}"));
        assert_sent(&log, &run, &expected);
        assert_eq!(run.plan.arrivals, "poisson");
        assert_eq!((run.plan.sizes.as_str(), run.plan.seed), ("imix", 42));
        assert_eq!(run.counts.scheduled, expected.len() as u64);
    }
}

#[test]
fn without_a_seed_two_runs_differ() {
    let arguments = "--rate 1000 --arrivals poisson";
    let (first, _) = run_against_a_peer(arguments);
    let (second, _) = run_against_a_peer(arguments);
    assert_ne!(on_the_wire(&first), on_the_wire(&second));
}

#[test]
fn bursts_are_due_at_once_and_whole() {
    let arrivals = Arrivals::Bursts(32.try_into().expect("it is not zero"));
    let sizes = Sizes::one(64).expect("it is in range");
    let expected = computed(&arrivals, 1_000, &sizes, 1);
    assert_eq!(expected.len(), 320);
    let (log, run) = run_against_a_peer("--rate 1000 --arrivals bursts:32");
    assert_sent(&log, &run, &expected);
    assert_eq!(run.plan.arrivals, "bursts:32");
    assert_eq!(run.counts.scheduled, 320);
    let gaps = run.gaps_ns.expect("it was an open loop");
    assert_eq!((gaps.intended.min, gaps.intended.count), (Some(0), 319));
}

/// Probes 0.4 ms apart, in turn without a size and with one.
fn written() -> (String, Vec<(u64, usize)>) {
    let mut text = "# time size\n".to_owned();
    let mut expected = Vec::new();
    for probe in 0..500_u32 {
        let nanos = u64::from(probe) * 400_000;
        write!(text, "0.{nanos:09}").expect("a string takes everything");
        if probe % 2 == 1 {
            write!(text, "\t{}", 100 + probe).expect("a string takes everything");
        }
        text.push('\n');
        let size = if probe % 2 == 1 { 100 + probe } else { 64 };
        expected.push((nanos, size as usize));
    }
    (text, expected)
}

#[test]
fn a_file_is_replayed_completely_and_in_order() {
    let scratch = Scratch::new("a_file_is_replayed");
    let path = scratch.file("trace.txt");
    let (text, expected) = written();
    fs::write(&path, text).unwrap();
    for threads in [1, 2] {
        let peer = Peer::faithful();
        let replay = format!("--arrivals replay:{} --timeout 10s", path.display());
        let arguments = format!("{replay} --threads {threads} --flows {threads}");
        let (_, run) = measure(peer.address(), &arguments);
        let log = peer.finish();
        log.assert_counted(&run.counts);
        assert_sent(&log, &run, &expected);
        assert_eq!(run.counts.scheduled, 500);
        assert_eq!((run.plan.warmup_ns, run.plan.duration_ns), (0, 200_000_000));
        assert_eq!(run.plan.arrivals, format!("replay:{}", path.display()));
        let bounds = (run.plan.smallest_size_bytes, run.plan.largest_size_bytes);
        assert_eq!(bounds, (64, 599));
        assert!(in_order(&log));
    }
}

/// Whether every source sent its probes in the order in which they were due.
fn in_order(log: &Log) -> bool {
    let mut flows: BTreeMap<SocketAddr, Vec<u64>> = BTreeMap::new();
    for seen in &log.seen {
        flows
            .entry(seen.from)
            .or_default()
            .push(seen.probe.due.as_nanos());
    }
    flows.values().all(|dues| dues.is_sorted())
}

#[test]
fn a_part_of_a_file_can_be_measured() {
    let scratch = Scratch::new("a_part_of_a_file");
    let path = scratch.file("trace.txt");
    fs::write(&path, written().0).unwrap();
    let peer = Peer::faithful();
    let times = "--warmup 40ms --duration 80ms --timeout 10s";
    let arguments = format!("--arrivals replay:{} {times}", path.display());
    let (_, run) = measure(peer.address(), &arguments);
    // 100 probes are due before, and 200 in the window.
    assert_eq!(run.counts.scheduled, 200);
    assert!(peer.finish().seen.len() as u64 <= 300);
}

#[test]
fn a_file_that_changes_meanwhile_fails_the_run_with_a_sentence() {
    let scratch = Scratch::new("a_file_that_changes");
    let path = scratch.file("trace.txt");
    // More than what is read ahead.
    let mut text = String::new();
    for probe in 0..20_000 {
        writeln!(text, "0.{probe:05} 64").unwrap();
    }
    fs::write(&path, text + "30 64\n").unwrap();
    let peer = Peer::start({
        let path = path.clone();
        let mut changed = false;
        move |seen, answers| {
            if !changed {
                fs::write(&path, "x\n".repeat(200_000)).expect("it was written before");
                changed = true;
            }
            answers.echo(seen);
        }
    });
    let arguments = format!(
        "--target {} --arrivals replay:{}",
        peer.address(),
        path.display()
    );
    let ended = Program::loadgen(&arguments).end();
    ended.assert_complaint(1, &["was changed while it was replayed", "trace.txt"]);
}

#[test]
fn a_bad_file_is_refused_with_its_line() {
    let scratch = Scratch::new("a_bad_file");
    let path = scratch.file("trace.txt");
    for (text, complaint) in [
        (
            "0 64\n# fine\n0.1 39\n",
            "line 3: '39' is not a size in bytes",
        ),
        ("0\n1\n0.5\n", "line 3: '0.5' is before the time"),
        ("soon\n", "line 1: 'soon' is not a time"),
        ("# nothing\n", "the file has no probe"),
    ] {
        fs::write(&path, text).unwrap();
        let replay = format!("--arrivals replay:{}", path.display());
        let ended = Program::loadgen(&replay).end();
        ended.assert_complaint(2, &["--arrivals", complaint]);
    }
    let missing = scratch.file("missing");
    let ended = Program::loadgen(&format!("--arrivals replay:{}", missing.display())).end();
    ended.assert_complaint(2, &["--arrivals", missing.to_str().unwrap()]);
}

#[test]
fn what_does_not_go_together_is_wrong_use() {
    let scratch = Scratch::new("what_does_not_go_together");
    let path = scratch.file("trace.txt");
    fs::write(&path, "0\n0.5\n").unwrap();
    let replay = format!("--arrivals replay:{}", path.display());
    for (arguments, flags) in [
        (format!("{replay} --rate 1k"), ["--rate", "--arrivals"]),
        (format!("{replay} --rate max"), ["--rate", "--arrivals"]),
        (
            format!("{replay} --closed-loop 1"),
            ["--closed-loop", "--arrivals"],
        ),
        (format!("{replay} --warmup 1s"), ["--warmup", "500ms"]),
        (
            "--arrivals poisson --rate max".to_owned(),
            ["--rate", "--arrivals"],
        ),
        (
            "--arrivals constant --closed-loop 1".to_owned(),
            ["--closed-loop", "--arrivals"],
        ),
        ("--arrivals bursts:0".to_owned(), ["--arrivals", "'0'"]),
        ("--arrivals often".to_owned(), ["--arrivals", "often"]),
        ("--seed x".to_owned(), ["--seed", "x"]),
    ] {
        let ended = Program::loadgen(&arguments).end();
        ended.assert_complaint(2, &flags);
    }
}

#[test]
fn a_closed_loop_has_neither_arrivals_nor_gaps() {
    let peer = Peer::faithful();
    let arguments = "--closed-loop 1 --flows 1 --duration 50ms --warmup 0s --timeout 10s";
    let (_, run) = measure(peer.address(), arguments);
    assert_eq!(run.plan.arrivals, "answers");
    assert!(run.gaps_ns.is_none());
    drop(peer);
}
