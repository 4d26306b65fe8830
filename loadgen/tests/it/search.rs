//! `loadgen search`: the highest rate that meets an objective.

use std::net::UdpSocket;

use loadgen::results::{Search, SearchOutcome};
use rustix::process::Signal;

use crate::rig::peer::Peer;
use crate::rig::program::{Ended, Program};

const TRIALS: &str = "--duration 100ms --warmup 0s --timeout 1s --repeats 1 --precision 20%";

#[track_caller]
fn result(ended: &Ended) -> Search {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("no result: {ended:?}"))
}

/// Answers up to so many probes of a trial, which has more of them at a higher rate.
fn answering(most: u64) -> Peer {
    Peer::start(move |seen, answers| {
        // Flows take turns, so a probe's number within its flow tells how many came before.
        if seen.probe.sequence.0 * 8 < most {
            answers.echo(seen);
        }
    })
}

#[test]
fn the_highest_rate_is_the_last_one_whose_trial_meets_the_objective() {
    let peer = answering(40);
    let searched = Program::loadgen(&format!(
        "search --target {} --slo loss<1% --from 100 --to 2000 --json - {TRIALS}",
        peer.address()
    ))
    .end();
    searched.assert_code(0);
    let search = result(&searched);
    assert_eq!(search.outcome, SearchOutcome::Found);
    let rate = |typed: Option<String>| typed.unwrap().parse::<f64>().unwrap();
    let (met, missed) = (rate(search.met), rate(search.missed));
    // Of up to 40 probes in 100 ms all are answered.
    assert!(met <= 400.0 && 400.0 < missed, "{met} to {missed}");
    assert!(missed <= met * 1.2 + 1.0, "{met} to {missed}");
}

#[test]
fn a_search_that_finds_nothing_says_where_to_look() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let target = silent.local_addr().unwrap();
    let searched = Program::loadgen(&format!(
        "search --target {target} --slo loss<1% --from 100 --to 200 --duration 50ms --warmup 0s \
         --timeout 1ms"
    ))
    .end();
    searched.assert_code(4);
    assert!(
        searched.stdout.contains("not even 100/s meets"),
        "{searched:?}"
    );
}

#[test]
fn a_search_that_cannot_be_is_refused_before_anything_is_sent() {
    let refused = |arguments: &str, words: &[&str]| {
        let program = Program::loadgen(&format!("search {arguments}"));
        program.end().assert_complaint(2, words);
    };
    refused("--from 1k --to 2k", &["--slo"]);
    refused(
        "--slo p50<1s --from 2k --to 1k",
        &["--from 2000", "--to 1000"],
    );
    refused(
        "--slo p99.9<1s --from 1k --to 2k --duration 1s",
        &["p99.9", "2995", "1000", "--duration"],
    );
    refused("--slo p50<1s --precision 0.01%", &["--precision"]);
}

#[test]
fn an_interrupted_search_has_no_answer() {
    let peer = Peer::faithful();
    let program = Program::loadgen(&format!(
        "search --target {} --slo p50<1m --from 100 --to 200 --duration 100s --warmup 0s --json -",
        peer.address()
    ));
    peer.until_seen(5);
    program.signal(Signal::INT);
    let ended = program.end();
    ended.assert_code(3);
    assert_eq!(result(&ended).outcome, SearchOutcome::Interrupted);
}
