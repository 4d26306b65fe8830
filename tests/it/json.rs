//! `--json`: one object a line, for programs.

use rustix::process::Signal;
use serde_json::Value;

use crate::rig::client::Client;
use crate::rig::program::Program;

#[track_caller]
fn object(line: &str) -> Value {
    let value: Value = serde_json::from_str(line).expect("the line is JSON");
    assert!(value.is_object(), "{line}");
    value
}

#[track_caller]
fn announced(program: &mut Program) -> (Value, std::net::SocketAddr) {
    let listening = object(&program.line());
    assert_eq!(listening["event"], "listening");
    let address = listening["address"].as_str().expect("it is text");
    let address = address.parse().expect("it is an address");
    (listening, address)
}

#[test]
fn every_line_is_an_object_from_listening_to_summary() {
    for io in ["single", "batch", "offload"] {
        let arguments = ["--json", "--io", io, "--workers", "2"];
        let mut program = Program::start(
            &[
                &["--listen", "127.0.0.1:0", "--listen", "[::1]:0"],
                &arguments[..],
            ]
            .concat(),
        );
        let (first, v4) = announced(&mut program);
        let (_second, v6) = announced(&mut program);
        assert_eq!(first["io"], io);
        assert_eq!(first["workers"], 2);
        Client::to(v4).assert_echo(b"Hello, world");
        Client::to(v6).assert_echo(b"");
        program.signal(Signal::TERM);
        let ended = program.end();
        assert_eq!(ended.status.code(), Some(0));
        assert_eq!(ended.stderr, [""; 0]);
        assert_eq!(ended.stdout.len(), 1);
        let summary = object(&ended.stdout[0]);
        assert_eq!(summary["event"], "summary");
        let total = &summary["total"];
        assert_eq!(total["received"], 2);
        assert_eq!(total["echoed"], 2);
        assert_eq!(total["received_bytes"], 12);
        assert_eq!(total["echoed_bytes"], 12);
        assert_eq!(total["dropped"], 0);
        assert_eq!(total["kernel_drops"], 0);
        assert_eq!(total["quit_ignored"], 0);
        assert_eq!(summary["unlogged"], 0);
        assert_eq!(summary["workers"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn logged_datagrams_go_to_standard_error_and_leave_the_objects_alone() {
    let arguments = ["--listen", "127.0.0.1:0", "--json", "--log-datagrams"];
    let mut program = Program::start(&arguments);
    let (_listening, server) = announced(&mut program);
    let client = Client::to(server);
    client.assert_echo(b"Hello, world");
    client.assert_echo(b"quit");
    let sender = client.address();
    let ended = program.end();
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(ended.stdout.len(), 1);
    assert_eq!(object(&ended.stdout[0])["event"], "summary");
    let lines = [
        format!("{sender} \"Hello, world\" (12 bytes)"),
        format!("{sender} \"quit\" (4 bytes)"),
    ];
    assert_eq!(ended.stderr, lines);
}
