//! More than it can answer: the others still get through, its memory stays, and it ends when told.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use echo_reactor::access::{Limit, Limits};

use super::subject::{Subject, sum};
use crate::rig::client::{Client, noise};
use crate::rig::forge::Forger;
use crate::rig::namespace::Namespace;
use crate::rig::server::{drained, on, started};
use crate::rig::train::TrainClient;
use crate::rig::{PATIENCE, until};

const WORKERS: usize = 4;

/// A datagram that finds no room on its way to the loopback interface is lost before any server
/// sees it, which a client under a flood has to live with.
const SOON: Duration = Duration::from_secs(1);

/// The worker that answers whoever sends from the socket.
#[track_caller]
fn worker_of(subject: &mut Subject, exchange: impl FnOnce()) -> usize {
    let received = |subject: &mut Subject| {
        let counted = subject.counted();
        let workers = counted["workers"].as_array().expect("it has workers");
        let received = workers.iter().map(|worker| sum(&worker["received"]));
        received.collect::<Vec<_>>()
    };
    let before = received(subject);
    exchange();
    let mut after = before.clone();
    until(|| {
        after = received(subject);
        after != before
    });
    (0..WORKERS)
        .find(|&w| after[w] > before[w])
        .expect("one has received something")
}

/// Sixteen flows, each from an address of its own, none of which the last worker answers.
fn crowd(subject: &mut Subject) -> Vec<TrainClient> {
    let server = subject.server;
    let mut flows = Vec::new();
    for source in 1..=16 {
        flows.push(loop {
            let flow = TrainClient::from_to([127, 0, 0, source].into(), server);
            let exchange = || {
                flow.socket
                    .as_std()
                    .send(b"hello")
                    .expect("the kernel takes it");
                flow.receive();
            };
            if worker_of(subject, exchange) != WORKERS - 1 {
                break flow;
            }
        });
    }
    flows
}

/// A client that the last worker answers.
fn well_behaved(subject: &mut Subject) -> Client {
    loop {
        let client = Client::to(subject.server);
        if worker_of(subject, || client.assert_echo(b"hello")) == WORKERS - 1 {
            let set = client.socket.set_read_timeout(Some(SOON));
            set.expect("it is not zero");
            return client;
        }
    }
}

/// How many exchanges of a number succeeded before `done` says that it is enough.
fn exchanges(client: &Client, mut done: impl FnMut(u64) -> bool) -> u64 {
    let (start, mut answered) = (Instant::now(), 0);
    for number in 0_u64.. {
        if done(answered) {
            break;
        }
        assert!(start.elapsed() < 3 * PATIENCE, "{answered} of {number}");
        client.send(&number.to_be_bytes());
        let mut reply = [0; 9];
        // One of an exchange that was given up may come late.
        while let Ok(length) = client.socket.recv(&mut reply) {
            assert_eq!(length, 8);
            if reply[..8] == number.to_be_bytes() {
                answered += 1;
                break;
            }
        }
    }
    answered
}

/// Ends the flood, also where a test fails.
struct Over<'flood>(&'flood AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Sends trains as fast as the kernel takes them.
fn flood(flows: &[TrainClient], over: &AtomicBool) {
    let payload = noise(60_000);
    while !over.load(Ordering::Relaxed) {
        for flow in flows {
            // In the end nobody is there any more.
            let _sent: io::Result<usize> = flow.try_send(&payload, 1_000);
        }
    }
}

