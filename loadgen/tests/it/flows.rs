//! Flows, and the threads that share them.

use std::collections::BTreeMap;
use std::process::Command;

use crate::rig::need::need;
use crate::rig::peer::Peer;
use crate::rig::program::{LOADGEN, Program};
use crate::rig::run::measure;

#[track_caller]
fn each_flow_is_listed_with_what_the_peer_saw_of_it(arguments: &str, flows: u16) {
    let peer = Peer::faithful();
    let always = "--rate 1000 --duration 300ms --warmup 0s --timeout 10s";
    let (_, run) = measure(peer.address(), &format!("{always} {arguments}"));
    let mut seen: BTreeMap<u16, u64> = BTreeMap::new();
    for probe in peer.finish().seen {
        *seen.entry(probe.probe.flow).or_default() += 1;
    }
    let listed: Vec<u16> = run.flows.iter().map(|flow| flow.flow).collect();
    assert_eq!(listed, (0..flows).collect::<Vec<_>>());
    for flow in &run.flows {
        assert_eq!(flow.counts.sent, seen[&flow.flow], "flow {}", flow.flow);
        assert_eq!(flow.counts.received, flow.counts.sent);
    }
    assert_eq!(run.counts.scheduled, 300);
}

#[test]
fn one_thread_lists_its_flows_in_order() {
    each_flow_is_listed_with_what_the_peer_saw_of_it("--flows 7", 7);
}

#[test]
fn two_threads_list_an_odd_number_of_flows_in_order() {
    each_flow_is_listed_with_what_the_peer_saw_of_it("--threads 2 --flows 5", 5);
}

#[test]
fn more_flows_than_probes_leave_some_without_any() {
    let peer = Peer::faithful();
    let arguments = "--rate 20 --duration 250ms --warmup 0s --flows 20 --timeout 10s";
    let (ended, run) = measure(peer.address(), arguments);
    ended.assert_code(0);
    let busy = run.flows.iter().filter(|flow| flow.counts.sent > 0);
    assert_eq!((run.flows.len(), busy.count()), (20, 5));
}

#[test]
fn more_flows_than_the_host_has_files_for_name_the_flag_to_lower() {
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "ulimit -n 64 && exec \"$0\" --flows 100 --duration 100ms",
    ]);
    let Some(program) = need(Program::try_start(command.arg(LOADGEN)), "sh") else {
        return;
    };
    program.end().assert_complaint(1, &["lower --flows"]);
}
