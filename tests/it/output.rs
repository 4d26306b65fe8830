//! Standard output that takes nothing.

use std::process::Command;

use crate::rig::program::{PROGRAM, Program};

/// The shell gives the program another standard output than this test reads.
fn printing_to(output: &str) -> Program {
    let mut shell = Command::new("sh");
    let line = format!("exec {PROGRAM} --listen 127.0.0.1:0 --stats-interval 1ms {output}");
    shell.args(["-c", &line]);
    Program::run(shell)
}

#[test]
fn a_file_system_that_is_full_is_a_failure() {
    let ended = printing_to("> /dev/full").end();
    let complaint = ended.complaint();
    assert!(
        complaint.contains("cannot write to standard output"),
        "{complaint}"
    );
    assert!(complaint.contains("space"), "{complaint}");
}
