//! Experiments that are ended by a signal, and what `--restore` does then.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::{FOUR_FACTORS, LONG, SYSCTLS, Site};
use crate::rig::program::Program;

/// Whether something is to be put back: whatever is run, the first setting is not what it was.
fn is_changed(site: &Site) -> bool {
    site.setting(SYSCTLS[0]) != "64"
}

/// When a signal comes.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// While the experiment starts.
    AtStart,
    /// As soon as the first setting is changed, or so many milliseconds later.
    Changed(usize),
    /// So many milliseconds into the run after so many more.
    Later(usize, usize),
}

impl Moment {
    /// Waits for it. Returns whether there is something to put back.
    fn wait(self, site: &Site, made: usize) -> bool {
        let into = match self {
            Self::AtStart => {
                let journal = site.scratch.file("state/tune.journal");
                site.until("it has a journal", |_site| journal.exists());
                return is_changed(site);
            }
            Self::Changed(into) => into,
            Self::Later(more, into) => {
                site.until("so many runs are made", |site| site.runs() >= made + more);
                into
            }
        };
        site.until("a setting is changed", is_changed);
        // Any moment will do: it is chance that chooses one.
        thread::sleep(Duration::from_millis(into as u64));
        is_changed(site)
    }
}

/// It has ended as a signal wants it to: nothing is changed, and the rest can be run later.
#[track_caller]
fn assert_stopped(site: &Site, program: Program) {
    program.end_within(LONG).assert_code(3);
    assert!(!is_changed(site));
    assert_eq!(site.processes(), Vec::<String>::new());
    assert_eq!(site.result().expect("it is kept")["ended"], "stopped");
}

#[test]
fn an_interrupt_at_any_moment_puts_everything_back_and_the_rest_can_be_run_later() {
    let Some(site) = Site::new("tune-signals") else {
        return;
    };
    let before = site.settings();
    let moments = [
        Moment::AtStart,
        Moment::Changed(random(50)),
        Moment::Later(1 + random(3), random(150)),
        Moment::Later(1 + random(3), random(150)),
        Moment::Later(1 + random(3), random(150)),
    ];
    let mut changed = 0;
    for (time, moment) in moments.into_iter().enumerate() {
        println!("interrupt {time}: {moment:?}");
        let resume = if time == 0 { "" } else { "--resume" };
        let program = site.start(FOUR_FACTORS, &format!("--quiet {resume}"));
        changed += usize::from(moment.wait(&site, site.runs()));
        // That of a terminal comes to everything that it runs.
        if time == 3 {
            program.signal_group(Signal::INT);
        } else {
            program.signal(Signal::INT);
        }
        assert_stopped(&site, program);
        assert_eq!(site.settings(), before);
    }
    // At the start there may have been nothing yet.
    assert!(
        changed >= 4,
        "there was something to put back {changed} times"
    );
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
        // The experiment itself, the server and the load generator. Before the first run is kept there
        // is nothing to go on with.
        site.runs() > 0 && is_changed(site) && site.processes().len() >= 3
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

    // It goes on, until somebody asks it to end in another way.
    let made = site.runs();
    let program = site.start(FOUR_FACTORS, "--quiet --resume");
    assert!(Moment::Later(2, random(150)).wait(&site, made));
    program.signal(Signal::TERM);
    assert_stopped(&site, program);
    assert_eq!(site.settings(), before);
}

/// Less than `below`.
fn random(below: usize) -> usize {
    let drawn = RandomState::new().hash_one(0) % below as u64;
    usize::try_from(drawn).expect("it is small")
}
