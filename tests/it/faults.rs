//! Faults on purpose: what a client sees is what the server counts, to the datagram.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use echo_reactor::config::{Io, WhenFull};
use echo_reactor::stats::faults::FaultAccount;
use echo_reactor::stats::summary::Account;
use echo_reactor::udp::{Socket, SocketOptions};
use echo_reactor::{Config, Faults, Running, Summary};
use serde_json::Value;

use crate::blocked::slow_link;
use crate::rig::client::{Client, noise};
use crate::rig::namespace::NEAR_V4;
use crate::rig::program::Program;
use crate::rig::server::{EACH_IO, drained, on, started};
use crate::rig::train::TrainClient;
use crate::rig::until;

fn faulty(address: &str, faults: &str) -> Config {
    let faults: Faults = faults.parse().expect("the plan is right");
    on(address).faults(faults)
}

/// What a client with sequence numbers saw.
#[derive(Debug, Default, Eq, PartialEq)]
struct Seen {
    sent: u64,
    /// How often each number came back intact.
    intact: BTreeMap<u64, u64>,
    /// Came back in a form that was never sent.
    corrupted: u64,
    /// Came intact after a higher number (RFC 4737), further copies left out.
    reordered: u64,
    highest: Option<u64>,
}

impl Seen {
    /// What datagram `number` looks like: any flipped bit shows.
    fn payload(number: u64) -> Vec<u8> {
        [number.to_be_bytes(), (!number).to_be_bytes()].concat()
    }

    fn note(&mut self, payload: &[u8]) {
        let number = payload.first_chunk().map_or(0, |n| u64::from_be_bytes(*n));
        if !payload.starts_with(&Self::payload(number)) {
            self.corrupted += 1;
            return;
        }
        let times = self.intact.entry(number).or_default();
        *times += 1;
        if *times == 1 {
            self.reordered += u64::from(Some(number) < self.highest);
            self.highest = self.highest.max(Some(number));
        }
    }

    fn duplicated(&self) -> u64 {
        self.intact.values().map(|times| times - 1).sum()
    }

    fn missing(&self) -> u64 {
        self.sent - self.intact.len() as u64 - self.corrupted
    }

    /// The client's counts are the server's.
    #[track_caller]
    fn assert_told_by(&self, summary: &Summary) -> FaultAccount {
        let faults = summary.total.faults.expect("it has faults");
        let told = [
            faults.dropped_by_fault,
            faults.duplicated,
            faults.corrupted,
            faults.reordered,
        ];
        let seen = [
            self.missing(),
            self.duplicated(),
            self.corrupted,
            self.reordered,
        ];
        assert_eq!(seen, told, "{summary}");
        assert_eq!(summary.total.received, self.sent, "{summary}");
        let echoed = self.sent - self.missing();
        assert_eq!(summary.total.echoed, echoed, "{summary}");
        faults
    }
}

/// A client with a large buffer that counts what comes.
struct Counting {
    socket: Socket,
    seen: Seen,
}

impl Counting {
    fn to(server: SocketAddr) -> Self {
        let options = SocketOptions {
            receive_buffer: Some(4 << 20),
            ..SocketOptions::default()
        };
        let socket = Socket::connect(server, &options).expect("the server has a route");
        let seen = Seen::default();
        Self { socket, seen }
    }

    /// Sends so many, a few at a time, so that neither side's buffer overflows.
    #[track_caller]
    fn send(&mut self, running: &Running, datagrams: u64) {
        for number in self.seen.sent..self.seen.sent + datagrams {
            let payload = Seen::payload(number);
            let sent = self.socket.as_std().send(&payload);
            assert_eq!(sent.expect("the kernel sends it"), payload.len());
            self.seen.sent += 1;
            if self.seen.sent.is_multiple_of(50) {
                // A few may be held until another one follows.
                until(|| {
                    let total = running.summary().total;
                    total.received == self.seen.sent && total.unaccounted() <= 20
                });
                self.take();
            }
        }
    }

    /// Takes what is there.
    fn take(&mut self) {
        let mut buffer = [0; 1_024];
        while let Ok(length) = self.socket.as_std().recv(&mut buffer) {
            self.seen.note(&buffer[..length]);
        }
    }

    /// Ends the server, and takes what it sent.
    #[track_caller]
    fn end(mut self, running: Running) -> (Seen, Summary) {
        let summary = drained(running);
        self.take();
        (self.seen, summary)
    }
}

#[track_caller]
fn seen_under(config: &Config, datagrams: u64) -> (Seen, Summary) {
    let (running, server) = started(config);
    let mut client = Counting::to(([127, 0, 0, 1], server.port()).into());
    client.send(&running, datagrams);
    client.end(running)
}

