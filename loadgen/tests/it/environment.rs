//! The machine as data.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::rig::need::need;
use crate::rig::peer::Peer;
use crate::rig::program::{Ended, LOADGEN, Program};
use crate::rig::run;
use crate::rig::scratch::Scratch;

fn release() -> String {
    let text = fs::read_to_string("/proc/sys/kernel/osrelease").expect("every kernel has one");
    text.trim().to_owned()
}

fn read_json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

#[test]
fn people_see_groups_of_figures_and_what_cannot_be_read() {
    let ended = Program::loadgen("environment --target 127.0.0.1:9").end();
    ended.assert_code(0);
    let groups: Vec<&str> = ended
        .stdout
        .lines()
        .filter(|line| line.starts_with(char::is_alphabetic))
        .collect();
    for group in [
        "kernel",
        "processor",
        "limits",
        "interface",
        "sysctls",
        "load",
        "builds",
    ] {
        assert!(groups.contains(&group), "no {group} in {groups:?}");
    }
    let has = |name: &str, value: &str| {
        let mut rows = ended.stdout.lines().map(str::split_whitespace);
        rows.any(|mut row| row.next() == Some(name) && row.next() == Some(value))
    };
    assert!(has("release", &release()), "{}", ended.stdout);
    assert!(has("name", "lo"), "{}", ended.stdout);
    for line in ended.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    // Loopback has none on any machine.
    let reason = "\n  interface.driver\n      cannot read";
    assert!(ended.stdout.contains(reason), "{}", ended.stdout);
}

#[test]
fn programs_see_the_same_and_nulls_have_reasons() {
    let ended = Program::loadgen("environment --json -").end();
    ended.assert_code(0);
    let file = read_json(&ended);
    assert_eq!(file["schema"], "loadgen/environment/1");
    let environment = &file["environment"];
    assert_eq!(environment["kernel"]["release"], release());
    assert!(environment["interface"].is_null());
    let reason = environment["unreadable"]["interface"].as_str().unwrap();
    assert!(reason.contains("target"), "{reason}");
    for (name, reason) in environment["unreadable"].as_object().unwrap() {
        assert!(!reason.as_str().unwrap().is_empty(), "{name}");
    }
    assert!(environment["load"]["at_end"].is_object());
    assert_eq!(
        file["builds"]["loadgen"]["version"],
        env!("CARGO_PKG_VERSION")
    );
    assert!(file["builds"]["loadgen"]["executable"]["bytes"].is_u64());
    assert!(file["builds"]["server"].is_null());
}

#[test]
fn the_name_and_the_addresses_of_the_host_are_left_out() {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let ended = Program::loadgen("environment --json - --target 127.0.0.1:9").end();
    let file = read_json(&ended);
    for private in [name.trim(), "127.0.0.1", "00:00:00:00:00:00"] {
        assert!(!has(&file, private), "{private} is in {file}");
    }
}

/// Whether `text` is anywhere in `value`.
fn has(value: &Value, text: &str) -> bool {
    match value {
        Value::String(found) => found == text,
        Value::Array(items) => items.iter().any(|item| has(item, text)),
        Value::Object(fields) => fields.values().any(|field| has(field, text)),
        _ => false,
    }
}

/// Writes this machine's environment to a file of `scratch`, changed by `change`.
fn written(scratch: &Scratch, name: &str, change: impl FnOnce(&mut Value)) -> PathBuf {
    let mut file = read_json(&Program::loadgen("environment --json -").end());
    change(&mut file);
    let path = scratch.file(name);
    fs::write(&path, file.to_string()).expect("the directory is its own");
    path
}

fn diff(a: &Path, b: &Path, more: &[&str]) -> Ended {
    let mut command = Command::new(LOADGEN);
    command.args(["environment", "--diff"]).arg(a).arg(b);
    command.args(more);
    Program::start(command).end()
}

