//! What goes wrong with an experiment, and in which words: nothing is lost, and nothing left changed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::{FOUR_FACTORS, SHORT, Site, script};
use crate::rig::need::need;
use crate::rig::program::{LOADGEN, Program};

/// A plan of one factor, with `factor` as its lines.
fn plan(factor: &str) -> String {
    let varied = factor.contains("server_program");
    let program = if varied { "" } else { "program = \"REACTOR\"" };
    format!(
        r#"
name = "one factor"
[load]
options = {{ rate = "1k", duration = "50ms", warmup = "0s", flows = 1 }}
[server]
{program}
ready_within = "5s"
[design]
{SHORT}
pause = "0s"
retries = 1
[[factor]]
name = "it"
{factor}
"#
    )
}

/// The reference is compared with a server that does as `text` says, while a setting of the host is
/// changed: what it was in a run stands in the file `ttl` then. Another level of the setting cannot be, so
/// that nothing is left to run once the server cannot be run.
fn with_server(site: &Site, text: &str) -> String {
    let seen = site.scratch.file("ttl");
    let text = format!(
        "cat /proc/sys/net/ipv4/ip_default_ttl > {}\n{text}",
        seen.display()
    );
    script(&site.scratch.file("other-server"), &text);
    plan("server_program = true\nlevels = [\"REACTOR\", \"SCRATCH/other-server\"]")
        + "\n[[factor]]\nsysctl = \"net.ipv4.ip_default_ttl\"\nlevels = [66, 999]\n"
}

/// The server of [`with_server`] cannot be run, as a sentence with all of `words` says, and what was
/// changed for it is as it was.
#[track_caller]
fn assert_stops_its_variant(site: &Site, plan: &str, words: &[&str]) {
    let before = site.settings();
    let ended = site.run(plan, "");
    // Nothing else is compared, so that there is nothing left to run.
    ended.assert_code(1);
    let result = site.result().expect("it is kept");
    let reason = result["variants"][1]["stopped"].as_str();
    let reason = reason.expect("it is stopped");
    for word in words {
        assert!(reason.contains(word), "no {word} in {reason}");
    }
    assert!(ended.stderr.contains(reason), "{}", ended.stderr);
    // As often as the plan allows, and no more after that.
    let runs = result["runs"].as_array().expect("they are a list").iter();
    assert_eq!(runs.filter(|run| run["variant"] == 1).count(), 2);
    let seen = fs::read_to_string(site.scratch.file("ttl")).expect("it was started");
    assert_eq!(seen, "66\n");
    assert_eq!(site.settings(), before);
    assert_eq!(site.processes(), Vec::<String>::new());
}

#[test]
fn a_plan_that_makes_no_sense_is_refused_before_anything_happens() {
    let Some(site) = Site::new("tune-nonsense") else {
        return;
    };
    for (factor, words) in [
        (
            "sysctl = \"net.ipv4.ip_default_ttl\"\nlevel = [1, 2]",
            &["level"][..],
        ),
        (
            "sysctl = \"net.ipv4.ip_default_ttl\"\nlevels = [64, [1]]",
            &["'it'", "one value"],
        ),
        (
            "sysctl = \"net.ipv4.no_such_thing\"\nlevels = [0, 1]",
            &["it", "no_such_thing"],
        ),
        // It can be written alone.
        (
            "sysctl = \"net.ipv4.route.flush\"\nlevels = [0, 1]",
            &["it", "cannot read", "net.ipv4.route.flush", "denied"],
        ),
    ] {
        let ended = site.run(&plan(factor), "");
        assert!(!ended.status.success(), "{factor}");
        for word in words {
            assert!(ended.stderr.contains(word), "no {word} in {}", ended.stderr);
        }
        assert!(!site.scratch.file("tune").exists(), "{factor}");
    }
}

