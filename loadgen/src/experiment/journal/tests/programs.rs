//! Programs that outlived the process that had the journal.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::*;

fn sleeper(mark: Option<&Mark>) -> Child {
    let mut command = Command::new("sleep");
    command.arg("600");
    if let Some(mark) = mark {
        mark.put_on(&mut command);
    }
    command.process_group(0).spawn().unwrap()
}

#[test]
fn processes_that_outlived_their_experiment_are_ended() {
    let host = Host::new();
    let mut sleepers: Vec<Child> = (0..2).map(|_| sleeper(None)).collect();
    let mut journal = host.begin().unwrap();
    for sleeper in &sleepers {
        journal.started(sleeper.id(), "sleep").unwrap();
    }
    let ended = sleepers[0].id();
    sleepers[0].kill().unwrap();
    sleepers[0].wait().unwrap();
    journal.ended(ended).unwrap();
    drop(journal);
    let refused = host.begin().unwrap_err().to_string();
    assert!(refused.contains("left 1 process behind"), "{refused}");
    let restored = host.restore().unwrap();
    let [Step::Ended(process)] = restored.steps.as_slice() else {
        panic!("{restored:?}");
    };
    assert_eq!(process.pid, sleepers[1].id());
    assert!(!sleepers[1].wait().unwrap().success());
}

#[test]
fn a_program_that_is_not_in_the_journal_yet_is_found_and_ended() {
    let host = Host::new();
    let journal = host.begin().unwrap();
    let mut unknown = sleeper(Some(journal.mark()));
    drop(journal);
    let refused = host.begin().unwrap_err().to_string();
    assert!(refused.contains("left 1 process behind"), "{refused}");
    let restored = host.restore().unwrap();
    let [Step::Ended(process)] = restored.steps.as_slice() else {
        panic!("{restored:?}");
    };
    assert_eq!(
        (process.pid, process.what.as_str()),
        (unknown.id(), "sleep")
    );
    assert!(!unknown.wait().unwrap().success());
    assert!(host.begin().is_ok());
}

#[test]
fn what_was_put_back_is_not_undone_when_the_rest_is() {
    let host = Host::new();
    let stuck = host.knob("a", "1");
    let daemon = host.0.join("daemon").to_string_lossy().into_owned();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    // It is put back by a program that goes on running.
    let script = "setsid sleep 600 > /dev/null 2>&1 & echo $! > $0-pid; printf 1 > $0";
    let running = Knob::Command {
        read: words(&["cat", &daemon]),
        apply: words(&["true"]),
        revert: words(&["sh", "-c", script, &daemon]),
    };
    fs::write(&daemon, "1").unwrap();
    let mut journal = host.begin().unwrap();
    for knob in [&stuck, &running] {
        journal.before(knob).unwrap();
    }
    drop(journal);
    fs::write(&daemon, "2").unwrap();
    stuck.apply("2").unwrap();
    File::create(host.0.join("a-stuck")).unwrap();
    assert_eq!(host.restore().unwrap().unrestored.len(), 1);
    let pid = host.value("daemon-pid");
    fs::remove_file(host.0.join("a-stuck")).unwrap();
    assert_eq!(host.restore().unwrap().unrestored, []);
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
    assert!(
        stat.is_ok_and(|stat| !stat.contains(") Z ")),
        "it was ended"
    );
    let mut command = Command::new("kill");
    assert!(command.arg(pid.trim()).status().unwrap().success());
}

#[test]
fn a_command_that_still_runs_is_ended_before_anything_is_put_back() {
    let host = Host::new();
    let knob = host.knob("a", "1");
    let mut journal = host.begin().unwrap();
    journal.before(&knob).unwrap();
    // One that sets it, and takes its time.
    let script = "sleep 600 & echo > \"$0-begun\"; wait; printf 3 > \"$0\"";
    let slow = Knob::Command {
        read: vec!["true".to_owned()],
        apply: ["sh", "-c", script, &host.0.join("a").to_string_lossy()]
            .map(str::to_owned)
            .to_vec(),
        revert: vec!["true".to_owned()],
    };
    let mark = journal.mark().clone();
    drop(journal);
    std::thread::scope(|scope| {
        let applied = scope.spawn(|| slow.marked(&mark).apply("x"));
        let deadline = Instant::now() + Duration::from_secs(60);
        while !host.0.join("a-begun").exists() {
            assert!(Instant::now() < deadline, "it does not begin");
            std::thread::yield_now();
        }
        let restored = host.restore().unwrap();
        assert_eq!(restored.unrestored, []);
        // The shell and what it waits for.
        let ended = restored.steps.iter();
        let ended = ended.filter(|step| matches!(step, Step::Ended(_))).count();
        assert_eq!(ended, 2, "{restored:?}");
        // It was ended, and had not run into the limit of its time.
        let reason = applied.join().unwrap().unwrap_err().to_string();
        assert!(reason.contains("signal: 9"), "{reason}");
    });
    assert_eq!(host.value("a"), "1");
}