/// The flood goes on until the kernel has dropped so many datagrams of it, and longer.
#[test]
fn a_flood_from_sixteen_sources_stops_no_other_flow_takes_no_memory_and_does_not_keep_it_alive() {
    for io in ["single", "batch", "offload"] {
        let workers = WORKERS.to_string();
        // As small as the kernel makes it, so that the flood finds it full on the fastest host.
        let arguments = ["--workers", &workers, "--io", io, "--rcvbuf", "1"];
        let mut subject = Subject::listening(&arguments);
        let crowd = crowd(&mut subject);
        let client = well_behaved(&mut subject);
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let _over = Over(&over);
            let (crowd, over) = (&crowd, &over);
            for flows in crowd.chunks(8) {
                scope.spawn(move || flood(flows, over));
            }
            let drops = |subject: &mut Subject| sum(&subject.counted()["total"]["kernel_drops"]);
            until(|| drops(&mut subject) > 2_000);
            let before = subject.resident();
            let answered = exchanges(&client, |answered| {
                answered >= 200 && answered % 50 == 0 && drops(&mut subject) > 10_000
            });
            let spared = subject.counted()["workers"][WORKERS - 1].take();
            assert_eq!(spared["kernel_drops"], 0, "{io}");
            assert!(sum(&spared["echoed"]) >= answered, "{io}");
            let grown = subject.resident().saturating_sub(before);
            // The slots of three workers, which trains fill one after the other.
            let slots = if io == "offload" { 12 << 20 } else { 0 };
            assert!(grown < slots + (1 << 20), "{io}: {grown} bytes");
            // Nobody stops to send.
            let total = subject.end();
            assert!(sum(&total["kernel_drops"]) > 10_000, "{io}: {total}");
        });
    }
}

/// Every one is a stranger: the books on sources have room for fewer.
#[test]
fn a_hundred_thousand_forged_sources_take_no_memory_and_nothing_from_the_others() {
    const FORGED: u32 = 100_000;
    let Some(namespace) = Namespace::fresh() else {
        return;
    };
    namespace.run(|| {
        let Some(forger) = Forger::v4() else { return };
        let arguments = ["--rate-limit", "10/s:20", "--rate-limit-total", "1k/s:2k"];
        let mut subject = Subject::listening(&arguments);
        let client = Client::to(subject.server);
        let received = |subject: &mut Subject| sum(&subject.counted()["total"]["received"]);
        let mut before = None;
        for number in 0..FORGED {
            let from = Ipv4Addr::from(0x7f01_0000 + number);
            forger.send_v4(SocketAddrV4::new(from, 4_009), subject.server, b"forged");
            // Nobody may lose any here: each has to be judged.
            if number % 1_000 == 999 {
                until(|| received(&mut subject) == u64::from(number) + 1);
            }
            if number == 10_000 {
                before = Some(subject.resident());
            }
        }
        let grown = subject.resident().saturating_sub(before.unwrap());
        assert!(grown < 1 << 20, "{grown} bytes");
        // The limit in all is shared by everybody, so that it may take a while.
        client
            .socket
            .set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        exchanges(&client, |answered| answered >= 5);
        let total = subject.end();
        let refused = &total["refused"];
        assert!(
            sum(&refused["total rate"]) > u64::from(FORGED) / 2,
            "{total}"
        );
        assert_eq!(total["kernel_drops"], 0);
        assert!(sum(&total["echoed_bytes"]) < sum(&total["received_bytes"]));
    });
}

/// What is forged costs a source that keeps to its limit no answer.
#[test]
fn whoever_keeps_to_the_limit_is_answered_among_forged_sources() {
    let Some(namespace) = Namespace::fresh() else {
        return;
    };
    namespace.run(|| {
        let Some(forger) = Forger::v4() else { return };
        let limits = Limits {
            each: Some(Limit::new(10_000, 20)),
            ..Limits::default()
        };
        let (running, server) = started(&on("127.0.0.1:0").limits(limits));
        let client = Client::to(server);
        for number in 0..20_000_u32 {
            let from = Ipv4Addr::from(0x7f01_0000 + number);
            let target = SocketAddr::from((Ipv4Addr::LOCALHOST, server.port()));
            forger.send_v4(SocketAddrV4::new(from, 4_009), target, b"forged");
            if number % 1_000 == 0 {
                client.assert_echo(&number.to_be_bytes());
            }
        }
        let total = drained(running).total;
        assert_eq!(total.echoed, 20_020);
        assert!(total.refused.is_empty(), "{total:?}");
    });
}