#[test]
fn whoever_may_change_no_setting_is_told_of_each_and_what_to_do() {
    let Some(site) = Site::new("tune-nobody") else {
        return;
    };
    let before = site.settings();
    let plan = plan("sysctl = \"net.ipv4.ip_default_ttl\"\nlevels = [66, 70]")
        + "\n[[factor]]\nsysctl = \"net.ipv4.udp_early_demux\"\nlevels = [1, 0]\n";
    // Nobody in particular, who has a directory all the same.
    let home = site.scratch.file("");
    fs::set_permissions(&home, fs::Permissions::from_mode(0o777)).expect("it is ours");
    let file = site.scratch.file("plan.toml");
    fs::write(&file, site.filled(&plan)).expect("it is our directory");
    let mut command = site.command("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    command.args([LOADGEN, "tune"]).arg(&file);
    command.arg("--state").arg(home.join("state"));
    command.arg("--dir").arg(home.join("tune"));
    command.env("XDG_RUNTIME_DIR", &home);
    let refused = Program::start(command).end();
    refused.assert_complaint(1, &["run it as root"]);
    for name in ["ip_default_ttl", "udp_early_demux"] {
        let mut lines = refused.stderr.lines();
        let line = lines.find(|line| line.contains(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in {}", refused.stderr));
        assert!(line.contains("Permission denied"), "{line}");
    }
    assert_eq!(site.settings(), before);
    assert!(!home.join("tune").exists());
    assert!(!home.join("state/tune.journal").exists());
}

#[test]
fn a_setting_that_does_not_take_its_level_stops_that_variant_alone() {
    let Some(site) = Site::new("tune-untaken") else {
        return;
    };
    let before = site.settings();
    // The kernel takes 1 to 255.
    let factor = "sysctl = \"net.ipv4.ip_default_ttl\"\nlevels = [66, 70, 999]";
    let ended = site.run(&plan(factor), "");
    ended.assert_code(0);
    let result = site.result().expect("it is kept");
    let stopped = |variant: usize| result["variants"][variant]["stopped"].clone();
    assert!(stopped(1).is_null(), "{}", stopped(1));
    let reason = stopped(2);
    let reason = reason.as_str().expect("it is a sentence");
    assert!(
        reason.contains("999") && reason.contains("ip_default_ttl"),
        "{reason}"
    );
    assert!(ended.stderr.contains(reason), "{}", ended.stderr);
    assert!(ended.stdout.contains("999"), "{}", ended.stdout);
    assert_eq!(site.settings(), before);
}

#[test]
fn a_start_that_is_refused_leaves_no_journal() {
    let Some(site) = Site::new("tune-unread") else {
        return;
    };
    // The first setting stands in the journal by the time that the second one cannot be read.
    let plan = plan("sysctl = \"net.ipv4.ip_default_ttl\"\nlevels = [\"present\", 70]")
        + "\n[[factor]]\nlevels = [\"present\", 1]\n\
           command = { apply = [\"true\", \"{level}\"], revert = [\"true\", \"{level}\"], \
           read = [\"sh\", \"-c\", \
           \"! grep -s before $0 || exit 3\", \"SCRATCH/state/tune.journal\"] }\n";
    let journal = site.scratch.file("state/tune.journal");
    site.run(&plan, "").assert_complaint(1, &["true"]);
    assert!(!journal.exists());
}

#[test]
fn a_server_that_ends_by_itself_stops_its_variant_with_its_last_words() {
    let Some(site) = Site::new("tune-crash") else {
        return;
    };
    let plan = with_server(&site, "echo out of luck >&2; exit 9");
    assert_stops_its_variant(&site, &plan, &["out of luck"]);
}

#[test]
fn a_server_that_crashes_under_load_stops_its_variant() {
    let Some(site) = Site::new("tune-loaded") else {
        return;
    };
    // It is killed once a load runs.
    let pid = site.scratch.file("pid");
    let (pid, reactor) = (pid.display(), site.reactor.display());
    let server = format!("echo $$ > {pid}; exec {reactor} \"$@\"");
    let load = format!("\"$@\" &\n[ -e {pid} ] && kill -9 $(cat {pid}) && rm {pid}\nwait $!");
    script(&site.scratch.file("load"), &load);
    let plan =
        with_server(&site, &server).replace("[load]", "[load]\nwrapper = [\"SCRATCH/load\"]");
    let plan = plan.replace("flows = 1", "flows = 1, timeout = \"100ms\"");
    assert_stops_its_variant(&site, &plan, &["ended by itself", "signal: 9"]);
}

#[test]
fn a_server_that_never_listens_stops_its_variant() {
    let Some(site) = Site::new("tune-deaf") else {
        return;
    };
    let plan = with_server(&site, "exec sleep 600");
    let plan = plan.replace("ready_within = \"5s\"", "ready_within = \"2s\"");
    assert_stops_its_variant(&site, &plan, &["ready_within"]);
}

#[test]
fn without_its_reference_an_experiment_ends() {
    let Some(site) = Site::new("tune-baseless") else {
        return;
    };
    let before = site.settings();
    let plan = with_server(&site, "exit 1").replace(
        "\"REACTOR\", \"SCRATCH/other-server\"",
        "\"SCRATCH/other-server\", \"REACTOR\"",
    );
    let ended = site.run(&plan, "");
    ended.assert_code(1);
    assert!(ended.stderr.contains("reference"), "{}", ended.stderr);
    // Of the first attempt, of that of its twin, and of the end.
    let told = ended.stderr.matches("the server ended by itself").count();
    assert_eq!(told, 3, "{}", ended.stderr);
    assert_eq!(site.result().expect("it is kept")["ended"], "failed");
    assert!(site.scratch.file("ttl").exists());
    assert_eq!(site.settings(), before);
}

#[test]
fn a_program_that_is_not_there_is_told_before_anything_starts() {
    let Some(site) = Site::new("tune-absent") else {
        return;
    };
    let plan = plan("server_program = true\nlevels = [\"REACTOR\", \"SCRATCH/no-such-server\"]");
    site.run(&plan, "").assert_complaint(1, &["no-such-server"]);
    assert!(!site.scratch.file("tune").exists());
}

#[test]
fn what_could_not_be_run_is_tried_anew_when_the_experiment_goes_on() {
    let Some(site) = Site::new("tune-mended") else {
        return;
    };
    script(&site.scratch.file("other-server"), "exit 1");
    let plan = plan("server_program = true\nlevels = [\"SCRATCH/other-server\", \"REACTOR\"]");
    site.run(&plan, "").assert_code(1);
    let reactor = site.reactor.display();
    let other = site.scratch.file("other-server");
    script(&other, &format!("exec {reactor} \"$@\""));
    site.run(&plan, "--quiet --resume").assert_code(0);
    let result = site.result().expect("it is kept");
    assert_eq!(result["ended"], "time_up");
    assert!(result["variants"][0]["stopped"].is_null());
}

#[test]
fn settings_that_change_each_other_are_as_they_were_in_the_end() {
    let Some(site) = Site::new("tune-entangled") else {
        return;
    };
    // The first sets the second, of every interface, whenever it is written.
    let names = ["ip_forward", "conf/eth0/forwarding"];
    let read = || names.map(|name| site.setting(name));
    site.set("ip_forward", "0");
    site.set("conf/eth0/forwarding", "1");
    let before = read();
    // Whichever run is the last, one of them is to be put back.
    let one = plan("sysctl = \"net.ipv4.ip_forward\"\nlevels = [1, \"present\"]");
    let both = one
        + "\n[[factor]]\nsysctl = \"net.ipv4.conf.eth0.forwarding\"\nlevels = [0, \"present\"]\n";
    site.run(&both, "--quiet").assert_code(0);
    assert_eq!(read(), before);
}

#[test]
fn an_experiment_goes_on_only_from_the_settings_that_it_began_with() {
    let Some(site) = Site::new("tune-moved") else {
        return;
    };
    let factor = "sysctl = \"net.ipv4.ip_default_ttl\"\nlevels = [\"present\", 70]";
    site.run(&plan(factor), "--quiet --seed 1").assert_code(0);
    site.run(&plan(factor), "--resume --seed 2")
        .assert_complaint(2, &["--seed 2"]);
    site.set("ip_default_ttl", "66");
    let refused = site.run(&plan(factor), "--resume");
    refused.assert_complaint(1, &["ip_default_ttl", "66", "64"]);
}

#[test]
fn a_directory_holds_one_experiment_and_of_one_plan() {
    let Some(site) = Site::new("tune-directory") else {
        return;
    };
    let factor = "server_option = \"workers\"\nlevels = [1, 2]";
    let nothing = site.run(&plan(factor), "--resume");
    nothing.assert_complaint(1, &["--resume"]);
    site.run(&plan(factor), "--quiet").assert_code(0);
    site.run(&plan(factor), "")
        .assert_complaint(1, &["--resume", "--dir"]);
    let other = plan("server_option = \"workers\"\nlevels = [1, 3]");
    site.run(&other, "--resume")
        .assert_complaint(1, &["another plan"]);
    // There is nothing left to run, so that it only tells once more what is known.
    let again = site.run(&plan(factor), "--resume");
    again.assert_code(0);
    assert!(again.stdout.contains("workers"), "{}", again.stdout);
}

#[test]
fn a_full_disk_ends_an_experiment_and_leaves_the_host_as_it_was() {
    let Some(site) = Site::new("tune-full") else {
        return;
    };
    let before = site.settings();
    let disk = site.scratch.file("tune");
    fs::create_dir_all(&disk).expect("it is our directory");
    let mount = Mount::small(&disk);
    let Some(_mount) = need(mount, "a file system of its own") else {
        return;
    };
    let ended = site.run(FOUR_FACTORS, "");
    ended.assert_code(1);
    assert!(ended.stderr.contains("No space left"), "{}", ended.stderr);
    assert_eq!(site.settings(), before);
    assert_eq!(site.processes(), Vec::<String>::new());
    // What was known before is still there, whole.
    assert!(site.result().is_some());
}

#[test]
fn a_full_disk_under_the_journal_leaves_the_host_as_it_was() {
    let Some(site) = Site::new("tune-full-state") else {
        return;
    };
    let state = site.scratch.file("state");
    fs::create_dir_all(&state).expect("it is our directory");
    let open = fs::Permissions::from_mode(0o700);
    let Some(_mount) = need(Mount::small(&state), "a file system of its own") else {
        return;
    };
    fs::set_permissions(&state, open).expect("it is ours");
    let before = site.settings();
    let filler = state.join("filler");
    let fill = format!("head -c 1000000 /dev/zero >> {} 2>&-", filler.display());

    // Before anything is written down.
    let mut command = site.command("sh");
    command.args(["-c", &format!("{fill}; true")]);
    Program::start(command).end().assert_code(0);
    let ended = site.run(FOUR_FACTORS, "");
    ended.assert_complaint(1, &["No space left"]);
    assert_eq!(site.settings(), before);
    assert!(!site.scratch.file("tune").exists());
    fs::remove_file(&filler).expect("it is our file");

    // While a server runs that has filled it.
    let factor = "sysctl = \"net.ipv4.ip_default_ttl\"\nlevels = [66, 70]";
    let reactor = site.reactor.display();
    script(
        &site.scratch.file("server"),
        &format!("{fill}\nexec {reactor} \"$@\""),
    );
    // The first page of the journal is there already: what it is called fills most of that.
    let plan = plan(factor)
        .replace("\"REACTOR\"", "\"SCRATCH/server\"")
        .replace("one factor", &"x".repeat(3_000));
    let ended = site.run(&plan, "");
    ended.assert_code(1);
    assert!(ended.stderr.contains("No space left"), "{}", ended.stderr);
    assert!(filler.exists());
    assert_eq!(site.settings(), before);
    assert_eq!(site.processes(), Vec::<String>::new());
}

/// A file system that is full after some runs.
pub(super) struct Mount<'a>(&'a std::path::Path);

impl<'a> Mount<'a> {
    pub(super) fn small(path: &'a std::path::Path) -> Result<Self, String> {
        let mut command = Command::new("mount");
        command
            .args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"])
            .arg(path);
        let ended = Program::start(command).end();
        if ended.status.success() {
            return Ok(Self(path));
        }
        Err(ended.stderr)
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        let mut command = Command::new("umount");
        command.arg(self.0);
        let _unmounted: std::io::Result<std::process::Output> = command.output();
    }
}
