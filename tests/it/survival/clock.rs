//! The time of day, set on and back while the server runs: only the times in its log follow it.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use super::subject::{Subject, sum};
use crate::rig::client::Client;
use crate::rig::http::get;
use crate::rig::need::need;
use crate::rig::program::PROGRAM;
use crate::rig::until;

/// A time of day for one program, that a test can set.
struct Clock {
    folder: PathBuf,
    offset: fs::File,
}

impl Clock {
    /// `None` where the test has to return, since the host has no C compiler.
    fn right(name: &str) -> Option<Self> {
        let folder = std::env::temp_dir().join(format!("echo-it-{name}-{}", std::process::id()));
        fs::create_dir(&folder).expect("nobody else takes this name");
        let offset = folder.join("offset");
        fs::write(&offset, 0_i64.to_ne_bytes()).expect("the folder is new");
        let offset = fs::OpenOptions::new().write(true).open(offset);
        let clock = Self {
            folder,
            offset: offset.expect("it was just written"),
        };
        let source = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/it/survival/stepped_clock.c"
        );
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .arg(clock.library())
            .arg(source)
            .status();
        let compiled = need(compiled, "a C compiler")?;
        assert!(compiled.success(), "{compiled}");
        Some(clock)
    }

    fn library(&self) -> PathBuf {
        self.folder.join("stepped_clock.so")
    }

    fn program(&self, arguments: &[&str]) -> Subject {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .env("LD_PRELOAD", self.library())
            .env("STEPPED_CLOCK", self.folder.join("offset"));
        Subject::run(command)
    }

    /// Sets it on, or back, by so many seconds from the right time.
    fn set(&self, seconds: i64) {
        let set = self.offset.write_all_at(&seconds.to_ne_bytes(), 0);
        set.expect("it is open for writing");
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        // What stays is a folder in a temporary one.
        let _removed: std::io::Result<()> = fs::remove_dir_all(&self.folder);
    }
}

const YEAR: i64 = 365 * 24 * 60 * 60;

/// On, back, to long before anything was stamped, and right again.
const STEPS: [i64; 5] = [3_600, YEAR, -YEAR, -60 * YEAR, 0];

/// That of the sentence which it says when it has read its rules again.
#[track_caller]
fn year_of_a_sentence(subject: &mut Subject) -> i64 {
    subject.program.signal(Signal::HUP);
    let line: Value = serde_json::from_str(&subject.program.error_line()).expect("it is JSON");
    let stamp = line["timestamp"].as_str().expect("it has a time");
    stamp[..4].parse().expect("it begins with the year")
}

#[test]
fn a_step_of_the_clock_moves_the_times_of_the_log_and_nothing_else() {
    let Some(clock) = Clock::right("clock") else {
        return;
    };
    let rules = clock.folder.join("allowed");
    fs::write(&rules, "127.0.0.0/8\n").expect("the folder is ours");
    let arguments = [
        "--log-format",
        "json",
        "--allow-file",
        rules.to_str().expect("it is text"),
    ];
    let watched = ["--metrics", "127.0.0.1:0", "--timestamps"];
    let mut subject = clock.program(&[&arguments[..], &watched[..]].concat());
    let metrics = subject.metrics();
    until(|| get(metrics, "/readyz").status == 200);
    let started = get(metrics, "/metrics").value("process_start_time_seconds");
    let year = year_of_a_sentence(&mut subject);
    let client = Client::to(subject.server);
    for step in STEPS {
        clock.set(step);
        for number in 0..20_u32 {
            client.assert_echo(&number.to_be_bytes());
        }
        let told = year_of_a_sentence(&mut subject);
        // A year of the calendar may be a day longer.
        assert!(
            (told - year - step / YEAR).abs() <= 1,
            "{told} by a step of {step} s"
        );
        assert_eq!(get(metrics, "/healthz").status, 200);
        let now = get(metrics, "/metrics").value("process_start_time_seconds");
        assert!((now - started).abs() < 1e-3, "{now}");
    }
    let total = subject.end();
    assert_eq!(total["echoed"], 100);
    // Had those been counted that a step has made, there would be years.
    let delays = sum(&total["queue_delay_sum_ns"]);
    assert!(delays < 100 * 3_600_000_000_000, "{delays}");
}

/// Neither does a step on give what time has not given, nor does a step back take it.
#[test]
fn a_step_of_the_clock_opens_no_limit_and_closes_none() {
    let Some(clock) = Clock::right("limit") else {
        return;
    };
    let mut subject = clock.program(&["--rate-limit", "1/s:10"]);
    let client = Client::to(subject.server);
    let refused = |subject: &mut Subject| sum(&subject.counted()["total"]["refused"]);
    let mut sent = 0;
    // A source that does not stop gets one a second.
    for step in STEPS {
        clock.set(step);
        (0..100).for_each(|_| client.send(b"too many"));
        sent += 100;
        until(|| sum(&subject.counted()["total"]["received"]) == sent);
        // A burst at the start, and then hardly any, however slow this test is.
        assert!(refused(&mut subject) > sent - 50, "{step}");
    }
    for step in STEPS {
        clock.set(step);
        let echoed = |subject: &mut Subject| sum(&subject.counted()["total"]["echoed"]);
        let before = echoed(&mut subject);
        until(|| {
            client.send(b"once more");
            echoed(&mut subject) > before
        });
    }
    subject.end();
}
