//! `loadgen sweep`: a run at each rate, up and down again.

use std::net::UdpSocket;

use loadgen::results::Sweep;
use loadgen::sweep::Direction;
use rustix::process::Signal;

use crate::rig::peer::Peer;
use crate::rig::program::Program;
use crate::rig::server::{ended, server};

const RUNS: &str = "--duration 200ms --warmup 0s --timeout 10s";

#[test]
fn every_rate_is_measured_on_the_way_up_and_on_the_way_down() {
    let (server, target) = server(1);
    let swept = Program::loadgen(&format!(
        "sweep --target {target} --from 100 --to 400 --steps 3 --json - {RUNS}"
    ))
    .end();
    swept.assert_code(0);
    let sweep: Sweep = serde_json::from_str(&swept.stdout).unwrap();
    let trials: Vec<_> = sweep
        .trials
        .iter()
        .map(|trial| (trial.direction, trial.run.counts.received))
        .collect();
    let expected = [
        (Direction::Up, 20),
        (Direction::Up, 40),
        (Direction::Up, 80),
        (Direction::Down, 80),
        (Direction::Down, 40),
        (Direction::Down, 20),
    ];
    assert_eq!(trials, expected);
    assert_eq!(sweep.planned, 6);
    server.stopper().drain();
    assert_eq!(ended(server).total.received, 280);
}

#[test]
fn the_report_has_a_line_a_rate_and_names_the_knee() {
    let swept = Program::loadgen(&format!("sweep --from 100 --to 200 --steps 2 {RUNS}")).end();
    swept.assert_code(0);
    for words in ["100/s", "200/s", "knee", "hysteresis"] {
        assert!(swept.stdout.contains(words), "no {words} in {swept:?}");
    }
}

#[test]
fn a_sweep_that_misses_an_objective_names_the_rates() {
    let peer = Peer::faithful();
    let swept = Program::loadgen(&format!(
        "sweep --target {} --from 100 --to 200 --steps 2 --slo max<1ns {RUNS}",
        peer.address()
    ))
    .end();
    swept.assert_code(4);
    let told = "slo         missed at 100/s, 200/s\n";
    assert!(swept.stdout.ends_with(told), "{}", swept.stdout);
}

#[test]
fn a_sweep_that_cannot_be_is_refused_before_anything_is_sent() {
    let refused = |arguments: &str, words: &[&str]| {
        let program = Program::loadgen(&format!("sweep {arguments}"));
        program.end().assert_complaint(2, words);
    };
    refused("--from 20k --to 10k", &["--from 20000", "--to 10000"]);
    refused("--from 10 --to 12 --steps 9", &["--steps 9"]);
    refused("--from 1k --to 2k --rate 5k", &["--from", "--rate"]);
    refused("--from 1k --to 2k --size 5", &["--size", "too small"]);
}

#[test]
fn a_sweep_in_which_no_run_can_be_trusted_exits_with_3() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let swept = Program::loadgen(&format!(
        "sweep --target {} --from 100 --to 200 --steps 2 --duration 50ms --warmup 0s --timeout 1ms",
        silent.local_addr().unwrap()
    ));
    swept.end().assert_code(3);
}

#[test]
fn an_interrupted_sweep_reports_what_it_has() {
    let peer = Peer::faithful();
    let program = Program::loadgen(&format!(
        "sweep --target {} --from 100 --to 200 --steps 2 --duration 100s --warmup 0s --json -",
        peer.address()
    ));
    peer.until_seen(5);
    program.signal(Signal::INT);
    let ended = program.end();
    ended.assert_code(3);
    let sweep: Sweep = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((sweep.trials.len(), sweep.planned), (1, 4));
}
