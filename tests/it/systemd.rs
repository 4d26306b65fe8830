//! What a service manager is told, by one that this test stands in for.

use rustix::process::Signal;

use crate::rig::manager::Manager;
use crate::rig::until;

#[test]
fn it_is_ready_when_it_answers_and_stopping_when_it_drains() {
    let manager = Manager::new();
    let (program, client) = manager.start(&["--workers", "2"], None);
    let ready = manager.hear();
    assert_eq!(ready[0], "READY=1");
    assert!(ready[1].starts_with("STATUS=answering: "), "{ready:?}");
    client.assert_echo(b"Hello, world");
    program.signal(Signal::TERM);
    let stopping = manager.hear();
    assert_eq!(stopping[0], "STOPPING=1");
    assert!(stopping[1].starts_with("STATUS="), "{stopping:?}");
    program.end().assert_well();
}

#[test]
fn a_datagram_that_ends_it_is_told_like_a_signal() {
    let manager = Manager::new();
    let (program, client) = manager.start(&[], None);
    client.assert_echo(b"quit");
    program.end().assert_well();
    assert_eq!(manager.hear()[0], "READY=1");
    assert_eq!(manager.hear()[0], "STOPPING=1");
}

#[test]
fn signs_of_life_come_for_as_long_as_every_worker_turns() {
    for wait in ["sleep", "spin"] {
        let manager = Manager::new();
        let arguments = ["--workers", "2", "--wait", wait];
        let (_program, client) = manager.start(&arguments, Some(20_000));
        assert_eq!(manager.hear()[0], "READY=1");
        for _ in 0..5 {
            manager.hear_until("WATCHDOG=1");
        }
        client.assert_echo(b"Hello, world");
        until(|| manager.hear_until("WATCHDOG=1")[1].contains(" 1 echoed"));
    }
}

#[test]
fn a_worker_that_hangs_ends_the_signs_of_life() {
    let manager = Manager::new();
    let (mut program, client) = manager.start(&["--fault", "stall=1h@0s"], Some(200_000));
    manager.hear_until("WATCHDOG=1");
    client.send(b"the stall begins with it");
    let hangs = "STATUS=workers [0] do not turn";
    assert_eq!(manager.hear_until(hangs), [hangs]);
    for _ in 0..3 {
        assert_eq!(manager.hear(), [hangs]);
    }
    let warning = program.error_line();
    assert!(warning.contains("gets no sign of life"), "{warning}");
    program.signal(Signal::TERM);
    manager.hear_until("STOPPING=1");
}

#[test]
fn a_manager_that_has_gone_is_told_of_and_no_reason_to_stop() {
    let manager = Manager::new();
    let path = manager.path.clone();
    let (mut program, client) = manager.start(&[], Some(20_000));
    manager.hear_until("WATCHDOG=1");
    drop(manager);
    let warning = program.error_line();
    assert!(warning.contains("NOTIFY_SOCKET"), "{warning}");
    assert!(!path.exists());
    client.assert_echo(b"quit");
    program.end().assert_well();
}

#[test]
fn a_manager_that_does_not_read_is_told_of_and_keeps_nobody_waiting() {
    let manager = Manager::new();
    let (mut program, client) = manager.start(&[], Some(2_000));
    // So short a time runs out at times before the worker has turned, which is told too.
    let is_told = (0..20).any(|_| program.error_line().contains("NOTIFY_SOCKET"));
    assert!(is_told, "it tells of everything else");
    client.assert_echo(b"Hello, world");
    program.signal(Signal::TERM);
    assert_eq!(program.end().status.code(), Some(0));
}

#[test]
fn a_manager_that_cannot_be_reached_is_told_of_at_the_start() {
    let manager = Manager::new();
    std::fs::remove_file(&manager.path).expect("it is there");
    let (mut program, client) = manager.start(&[], None);
    let warning = program.error_line();
    assert!(warning.contains("NOTIFY_SOCKET"), "{warning}");
    client.assert_echo(b"quit");
    program.end().assert_well();
}
