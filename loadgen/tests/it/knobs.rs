//! Settings of a host, on the interface of a lab: changed, read back, and put back.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use loadgen::experiment::journal::{Journal, JournalError, restore};
use loadgen::experiment::knob::{EthtoolGroup, Knob, KnobError};

use crate::rig::inside;
use crate::rig::lab::Lab;
use crate::rig::need::need;
use crate::rig::scratch::Scratch;

/// Whether this process is the one inside of a lab. Otherwise it makes one, and has the test run there.
fn is_inside(test: &str) -> bool {
    if inside::step().is_some() {
        return true;
    }
    if let Some(lab) = Lab::up("--queues 2") {
        inside::run(&lab, &format!("knobs::{test}"), "all");
    }
    false
}

fn file(path: &str) -> String {
    let text = fs::read_to_string(path).expect("it is there");
    text.trim().to_owned()
}

fn printed(line: &str) -> String {
    let output = Command::new("sh").args(["-c", line]).output();
    let output = output.expect("there is a shell");
    assert!(output.status.success(), "{line}: {output:?}");
    String::from_utf8(output.stdout).expect("it is text")
}

/// Whether the host has a program that a test needs.
fn has(program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .output();
    let found = found.expect("there is a shell").status.success();
    let found = if found {
        Ok(())
    } else {
        Err("it is not installed")
    };
    need(found, &format!("the program {program}")).is_some()
}

/// Changes it, and puts it back: `shown` tells what others see of it.
#[track_caller]
fn assert_goes_there_and_back(knob: &Knob, level: &str, shown: impl Fn() -> String) {
    let read = || knob.read().expect("it is there");
    knob.may_change().expect("this is root");
    let (before, seen) = (read(), shown());
    knob.apply(level).expect("it takes this value");
    assert_ne!(shown(), seen, "{knob} has not changed");
    knob.put_back(&before).expect("it takes its own value");
    assert_eq!(shown(), seen, "{knob} is not as it was");
    assert_eq!(read(), before);
}

/// The host took another value than the one it was given, without a word.
#[track_caller]
fn assert_not_taken(applied: Result<(), KnobError>, value: &str, instead: &str) {
    let Err(KnobError::NotTaken { wanted, found, .. }) = applied else {
        panic!("{applied:?}");
    };
    assert_eq!((wanted.as_str(), found.as_str()), (value, instead));
}

fn ethtool(group: EthtoolGroup, parameter: &str) -> Knob {
    Knob::Ethtool {
        interface: "eth0".to_owned(),
        group,
        parameter: parameter.to_owned(),
    }
}

#[test]
fn a_sysctl_of_a_namespace_goes_there_and_back() {
    if is_inside("a_sysctl_of_a_namespace_goes_there_and_back") {
        let path = "/proc/sys/net/ipv4/conf/eth0/accept_local";
        for name in [
            "net.ipv4.conf.eth0.accept_local",
            "net/ipv4/conf/eth0/accept_local",
        ] {
            let knob = Knob::Sysctl(name.to_owned());
            assert_goes_there_and_back(&knob, "1", || file(path));
        }
        let range = Knob::Sysctl("net.ipv4.ip_local_port_range".to_owned());
        let path = "/proc/sys/net/ipv4/ip_local_port_range";
        assert_goes_there_and_back(&range, "20000 30000", || file(path));
    }
}

#[test]
fn what_the_kernel_refuses_or_rounds_is_told() {
    if is_inside("what_the_kernel_refuses_or_rounds_is_told") {
        // Of the machine: a namespace shows it, and nobody there may set it.
        let knob = Knob::Sysctl("net.core.rmem_max".to_owned());
        let refused = knob.may_change();
        assert!(
            matches!(refused, Err(KnobError::Unchangeable { .. })),
            "{refused:?}"
        );
        let knob = Knob::Sysctl("net.ipv4.ip_local_port_range".to_owned());
        let refused = knob.apply("9 1");
        assert!(
            matches!(refused, Err(KnobError::Refused { .. })),
            "{refused:?}"
        );
        let flows = "/sys/class/net/eth0/queues/rx-0/rps_flow_cnt";
        assert_not_taken(Knob::File(flows.into()).apply("3000"), "3000", "4096");
    }
}

