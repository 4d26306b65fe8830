//! Ways to name a target.

use std::net::{ToSocketAddrs, UdpSocket};

use crate::rig::need::need;
use crate::rig::peer::Peer;
use crate::rig::program::Program;
use crate::rig::run::measure;

const RUN: &str = "--rate 20 --duration 200ms --warmup 0s --timeout 10s";

#[test]
fn an_ipv6_target_is_measured() {
    let Some(socket) = need(UdpSocket::bind("[::1]:0"), "IPv6") else {
        return;
    };
    let peer = Peer::on(socket, |seen, answers| answers.echo(seen));
    let (ended, run) = measure(peer.address(), RUN);
    ended.assert_code(0);
    assert!(run.plan.target.is_ipv6());
    assert_eq!(run.counts.received, 4);
}

#[test]
fn a_host_name_is_resolved() {
    let first = "localhost:0".to_socket_addrs().unwrap().next().unwrap();
    let socket = UdpSocket::bind(first).unwrap();
    let peer = Peer::on(socket, |seen, answers| answers.echo(seen));
    let target = format!("localhost:{}", peer.address().port());
    let ended = Program::loadgen(&format!("--target {target} --quiet {RUN}")).end();
    ended.assert_code(0);
    assert_eq!(peer.finish().seen.len(), 4);
}

#[test]
fn what_is_no_address_is_wrong_use() {
    for target in ["127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "[::1"] {
        let ended = Program::loadgen(&format!("--target {target} {RUN}")).end();
        ended.assert_complaint(2, &["target", target]);
    }
}
