//! Manual pages and completions, as the programs that read them take them.

use std::fs;
use std::process::Command;

use crate::rig::need::need;
use crate::rig::program::{LOADGEN, Program};
use crate::rig::scratch::Scratch;

#[test]
fn groff_has_nothing_to_complain_of_in_any_page() {
    let scratch = Scratch::new("groff");
    let pages = scratch.file("pages");
    let ended = Program::loadgen(&format!("man --dir {}", pages.display())).end();
    ended.assert_code(0);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
    let mut seen = 0;
    for page in fs::read_dir(&pages).unwrap() {
        let page = page.unwrap().path();
        let mut groff = Command::new("groff");
        groff.args(["-man", "-Tutf8", "-ww", "-rLL=80n"]).arg(&page);
        let Some(output) = need(groff.output(), "groff") else {
            return;
        };
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {complaints}", page.display());
        assert_eq!(complaints, "", "{}", page.display());
        assert!(!output.stdout.is_empty());
        seen += 1;
    }
    assert!(seen > 5, "{seen} pages");
}

#[test]
fn the_page_on_standard_output_is_that_of_the_directory() {
    let scratch = Scratch::new("page");
    let pages = scratch.file("pages");
    let ended = Program::loadgen(&format!("man --dir {}", pages.display())).end();
    ended.assert_code(0);
    let printed = Program::loadgen("man").end();
    printed.assert_code(0);
    assert_eq!(
        printed.stdout,
        fs::read_to_string(pages.join("loadgen.1")).unwrap()
    );
    assert!(printed.stdout.contains(".SH \"EXIT STATUS\""));
    assert!(pages.join("loadgen-sweep.1").exists());
}

#[test]
fn a_directory_that_cannot_be_written_names_the_flag() {
    let ended = Program::loadgen("man --dir /dev/null/pages").end();
    ended.assert_complaint(1, &["--dir", "/dev/null/pages"]);
}

#[test]
fn bash_completes_flags_and_commands() {
    for (typed, whole) in [
        (&["--ra"][..], "--rate"),
        (&["swe"], "sweep"),
        (&["sweep", "--ste"], "--steps"),
        (&["--wait", "spi"], "spin"),
    ] {
        let last = typed.last().unwrap();
        // As bash itself calls it: the command, the word to complete, the word before it.
        let script = format!(
            "set -eu; source <({LOADGEN} completions bash); \
             COMP_WORDS=(loadgen {words}); COMP_CWORD={count}; \
             _loadgen loadgen {last} \"${{COMP_WORDS[COMP_CWORD - 1]}}\"; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words = typed.join(" "),
            count = typed.len(),
        );
        let mut bash = Command::new("bash");
        bash.args(["--norc", "-c", &script]);
        let Some(output) = need(bash.output(), "bash") else {
            return;
        };
        let found = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(found.lines().collect::<Vec<_>>(), [whole], "{typed:?}");
    }
}

#[test]
fn every_shell_that_is_offered_has_a_script() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = Program::loadgen(&format!("completions {shell}")).end();
        ended.assert_code(0);
        assert!(ended.stdout.contains("rcvbuf"), "{shell}");
    }
    let ended = Program::loadgen("completions csh").end();
    ended.assert_complaint(2, &["csh", "bash", "zsh"]);
}
