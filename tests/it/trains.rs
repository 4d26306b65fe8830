//! Trains come back as what they are: datagrams, each whole, in their order.

use std::collections::BTreeMap;

use echo_reactor::config::Io;
use echo_reactor::udp::{MAX_TRAIN, offload};

use crate::rig::client::{Client, noise};
use crate::rig::server::{EACH_IO, drained, on, open, started};
use crate::rig::train::TrainClient;

/// Length of a payload, and of the datagrams that it is cut into.
const TRAINS: [(usize, u16); 9] = [
    (2, 1),
    (64, 1),
    (250, 100),
    (6_400, 100),
    (65_507, 1_472),
    (65_507, 32_754),
    (1_000, 999),
    (128, 1),
    (12_750, 100),
];

fn datagrams(length: usize, segment: u16) -> u64 {
    length.div_ceil(segment.into()) as u64
}

#[test]
fn a_plain_receiver_gets_every_datagram_of_a_train_in_order() {
    for (io, address) in EACH_IO
        .into_iter()
        .flat_map(|io| ["127.0.0.1:0", "[::1]:0"].map(|address| (io, address)))
    {
        let (running, server) = started(&on(address).io(io));
        let client = TrainClient::to(server, false);
        for (length, segment) in TRAINS {
            let payload = noise(length);
            client.send(&payload, segment);
            for datagram in payload.chunks(segment.into()) {
                assert!(
                    client.receive() == datagram,
                    "{io:?}, {address}, {length} by {segment}"
                );
            }
        }
        let sum: u64 = TRAINS
            .iter()
            .map(|(length, segment)| datagrams(*length, *segment))
            .sum();
        let summary = drained(running);
        assert_eq!(summary.total.received, sum);
        assert_eq!(summary.total.echoed, sum);
    }
}

#[test]
fn a_train_goes_back_as_one() {
    let (running, server) = started(&on("127.0.0.1:0").io(Io::Offload));
    let client = TrainClient::to(server, true);
    // Longer ones are cut up on their way into the server already.
    let trains = TRAINS.iter().filter(|(length, _)| *length <= MAX_TRAIN);
    let trains: Vec<_> = trains.copied().chain([(MAX_TRAIN, 1_472)]).collect();
    for &(length, segment) in &trains {
        let payload = noise(length);
        client.send(&payload, segment);
        let replies = client.receive_trains();
        let shape: Vec<_> = replies.iter().map(|(p, s)| (p.len(), *s)).collect();
        assert_eq!(shape, [(length, Some(segment))]);
        assert!(replies[0].0 == payload, "{length} by {segment}");
    }
    let summary = drained(running);
    let messages: u64 = summary.total.segments_a_message.values().sum();
    assert_eq!(messages, trains.len() as u64);
    assert_eq!(summary.total.gathered, 0, "they came together already");
}

#[test]
fn a_train_of_any_number_of_datagrams_goes_back_as_one() {
    let most = offload::most_segments().expect("every Linux since 4.18 cuts messages");
    let most = u16::try_from(most).expect("it is small");
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let (running, server) = started(&on(address).io(Io::Offload));
        let client = TrainClient::to(server, true);
        for number in 1..=most {
            // The last one is shorter in every other train.
            let payload = noise(usize::from(number * 100 - number % 2 * 40));
            client.send(&payload, 100);
            let segment = (number > 1).then_some(100);
            assert!(
                client.receive_trains() == [(payload, segment)],
                "{address}, {number} datagrams"
            );
        }
        let total = drained(running).total;
        let datagrams = u64::from(most) * (u64::from(most) + 1) / 2;
        assert_eq!((total.received, total.echoed), (datagrams, datagrams));
        let messages = (1..=u64::from(most)).collect();
        assert_eq!(total.segments_a_message, spread(messages));
        assert_eq!(total.received_a_call, total.segments_a_message);
    }
}

/// How many of the values lie in each place of a histogram by powers of two, under the highest
/// value of the place.
fn spread(values: Vec<u64>) -> BTreeMap<u64, u64> {
    let mut places = BTreeMap::new();
    for value in values {
        *places.entry(value.next_power_of_two()).or_default() += 1;
    }
    places
}

#[test]
fn trains_in_and_trains_out_can_be_left_out_apart_from_each_other() {
    for (receive, send) in [(true, false), (false, true), (false, false)] {
        let config = on("127.0.0.1:0").offloads(receive, send);
        let (running, server) = started(&config);
        let client = TrainClient::to(server, false);
        let payload = noise(5_050);
        client.send(&payload, 100);
        for datagram in payload.chunks(100) {
            assert!(client.receive() == datagram, "{receive} {send}");
        }
        let summary = drained(running);
        assert_eq!(summary.total.echoed, 51);
        let longest = summary.total.segments_a_message.keys().max();
        assert_eq!(longest.is_some_and(|longest| *longest > 1), send);
    }
}

