//! Without any argument the program answers on port 50007 of every address.

use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::rig::client::Client;
use crate::rig::namespace::Namespace;
use crate::rig::program::Program;

fn everywhere() -> [SocketAddr; 2] {
    [
        (Ipv4Addr::UNSPECIFIED, 50_007).into(),
        (Ipv6Addr::UNSPECIFIED, 50_007).into(),
    ]
}

#[test]
fn without_arguments_it_answers_on_port_50007_of_ipv4_and_ipv6() {
    let Some(namespace) = Namespace::fresh() else {
        return;
    };
    namespace.run(|| {
        let mut program = Program::start(&[]);
        assert_eq!([program.announced(), program.announced()], everywhere());
        Client::to((Ipv4Addr::LOCALHOST, 50_007).into()).assert_echo(b"4");
        let client = Client::to((Ipv6Addr::LOCALHOST, 50_007).into());
        client.assert_echo(b"6");
        client.assert_echo(b"quit");
        assert_eq!(program.end().counted("echoed"), Some(3));
    });
}

/// The setting takes the addresses away, not the protocol: the wildcard address can still be had.
#[test]
fn with_ipv6_switched_off_it_still_answers_over_ipv4() {
    let Some(namespace) = Namespace::fresh() else {
        return;
    };
    namespace.run(|| {
        fs::write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1").unwrap();
        let mut program = Program::start(&[]);
        assert_eq!([program.announced(), program.announced()], everywhere());
        let client = Client::to((Ipv4Addr::LOCALHOST, 50_007).into());
        client.assert_echo(b"4");
        client.assert_echo(b"quit");
        program.end().assert_well();
        let ended = Program::start(&["--listen", "[::1]:0"]).end();
        let complaint = ended.complaint();
        assert!(complaint.contains("[::1]:0"), "{complaint}");
        assert!(complaint.contains("--listen"), "{complaint}");
    });
}
