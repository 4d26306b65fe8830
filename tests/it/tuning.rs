//! Flags for those who tune: each takes effect, or says why not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use echo_reactor::Server;
use echo_reactor::config::Wait;
use echo_reactor::udp::{Socket, SocketOptions};
use rustix::process::Signal;
use serde_json::Value;

use crate::rig::PATIENCE;
use crate::rig::client::{Client, noise};
use crate::rig::program::Program;
use crate::rig::server::{EACH_IO, drained, on, open, room_for, started, told_by};
use crate::rig::traffic_class;

#[test]
fn a_worker_that_spins_answers_and_ends() {
    let patience = Duration::from_millis(1);
    for wait in [Wait::Spin, Wait::Adaptive(patience)] {
        for io in EACH_IO {
            let (running, server) = started(&on("0.0.0.0:0").io(io).wait(wait).workers(2));
            let client = Client::to(([127, 0, 0, 1], server.port()).into());
            for length in [0, 64, 65_507] {
                client.assert_echo(&noise(length));
            }
            drained(running);
        }
    }
}

#[test]
fn a_flooded_socket_lets_the_others_have_their_turn() {
    for io in EACH_IO {
        let (server, flooded) = open(&on("127.0.0.1:0").io(io));
        let client = Client::to(flooded);
        // More than a turn holds, and less than the client's own buffer.
        let sent = 1_500;
        for _ in 0..sent {
            client.send(b"x");
        }
        let running = server.start().unwrap();
        let slots = if io == echo_reactor::config::Io::Single {
            1
        } else {
            64
        };
        let summary = drained(running);
        assert_eq!(summary.total.received, sent);
        assert!(summary.total.budget_cuts >= 2, "{io:?} {slots}: {summary}");
    }
}

/// Two sockets of one worker, and a client that hears both: the replies come in the order in which
/// the worker has sent them.
#[test]
fn a_flooded_socket_costs_another_of_its_worker_one_turn_at_most() {
    // Slots that a turn has at most.
    let turn = 512;
    for io in ["single", "batch", "offload"] {
        let listen = ["--listen", "127.0.0.1:0", "--listen", "127.0.0.2:0"];
        let config = told_by(&[&listen[..], &["--io", io]].concat());
        let server = Server::bind(&config).unwrap();
        let [flooded, other] = [0, 1].map(|index| server.endpoints()[index].address);
        let flood = 3_000;
        if room_for(&server, flood + 1).is_none() {
            return;
        }
        let client = roomy_client();
        for _ in 0..flood {
            client.send_to(b"flood", flooded).unwrap();
        }
        client.send_to(b"other", other).unwrap();
        let total = drained(server.start().unwrap()).total;
        assert_eq!(total.echoed, flood as u64 + 1);
        assert!(total.budget_cuts >= 5, "{io}: {total:?}");
        let replies = (0..=flood).map(|_| client.recv_from(&mut [0; 16]).unwrap().1);
        let before = replies.take_while(|from| *from == flooded).count();
        assert!(before <= turn, "{io}: {before} replies came before");
    }
}

/// A client whose own buffer is as large as the server's.
fn roomy_client() -> UdpSocket {
    let options = SocketOptions {
        receive_buffer: Some(4 << 20),
        ..SocketOptions::default()
    };
    let socket = Socket::bind(([127, 0, 0, 1], 0).into(), &options);
    let socket = socket.expect("a port is free");
    let client = socket.as_std().try_clone().expect("files may be opened");
    client.set_nonblocking(false).expect("a mode of sockets");
    let timeout = client.set_read_timeout(Some(PATIENCE));
    timeout.expect("it is not zero");
    client
}

#[test]
fn the_batch_is_as_large_as_was_asked() {
    for (slots, calls) in [(1, 1_000), (10, 100), (64, 16)] {
        let (server, address) = open(&on("127.0.0.1:0").batch(slots));
        let client = Client::to(address);
        for _ in 0..1_000 {
            client.send(b"x");
        }
        let summary = drained(server.start().unwrap());
        let full: u64 = summary.total.received_a_call.values().sum();
        assert_eq!(full, calls, "batches of {slots}");
    }
}

