//! `loadgen host`, on a machine of which one setting is a plain file: nothing real is changed.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::rig::need::need;
use crate::rig::program::{Ended, LOADGEN, Program};
use crate::rig::scratch::Scratch;

/// A host that swaps as a file says, in place of the kernel.
struct Host {
    scratch: Scratch,
}

impl Host {
    /// `None` where the test has to return, since it takes root to make one.
    fn new(name: &str) -> Option<Self> {
        let scratch = Scratch::new(name);
        let host = Self { scratch };
        fs::write(host.file(), "60\n").expect("it is a directory of the build");
        fs::create_dir(host.scratch.file("claims")).expect("it is a directory of the build");
        // Nobody in particular may look at it.
        let open = |path: &PathBuf| fs::set_permissions(path, fs::Permissions::from_mode(0o755));
        open(&host.scratch.file("")).expect("it is ours");
        let ended = host.run("true");
        let made = if ended.status.success() {
            Ok(())
        } else {
            Err(ended.stderr)
        };
        need(made, "root and a mount namespace").map(|()| host)
    }

    fn file(&self) -> PathBuf {
        self.scratch.file("swappiness")
    }

    fn state(&self) -> PathBuf {
        self.scratch.file("state")
    }

    fn swappiness(&self) -> String {
        let text = fs::read_to_string(self.file()).expect("it is there");
        text.trim().to_owned()
    }

    /// Runs a line of shell on this host. `$STATE` is where its journals are.
    fn run(&self, line: &str) -> Ended {
        let mut command = Command::new("unshare");
        // Nor is it told to others who has the settings of this host in hand.
        let bound = "mount --bind \"$FILE\" /proc/sys/vm/swappiness && mkdir -p /run/loadgen && \
                     mount --bind \"$CLAIMS\" /run/loadgen";
        command.args(["--mount", "sh", "-c", &format!("{bound} && {line}")]);
        command.env("FILE", self.file()).env("STATE", self.state());
        command.env("LOADGEN", LOADGEN);
        command.env("CLAIMS", self.scratch.file("claims"));
        Program::start(command).end()
    }

    /// The same of this program.
    fn host(&self, arguments: &str) -> Ended {
        self.run(&format!("\"$LOADGEN\" host {arguments} --state \"$STATE\""))
    }
}

#[test]
fn people_see_what_is_set_and_what_should_be_and_why() {
    let ended = Program::loadgen("host --interface lo").end();
    ended.assert_code(0);
    for part in [
        "busy_poll",
        "governor",
        "gro",
        "swappiness",
        "not to be had on this host",
    ] {
        assert!(ended.stdout.contains(part), "no {part} in {}", ended.stdout);
    }
    for line in ended.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn programs_see_the_same_and_what_is_missing_has_a_reason() {
    let ended = Program::loadgen("host --json -").end();
    ended.assert_code(0);
    let file: Value = serde_json::from_str(&ended.stdout).expect("it is JSON");
    assert_eq!(file["schema"], "loadgen/host/1");
    let settings = file["settings"].as_array().expect("there are settings");
    let swappiness = settings.iter().find(|one| one["name"] == "swappiness");
    assert_eq!(swappiness.expect("every kernel swaps")["proposed"], "1");
    for one in settings {
        assert_eq!(
            one["present"].is_null(),
            one["missing"].is_string(),
            "{one}"
        );
    }
}

#[test]
fn what_is_applied_is_put_back_by_another_process() {
    let Some(host) = Host::new("host-apply") else {
        return;
    };
    let ended = host.host("apply swappiness");
    ended.assert_code(0);
    assert_eq!(ended.stdout, "swappiness  1, was 60\n");
    assert_eq!(host.swappiness(), "1");
    // It stays what it was before the first time.
    host.host("apply swappiness").assert_code(0);
    let ended = host.host("restore --json -");
    ended.assert_code(0);
    assert_eq!(host.swappiness(), "60");
    assert!(ended.stdout.contains("\"60\""), "{}", ended.stdout);
    assert_eq!(host.host("restore").stdout, "nothing to put back\n");
    let journal = host.state().join("host.journal");
    assert!(!journal.exists());
}

#[test]
fn on_a_full_disk_nothing_is_changed() {
    let Some(host) = Host::new("host-full") else {
        return;
    };
    let full = "mkdir -p \"$STATE\" && mount -t tmpfs -o size=4k,mode=700 none \"$STATE\" && \
                { head -c 100000 /dev/zero > \"$STATE/filler\" 2>&1 || true; }";
    let ended = host.run(&format!(
        "{full} && \"$LOADGEN\" host apply swappiness --state \"$STATE\""
    ));
    ended.assert_code(1);
    assert!(ended.stderr.contains("No space left"), "{}", ended.stderr);
    assert_eq!(host.swappiness(), "60");
}

#[test]
fn whoever_may_not_change_a_setting_is_told_and_leaves_no_journal() {
    let Some(host) = Host::new("host-nobody") else {
        return;
    };
    let state = host.state();
    fs::create_dir(&state).expect("it is a directory of the build");
    std::os::unix::fs::chown(&state, Some(NOBODY), Some(NOBODY)).expect("root may");
    let nobody = format!("setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups");
    let ended = host.run(&format!(
        "XDG_RUNTIME_DIR=\"$STATE\" {nobody} \"$LOADGEN\" host apply swappiness --state \"$STATE\""
    ));
    ended.assert_code(1);
    assert!(
        ended.stderr.contains("cannot change sysctl vm.swappiness"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("loadgen: run it as root"),
        "{ended:?}"
    );
    assert_eq!(host.swappiness(), "60");
    assert!(!state.join("host.journal").exists());
    assert_eq!(fs::metadata(host.file()).expect("it is there").uid(), 0);
}

#[test]
fn a_damaged_journal_is_told_and_nothing_is_put_back() {
    let Some(host) = Host::new("host-damaged") else {
        return;
    };
    host.host("apply swappiness").assert_code(0);
    let journal = host.state().join("host.journal");
    let text = fs::read_to_string(&journal).expect("it is there");
    fs::write(&journal, text.replace("vm.swappiness\"", "vm.swappiness")).expect("root may");
    for action in ["apply", "restore"] {
        let ended = host.host(&format!("{action} swappiness"));
        ended.assert_complaint(1, &["host.journal is damaged: line 2"]);
    }
    assert_eq!(host.swappiness(), "1");
}

#[test]
fn a_setting_that_is_not_known_is_wrong_use() {
    for (arguments, part) in [
        ("host apply no_such", "no setting no_such"),
        ("host show swappiness", "takes no names"),
        ("host reset", "reset"),
    ] {
        Program::loadgen(arguments)
            .end()
            .assert_complaint(2, &[part]);
    }
}

#[test]
fn an_interface_that_is_not_there_is_a_failure_in_one_sentence() {
    for name in ["no-such-one", "..", "/sys"] {
        let ended = Program::loadgen(&format!("host --interface {name}")).end();
        ended.assert_complaint(1, &["there is no interface", name, "ip link"]);
        assert_eq!(ended.stdout, "");
    }
}

#[test]
fn the_script_says_what_it_is_and_runs_the_program() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/host");
    let mut command = Command::new(script);
    command
        .args(["show", "--json", "-"])
        .env("LOADGEN", LOADGEN);
    let ended = Program::start(command).end();
    ended.assert_code(0);
    assert!(ended.stdout.contains("loadgen/host/1"), "{}", ended.stdout);
}

/// The user that owns nothing.
const NOBODY: u32 = 65_534;
