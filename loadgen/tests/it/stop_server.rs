//! The server's own program, measured and stopped.

use std::net::SocketAddr;
use std::process::Command;

use crate::rig::need::need;
use crate::rig::program::{Program, reactor};
use crate::rig::run::measure;

fn announced(server: &Program) -> SocketAddr {
    let line = server.line();
    let address = line
        .strip_prefix("listening on ")
        .and_then(|rest| rest.split_once(": "))
        .and_then(|(address, _)| address.parse().ok());
    address.unwrap_or_else(|| panic!("{line:?} names no address"))
}

#[test]
fn the_server_is_measured_and_then_stopped_by_a_ping() {
    let Some(path) = need(reactor(), "the program echo-reactor") else {
        return;
    };
    let mut command = Command::new(path);
    command.args(["--listen", "127.0.0.1:0"]);
    let server = Program::start(command);
    let target = announced(&server);
    let arguments = "--rate 1000 --duration 200ms --warmup 0s --timeout 10s";
    let (_, run) = measure(target, arguments);
    assert_eq!(run.counts.received, run.counts.sent);
    let ended = Program::loadgen(&format!("ping --target {target} --quit --timeout 10s")).end();
    ended.assert_code(0);
    let ended = server.end();
    ended.assert_code(0);
    // The probes, the text, `quit`, and what was sent to see whether the server goes on.
    for counter in ["received", "echoed"] {
        let mut lines = ended.stdout.lines().map(str::split_whitespace);
        let number =
            lines.find_map(|mut words| (words.next()? == counter).then(|| words.next())?);
        let number: Option<u64> = number.and_then(|digits| digits.replace(',', "").parse().ok());
        assert!(number >= Some(run.counts.sent + 2), "{ended:?}");
    }
}