#[test]
fn each_fault_alone_is_what_the_client_sees() {
    for io in EACH_IO {
        for (fault, met) in [
            (
                "drop=10%",
                (|told| told.dropped_by_fault) as fn(FaultAccount) -> u64,
            ),
            ("duplicate=10%", |told| told.duplicated),
            ("corrupt=10%", |told| told.corrupted),
            ("reorder=10%", |told| told.reordered),
        ] {
            for address in ["127.0.0.1:0", "0.0.0.0:0"] {
                let (seen, summary) = seen_under(&faulty(address, fault).io(io), 1_000);
                let told = seen.assert_told_by(&summary);
                let met = met(told);
                // Ten standard deviations; and the seed is always the same.
                assert!((5..200).contains(&met), "{fault}, {io:?}: {summary}");
                let others = [
                    told.dropped_by_fault,
                    told.duplicated,
                    told.corrupted,
                    told.reordered,
                ];
                assert_eq!(others.iter().sum::<u64>(), met, "{fault}: {summary}");
                assert_eq!((told.delayed, told.served, told.stalls), (0, 0, 0));
            }
        }
    }
}

#[test]
fn all_faults_together_are_what_the_client_sees() {
    let faults = "drop=1%,duplicate=2%,corrupt=1.5%,reorder=3%,delay=100us,service=exp:5us,\
                  stall=20ms@50ms,seed=11";
    let (seen, summary) = seen_under(&faulty("127.0.0.1:0", faults), 20_000);
    let told = seen.assert_told_by(&summary);
    for (met, expected) in [
        (told.dropped_by_fault, 200_u64),
        (told.duplicated, 400),
        (told.corrupted, 300),
        (told.reordered + told.held_in_vain, 600),
    ] {
        assert!(met.abs_diff(expected) < expected / 2, "{summary}");
    }
    assert_eq!(told.served, 20_000);
    assert_eq!(told.delayed, summary.total.echoed);
    assert_eq!(told.stalls, 1);
}

#[test]
fn every_datagram_of_a_train_has_a_fate_of_its_own() {
    for io in EACH_IO {
        let (running, server) = started(&faulty("127.0.0.1:0", "drop=25%").io(io));
        let client = TrainClient::to(server, true);
        for _ in 0..20 {
            client.send(&noise(640), 64);
        }
        until(|| running.summary().total.received == 200);
        let total = drained(running).total;
        let mut replies = 0;
        while client.socket.as_std().recv(&mut [0; 700]).is_ok() {
            replies += 1;
        }
        assert_eq!(replies, total.echoed, "each came back alone");
        let dropped = total.faults.map(|faults| faults.dropped_by_fault);
        assert_eq!(dropped, Some(200 - replies));
        assert!((100..190).contains(&replies), "{io:?}: {replies}");
    }
}

#[test]
fn the_same_seed_means_the_same_fates_and_another_one_others() {
    let faults = "drop=10%,duplicate=10%,corrupt=10%";
    let fates = |seed: u64, io: Io| {
        let config = faulty("127.0.0.1:0", &format!("{faults},seed={seed}")).io(io);
        seen_under(&config, 500).0.intact
    };
    let first = fates(7, Io::Batch);
    assert_eq!(first, fates(7, Io::Single));
    assert_ne!(first, fates(8, Io::Batch));
}

#[test]
fn quit_is_answered_intact_whatever_goes_wrong() {
    for fault in [
        "drop=100%",
        "duplicate=100%",
        "corrupt=100%",
        "reorder=100%",
    ] {
        let (mut program, server) = Program::listening(&["--fault", fault]);
        let client = Client::to(server);
        if fault == "drop=100%" {
            client.send(b"lost");
        }
        client.assert_echo(b"quit");
        client.assert_nothing_queued();
        assert_eq!(program.status().code(), Some(0), "{fault}");
        assert_eq!(program.end().counted("echoed"), Some(1), "{fault}");
    }
}

#[test]
fn an_empty_datagram_cannot_be_corrupted_and_passes() {
    let (running, server) = started(&faulty("127.0.0.1:0", "corrupt=100%"));
    let client = Client::to(server);
    client.assert_echo(b"");
    client.send(&[0; 1_000]);
    let bits = client.receive().into_iter().map(u8::count_ones);
    assert_eq!(bits.sum::<u32>(), 1);
    let total = drained(running).total;
    assert_eq!(total.faults.map(|faults| faults.corrupted), Some(1));
    assert_eq!(total.echoed, 2);
}