#[test]
fn masks_of_the_queues_go_there_and_back() {
    if is_inside("masks_of_the_queues_go_there_and_back") {
        let masks = |name: &str| printed(&format!("cat /sys/class/net/eth0/queues/*/{name}"));
        let receive = Knob::ReceiveSteering("eth0".to_owned());
        fs::write("/sys/class/net/eth0/queues/rx-1/rps_cpus", "1").expect("root may");
        assert_goes_there_and_back(&receive, "00000003", || masks("rps_cpus"));
        let transmit = Knob::TransmitSteering("eth0".to_owned());
        assert_goes_there_and_back(&transmit, "1", || masks("xps_cpus"));
    }
}

#[test]
fn offloads_go_back_each_to_what_it_was() {
    if is_inside("offloads_go_back_each_to_what_it_was") && has("ethtool") {
        let offloads = || printed("ethtool -k eth0");
        assert_goes_there_and_back(&ethtool(EthtoolGroup::Offload, "gro"), "on", offloads);
        printed("ethtool -K eth0 tx-tcp-ecn-segmentation off");
        assert_goes_there_and_back(&ethtool(EthtoolGroup::Offload, "tso"), "off", offloads);
        // Others depend on it, and come back with it.
        assert_goes_there_and_back(&ethtool(EthtoolGroup::Offload, "tx"), "off", offloads);
        let fixed = ethtool(EthtoolGroup::Offload, "lro")
            .may_change()
            .unwrap_err();
        assert!(fixed.to_string().contains("fixed"), "{fixed}");
        let none = ethtool(EthtoolGroup::Coalesce, "rx-usecs")
            .may_change()
            .unwrap_err();
        assert!(none.to_string().contains("ethtool"), "{none}");
    }
}

#[test]
fn channels_go_there_and_back() {
    if is_inside("channels_go_there_and_back") && has("ethtool") {
        let channels = || printed("ethtool -l eth0");
        assert_goes_there_and_back(&ethtool(EthtoolGroup::Channels, "rx"), "1", channels);
    }
}

#[test]
fn coalescing_goes_there_and_back() {
    if is_inside("coalescing_goes_there_and_back") && has("ethtool") {
        let tap = Command::new("ip")
            .args(["tuntap", "add", "dev", "eth1", "mode", "tap"])
            .output();
        let tap = tap.expect("there is ip");
        let made = if tap.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&tap.stderr).into_owned())
        };
        if need(made, "an interface whose driver coalesces (/dev/net/tun)").is_none() {
            return;
        }
        let frames = Knob::Ethtool {
            interface: "eth1".to_owned(),
            group: EthtoolGroup::Coalesce,
            parameter: "rx-frames".to_owned(),
        };
        let coalescing = || printed("ethtool -c eth1");
        assert_goes_there_and_back(&frames, "5", coalescing);
        // The driver takes as many as it polls at once, and says nothing.
        let before = coalescing();
        assert_not_taken(frames.apply("100"), "100", "64");
        frames.put_back("0").expect("it takes its own value");
        assert_eq!(coalescing(), before);
    }
}

#[test]
fn rings_go_there_and_back() {
    if inside::step().is_some() {
        let rings = || printed("ethtool -g eth0");
        let receive = ethtool(EthtoolGroup::Ring, "rx");
        assert_goes_there_and_back(&receive, "1024", rings);
        let refused = receive.apply("5000").unwrap_err();
        assert!(refused.to_string().contains("exceeds"), "{refused}");
        assert_not_taken(receive.apply("1000"), "1000", "1024");
        return;
    }
    let Some(lab) = Lab::up("") else { return };
    let scratch = Scratch::new("knobs-rings");
    fs::write(scratch.file("rx-ring"), "256\n").expect("it is our directory");
    let program = scratch.file("ethtool");
    fs::write(&program, RINGS).expect("it is our directory");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it is our file");
    inside::run_with(
        &lab,
        "knobs::rings_go_there_and_back",
        "all",
        Some(&scratch.file("")),
    );
}

