//! Journals of settings that are files, which commands read and write.
//!
//! - `claims`: two of them that know nothing of each other;
//! - `programs`: what outlived the process that had the journal;
//! - `settled`: settings that fail to go back, or go back only after others.

mod claims;
mod programs;
mod settled;

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// A directory with settings in it, and a place for journals.
struct Host(PathBuf);

impl Host {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let unique = format!("loadgen-journal-{}-{number}", std::process::id());
        let host = Self(std::env::temp_dir().join(unique));
        fs::create_dir_all(&host.0).unwrap();
        host
    }

    fn state(&self) -> PathBuf {
        self.0.join("state")
    }

    fn journal(&self) -> PathBuf {
        self.state().join("tune.journal")
    }

    fn begin(&self) -> Result<Journal, JournalError> {
        Journal::begin_at(&self.grounds("state"), "a test")
    }

    /// With a directory of its own for the journal, and claims that no other test has to do with.
    fn grounds(&self, state: &str) -> Grounds {
        Grounds {
            state: self.0.join(state),
            claims: self.0.join("claims"),
        }
    }

    fn restore(&self) -> Result<Restored, JournalError> {
        restore::restore_at(&self.grounds("state"), EXPERIMENT, &|_knob| true)
    }

    fn restore_host(&self, wanted: &dyn Fn(&Knob) -> bool) -> Restored {
        restore::restore_at(&self.grounds("state"), HOST, wanted).unwrap()
    }

    /// A setting, and what it is.
    fn knob(&self, name: &str, value: &str) -> Knob {
        let file = self.0.join(name);
        fs::write(&file, value).unwrap();
        let file = file.to_string_lossy().into_owned();
        let words = |words: [&str; 5]| words.map(str::to_owned).to_vec();
        // It goes back only while there is no file of its name with `-stuck`.
        let revert = "[ ! -e \"$0-stuck\" ] && printf %s \"$1\" > \"$0\"";
        Knob::Command {
            read: vec!["cat".to_owned(), file.clone()],
            apply: words(["sh", "-c", "printf %s \"$1\" > \"$0\"", &file, "{level}"]),
            revert: words(["sh", "-c", revert, &file, "{level}"]),
        }
    }

    fn value(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    /// An experiment that changed `a` from 1 to 2, and was broken off.
    fn broken_off(&self) -> Knob {
        let knob = self.knob("a", "1");
        let mut journal = self.begin().unwrap();
        journal.before(&knob).unwrap();
        knob.apply("2").unwrap();
        knob
    }

    /// Changes the text of the journal.
    fn edit(&self, edit: impl Fn(String) -> String) {
        let text = fs::read_to_string(self.journal()).unwrap();
        fs::write(self.journal(), edit(text)).unwrap();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // What is left lies among temporary files.
        let _removed: std::io::Result<()> = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn everything_goes_back_and_the_journal_goes() {
    let host = Host::new();
    let (one, other) = (host.knob("a", "1"), host.knob("b", "1"));
    let mut journal = host.begin().unwrap();
    for (knob, level) in [(&one, "2"), (&other, "2"), (&one, "3")] {
        assert_eq!(journal.before(knob).unwrap(), "1");
        knob.apply(level).unwrap();
    }
    assert!(host.journal().exists());
    assert_eq!(journal.put_back(), []);
    assert_eq!(
        (host.value("a"), host.value("b")),
        ("1".to_owned(), "1".to_owned())
    );
    assert!(!host.journal().exists());
    // It can be used once more.
    journal.before(&one).unwrap();
    one.apply("4").unwrap();
    assert_eq!(journal.put_back(), []);
    assert_eq!(host.value("a"), "1");
    assert!(!host.journal().exists());
}

#[test]
fn what_it_was_is_on_disk_before_it_may_be_changed() {
    let host = Host::new();
    let knob = host.knob("a", "1");
    let mut journal = host.begin().unwrap();
    journal.before(&knob).unwrap();
    let record = entry::parse(&fs::read(host.journal()).unwrap())
        .unwrap()
        .unwrap();
    assert_eq!(record.settings, [(knob, "1".to_owned())]);
    assert_eq!(record.begun.what, "a test");
}

#[test]
fn a_journal_that_is_left_behind_stops_the_next_experiment_until_it_is_carried_out() {
    let host = Host::new();
    host.broken_off();
    let refused = host.begin().unwrap_err().to_string();
    for part in [
        "a test was broken off",
        "1 changed setting behind",
        "loadgen tune --restore --state",
    ] {
        assert!(refused.contains(part), "{refused}");
    }
    let restored = host.restore().unwrap();
    assert_eq!(restored.what.as_deref(), Some("a test"));
    assert_eq!((restored.steps.len(), restored.unrestored.len()), (1, 0));
    assert_eq!(host.value("a"), "1");
    assert!(host.begin().is_ok());
}

#[test]
fn the_last_change_goes_back_first() {
    let host = Host::new();
    let knobs = ["a", "b", "c"].map(|name| host.knob(name, "1"));
    let mut journal = host.begin().unwrap();
    for knob in &knobs {
        journal.before(knob).unwrap();
        knob.apply("2").unwrap();
    }
    drop(journal);
    let restored = host.restore().unwrap();
    let order = restored.steps.into_iter().map(|step| match step {
        Step::PutBack { knob, .. } => knob,
        other => panic!("{other:?}"),
    });
    let mut order: Vec<Knob> = order.collect();
    order.reverse();
    assert_eq!(order, knobs);
}

#[test]
fn there_is_nothing_to_restore_where_nothing_was_done() {
    let host = Host::new();
    assert_eq!(host.restore().unwrap(), Restored::default());
    assert!(!host.state().exists());
    drop(host.begin().unwrap());
    let restored = host.restore().unwrap();
    assert_eq!(
        (restored.steps, restored.unrestored),
        (Vec::new(), Vec::new())
    );
    assert!(!host.journal().exists());
}

#[test]
fn there_is_one_experiment_at_a_time() {
    let host = Host::new();
    let journal = host.begin().unwrap();
    for refused in [host.begin().map(|_| ()), host.restore().map(|_| ())] {
        assert!(
            matches!(refused, Err(JournalError::Busy { .. })),
            "{refused:?}"
        );
    }
    let refused = Journal::of_host_at(&host.grounds("state"));
    assert!(
        matches!(refused, Err(JournalError::Busy { .. })),
        "{refused:?}"
    );
    drop(journal);
    assert!(host.begin().is_ok());
}

#[test]
fn what_cannot_be_put_back_stays_in_the_journal_and_the_rest_goes_back() {
    let host = Host::new();
    let (one, other) = (host.knob("a", "1"), host.knob("b", "1"));
    let mut journal = host.begin().unwrap();
    for knob in [&one, &other] {
        journal.before(knob).unwrap();
        knob.apply("2").unwrap();
    }
    File::create(host.0.join("b-stuck")).unwrap();
    let unrestored = journal.put_back();
    let knobs: Vec<Option<&Knob>> = unrestored.iter().map(|one| one.knob.as_ref()).collect();
    assert_eq!(knobs, [Some(&other)]);
    assert!(
        unrestored[0].to_string().contains("to 1"),
        "{}",
        unrestored[0]
    );
    assert_eq!(
        (host.value("a"), host.value("b")),
        ("1".to_owned(), "2".to_owned())
    );
    drop(journal);
    // What went back is not put back once more, whatever it has become since.
    fs::write(host.0.join("a"), "7").unwrap();
    assert_eq!(host.restore().unwrap().unrestored.len(), 1);
    fs::remove_file(host.0.join("b-stuck")).unwrap();
    assert_eq!(host.restore().unwrap().unrestored, []);
    assert_eq!(
        (host.value("a"), host.value("b")),
        ("7".to_owned(), "1".to_owned())
    );
}

#[test]
fn a_line_that_a_crash_cut_short_is_passed_over() {
    let host = Host::new();
    host.broken_off();
    host.edit(|text| text + "{\"before\":{\"knob\":{\"sysctl\":\"vm.swapp");
    assert_eq!(host.restore().unwrap().unrestored, []);
    assert_eq!(host.value("a"), "1");
    // A crash before there was anything to put back.
    fs::write(host.journal(), "{\"begun\":{").unwrap();
    assert!(host.begin().is_ok());
    fs::write(host.journal(), "{\"begun\":{").unwrap();
    assert_eq!(host.restore().unwrap(), Restored::default());
    assert!(!host.journal().exists());
}

#[test]
fn a_damaged_journal_is_told_and_left_as_it_is() {
    let host = Host::new();
    host.broken_off();
    host.edit(|text| text.replace("before", "befor"));
    let damaged = fs::read(host.journal()).unwrap();
    for refused in [host.begin().map(|_| ()), host.restore().map(|_| ())] {
        let sentence = refused.unwrap_err().to_string();
        assert!(
            sentence.contains("tune.journal is damaged: line 2"),
            "{sentence}"
        );
    }
    assert_eq!(fs::read(host.journal()).unwrap(), damaged);
    assert_eq!(host.value("a"), "2");
}

#[test]
fn after_a_restart_only_what_commands_have_set_goes_back() {
    let host = Host::new();
    host.broken_off();
    host.edit(|text| {
        let line = "{\"before\":{\"knob\":{\"sysctl\":\"kernel.none_such\"},\"value\":\"1\"}}\n\
                    {\"started\":{\"pid\":1,\"started\":1,\"what\":\"server\"}}\n";
        let boot = place::boot().unwrap();
        text.replace(&boot, "another") + line
    });
    let restored = host.restore().unwrap();
    assert_eq!(restored.unrestored, []);
    let [forgotten, put_back] = restored.steps.as_slice() else {
        panic!("{restored:?}");
    };
    assert!(
        forgotten
            .to_string()
            .contains("kernel.none_such is left alone: the host was restarted")
    );
    assert!(matches!(put_back, Step::PutBack { .. }));
    assert_eq!(host.value("a"), "1");
    assert!(!host.journal().exists());
}

#[test]
fn settings_of_a_network_that_is_gone_are_forgotten() {
    let host = Host::new();
    host.broken_off();
    host.edit(|text| {
        text + "{\"before\":{\"knob\":{\"receive_steering\":\"eth0\"},\"value\":\"0\"}}\n"
    });
    let Some(cookie) = place::network().unwrap().cookie else {
        // Before Linux 5.14 nobody can tell.
        return;
    };
    // The inode is used again by the network that this test runs in.
    host.edit(|text| text.replace(&format!(":{cookie}"), &format!(":{}", cookie + 1)));
    let restored = host.restore().unwrap();
    assert_eq!(restored.unrestored, []);
    let [command, steering] = restored.steps.as_slice() else {
        panic!("{restored:?}");
    };
    let (command, steering) = (command.to_string(), steering.to_string());
    assert!(
        steering.contains("receive steering of eth0 is left alone: its network"),
        "{steering}"
    );
    // Where it was set is not where this runs.
    assert!(command.contains("run `sh -c"), "{command}");
    assert_eq!(host.value("a"), "2");
    assert!(!host.journal().exists());
}

#[test]
fn a_journal_that_others_could_have_written_is_not_obeyed() {
    use std::os::unix::fs::PermissionsExt;
    let host = Host::new();
    host.broken_off();
    let everybody = fs::Permissions::from_mode(0o666);
    fs::set_permissions(host.journal(), everybody).unwrap();
    let refused = host.restore().unwrap_err().to_string();
    assert!(refused.contains("can be written by others"), "{refused}");
    assert_eq!(host.value("a"), "2");
}

#[test]
fn a_link_does_not_lead_a_journal_elsewhere() {
    let host = Host::new();
    drop(host.begin().unwrap());
    fs::remove_file(host.journal()).unwrap();
    let other = host.0.join("other");
    fs::write(&other, "").unwrap();
    std::os::unix::fs::symlink(&other, host.journal()).unwrap();
    assert!(host.begin().is_err());
    assert_eq!(fs::read(&other).unwrap(), b"");
}

#[test]
fn settings_that_were_set_on_purpose_are_in_no_experiments_way() {
    let host = Host::new();
    let (one, other) = (host.knob("a", "1"), host.knob("b", "1"));
    for (knob, level) in [(&one, "2"), (&other, "2"), (&one, "3")] {
        let mut journal = Journal::of_host_at(&host.grounds("state")).unwrap();
        assert_eq!(journal.before(knob).unwrap(), "1");
        knob.apply(level).unwrap();
    }
    drop(host.begin().unwrap());
    let restored = host.restore_host(&|knob| knob == &one);
    assert_eq!((restored.steps.len(), restored.unrestored.len()), (1, 0));
    assert_eq!(
        (host.value("a"), host.value("b")),
        ("1".to_owned(), "2".to_owned())
    );
    assert_eq!(host.restore_host(&|_| true).unrestored, []);
    assert_eq!(host.value("b"), "1");
    assert!(!host.state().join("host.journal").exists());
}

#[test]
fn a_line_that_failed_leaves_no_trace_among_those_that_follow() {
    let host = Host::new();
    let (one, other) = (host.knob("a", "1"), host.knob("b", "1"));
    let mut journal = host.begin().unwrap();
    journal.before(&one).unwrap();
    // As a disk does that fills up in the middle of a line.
    let mut file = OpenOptions::new().write(true).open(host.journal()).unwrap();
    file.seek(SeekFrom::End(0)).unwrap();
    file.write_all(b"{\"before\":{\"kn").unwrap();
    journal.pages.as_mut().unwrap().doubt();
    journal.before(&other).unwrap();
    let record = entry::parse(&fs::read(host.journal()).unwrap())
        .unwrap()
        .unwrap();
    assert_eq!(record.settings.len(), 2);
}
