//! `quit`, to the program.

use rustix::process::Signal;

use crate::rig::client::Client;
use crate::rig::program::Program;

#[test]
fn quit_ends_the_program_well() {
    for arguments in [
        &["--io", "batch"][..],
        &["--io", "single"],
        &["--io", "offload"],
        &["--workers", "4"],
        &["--quit", "any"],
    ] {
        let (program, server) = Program::listening(arguments);
        let client = Client::to(server);
        client.assert_echo(b"Hello, world");
        client.assert_echo(b"quit");
        assert_eq!(program.end().counted("echoed"), Some(2));
    }
}

#[test]
fn a_program_that_says_never_goes_on_after_quit() {
    let (program, server) = Program::listening(&["--quit", "never"]);
    let client = Client::to(server);
    client.assert_echo(b"quit");
    client.assert_echo(b"still there?");
    program.signal(Signal::TERM);
    let ended = program.end();
    assert_eq!(ended.counted("echoed"), Some(2));
    assert_eq!(ended.counted("quit ignored"), None);
}