/// The part of ethtool(8) for rings, and a device that has them in multiples of 64: no virtual one has any.
const RINGS: &str = r#"#!/bin/sh
ring=$(dirname "$0")/rx-ring
case "$1 $#" in
"-g 2")
    echo "Ring parameters for $2:"
    printf 'Pre-set maximums:\nRX:\t\t4096\nRX Mini:\tn/a\nRX Jumbo:\tn/a\nTX:\t\t4096\n'
    printf 'Current hardware settings:\nRX:\t\t%d\n' "$(cat "$ring")"
    printf 'RX Mini:\tn/a\nRX Jumbo:\tn/a\nTX:\t\t512\n' ;;
"-G 4")
    [ "$3" = rx ] || exit 1
    [ "$4" -le 4096 ] || { echo "requested ring size exceeds maximum" >&2; exit 1; }
    echo $((($4 + 63) / 64 * 64)) > "$ring" ;;
*) exit 1 ;;
esac
"#;

#[test]
fn a_discipline_goes_back_to_the_default_and_that_of_somebody_is_left_alone() {
    let test = "a_discipline_goes_back_to_the_default_and_that_of_somebody_is_left_alone";
    if is_inside(test) && has("tc") {
        let knob = Knob::Queueing("eth0".to_owned());
        let shown = || printed("tc qdisc show dev eth0 root");
        assert_goes_there_and_back(&knob, "pfifo limit 77", shown);
        let odd = knob.apply("no-such-discipline").unwrap_err();
        assert!(odd.to_string().contains("tc says"), "{odd}");
        printed("tc qdisc add dev eth0 root handle 7: pfifo");
        let before = shown();
        let refused = knob.may_change().unwrap_err();
        assert!(refused.to_string().contains("pfifo 7:"), "{refused}");
        assert_eq!(shown(), before);
    }
}

#[test]
fn a_crash_is_put_right_in_the_namespace_where_it_happened_and_nowhere_else() {
    let test = "knobs::a_crash_is_put_right_in_the_namespace_where_it_happened_and_nowhere_else";
    let path = "/proc/sys/net/ipv4/conf/eth0/accept_local";
    let knob = Knob::Sysctl("net.ipv4.conf.eth0.accept_local".to_owned());
    if let Some(step) = inside::step() {
        let (step, state) = step.split_once(' ').expect("a directory follows");
        if step == "crash" {
            let mut journal = Journal::begin(Path::new(state), "a test").unwrap();
            assert_eq!(journal.before(&knob).unwrap(), "0");
            knob.apply("1").unwrap();
            std::mem::forget(journal);
        } else if step == "begin" {
            Journal::begin(Path::new(state), "the next").unwrap();
        } else {
            assert_eq!(file(path), "1");
            let restored = restore(Path::new(state)).unwrap();
            assert_eq!((restored.steps.len(), restored.unrestored), (1, Vec::new()));
            assert_eq!(file(path), "0");
        }
        return;
    }
    let Some(lab) = Lab::up("") else { return };
    let scratch = Scratch::new("knobs-crash");
    let state = scratch.file("state");
    inside::run(&lab, test, &format!("crash {}", state.display()));
    let refused = restore(&state).unwrap_err();
    assert!(
        matches!(refused, JournalError::Elsewhere { .. }),
        "{refused}"
    );
    let way = format!("ip netns exec {}-client loadgen tune --restore", lab.name);
    assert!(refused.to_string().contains(&way), "{refused}");
    assert!(Journal::begin(&state, "the next").is_err());
    inside::run(&lab, test, &format!("restore {}", state.display()));
    inside::run(&lab, test, &format!("begin {}", state.display()));
}
