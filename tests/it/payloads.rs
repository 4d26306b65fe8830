//! Every payload comes back as it was, whatever its length.

use crate::rig::client::{Client, noise};
use crate::rig::server::{EACH_IO, drained, on, open, started};

/// The longest payload that IPv4 carries: 65,535 bytes less the headers of IP and UDP.
const LONGEST_V4: usize = 65_507;

/// The longest payload that IPv6 carries: its length field does not count the IP header.
const LONGEST_V6: usize = 65_527;

/// Both sides of every power of two, and of the largest payload in one Ethernet frame.
fn lengths(longest: usize) -> Vec<usize> {
    let mut lengths: Vec<_> = (0..16)
        .map(|power| 1 << power)
        .flat_map(|boundary: usize| [boundary - 1, boundary, boundary + 1])
        .chain([1_472, 1_473, longest - 1, longest])
        .collect();
    lengths.sort_unstable();
    lengths.dedup();
    lengths
}

#[track_caller]
fn assert_every_length_comes_back(address: &str, longest: usize) {
    for io in EACH_IO {
        let (running, server) = started(&on(address).io(io));
        let client = Client::to(server);
        let lengths = lengths(longest);
        for &length in &lengths {
            client.assert_echo(&noise(length));
        }
        let summary = drained(running);
        assert_eq!(summary.total.echoed, lengths.len() as u64);
        let bytes = lengths.iter().sum::<usize>() as u64;
        assert_eq!(summary.total.received_bytes, bytes);
        assert_eq!(summary.total.echoed_bytes, bytes);
    }
}

#[test]
fn every_length_comes_back_over_ipv4() {
    assert_every_length_comes_back("127.0.0.1:0", LONGEST_V4);
}

#[test]
fn every_length_comes_back_over_ipv6() {
    assert_every_length_comes_back("[::1]:0", LONGEST_V6);
}

#[test]
fn every_length_comes_back_from_a_wildcard_address() {
    for (wildcard, target, longest) in [
        ("0.0.0.0:0", "127.0.0.1", LONGEST_V4),
        ("[::]:0", "::1", LONGEST_V6),
    ] {
        for io in EACH_IO {
            let (running, server) = started(&on(wildcard).io(io));
            let client =
                Client::to((target.parse::<std::net::IpAddr>().unwrap(), server.port()).into());
            for length in lengths(longest) {
                client.assert_echo(&noise(length));
            }
            drained(running);
        }
    }
}

#[test]
fn long_and_short_ones_do_not_mix_in_one_batch() {
    for io in EACH_IO {
        let (server, address) = open(&on("127.0.0.1:0").io(io));
        let client = Client::to(address);
        let sent = [60_000, 3, 0, 60_001, 1, 1_473, 2].map(noise);
        for payload in &sent {
            client.send(payload);
        }
        let running = server.start().unwrap();
        let mut replies: Vec<_> = sent.iter().map(|_| client.receive()).collect();
        let mut sent = sent.to_vec();
        sent.sort();
        replies.sort();
        assert!(sent == replies, "{io:?}");
        drained(running);
    }
}
