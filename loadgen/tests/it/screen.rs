//! A run on the whole terminal, which tmux is for the generator.

use std::fs;
use std::net::UdpSocket;
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::rig::PATIENCE;
use crate::rig::need::need;
use crate::rig::program::{LOADGEN, Program};
use crate::rig::scratch::Scratch;

/// A server of terminals with one of them. Dropping it ends it.
struct Tmux {
    /// The name of its socket, which nobody else uses.
    socket: String,
}

impl Tmux {
    /// A terminal in which a shell carries `script` out and stays.
    fn start(name: &str, script: &str) -> Option<Self> {
        need(Command::new("tmux").arg("-V").output(), "tmux")?;
        let tmux = Self {
            socket: format!("loadgen-{name}-{}", std::process::id()),
        };
        let script = format!("{script}; exec cat");
        let size = ["-x", "80", "-y", "24"];
        let started =
            tmux.run(&[&["new-session", "-d"], &size[..], &["sh", "-c", &script]].concat());
        assert!(started.status.success(), "{started:?}");
        Some(tmux)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("tmux");
        // A terminal of our own, whatever this test runs in.
        command.env_remove("TMUX").env_remove("NO_COLOR");
        command
            .args(["-f", "/dev/null", "-L", &self.socket])
            .args(arguments);
        command.output().expect("tmux is there")
    }

    fn press(&self, key: &str) {
        let pressed = self.run(&["send-keys", key]);
        assert!(pressed.status.success(), "{pressed:?}");
    }

    /// Waits until what is on the terminal, and above it, is as wanted; returns it.
    #[track_caller]
    fn until(&self, what: &str, is_wanted: impl Fn(&str) -> bool) -> String {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let captured = self.run(&["capture-pane", "-p", "-J", "-S", "-200"]);
            let text = String::from_utf8_lossy(&captured.stdout).into_owned();
            if is_wanted(&text) {
                return text;
            }
            assert!(Instant::now() < give_up, "never {what}:\n{text}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    #[track_caller]
    fn until_shown(&self, words: &str) -> String {
        self.until(words, |text| text.contains(words))
    }

    /// The generator's report is on a terminal that is as it was before.
    #[track_caller]
    fn assert_given_back(&self) {
        let text = self.assert_sane();
        assert!(
            text.contains("verdict") && text.contains("probes"),
            "{text}"
        );
        // 3 if a busy machine held the generator up.
        let code = ["code: 0", "code: 3"]
            .iter()
            .any(|code| text.contains(code));
        assert!(code, "{text}");
    }

    /// Waits for what [`AFTERWARDS`] prints, on a terminal that is as it was before; returns all that
    /// is on it.
    #[track_caller]
    fn assert_sane(&self) -> String {
        let text = self.until_shown("stty: ");
        let settings = text.lines().find(|line| line.starts_with("stty: "));
        for word in [" echo", " icanon", " isig", " opost"] {
            assert!(
                settings.is_some_and(|line| line.contains(word)),
                "no{word} in {text}"
            );
        }
        let flags = self.run(&["display-message", "-p", "#{alternate_on} #{cursor_flag}"]);
        assert_eq!(flags.stdout, b"0 1\n");
        text
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let socket = self.run(&["display-message", "-p", "#{socket_path}"]);
        self.run(&["kill-server"]);
        // Its server leaves it behind.
        let path = String::from_utf8_lossy(&socket.stdout).trim().to_owned();
        let _removed: std::io::Result<()> = fs::remove_file(path);
    }
}

/// Prints the exit code and the settings of the terminal in one line each.
const AFTERWARDS: &str = "echo \"code: $?\"; echo \"stty: $(stty -a | tr '\\n' ' ')\"";

/// A run of a minute against a server in its own process, and what comes after it.
fn long_run() -> String {
    format!("'{LOADGEN}' --tui --rate 1k --duration 60s; {AFTERWARDS}")
}

/// Whether the sum of all rows has a median.
fn has_quantiles(text: &str) -> bool {
    let row = text.lines().find(|line| line.starts_with("p50 "));
    row.is_some_and(|row| row.contains("us") || row.contains("ms"))
}

#[test]
fn keys_pause_reset_and_stop_a_run_and_the_report_follows() {
    let Some(tmux) = Tmux::start("screen-keys", &long_run()) else {
        return;
    };
    tmux.until("quantiles", has_quantiles);
    tmux.press("p");
    tmux.until_shown("display paused at");
    tmux.press("p");
    tmux.until("going on", |text| !text.contains("paused"));
    assert!(tmux.until_shown("measuring").contains("since start"));
    tmux.press("r");
    tmux.until("a reset", |text| !text.contains("since start"));
    tmux.press("?");
    tmux.until_shown("end the program at once");
    tmux.press("q");
    tmux.assert_given_back();
}

#[test]
fn control_c_stops_a_run_too() {
    let Some(tmux) = Tmux::start("screen-interrupt", &long_run()) else {
        return;
    };
    tmux.until("quantiles", has_quantiles);
    tmux.press("C-c");
    tmux.assert_given_back();
}

#[test]
fn a_request_to_terminate_stops_a_run_too() {
    let scratch = Scratch::new("screen-terminate");
    let file = scratch.file("process");
    // The shell in between becomes the generator, and keeps its number.
    let run = "exec \"$0\" --tui --rate 1k --duration 60s";
    let write = format!("echo $$ > '{}'", file.display());
    let script = format!(
        "sh -c '{{ {} ; }} ; {run}' '{LOADGEN}'; {AFTERWARDS}",
        write.replace('\'', "\"")
    );
    let Some(tmux) = Tmux::start("screen-terminate", &script) else {
        return;
    };
    tmux.until("quantiles", has_quantiles);
    let number = fs::read_to_string(file).expect("the shell wrote it");
    let process = number.trim().parse().ok().and_then(Pid::from_raw);
    kill_process(process.expect("it is a number"), Signal::TERM).expect("it runs");
    tmux.assert_given_back();
}

#[test]
fn the_second_control_c_ends_the_program_and_gives_the_terminal_back() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let target = silent.local_addr().unwrap();
    // After the first one it would still wait for a minute.
    let run = format!("--target {target} --rate 200 --duration 60s --timeout 1m");
    let script = format!("'{LOADGEN}' --tui {run}; {AFTERWARDS}");
    let Some(tmux) = Tmux::start("screen-twice", &script) else {
        return;
    };
    tmux.until_shown("measuring");
    tmux.press("C-c");
    tmux.until_shown("draining");
    tmux.press("C-c");
    let text = tmux.assert_sane();
    assert!(
        text.contains("code: 130") && !text.contains("verdict"),
        "{text}"
    );
}

#[test]
fn without_a_terminal_there_is_no_screen() {
    let ended = Program::loadgen("--tui").end();
    ended.assert_complaint(2, &["--tui needs a terminal", "standard output"]);
}

#[test]
fn a_screen_does_not_go_with_a_result_on_standard_output() {
    let ended = Program::loadgen("--tui --json -").end();
    ended.assert_complaint(2, &["--tui", "--json -", "name a file"]);
}
