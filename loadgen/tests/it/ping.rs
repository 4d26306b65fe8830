//! One text at a time.

use std::net::{SocketAddr, UdpSocket};
use std::os::unix::fs::PermissionsExt;

use echo_reactor::access::{QuitKey, QuitPolicy};
use echo_reactor::{Config, Server};

use crate::rig::program::{Ended, Program};
use crate::rig::server::{ended, server};

fn ping(target: SocketAddr, arguments: &str) -> Ended {
    let patience = "--timeout 10s --interval 1ms";
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
    let pinged = ping(target, "--quit");
    pinged.assert_code(0);
    let summary = ended(server);
    assert_eq!((summary.total.received, summary.total.echoed), (2, 2));
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
