//! One text at a time.

use std::net::{SocketAddr, UdpSocket};
use std::os::unix::fs::PermissionsExt;

use echo_reactor::access::{QuitKey, QuitPolicy};
use echo_reactor::{Config, Server};

use crate::rig::program::{Ended, Program};
use crate::rig::server::{ended, server};

fn ping(target: SocketAddr, arguments: &str) -> Ended {
    let patience = if arguments.contains("--timeout") {
        "--interval 1ms"
    } else {
        "--timeout 10s --interval 1ms"
    };
    Program::loadgen(&format!("ping --target {target} {patience} {arguments}")).end()
}

#[test]
fn an_answer_is_shown_with_its_sender_and_its_round_trip() {
    let (_server, target) = server(1);
    let pinged = ping(target, "");
    pinged.assert_code(0);
    assert_eq!(pinged.stderr, "");
    let start = format!("{target} answered \"Hello, world\" (12 bytes) after ");
    let time = pinged.stdout.trim_end().strip_prefix(&start);
    let time = time.unwrap_or_else(|| panic!("{pinged:?}"));
    let (number, unit) = time.split_once(' ').unwrap();
    assert!(number.parse::<f64>().unwrap() > 0.0, "{time}");
    assert!(["ns", "us", "µs", "ms", "s"].contains(&unit), "{time}");
}

#[test]
fn every_round_has_a_line() {
    let (server, target) = server(1);
    let pinged = ping(target, "--count 3 --message Moin");
    pinged.assert_code(0);
    let lines = pinged.stdout.lines();
    assert_eq!(lines.filter(|line| line.contains("\"Moin\"")).count(), 3);
    server.stopper().drain();
    assert_eq!(ended(server).total.received, 3);
}

#[test]
fn quit_stops_the_server() {
    let (server, target) = server(1);
    // Its sockets close once somebody has waited for it.
    let waiting = std::thread::spawn(move || ended(server));
    let pinged = ping(target, "--quit");
    pinged.assert_code(0);
    assert!(
        pinged.stdout.contains("has ended: its port is closed"),
        "{pinged:?}"
    );
    // The text, `quit`, and what was sent to see whether it goes on.
    let total = waiting.join().unwrap().total;
    assert!(total.received >= 2, "{total:?}");
    assert_eq!(total.received, total.echoed);
}

#[test]
fn a_server_that_takes_no_quit_is_found_to_go_on() {
    let config = Config::on("127.0.0.1:0".parse().unwrap()).quit(QuitPolicy::Never);
    let server = Server::bind(&config).unwrap();
    let target = server.endpoints()[0].address;
    let server = server.start().unwrap();
    let pinged = ping(target, "--quit --timeout 500ms");
    pinged.assert_code(1);
    assert!(pinged.stdout.contains("goes on: it still answers"));
    server.stopper().drain();
    ended(server);
}

#[test]
fn a_server_that_falls_silent_is_not_said_to_have_closed_its_port() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let target = socket.local_addr().unwrap();
    let answering = std::thread::spawn(move || {
        let mut buffer = [0; 64];
        // The text and `quit`; the socket stays open until the end.
        for _ in 0..2 {
            let (length, sender) = socket.recv_from(&mut buffer).unwrap();
            socket.send_to(&buffer[..length], sender).unwrap();
        }
        socket
    });
    let pinged = ping(target, "--quit --timeout 200ms");
    pinged.assert_code(0);
    assert!(
        pinged.stdout.contains("nobody answers any more"),
        "{pinged:?}"
    );
    drop(answering.join());
}

#[test]
fn a_key_stops_a_server_that_nothing_else_would() {
    let file = std::env::temp_dir().join(format!("loadgen-quit-key-{}", std::process::id()));
    std::fs::write(&file, "0123456789abcdef\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let key = |text: &str| QuitKey::new(text.as_bytes()).unwrap();
    let guarded = |text: &str| {
        let config = Config::on("127.0.0.1:0".parse().unwrap());
        let config = config.quit(QuitPolicy::Never).quit_key(key(text));
        let server = Server::bind(&config).unwrap();
        let target = server.endpoints()[0].address;
        (server.start().unwrap(), target)
    };
    let quit = format!("--quit --quit-key {}", file.display());

    let (server, target) = guarded("0123456789abcdef");
    let pinged = ping(target, &quit);
    pinged.assert_code(0);
    assert!(
        pinged.stdout.contains("ends: it has the same key"),
        "{pinged:?}"
    );
    assert_eq!(ended(server).total.received, 3);

    let (server, target) = guarded("another key of 16");
    let pinged = ping(target, &quit);
    pinged.assert_code(1);
    assert!(pinged.stdout.contains("it has another key"), "{pinged:?}");
    server.stopper().drain();
    assert_eq!(ended(server).total.quit_unproven, 1);

    let (server, target) = self::server(1);
    let pinged = ping(target, &quit);
    pinged.assert_code(1);
    assert!(pinged.stdout.contains("has no key"), "{pinged:?}");
    server.stopper().drain();
    ended(server);
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn without_a_server_a_ping_fails() {
    let occupied = UdpSocket::bind("127.0.0.1:0").unwrap();
    let target = occupied.local_addr().unwrap();
    occupied.connect(target).unwrap();
    let pinged = ping(target, "");
    pinged.assert_code(1);
    assert!(pinged.stdout.contains("has no server"), "{pinged:?}");
}

#[test]
fn a_server_that_never_answers_makes_a_ping_fail() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let target = silent.local_addr().unwrap();
    let ended = Program::loadgen(&format!("ping --target {target} --timeout 50ms")).end();
    ended.assert_code(1);
    assert!(
        ended.stdout.contains("did not answer within 50ms"),
        "{ended:?}"
    );
}

#[test]
fn a_target_that_is_no_address_is_wrong_use() {
    let ended = Program::loadgen("ping --target nowhere").end();
    ended.assert_complaint(2, &["--target nowhere"]);
}
