//! A server in another language, as a first lesson on sockets has it.

use std::net::SocketAddr;
use std::process::Command;

use crate::rig::need::need;
use crate::rig::program::Program;
use crate::rig::run::measure;

#[test]
fn the_server_of_a_first_lesson_is_measured_and_stopped() {
    let mut command = Command::new("python3");
    command.args(["-c", include_str!("teaching_server.py")]);
    let Some(server) = need(Program::try_start(&mut command), "python3") else {
        return;
    };
    let port: u16 = server.line().trim().parse().unwrap();
    let target = SocketAddr::from(([127, 0, 0, 1], port));
    let arguments = "--rate 10000 --duration 1s --warmup 200ms";
    let (_, run) = measure(target, arguments);
    // A slow server loses probes, and that is none of anybody's fault; it changes none.
    assert_eq!(run.counts.scheduled, 10_000);
    assert_eq!((run.counts.corrupted, run.counts.foreign), (0, 0));
    assert_eq!((run.counts.duplicated, run.counts.stale), (0, 0));
    assert!(run.counts.received > 0);
    let ended = Program::loadgen(&format!("ping --target {target} --quit --timeout 10s")).end();
    ended.assert_code(0);
    server.end().assert_code(0);
}
