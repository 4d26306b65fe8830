//! What the files set, and what they never do.

use std::process::Command;

use proptest::prelude::*;

use super::{shell, sysctl};
use crate::results::examples::{factorial, fraction, hostile, no_evidence, one_factor};
use crate::results::{Experiment, Recipe};

/// The lines that are neither empty nor comments.
fn set(text: &str) -> Vec<&str> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    lines.collect()
}

#[test]
fn what_won_is_set_and_nothing_else() {
    let made = fraction();
    assert_eq!(set(&sysctl(&made)), ["net.core.busy_poll = 50"]);
    let lines = [
        "set -eu",
        "sysctl -w 'net.core.busy_poll=50'",
        "ethtool -C eth0 rx-usecs 0",
    ];
    assert_eq!(set(&shell(&made)), lines);
}

#[test]
fn a_file_says_of_which_experiment_it_is_and_what_it_gains() {
    let made = factorial();
    for text in [sysctl(&made), shell(&made)] {
        let whole = text.replace("\n# ", " ");
        for words in [
            "Tuning experiment poll-and-workers of 2026-05-05T16:53:20Z, written by loadgen",
            "Result: busy_poll=50 and workers=4 are best: p99 -33.0 us, -27.5 %",
            "Warning: the host was loaded by others",
            "\n busy_poll, sysctl net.core.busy_poll; was 0\n",
            "workers is no setting of the host. Give it where the program is started: \
             --workers of the server: 4\n",
        ] {
            assert!(whole.contains(words), "no {words} in {text}");
        }
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        assert!(text.ends_with('\n'));
    }
}

#[test]
fn what_is_there_already_is_not_set() {
    let mut made = one_factor();
    for before in ["50", " 50\t"] {
        made.factors[0].before = Some(before.to_owned());
        assert_eq!(set(&sysctl(&made)), [""; 0]);
        assert_eq!(set(&shell(&made)), ["set -eu"]);
    }
    made.factors[0].before = Some("20".to_owned());
    made.factors[0].levels[1] = "present".to_owned();
    assert_eq!(set(&sysctl(&made)), [""; 0]);
}

#[test]
fn a_first_level_that_won_and_was_not_there_is_set() {
    let mut made = one_factor();
    made.factors[1].before = Some("106496".to_owned());
    let lines = ["net.core.busy_poll = 50", "net.core.rmem_max = 212992"];
    assert_eq!(set(&sysctl(&made)), lines);
}

#[test]
fn without_evidence_nothing_is_set_and_the_file_says_so() {
    for (text, lines) in [
        (sysctl(&no_evidence()), &[][..]),
        (shell(&no_evidence()), &["set -eu"][..]),
    ] {
        assert_eq!(set(&text), lines);
        let words = "# There is no evidence that anything helps, so that nothing is set.\n";
        assert!(text.contains(words), "{text}");
    }
}

/// The winner of an experiment whose first factor is set so.
fn setting(recipe: Recipe, level: &str) -> Experiment {
    let mut made = one_factor();
    made.factors[0].recipe = Some(recipe);
    made.factors[0].levels[1] = level.to_owned();
    made
}

#[test]
fn a_value_that_is_more_than_one_is_left_out_and_named() {
    let name = "net.core.busy_poll";
    for (name, level) in [
        (name, "50\nkernel.modprobe = /tmp/evil"),
        (name, "50\rkernel.modprobe = /tmp/evil"),
        (name, "50\0"),
        (name, " "),
        ("net.core.busy_poll\nkernel.modprobe", "50"),
        ("-net.core.busy_poll", "50"),
        ("net.core.*", "50"),
        ("net/../../../etc/crontab", "50"),
        ("net.core.busy_poll = 1; kernel", "50"),
        ("", "50"),
    ] {
        let made = setting(Recipe::Sysctl(name.to_owned()), level);
        assert_eq!(set(&sysctl(&made)), [""; 0], "{name:?} {level:?}");
        assert_eq!(set(&shell(&made)), ["set -eu"], "{name:?} {level:?}");
        assert!(sysctl(&made).contains("# busy_poll is left out"));
    }
    for line in ["ethtool -C eth0 rx-usecs 0\nreboot", "echo \u{202e}", "\tx"] {
        let made = setting(Recipe::Shell(vec![String::new(), line.to_owned()]), "50");
        assert_eq!(set(&shell(&made)), ["set -eu"], "{line:?}");
    }
}

#[test]
fn a_shell_takes_any_value_for_one_word() {
    let level = r#"1' ; touch "$HOME"/x `id` $(id) \ & | > /dev/null '"#;
    let made = setting(Recipe::Sysctl("net.core.busy_poll".to_owned()), level);
    let script = format!("sysctl() {{ printf '%s|' \"$@\"; }}\n{}", shell(&made));
    let ran = Command::new("/bin/sh")
        .arg("-c")
        .arg(script)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let arguments = String::from_utf8(ran.stdout).unwrap();
    assert_eq!(
        arguments,
        format!("-w|net.core.busy_poll={}|", level.trim())
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_of_a_file_leaves_its_comment(text in "(\\PC|[\\x00-\\x1f\\x7f-\\x9f]|\\\\|\\u{2028}|')*") {
        let mut made = hostile(&text);
        for factor in &mut made.factors {
            factor.recipe = None;
        }
        let (kernel, script) = (sysctl(&made), shell(&made));
        prop_assert_eq!(set(&kernel), [""; 0]);
        prop_assert_eq!(set(&script), ["set -eu"]);
        let both = kernel + &script;
        let steers = |letter: char| letter.is_control() && letter != '\n';
        prop_assert!(!both.contains(steers));
    }

    #[test]
    fn a_line_is_one_or_none(text in "(\\PC|[\\x00-\\x1f]|\\\\|;|')*") {
        let made = setting(Recipe::Sysctl(text.clone()), &text);
        prop_assert!(set(&sysctl(&made)).len() <= 1);
        let made = setting(Recipe::Shell(vec![text.clone(); 2]), "50");
        prop_assert!(set(&shell(&made)).len() <= 2);
    }
}
