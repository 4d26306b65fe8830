//! A client in another language, as a first lesson on sockets has it.

use std::net::SocketAddr;
use std::process::Command;

use crate::rig::need::need;
use crate::rig::program::Program;

/// What the client prints; `None` where the test has to return.
fn lesson(server: SocketAddr) -> Option<String> {
    let output = Command::new("python3")
        .args(["-c", include_str!("teaching_client.py")])
        .args([server.ip().to_string(), server.port().to_string()])
        .output();
    let output = need(output, "python3")?;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    Some(String::from_utf8(output.stdout).expect("it prints text"))
}

#[test]
fn the_first_lesson_on_sockets_works() {
    for listen in ["127.0.0.1:0", "[::1]:0"] {
        let mut program = Program::start(&["--listen", listen]);
        let server = program.announced();
        let Some(text) = lesson(server) else { return };
        let (ip, port) = (server.ip(), server.port());
        assert_eq!(text, format!("Received b'Hello, world' from {ip} {port}\n"));
        assert_eq!(program.end().counted("echoed"), Some(2));
    }
}
