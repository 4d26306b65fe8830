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
    let peer = answering(80);
    let searched = Program::loadgen(&format!(
        "search --target {} --slo loss<20% --from 300 --to 4000 --json - {TRIALS}",
        peer.address()
    ))
    .end();
    searched.assert_code(0);
    let search = result(&searched);
    assert_eq!(search.outcome, SearchOutcome::Found);
    let rate = |typed: Option<String>| typed.unwrap().parse::<f64>().unwrap();
    let (met, missed) = (rate(search.met), rate(search.missed));
    // Of up to 100 probes in 100 ms no more than a fifth is left out.
    assert!(met <= 1_000.0 && 1_000.0 <= missed, "{met} to {missed}");
    assert!(missed <= met * 1.2 + 1.0, "{met} to {missed}");
}

#[test]
fn a_search_that_finds_nothing_says_where_to_look() {
    // It answers every other probe.
    let mut probes = 0_u64;
    let peer = Peer::start(move |seen, answers| {
        probes += 1;
        if probes.is_multiple_of(2) {
            answers.echo(seen);
        }
    });
    let searched = Program::loadgen(&format!(
        "search --target {} --slo loss<20% --from 400 --to 800 {TRIALS}",
        peer.address()
    ))
    .end();
    searched.assert_code(4);
    assert!(
        searched.stdout.contains("not even 400/s meets"),
        "{searched:?}"
    );
}

#[test]
fn a_search_in_silence_proves_nothing() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let target = silent.local_addr().unwrap();
    let searched = Program::loadgen(&format!(
        "search --target {target} --slo loss<20% --from 400 --to 800 --duration 100ms --warmup 0s \
         --timeout 1ms --json -"
    ))
    .end();
    searched.assert_code(3);
    assert_eq!(result(&searched).outcome, SearchOutcome::Untrusted);
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