#[test]
fn neighbouring_replies_to_one_peer_leave_together() {
    let (server, address) = open(&on("127.0.0.1:0").io(Io::Offload));
    let client = TrainClient::to(address, true);
    for number in 0..10_u8 {
        client.socket.as_std().send(&[number; 64]).unwrap();
    }
    client.socket.as_std().send(&[10; 5]).unwrap();
    let running = server.start().unwrap();
    let mut whole: Vec<u8> = (0..10).flat_map(|number| [number; 64]).collect();
    whole.extend([10; 5]);
    assert!(client.receive_trains() == [(whole, Some(64))]);
    let summary = drained(running);
    assert_eq!(summary.total.gathered, 11);
    assert_eq!(summary.total.echoed, 11);
}

#[test]
fn replies_to_several_peers_do_not_mix_and_keep_their_order() {
    for io in EACH_IO {
        let (server, address) = open(&on("0.0.0.0:0").io(io));
        let target = ([127, 0, 0, 1], address.port()).into();
        let clients: Vec<Client> = (0..5).map(|_| Client::to(target)).collect();
        let mut sent = vec![Vec::new(); clients.len()];
        for (number, byte) in noise(600).into_iter().enumerate() {
            let peer = usize::from(byte) % clients.len();
            let length = [64, 64, 64, 63, 0, 1, 1_400][number % 7];
            let payload = [&noise(length)[..], &number.to_be_bytes()[..]].concat();
            let payload = if length == 0 { Vec::new() } else { payload };
            clients[peer].send(&payload);
            sent[peer].push(payload);
        }
        let running = server.start().unwrap();
        for (client, sent) in clients.iter().zip(&sent) {
            for payload in sent {
                assert!(client.receive() == *payload, "{io:?}");
            }
            client.assert_nothing_queued();
        }
        assert_eq!(drained(running).total.echoed, 600);
    }
}

#[test]
fn replies_from_two_addresses_of_the_server_do_not_mix() {
    let (server, address) = open(&on("0.0.0.0:0").io(Io::Offload));
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(crate::rig::PATIENCE)).unwrap();
    let targets = [[127, 0, 0, 5], [127, 0, 0, 6]].map(|ip| (ip, address.port()).into());
    for number in 0..20_u8 {
        let target: std::net::SocketAddr = targets[usize::from(number) % 2];
        socket.send_to(&[number; 64], target).unwrap();
    }
    let running = server.start().unwrap();
    let mut buffer = [0; 128];
    for _ in 0..20 {
        let (length, from) = socket.recv_from(&mut buffer).unwrap();
        assert_eq!(length, 64);
        assert_eq!(from, targets[usize::from(buffer[0]) % 2]);
    }
    drained(running);
}

#[test]
fn neighbouring_replies_from_one_address_leave_together_and_those_from_another_apart() {
    let (server, address) = open(&on("0.0.0.0:0").io(Io::Offload));
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(crate::rig::PATIENCE)).unwrap();
    let targets = [[127, 0, 0, 5], [127, 0, 0, 6]].map(|ip| (ip, address.port()).into());
    for number in 0..40_u8 {
        let target: std::net::SocketAddr = targets[usize::from(number) / 5 % 2];
        socket.send_to(&[number; 64], target).unwrap();
    }
    let running = server.start().unwrap();
    let mut buffer = [0; 128];
    for number in 0..40_u8 {
        let (length, from) = socket.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], [number; 64]);
        assert_eq!(from, targets[usize::from(number) / 5 % 2]);
    }
    let total = drained(running).total;
    assert_eq!(total.gathered, 40);
    assert_eq!(total.segments_a_message, spread(vec![5; 8]));
}

#[test]
fn quit_is_found_in_a_train_but_not_inside_a_datagram() {
    for (payload, segment, quits) in [
        (&b"quitquit"[..], 8, false),
        (b"1234quit5678", 4, true),
        (b"12345678quit", 8, true),
        (b"1quit234", 4, false),
        (b"quit12345678", 4, true),
        (b"123456quit", 6, true),
        (b"quit1", 5, false),
        (b"quit!", 4, true),
    ] {
        let (running, server) = started(&on("127.0.0.1:0").io(Io::Offload));
        let client = TrainClient::to(server, false);
        client.send(payload, segment);
        for datagram in payload.chunks(segment.into()) {
            assert_eq!(client.receive(), datagram, "quit itself is echoed too");
        }
        if quits {
            crate::rig::server::ended(running);
        } else {
            client.send(b"still there", 64);
            assert_eq!(client.receive(), b"still there");
            drained(running);
        }
    }
}
