//! Settings that fail to go back, or go back only after others.

use super::*;

/// A setting that was changed from 1 to 2, whose `revert` counts its tries.
fn counted(host: &Host, journal: &mut Journal, name: &str, revert: &str) {
    let Knob::Command { read, apply, .. } = host.knob(name, "1") else {
        panic!("it is a command");
    };
    let file = host.0.join(name).to_string_lossy().into_owned();
    let script = format!("echo >> \"$0-tries\"; {revert}");
    let words = ["sh", "-c", script.as_str(), file.as_str(), "{level}"];
    let revert = words.map(str::to_owned).to_vec();
    let knob = Knob::Command {
        read,
        apply,
        revert,
    };
    journal.before(&knob).unwrap();
    knob.apply("2").unwrap();
}

fn tries(host: &Host, name: &str) -> usize {
    host.value(&format!("{name}-tries")).lines().count()
}

const WORKS: &str = "printf %s \"$1\" > \"$0\"";

#[test]
fn what_fails_to_go_back_is_not_tried_in_vain() {
    let host = Host::new();
    let mut journal = host.begin().unwrap();
    // The last change goes back first: nothing has become other since this one failed.
    counted(&host, &mut journal, "a", "exit 1");
    counted(&host, &mut journal, "b", WORKS);
    assert_eq!(journal.put_back().len(), 1);
    assert_eq!((tries(&host, "a"), tries(&host, "b")), (1, 1));
    assert_eq!((host.value("a"), host.value("b")), text("2", "1"));
}

#[test]
fn what_fails_to_go_back_is_tried_again_once_another_setting_has() {
    let host = Host::new();
    let mut journal = host.begin().unwrap();
    counted(&host, &mut journal, "a", WORKS);
    let waits = format!("grep -qx 1 \"${{0%b}}a\" && {WORKS}");
    counted(&host, &mut journal, "b", &waits);
    assert_eq!(journal.put_back(), []);
    assert_eq!((tries(&host, "a"), tries(&host, "b")), (1, 2));
    assert_eq!((host.value("a"), host.value("b")), text("1", "1"));
}

#[test]
fn what_another_setting_has_changed_goes_back_again() {
    let host = Host::new();
    let mut journal = host.begin().unwrap();
    let sets_both = format!("{WORKS}; printf 2 > \"${{0%a}}b\"");
    counted(&host, &mut journal, "a", &sets_both);
    counted(&host, &mut journal, "b", WORKS);
    assert_eq!(journal.put_back(), []);
    assert_eq!((tries(&host, "a"), tries(&host, "b")), (1, 2));
    assert_eq!((host.value("a"), host.value("b")), text("1", "1"));
}

#[test]
fn settings_that_contradict_each_other_come_to_an_end() {
    let host = Host::new();
    let mut journal = host.begin().unwrap();
    let spoils = |other: &str, this: &str| format!("{WORKS}; printf 2 > \"${{0%{this}}}{other}\"");
    counted(&host, &mut journal, "a", &spoils("b", "a"));
    counted(&host, &mut journal, "b", &spoils("a", "b"));
    counted(&host, &mut journal, "c", "exit 1");
    let unrestored = journal.put_back();
    // One of the two is what the other has made of it.
    assert_eq!(unrestored.len(), 2, "{unrestored:?}");
    // Once by itself, and once for each of the others.
    assert!(tries(&host, "c") <= 3, "{}", tries(&host, "c"));
}

fn text(one: &str, other: &str) -> (String, String) {
    (one.to_owned(), other.to_owned())
}
