//! Experiments that are ended by a signal, and what `--restore` does then.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::{FOUR_FACTORS, LONG, Site};

/// Whether something is to be put back.
fn is_changed(site: &Site) -> bool {
    let settings = site.settings();
    settings["ip_default_ttl"] == "65" || settings["udp_early_demux"] == "0"
}

fn runs(site: &Site) -> usize {
    let result = site.result();
    let runs = result.and_then(|result| result["runs"].as_array().map(Vec::len));
    runs.unwrap_or(0)
}

/// Lets it go on until so many runs were made, and then a little into the next.
fn go_on(site: &Site, made: usize, into: u64) {
    site.until("so many runs are made", |site| runs(site) >= made);
    // Any moment will do: it is chance that chooses one.
    thread::sleep(Duration::from_millis(into));
}

#[test]
fn a_signal_at_any_moment_puts_everything_back_and_the_rest_can_be_run_later() {
    let Some(site) = Site::new("tune-signals") else {
        return;
    };
    let before = site.settings();
    let mut made = 0;
    for time in 0..5 {
        let resume = if time == 0 {
            "--quiet"
        } else {
            "--quiet --resume"
        };
        let program = site.start(FOUR_FACTORS, resume);
        let (more, into) = (1 + random(4), random(150));
        println!("signal {time}: after {more} more runs and {into} ms");
        go_on(&site, made + more, into as u64);
        let signal = if time % 2 == 0 {
            Signal::INT
        } else {
            Signal::TERM
        };
        program.signal(signal);
        program.end_within(LONG).assert_code(3);
        assert_eq!(site.settings(), before);
        assert_eq!(site.processes(), Vec::<String>::new());
        let result = site.result().expect("it is kept");
        assert_eq!(result["ended"], "stopped");
        made = runs(&site);
    }
    site.run(FOUR_FACTORS, "--quiet --resume").assert_code(0);
    let result = site.result().expect("it is kept");
    assert_eq!(
        (&result["ended"], &result["blocks"]),
        (&"complete".into(), &8.into())
    );
    assert_eq!(site.settings(), before);
}

#[test]
fn what_a_killed_experiment_left_is_put_back_by_restore_and_by_nothing_else() {
    let Some(site) = Site::new("tune-killed") else {
        return;
    };
    let before = site.settings();
    let program = site.start(FOUR_FACTORS, "--quiet");
    site.until("a setting is changed while a server runs", |site| {
        // The experiment itself, the server and the load generator.
        is_changed(site) && site.processes().len() >= 3
    });
    program.signal(Signal::KILL);
    drop(program);
    assert!(is_changed(&site));

    let refused = site.run(FOUR_FACTORS, "--resume");
    refused.assert_complaint(1, &["loadgen tune --restore"]);
    assert!(is_changed(&site));

    let restored = site.restore();
    restored.assert_code(0);
    assert_eq!(site.settings(), before);
    site.until("its programs are gone", |site| site.processes().is_empty());
    // Once more is no harm.
    site.restore().assert_code(0);

    site.run(FOUR_FACTORS, "--quiet --resume").assert_code(0);
    assert_eq!(site.settings(), before);
    assert_eq!(site.result().expect("it is kept")["ended"], "complete");
}

/// Less than `below`.
fn random(below: usize) -> usize {
    let drawn = RandomState::new().hash_one(0) % below as u64;
    usize::try_from(drawn).expect("it is small")
}