/// The first line of a program in JSON, and what it said on standard error by its end.
fn told(arguments: &[&str]) -> (Value, Vec<String>) {
    let arguments = [&["--json", "--listen", "127.0.0.1:0"], arguments].concat();
    let mut program = Program::start(&arguments);
    let line: Value = serde_json::from_str(&program.line()).expect("it is JSON");
    let address = line["address"].as_str().expect("it has an address");
    Client::to(address.parse().expect("it is one")).assert_echo(b"quit");
    let ended = program.end();
    assert_eq!(ended.status.code(), Some(0), "{:?}", ended.stderr);
    (line, ended.stderr)
}

#[test]
fn what_took_effect_is_told() {
    let (line, warnings) = told(&[
        "--tos",
        "184",
        "--rcvbuf",
        "64Ki",
        "--sndbuf",
        "32Ki",
        "--timestamps",
    ]);
    assert_eq!(line["traffic_class"], "184");
    assert_eq!(line["receive_buffer_bytes"], 131_072);
    assert_eq!(line["send_buffer_bytes"], 65_536);
    assert_eq!(line["timestamps"], "true");
    assert_eq!(warnings, [""; 0]);
}

#[test]
fn a_program_that_spins_ends_by_a_signal_and_by_quit() {
    for wait in [&["spin"][..], &["adaptive", "--spin-for", "1ms"]] {
        for io in ["single", "batch", "offload"] {
            let arguments = [&["--io", io, "--workers", "2", "--wait"], wait].concat();
            let (program, server) = Program::listening(&arguments);
            Client::to(server).assert_echo(b"Hello, world");
            program.signal(Signal::TERM);
            assert_eq!(program.end().counted("echoed"), Some(1), "{arguments:?}");
            let (program, server) = Program::listening(&arguments);
            Client::to(server).assert_echo(b"quit");
            assert_eq!(program.end().counted("echoed"), Some(1), "{arguments:?}");
        }
    }
}

#[test]
fn trains_left_out_are_told_and_everything_is_still_echoed() {
    for (gro, gso) in [("on", "on"), ("on", "off"), ("off", "on"), ("off", "off")] {
        let (line, _) = told(&["--gro", gro, "--gso", gso]);
        let received = (gro == "on").then_some("true");
        assert_eq!(line["receive_offload"].as_str(), received);
        let segments = line["segments"].as_u64();
        assert_eq!(segments > Some(1), gso == "on", "{line}");
    }
    for io in ["single", "batch"] {
        let (line, _) = told(&["--io", io]);
        assert_eq!(line["segments"], 1);
        assert_eq!(line["receive_offload"], Value::Null);
    }
}

/// Asked by a client that can be told the traffic class, which the standard library cannot.
#[test]
fn replies_carry_the_traffic_class() {
    for (listen, io) in ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"]
        .into_iter()
        .flat_map(|listen| ["single", "batch", "offload"].map(|io| (listen, io)))
    {
        let arguments = ["--listen", listen, "--io", io, "--tos", "184"];
        let mut program = Program::start(&arguments);
        let server = program.announced();
        let host = if server.is_ipv6() {
            IpAddr::from(Ipv6Addr::LOCALHOST)
        } else {
            IpAddr::from(Ipv4Addr::LOCALHOST)
        };
        let asked = SocketAddr::new(host, server.port());
        let Some(classes) = traffic_class::of_replies(asked) else {
            return;
        };
        assert_eq!(classes, "184\n184\n184\n", "{listen}, {io}");
        program.signal(Signal::TERM);
        assert_eq!(program.end().counted("echoed"), Some(3));
    }
}