#[test]
fn what_nothing_overtakes_comes_late_and_in_order() {
    let (running, server) = started(&faulty("127.0.0.1:0", "reorder=100%"));
    let client = Client::to(server);
    let start = Instant::now();
    for number in 0..10 {
        client.send(&[number]);
    }
    for number in 0..10 {
        assert_eq!(client.receive(), [number]);
        assert!(start.elapsed() >= Duration::from_millis(100));
    }
    let total = drained(running).total;
    let told = total.faults.unwrap();
    assert_eq!((told.reordered, told.held_in_vain), (0, 10));
}

#[test]
fn a_delayed_reply_never_comes_early_and_keeps_its_place() {
    for (delay, faults) in [(3, "delay=3ms"), (30, "delay=30ms")] {
        for io in EACH_IO {
            let (running, server) = started(&faulty("127.0.0.1:0", faults).io(io));
            let client = Client::to(server);
            let sent: Vec<_> = (0..50_u8)
                .map(|number| {
                    let now = Instant::now();
                    client.send(&[number]);
                    now
                })
                .collect();
            for (number, sent) in (0..50_u8).zip(sent) {
                assert_eq!(client.receive(), [number]);
                assert!(sent.elapsed() >= Duration::from_millis(delay), "{io:?}");
            }
            let total = drained(running).total;
            assert_eq!(total.faults.map(|faults| faults.delayed), Some(50));
        }
    }
}

#[test]
fn a_server_that_ends_sends_what_it_still_delays() {
    let (running, server) = started(&faulty("127.0.0.1:0", "delay=1h,reorder=50%"));
    let client = Client::to(server);
    for _ in 0..20 {
        client.send(b"x");
    }
    until(|| running.summary().total.received == 20);
    let total = drained(running).total;
    assert_eq!(total.echoed, 20);
    assert_eq!(total.faults.map(|faults| faults.delayed), Some(0), "early");
    (0..20).for_each(|_| assert_eq!(client.receive(), b"x"));
}

#[test]
fn a_server_serves_one_after_the_other_each_for_its_time() {
    for io in EACH_IO {
        let (running, server) = started(&faulty("127.0.0.1:0", "service=fixed:2ms").io(io));
        let client = Client::to(server);
        let start = Instant::now();
        for number in 0..20 {
            client.send(&[number]);
        }
        for number in 0..20_u8 {
            assert_eq!(client.receive(), [number]);
            let least = Duration::from_millis(2) * (u32::from(number) + 1);
            assert!(start.elapsed() >= least, "{io:?}, {number}");
        }
        let total = drained(running).total;
        assert_eq!(total.faults.map(|faults| faults.served), Some(20));
        assert_eq!(
            total.received_a_call,
            [(1, 20)].into(),
            "the rest stays queued"
        );
    }
}

#[test]
fn a_stall_keeps_the_answers_back_and_loses_none() {
    for io in EACH_IO {
        let (running, server) = started(&faulty("127.0.0.1:0", "stall=100ms@0s").io(io));
        let client = Client::to(server);
        let start = Instant::now();
        client.assert_echo(b"first");
        for number in 0..100 {
            client.send(&[number]);
        }
        for number in 0..100_u8 {
            assert_eq!(client.receive(), [number]);
            assert!(start.elapsed() >= Duration::from_millis(100), "{io:?}");
        }
        let total = drained(running).total;
        assert_eq!(total.faults.map(|faults| faults.stalls), Some(1));
        assert_eq!(total.echoed, 101);
    }
}

/// The stall would last for an hour, but one that shall end ends it.
#[test]
fn a_stall_overflows_a_small_buffer_and_every_datagram_is_still_in_one_count() {
    let config = faulty("127.0.0.1:0", "stall=1h@0s").receive_buffer(4_096);
    let (running, server) = started(&config);
    let client = Client::to(server);
    client.assert_echo(b"first");
    until(|| {
        running
            .summary()
            .total
            .faults
            .is_some_and(|faults| faults.stalls == 1)
    });
    for _ in 0..100 {
        client.send(b"x");
    }
    running.stopper().drain();
    let total = running.join().unwrap().total;
    assert!(total.kernel_drops > 0, "{total:?}");
    assert_eq!(total.received + total.kernel_drops, 101);
    assert_eq!(total.unaccounted(), 0);
}

