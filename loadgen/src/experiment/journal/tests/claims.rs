//! Journals in different directories, of the same settings.

use super::*;

fn begin(host: &Host, state: &str) -> Result<Journal, JournalError> {
    Journal::begin_at(&host.grounds(state), state)
}

/// An experiment that changed a setting, and was broken off.
fn broken_off(host: &Host, state: &str) -> Knob {
    let knob = host.knob("a", "1");
    let mut journal = begin(host, state).unwrap();
    journal.before(&knob).unwrap();
    knob.apply("2").unwrap();
    knob
}

fn notes(host: &Host) -> usize {
    fs::read_dir(host.0.join("claims")).map_or(0, Iterator::count)
}

#[test]
fn who_runs_already_is_told_whatever_the_directories() {
    let host = Host::new();
    let journal = begin(&host, "first").unwrap();
    let refused = [
        begin(&host, "second").map(drop),
        Journal::of_host_at(&host.grounds("second")).map(drop),
    ];
    for refused in refused {
        let sentence = refused.unwrap_err().to_string();
        let path = host.0.join("first/tune.journal");
        for part in [
            "first (process ",
            &std::process::id().to_string(),
            &path.display().to_string(),
        ] {
            assert!(sentence.contains(part), "no {part} in {sentence}");
        }
    }
    drop(journal);
    assert_eq!(notes(&host), 0);
    assert!(begin(&host, "second").is_ok());
}

#[test]
fn what_is_being_changed_is_not_put_back_meanwhile() {
    let host = Host::new();
    broken_off(&host, "first");
    fs::remove_dir_all(host.0.join("claims")).unwrap();
    let journal = begin(&host, "second").unwrap();
    let restore = || restore::restore_at(&host.grounds("first"), EXPERIMENT, &|_| true);
    let refused = restore();
    assert!(
        matches!(refused, Err(JournalError::Held { .. })),
        "{refused:?}"
    );
    assert_eq!(host.value("a"), "2");
    drop(journal);
    assert_eq!(restore().unwrap().unrestored, []);
    assert_eq!(host.value("a"), "1");
}

#[test]
fn what_one_has_left_changed_keeps_all_others_from_beginning() {
    let host = Host::new();
    broken_off(&host, "first");
    let refused = [
        begin(&host, "second").map(drop),
        Journal::of_host_at(&host.grounds("second")).map(drop),
    ];
    for refused in refused {
        let sentence = refused.unwrap_err().to_string();
        let command = format!(
            "loadgen tune --restore --state {}",
            host.0.join("first").display()
        );
        for part in ["first (process ", "broken off", &command] {
            assert!(sentence.contains(part), "no {part} in {sentence}");
        }
    }
    let restored = restore::restore_at(&host.grounds("first"), EXPERIMENT, &|_| true).unwrap();
    assert_eq!(restored.unrestored, []);
    assert_eq!(notes(&host), 0);
    let next = begin(&host, "second").unwrap();
    assert_eq!(next.remarks(), [""; 0]);
}

#[test]
fn a_note_of_a_journal_that_is_gone_is_passed_over_with_a_remark() {
    let host = Host::new();
    broken_off(&host, "first");
    fs::remove_file(host.0.join("first/tune.journal")).unwrap();
    let next = begin(&host, "second").unwrap();
    let [remark] = next.remarks() else {
        panic!("{:?}", next.remarks());
    };
    assert!(
        remark.contains("first/tune.journal does not exist"),
        "{remark}"
    );
    drop(next);
    assert_eq!(begin(&host, "third").unwrap().remarks(), [""; 0]);
}

#[test]
fn a_claim_that_cannot_be_made_does_not_keep_anything_from_being_put_back() {
    let host = Host::new();
    broken_off(&host, "first");
    fs::remove_dir_all(host.0.join("claims")).unwrap();
    fs::write(host.0.join("claims"), "").unwrap();
    let restored = restore::restore_at(&host.grounds("first"), EXPERIMENT, &|_| true).unwrap();
    assert_eq!(restored.unrestored, []);
    assert_eq!(host.value("a"), "1");
    let first = restored.steps[0].to_string();
    assert!(first.contains("others may not see"), "{first}");
}

#[test]
fn what_is_noted_already_is_not_written_again_to_put_it_back() {
    let host = Host::new();
    broken_off(&host, "first");
    File::create(host.0.join("a-stuck")).unwrap();
    let read = || {
        let entries = fs::read_dir(host.0.join("claims")).unwrap();
        let mut files: Vec<(PathBuf, std::time::SystemTime)> = entries
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.path(), entry.metadata().unwrap().modified().unwrap()))
            .collect();
        files.sort();
        files
    };
    let before = read();
    assert_eq!(before.len(), 2);
    let restored = restore::restore_at(&host.grounds("first"), EXPERIMENT, &|_| true).unwrap();
    assert_eq!(restored.unrestored.len(), 1);
    assert_eq!(read(), before);
}

#[test]
fn an_experiment_that_had_changed_nothing_is_in_nobodys_way() {
    let host = Host::new();
    let journal = begin(&host, "first").unwrap();
    // As a process that is killed: the lock goes, and what it has noted stays.
    let note = host.0.join("claims");
    let copy = host.0.join("copy");
    let mut command = std::process::Command::new("cp");
    let copied = command.arg("-r").args([&note, &copy]).status();
    assert!(copied.unwrap().success());
    drop(journal);
    fs::remove_dir_all(&note).unwrap();
    fs::rename(&copy, &note).unwrap();
    assert_eq!(notes(&host), 1);
    assert!(begin(&host, "second").is_ok());
}

#[test]
fn settings_that_were_set_on_purpose_keep_nobody_from_beginning() {
    let host = Host::new();
    let knob = host.knob("a", "1");
    let mut journal = Journal::of_host_at(&host.grounds("first")).unwrap();
    journal.before(&knob).unwrap();
    knob.apply("2").unwrap();
    drop(journal);
    let next = begin(&host, "second").unwrap();
    assert_eq!(next.remarks(), [""; 0]);
}

#[test]
fn settings_of_the_machine_are_in_one_hand_whatever_the_network() {
    let host = Host::new();
    let claims = |state: &str| {
        let note = claim::note(state, host.0.join(state), Some("restore".to_owned()));
        Claims::new(&host.0.join("claims"), note, true)
    };
    let (mut first, mut second) = (claims("first"), claims("second"));
    let network = |cookie| Network {
        inode: 7,
        cookie: Some(cookie),
    };
    let sysctl = |name: &str| Knob::Sysctl(name.to_owned());
    let of_network = sysctl("net.ipv4.ip_default_ttl");
    first.take(Scope::of(&of_network, network(1))).unwrap();
    second.take(Scope::of(&of_network, network(2))).unwrap();
    let command = host.knob("a", "1");
    for knob in [
        sysctl("vm.swappiness"),
        Knob::File("/sys/kernel/mm/transparent_hugepage/enabled".into()),
        command.clone(),
    ] {
        first.take(Scope::of(&knob, network(1))).unwrap();
        let refused = second.take(Scope::of(&knob, network(2)));
        assert!(
            matches!(refused, Err(JournalError::Held { .. })),
            "{knob}: {refused:?}"
        );
    }
    let other = host.knob("b", "1");
    second.take(Scope::of(&other, network(2))).unwrap();
    drop(first);
    second.take(Scope::of(&command, network(2))).unwrap();
}
