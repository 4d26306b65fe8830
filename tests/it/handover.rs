//! SIGUSR2: another program in the place of the running one, and no datagram lost.

use std::net::UdpSocket;
use std::process::Command;

use rustix::process::{Signal, geteuid};

use crate::activation::started_with;
use crate::rig::client::Client;
use crate::rig::http::get;
use crate::rig::lineage::{Lineage, summed};
use crate::rig::manager::Manager;
use crate::rig::program::{PROGRAM, Program};
use crate::rig::stream::Stream;
use crate::rig::until;

/// Has a server replaced so many times under a steady stream of datagrams.
#[track_caller]
fn replaced(times: usize, arguments: &[&str]) {
    let (mut lineage, server) = Lineage::listening(arguments);
    let stream = Stream::to(server);
    for _ in 0..times {
        lineage.replace();
    }
    let sent = stream.end();
    let ended = lineage.end();
    assert_eq!(ended.status.code(), Some(0), "{:?}", ended.stderr);
    assert_eq!(summed(&ended, "received"), sent, "{arguments:?}");
    assert_eq!(summed(&ended, "echoed"), sent, "{arguments:?}");
    let summaries = ended
        .stdout
        .iter()
        .filter(|line| line.starts_with("received "));
    assert_eq!(summaries.count(), times + 1, "each tells what it did");
}

#[test]
fn twenty_replacements_lose_nothing_and_answer_nothing_twice() {
    replaced(20, &["--workers", "2"]);
}

#[test]
fn every_way_to_read_and_wait_can_be_replaced() {
    for arguments in [
        &["--io", "single"][..],
        &["--io", "batch", "--workers", "3", "--steer", "cpu"],
        &["--wait", "spin", "--log-datagrams"],
        &["--sandbox", "off", "--timestamps"],
        &["--fault", "delay=2ms"],
    ] {
        replaced(3, arguments);
    }
}

#[test]
fn another_user_can_be_replaced_as_often_as_wanted() {
    if geteuid().is_root() {
        replaced(3, &["--user", "65534:65534", "--workers", "2"]);
    }
}

#[test]
fn a_successor_is_ended_like_any_server() {
    for by_datagram in [true, false] {
        let (mut lineage, server) = Lineage::listening(&[]);
        lineage.replace();
        let client = Client::to(server);
        client.assert_echo(b"Hello, world");
        if by_datagram {
            client.assert_echo(b"quit");
        } else {
            lineage.signal(Signal::TERM);
        }
        let ended = lineage.wait();
        let received = if by_datagram { 2 } else { 1 };
        assert_eq!(summed(&ended, "received"), received);
    }
}

#[test]
fn a_successor_reads_the_rules_again_when_it_takes_over() {
    let file = std::env::temp_dir().join(format!("echo-it-taken-rules-{}", std::process::id()));
    std::fs::write(&file, "127.0.0.0/8\n").unwrap();
    let path = file.display().to_string();
    let (mut lineage, server) = Lineage::listening(&["--allow-file", &path]);
    lineage.signal(Signal::USR2);
    lineage.hear("from now on there are");
    std::fs::remove_file(&file).unwrap();
    Client::to(server).assert_echo(b"quit");
    lineage.wait();
}

#[test]
fn a_second_demand_while_one_is_under_way_is_refused_by_a_sentence() {
    let (mut lineage, server) = Lineage::listening(&[]);
    // Both signals are taken one by one, and starting a program takes longer than a signal.
    lineage.signal(Signal::USR2);
    lineage.hear("starts the program anew");
    lineage.signal(Signal::USR2);
    let refused = lineage.hear("under way");
    assert!(refused.contains("try again"), "{refused}");
    lineage.hear("answers what comes");
    Client::to(server).assert_echo(b"quit");
    assert_eq!(summed(&lineage.wait(), "echoed"), 1);
}

#[test]
fn metrics_stay_at_their_port_and_only_the_successor_is_ready() {
    let (mut lineage, server) = Lineage::listening(&["--metrics", "127.0.0.1:0"]);
    let line = lineage.program().line();
    let metrics = line
        .strip_prefix("metrics at http://")
        .and_then(|url| url.split('/').next());
    let metrics = metrics
        .and_then(|address| address.parse().ok())
        .expect("it says where");
    let client = Client::to(server);
    for _ in 0..5 {
        client.assert_echo(b"Hello, world");
        until(|| {
            get(metrics, "/metrics").count("echo_reactor_echoed_datagrams_total{worker=\"0\"}") == 1
        });
        lineage.replace();
        // Nobody is turned away, and soon nobody else answers.
        until(|| {
            get(metrics, "/metrics").count("echo_reactor_echoed_datagrams_total{worker=\"0\"}") == 0
        });
        until(|| get(metrics, "/readyz").status == 200);
    }
    client.assert_echo(b"quit");
    lineage.wait();
}

#[test]
fn a_service_manager_is_told_who_answers_from_now_on() {
    let manager = Manager::new();
    let mut command = Command::new("sh");
    // As a manager has it: signs of life are wanted of this process alone.
    command.args(["-c", "WATCHDOG_PID=$$ exec \"$@\"", "sh", PROGRAM]);
    command.args(["--listen", "127.0.0.1:0"]);
    command.env("NOTIFY_SOCKET", &manager.path);
    command.env("WATCHDOG_USEC", "100000");
    let (mut lineage, server) = Lineage::run(command);
    manager.hear_until("READY=1");
    lineage.replace();
    assert_eq!(manager.hear_until("RELOADING=1").len(), 2);
    let told = manager.hear_until(&format!("MAINPID={}", lineage.process));
    assert_eq!(told[1..], ["READY=1", "WATCHDOG=1"]);
    // The successor speaks for itself, and gives signs of life.
    assert_eq!(manager.hear_until("READY=1").len(), 2);
    manager.hear_until("WATCHDOG=1");
    Client::to(server).assert_echo(b"quit");
    let mut stopping = 0;
    while stopping == 0 {
        stopping += usize::from(manager.hear()[0] == "STOPPING=1");
    }
    lineage.wait();
}

/// The test holds the socket, as a service manager does, and starts one program after the other.
#[test]
fn what_comes_between_two_services_waits_in_the_socket_of_the_manager() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let stream = Stream::to(socket.local_addr().unwrap());
    let serve = || {
        let mut program = started_with(socket.try_clone().unwrap(), &[]);
        program.announced();
        program
    };
    let ended = |program: Program| {
        program.signal(Signal::TERM);
        program.end().counted("echoed").unwrap_or_default()
    };
    let mut echoed = 0;
    for _ in 0..5 {
        echoed += ended(serve());
    }
    let last = serve();
    let sent = stream.end();
    assert_eq!(echoed + ended(last), sent);
}