#[test]
fn a_pinned_worker_runs_where_it_was_told_to() {
    let (program, server) = Program::listening(&["--pin", "0", "--workers", "2"]);
    let client = Client::to(server);
    client.assert_echo(b"Hello, world");
    let tasks = std::fs::read_dir(format!("/proc/{}/task", program.id())).unwrap();
    let mut pinned = 0;
    for task in tasks {
        let status = std::fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        let field = |name: &str| {
            let value = status.lines().find_map(|line| line.strip_prefix(name));
            value.expect("Linux tells it").trim()
        };
        if field("Name:").starts_with("worker-") && field("Cpus_allowed_list:") == "0" {
            pinned += 1;
        }
    }
    // Only the one that has answered is known to have begun.
    assert!(pinned >= 1);
    client.assert_echo(b"quit");
    program.end().assert_well();
}

/// Raising it takes a privilege, and an older kernel knows only the first of the two: either way
/// the kernel's answer is told.
#[test]
fn what_became_of_busy_polling_is_told() {
    let (line, _) = told(&["--busy-poll", "50"]);
    for answer in [&line["busy_poll_usecs"], &line["epoll_busy_poll_usecs"]] {
        let answer = answer.as_str().expect("it was asked for");
        let known = ["50", "unsupported"].contains(&answer) || answer.starts_with("failed: ");
        assert!(known, "{answer}");
    }
    let (line, _) = told(&[]);
    assert!(line["busy_poll_usecs"].is_null(), "{line}");
}

#[test]
fn a_pinned_worker_is_told_and_a_missing_processor_is_wrong_use() {
    let (line, _) = told(&["--pin", "0", "--workers", "2"]);
    assert_eq!(line["pinned"], serde_json::json!([0, 0]));
    let ended = Program::start(&["--listen", "127.0.0.1:0", "--pin", "1000"]).end();
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stderr[0].contains("--pin"), "{:?}", ended.stderr);
}

#[test]
fn steering_by_processor_warns_on_loopback_addresses() {
    let (line, warnings) = told(&["--steer", "cpu", "--workers", "2"]);
    assert_eq!(line["steer"], "cpu");
    assert!(warnings[0].contains("loopback"), "{warnings:?}");
}

#[test]
fn steering_by_receive_queue_needs_to_know_where_the_workers_are() {
    let ended = Program::start(&["--steer", "rx-queue-cpu", "--workers", "2"]).end();
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stderr[0].contains("--pin"), "{:?}", ended.stderr);
    let (line, _) = told(&["--steer", "rx-queue-cpu", "--workers", "2", "--pin", "0"]);
    assert_eq!(line["steer"], "rx-queue-cpu");
}

#[test]
fn steering_by_chance_spreads_a_single_flow() {
    let mut program = Program::start(&[
        "--json",
        "--listen",
        "127.0.0.1:0",
        "--workers",
        "3",
        "--steer",
        "random",
    ]);
    let line: Value = serde_json::from_str(&program.line()).unwrap();
    let client = Client::to(line["address"].as_str().unwrap().parse().unwrap());
    // The chance that one of three gets none of 300 is below 1 in 10^50.
    for number in 0..300_u16 {
        client.assert_echo(&number.to_be_bytes());
    }
    client.assert_echo(b"quit");
    let ended = program.end();
    let summary: Value = serde_json::from_str(ended.stdout.last().unwrap()).unwrap();
    for worker in summary["workers"].as_array().unwrap() {
        assert!(worker["received"].as_u64() > Some(0), "{summary}");
    }
}

#[test]
fn the_line_of_an_address_has_words_for_what_is_no_number() {
    let arguments = ["--listen", "127.0.0.1:0", "--timestamps"];
    let limited = ["--rate-limit", "10/s:5", "--rate-limit-prefix", "24,56"];
    let config = told_by(&[&arguments[..], &limited].concat());
    let line = Server::bind(&config).unwrap().endpoints()[0].to_string();
    for part in [
        "receive stamps on",
        "at most 10/s:5 a source (an IPv4 /24 or an IPv6 /56)",
    ] {
        assert!(line.contains(part), "{line}");
    }
}