/// Packets of the server wait for a long time on their way, and its socket takes only a few.
#[test]
fn replies_that_have_to_wait_for_room_keep_their_fates() {
    for (io, when_full) in EACH_IO
        .into_iter()
        .zip([WhenFull::Wait, WhenFull::Wait, WhenFull::Drop])
    {
        let Some(pair) = slow_link("128kbit") else {
            return;
        };
        let config = faulty("10.77.0.1:0", "duplicate=30%,reorder=30%,delay=1ms");
        let config = config.io(io).when_full(when_full).send_buffer(2_304);
        let (running, server) = pair.near.run(|| started(&config));
        let target = (NEAR_V4, server.port()).into();
        let mut client = pair.far.run(|| Counting::to(target));
        for number in 0..40 {
            let payload = [Seen::payload(number), noise(500)].concat();
            client.socket.as_std().send(&payload).unwrap();
        }
        let settled = |total: Account| total.received == 40 && total.unaccounted() == 0;
        until(|| settled(running.summary().total));
        let total = drained(running).total;
        assert!(total.send_blocked > 0, "{total:?}");
        let faults = total.faults.unwrap();
        assert_eq!(total.dropped == 0, when_full == WhenFull::Wait, "{total:?}");
        until(|| {
            client.take();
            let copies = client.seen.duplicated();
            (client.seen.intact.len() as u64, copies) == (total.echoed, faults.duplicated)
        });
        assert_eq!(client.seen.reordered, faults.reordered);
    }
}

#[test]
fn two_workers_have_fates_of_their_own_and_one_sum() {
    let (running, server) = started(&faulty("127.0.0.1:0", "drop=50%").workers(2));
    let mut clients: Vec<_> = (0..16).map(|_| Counting::to(server)).collect();
    for client in &mut clients {
        for number in 0..20 {
            client.socket.as_std().send(&Seen::payload(number)).unwrap();
        }
    }
    until(|| running.summary().total.received == 320);
    let summary = drained(running);
    let replies: u64 = clients
        .iter_mut()
        .map(|client| {
            client.take();
            client.seen.intact.len() as u64
        })
        .sum();
    assert_eq!(summary.total.echoed, replies);
    let dropped = summary.workers.iter().filter_map(|worker| worker.faults);
    let dropped: u64 = dropped.map(|faults| faults.dropped_by_fault).sum();
    assert_eq!(dropped, 320 - replies);
}

#[test]
fn a_server_with_faults_says_so_wherever_it_speaks() {
    let plan = "drop=0.1%,delay=500us,seed=7";
    for (io, said) in [
        ("single", "single"),
        ("batch", "batch"),
        ("offload", "batch"),
    ] {
        let arguments = ["--listen", "127.0.0.1:0", "--io", io, "--fault", plan];
        let mut program = Program::start(&arguments);
        let line = program.line();
        assert!(line.ends_with(&format!(", FAULTS: {plan}")), "{line}");
        let mut program = Program::start(&[&arguments[..], &["--json"]].concat());
        let line: Value = serde_json::from_str(&program.line()).unwrap();
        assert_eq!(line["faults"], plan);
        assert_eq!(line["io"], said);
        let address = line["address"].as_str().unwrap().parse().unwrap();
        Client::to(address).assert_echo(b"quit");
        let ended = program.end();
        let summary: Value = serde_json::from_str(&ended.stdout[0]).unwrap();
        let told = &summary["total"]["faults"];
        assert_eq!(told["delayed"], 1);
        assert_eq!(told["dropped_by_fault"], 0);
        assert_eq!(&summary["workers"][0]["faults"], told);
    }
}

#[test]
fn a_server_without_faults_speaks_of_none() {
    let mut program = Program::start(&["--listen", "127.0.0.1:0", "--json"]);
    let line: Value = serde_json::from_str(&program.line()).unwrap();
    assert_eq!(line["faults"], Value::Null);
    let address = line["address"].as_str().unwrap().parse().unwrap();
    Client::to(address).assert_echo(b"quit");
    let ended = program.end();
    assert!(!ended.stdout[0].contains("faults"), "{:?}", ended.stdout);
    let (mut program, server) = Program::listening(&[]);
    Client::to(server).assert_echo(b"quit");
    assert_eq!(program.status().code(), Some(0));
    let text = program.end().stdout.join("\n").to_lowercase();
    assert!(!text.contains("fault"), "{text}");
}

#[test]
fn a_wrong_plan_is_wrong_use_and_its_part_is_named() {
    for (plan, part) in [
        ("", "''"),
        ("drop=1%,lose=1%", "'lose=1%'"),
        ("drop=1%,delay=5", "'delay=5'"),
        ("drop=60%,reorder=60%", "'drop=60%,reorder=60%'"),
        ("stall=1s", "'stall=1s'"),
        ("service=50us", "'service=50us'"),
        ("seed=1", "'seed=1'"),
    ] {
        let ended = Program::start(&["--fault", plan]).end();
        assert_eq!(ended.status.code(), Some(2), "{plan}");
        assert_eq!(ended.stdout, [""; 0], "{plan}");
        let text = ended.stderr.join("\n");
        assert!(text.contains("--fault"), "{text}");
        assert!(text.contains(part), "{text}");
    }
}