#[test]
fn a_file_does_not_differ_from_itself() {
    let scratch = Scratch::new("a_file_does_not_differ_from_itself");
    let path = written(&scratch, "a.json", |_file| ());
    let ended = diff(&path, &path, &[]);
    ended.assert_code(0);
    assert_eq!(ended.stdout, "no difference\n");
    let file = read_json(&diff(&path, &path, &["--json", "-"]));
    assert_eq!(file["schema"], "loadgen/environment-difference/1");
    assert_eq!(file["differences"].as_array().map(Vec::len), Some(0));
}

#[test]
fn two_files_differ_in_what_was_changed_and_in_nothing_else() {
    let scratch = Scratch::new("two_files_differ_in_what_was_changed");
    let a = written(&scratch, "a.json", |_file| ());
    // The load of the machine is another each time, so it is copied too.
    let mut changed: Value = serde_json::from_slice(&fs::read(&a).unwrap()).unwrap();
    changed["environment"]["kernel"]["release"] = "0.0.1".into();
    changed["environment"]["sysctls"]["net.core.busy_poll"] = "4711".into();
    let b = scratch.file("b.json");
    fs::write(&b, changed.to_string()).unwrap();
    let file = read_json(&diff(&a, &b, &["--json", "-"]));
    let differences = file["differences"].as_array().unwrap();
    let names: Vec<&str> = differences
        .iter()
        .map(|difference| difference["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["kernel.release", "sysctls.net.core.busy_poll"]);
    assert_eq!(differences[0]["a"], release());
    assert_eq!(differences[1]["b"], "4711");
    let ended = diff(&a, &b, &[]);
    ended.assert_code(0);
    for part in ["kernel.release\n", "  B  0.0.1\n", "  B  4711\n"] {
        assert!(
            ended.stdout.contains(part),
            "no {part:?} in {}",
            ended.stdout
        );
    }
    assert!(!ended.stdout.contains("command_line"), "{}", ended.stdout);
}

#[test]
fn a_run_keeps_its_environment_and_compares_with_another_file() {
    let scratch = Scratch::new("a_run_keeps_its_environment");
    let peer = Peer::faithful();
    let (_ended, result) = run::measure(
        peer.address(),
        "--rate 20 --duration 300ms --warmup 50ms --timeout 10s",
    );
    let environment = result.environment.as_ref().unwrap();
    assert_eq!(environment.kernel.release, Some(release()));
    assert_eq!(environment.interface.as_ref().unwrap().name, "lo");
    assert!(environment.load.at_end.is_some());
    let builds = result.builds.as_ref().unwrap();
    assert_eq!(builds.server, None);
    let sockets = result.sockets.as_ref().unwrap();
    assert_eq!(sockets.server, None);
    let buffer = &sockets.flows[0];
    assert_eq!((buffer.option.as_str(), buffer.sockets), ("SO_RCVBUF", 8));
    assert!(buffer.requested.is_some() && buffer.effective.is_some());

    let path = scratch.file("run.json");
    fs::write(&path, serde_json::to_vec(&result).unwrap()).unwrap();
    let other = written(&scratch, "other.json", |file| {
        file["environment"]["kernel"]["release"] = "0.0.1".into();
    });
    let ended = diff(&path, &other, &[]);
    ended.assert_code(0);
    assert!(
        ended.stdout.contains("kernel.release\n"),
        "{}",
        ended.stdout
    );
}

#[test]
fn the_sockets_and_the_build_of_an_embedded_server_are_known() {
    let ended =
        Program::loadgen("--json - --rate 20 --duration 300ms --warmup 50ms --timeout 10s").end();
    ended.assert_code(0);
    let file = read_json(&ended);
    assert_eq!(file["sockets"]["server"][0]["option"], "SO_RCVBUF");
    assert_eq!(
        file["builds"]["server"]["commit"],
        file["builds"]["loadgen"]["commit"]
    );
    assert_eq!(file["builds"]["server"]["version"], echo_reactor::VERSION);
}

#[test]
fn a_file_that_cannot_be_compared_is_named_in_one_sentence() {
    let scratch = Scratch::new("a_file_that_cannot_be_compared");
    let sound = written(&scratch, "sound.json", |_file| ());
    let newer = written(&scratch, "newer.json", |file| {
        file["schema"] = "loadgen/environment/2".into();
    });
    let without = written(&scratch, "without.json", |file| {
        file.as_object_mut().unwrap().remove("environment");
    });
    let broken = scratch.file("broken.json");
    fs::write(&broken, "{").unwrap();
    let missing = scratch.file("missing.json");
    // Longer than any result, though the disk holds nothing of it.
    let long = scratch.file("long.json");
    let hole = fs::File::create(&long).unwrap();
    hole.set_len(300 << 20).unwrap();
    for (bad, word) in [
        (&missing, "No such file"),
        (&long, "longer than 256 MiB"),
        (&broken, "it ends too early"),
        (&newer, "use a newer one"),
        (&without, "`environment`"),
    ] {
        for (a, b) in [(&sound, bad), (bad, &sound)] {
            let ended = diff(a, b, &[]);
            ended.assert_complaint(1, &[bad.to_str().unwrap(), "--diff", word]);
            assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        }
    }
}

#[test]
fn wrong_use_names_the_flag() {
    for (arguments, flag) in [
        ("environment --diff one.json", "--diff"),
        (
            "environment --diff a.json b.json --target 127.0.0.1:9",
            "--target",
        ),
        ("environment --target nowhere", "--target"),
    ] {
        Program::loadgen(arguments)
            .end()
            .assert_complaint(2, &[flag]);
    }
}

#[test]
fn the_long_version_names_the_commit_and_the_compiler() {
    let long = Program::loadgen("--version").end().stdout;
    assert!(
        long.contains("\ncommit ") && long.contains("\nrustc "),
        "{long}"
    );
    let short = Program::loadgen("-V").end().stdout;
    assert_eq!(short.lines().count(), 1, "{short}");
}

/// A network with an end of a virtual cable in it. It goes when this is dropped.
struct Network(String);

impl Network {
    /// `None` where the test has to return, since the host cannot do it.
    fn fresh() -> Option<Self> {
        let network = Self(format!("loadgen-it-{}", std::process::id()));
        need(
            ip(&format!("netns add {}", network.0)),
            "network namespaces",
        )?;
        for setting in [
            "link add cable0 type veth peer name cable1",
            "link set cable1 up",
            "link set cable0 mtu 1312 up",
            "address add 10.78.0.1/24 dev cable0",
            "link set lo up",
        ] {
            ip(&format!("-n {} {setting}", network.0)).expect("the arguments are right");
        }
        Some(network)
    }

    fn loadgen(&self, arguments: &str) -> Ended {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.0, LOADGEN]);
        command.args(arguments.split_whitespace());
        Program::start(command).end()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // Nothing is lost but a name.
        let _deleted: Result<(), String> = ip(&format!("netns del {}", self.0));
    }
}

fn ip(arguments: &str) -> Result<(), String> {
    let output = Command::new("ip")
        .args(arguments.split_whitespace())
        .output()
        .map_err(|error| format!("ip: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

#[test]
fn the_interface_is_the_one_on_the_route_to_the_target() {
    let Some(network) = Network::fresh() else {
        return;
    };
    let interface = |target: &str| {
        let ended = network.loadgen(&format!("environment --json - --target {target}"));
        ended.assert_code(0);
        read_json(&ended)["environment"].clone()
    };
    let there = interface("10.78.0.2:9");
    assert_eq!(there["interface"]["name"], "cable0");
    assert_eq!(there["interface"]["kind"], "veth");
    assert_eq!(there["interface"]["mtu"], 1312);
    assert_eq!(there["interface"]["receive_queues"], 1, "{there}");
    // Its own address is reached without leaving the host.
    assert_eq!(interface("10.78.0.1:9")["interface"]["name"], "lo");
    let nowhere = interface("192.0.2.1:9");
    assert!(nowhere["interface"].is_null());
    let reason = nowhere["unreadable"]["interface"].as_str().unwrap();
    assert!(reason.contains("unreachable"), "{reason}");
}
