//! Networks that are answered and networks that are not, from flags and from files.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;

use crate::rig::client::Client;
use crate::rig::program::Program;
use crate::rig::server::{EACH_IO, drained, started, told_by};
use crate::rig::until;

/// A file that goes when this is dropped.
struct Rules(PathBuf);

impl Rules {
    fn fresh(name: &str, text: &str) -> Self {
        let name = format!("echo-reactor-{name}-{}", std::process::id());
        let rules = Self(std::env::temp_dir().join(name));
        rules.write(text);
        rules
    }

    fn write(&self, text: &str) {
        fs::write(&self.0, text).expect("temporary files can be written");
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("it is made of letters")
    }
}

impl Drop for Rules {
    fn drop(&mut self) {
        // What stays is a file in a temporary directory.
        let _removed: std::io::Result<()> = fs::remove_file(&self.0);
    }
}

fn from_to(last: u8, server: std::net::SocketAddr) -> Client {
    Client::from_to([127, 0, 0, last].into(), server)
}

#[test]
fn only_allowed_networks_get_an_answer() {
    for io in ["single", "batch", "offload"] {
        for faults in [&[][..], &["--fault", "delay=1us"]] {
            let rules = ["--allow", "127.0.0.0/29", "--deny", "127.0.0.2"];
            let listen = ["--listen", "127.0.0.1:0", "--io", io];
            let (running, server) = started(&told_by(&[&listen, &rules[..], faults].concat()));
            from_to(2, server).send(b"denied");
            from_to(9, server).send(b"not allowed");
            from_to(3, server).assert_echo(b"allowed");
            until(|| running.summary().total.received == 3);
            let total = drained(running).total;
            let refused = [("denied", 1), ("not allowed", 1)].into();
            assert_eq!(total.refused, refused, "{io} {faults:?}");
        }
    }
}

#[test]
fn a_quit_of_somebody_who_is_denied_stops_nothing() {
    for io in EACH_IO {
        let config = told_by(&["--listen", "127.0.0.1:0", "--deny", "127.0.0.2"]).io(io);
        let (running, server) = started(&config);
        from_to(2, server).send(b"quit");
        until(|| running.summary().total.received == 1);
        from_to(3, server).assert_echo(b"still there?");
        assert_eq!(drained(running).total.refused["denied"], 1);
    }
}

#[test]
fn a_hangup_has_the_files_read_again_and_a_bad_one_changes_nothing() {
    let file = Rules::fresh("reload", "127.0.0.1  # the first\n");
    let (mut program, server) = Program::listening(&["--allow-file", file.path()]);
    let (first, second) = (from_to(1, server), from_to(2, server));
    first.assert_echo(b"1");
    second.send(b"refused");
    // Behind the other one in the same queue, so that both are judged by the first rules.
    first.assert_echo(b"1 again");

    file.write("127.0.0.2\n");
    program.signal(Signal::HUP);
    let said = program.error_line();
    assert!(said.contains("1 allowed and 0 denied"), "{said}");
    second.assert_echo(b"2");
    first.send(b"refused");

    file.write("127.0.0.1\n127.0.0.300\n");
    program.signal(Signal::HUP);
    let said = program.error_line();
    for word in [
        "--allow-file",
        file.path(),
        "line 2",
        "127.0.0.300",
        "as in",
        "stay",
    ] {
        assert!(said.contains(word), "{said}");
    }
    second.assert_echo(b"3");
    program.signal(Signal::TERM);
    let ended = program.end();
    assert_eq!(ended.counted("refused"), Some(2));
    assert_eq!(ended.counted("echoed"), Some(4));
}

#[test]
fn a_pipe_in_the_place_of_a_file_changes_nothing_and_keeps_nobody_waiting() {
    let file = Rules::fresh("pipe", "127.0.0.2\n");
    let (mut program, server) = Program::listening(&["--deny-file", file.path()]);
    fs::remove_file(&file.0).expect("it is there");
    rustix::fs::mkfifoat(rustix::fs::CWD, &file.0, rustix::fs::Mode::RUSR)
        .expect("pipes can be made");
    program.signal(Signal::HUP);
    let said = program.error_line();
    for word in ["--deny-file", file.path(), "no regular file", "stay"] {
        assert!(said.contains(word), "{said}");
    }
    from_to(2, server).send(b"denied");
    from_to(1, server).assert_echo(b"answered");
    program.signal(Signal::TERM);
    assert_eq!(program.end().counted("refused"), Some(1));
}

#[test]
fn an_empty_file_of_allowed_networks_allows_nobody() {
    let file = Rules::fresh("empty", "# nobody yet\n");
    let config = told_by(&["--listen", "127.0.0.1:0", "--allow-file", file.path()]);
    let (running, server) = started(&config);
    from_to(1, server).send(b"refused");
    until(|| running.summary().total.received == 1);
    assert_eq!(drained(running).total.refused["not allowed"], 1);
}

#[test]
fn a_bad_file_is_wrong_use_at_the_start_with_its_line() {
    let file = Rules::fresh("bad", "10.0.0.0/8\n\n10.0.0.1/8\n");
    let ended = Program::start(&["--listen", "127.0.0.1:0", "--deny-file", file.path()]).end();
    assert_eq!(ended.status.code(), Some(2));
    assert_eq!(ended.stdout, [""; 0]);
    let said = ended.stderr.join("\n");
    for word in ["--deny-file", file.path(), "line 3", "write 10.0.0.0/8"] {
        assert!(said.contains(word), "{said}");
    }
}
