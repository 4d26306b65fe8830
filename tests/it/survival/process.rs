//! Too few descriptors, a worker that panics, and a time in which the process does not run.

use std::net::{TcpStream, UdpSocket};
use std::process::Command;

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, prlimit};
use serde_json::Value;

use super::subject::{Subject, sum};
use crate::rig::client::Client;
use crate::rig::http::{get, read};
use crate::rig::program::{Ended, PROGRAM, Program};
use crate::rig::until;

/// The program with room for so many descriptors.
fn with_descriptors(most: u32) -> Program {
    let mut shell = Command::new("sh");
    let script = format!("ulimit -n {most}; exec {PROGRAM} \"$@\"");
    shell.args(["-c", &script, "sh", "--workers", "4", "--json"]);
    shell.args(["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]);
    Program::run(shell)
}

/// With one fewer than the first its libraries could not be loaded.
#[test]
fn too_few_descriptors_at_the_start_are_told_in_one_sentence_and_enough_of_them_are_enough() {
    let mut well = Vec::new();
    for most in 4..36 {
        let mut program = with_descriptors(most);
        if let Some(line) = program.line_if_any() {
            let line: Value = serde_json::from_str(&line).expect("it is JSON");
            let server: std::net::SocketAddr = line["address"].as_str().unwrap().parse().unwrap();
            // It may still fail, so that nobody may be there any more.
            let client = UdpSocket::bind("127.0.0.1:0").unwrap();
            client
                .send_to(b"quit", server)
                .expect("the kernel sends it");
        }
        let ended = program.end();
        let code = ended.status.code();
        if code != Some(0) {
            assert_eq!(code, Some(1), "{most}: {:?}", ended.stderr);
            // Behind what it can do without, which it may have told of.
            let sentence = ended.stderr.last().expect("it says why it ends");
            let tells = sentence.contains("too many open files") && sentence.contains("ulimit -n");
            assert!(tells, "{most}: {:?}", ended.stderr);
        }
        well.push(code == Some(0));
    }
    assert!(!well[0] && well[31], "{well:?}");
}

#[test]
fn without_a_descriptor_for_a_scraper_it_answers_datagrams_and_the_scraper_once_there_is_one() {
    let arguments = ["--metrics", "127.0.0.1:0", "--workers", "2"];
    let mut subject = Subject::listening(&arguments);
    let metrics = subject.metrics();
    until(|| get(metrics, "/readyz").status == 200);
    let whole = getrlimit(Resource::Nofile);
    let process = Pid::from_raw(subject.program.id().cast_signed());
    let limit = |most: Option<u64>| {
        let current = most.or(whole.current);
        let limit = Rlimit { current, ..whole };
        prlimit(process, Resource::Nofile, limit).expect("it is our child");
    };
    until(|| get(metrics, "/healthz").status == 200);
    limit(Some(3));
    let client = Client::to(subject.server);
    let mut waiting = TcpStream::connect(metrics).expect("the kernel takes it");
    let warning = subject.program.error_line();
    assert!(
        warning.contains("metrics: cannot take a connection"),
        "{warning}"
    );
    for number in 0..100_u32 {
        client.assert_echo(&number.to_be_bytes());
    }
    limit(None);
    std::io::Write::write_all(&mut waiting, b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n")
        .unwrap();
    waiting
        .set_read_timeout(Some(crate::rig::PATIENCE))
        .unwrap();
    assert!(read(&mut waiting).starts_with("HTTP/1.1 200 "));
    assert_eq!(subject.end()["echoed"], 100);
}

/// A worker that is gone would leave its share of the datagrams unanswered for ever.
#[test]
fn a_worker_that_panics_ends_the_server_at_once_and_the_next_one_takes_its_place() {
    for io in ["single", "batch", "offload"] {
        let arguments = ["--workers", "4", "--io", io, "--fault", "panic-after=3"];
        let (program, server) = Program::listening(&arguments);
        let client = Client::to(server);
        client.assert_echo(b"first");
        client.assert_echo(b"second");
        client.send(b"third");
        let ended = program.end();
        assert_eq!(ended.status.code(), Some(1), "{:?}", ended.stderr);
        assert_eq!(ended.stdout, [""; 0]);
        let [panic, reason] = &ended.stderr[..] else {
            panic!("{:?}", ended.stderr);
        };
        assert!(
            panic.contains("on purpose, by --fault panic-after"),
            "{panic}"
        );
        let worker = panic.split_once("thread worker-").unwrap().1;
        let worker = worker.split_once(' ').unwrap().0;
        assert!(
            reason.contains(&format!("worker {worker} panicked")),
            "{reason}"
        );

        let address = server.to_string();
        let mut next = Program::start(&["--listen", &address, "--workers", "4", "--io", io]);
        assert_eq!(next.announced(), server);
        client.assert_echo(b"fourth");
        next.signal(Signal::TERM);
        next.end().assert_well();
    }
}

/// Of the workers those that are well answer what is queued, then end too.
#[test]
fn a_worker_that_panics_takes_no_answer_from_the_others() {
    let arguments = ["--workers", "4", "--fault", "panic-after=50"];
    let mut subject = Subject::listening(&arguments);
    let clients: Vec<_> = (0..16).map(|_| Client::to(subject.server)).collect();
    for client in &clients {
        client.assert_echo(b"before");
    }
    // All are answered, so that all have been counted but for the last.
    let mut alone = vec![];
    until(|| {
        let counted = subject.counted();
        let workers = counted["workers"].as_array().unwrap().iter();
        alone = workers.map(|worker| sum(&worker["received"])).collect();
        alone.iter().sum::<u64>() == 16
    });
    subject.program.signal(Signal::STOP);
    let (busy, others) = clients.split_first().unwrap();
    (0..50).for_each(|_| busy.send(b"too many"));
    for client in others {
        client.send(b"queued");
    }
    subject.program.signal(Signal::CONT);
    let Ended { status, stderr, .. } = subject.program.end();
    assert_eq!(status.code(), Some(1));
    let panicked = stderr.iter().find_map(|line| line.split_once("worker "));
    let panicked: usize = panicked.unwrap().1[..1].parse().unwrap();
    let answered = others.iter().filter(|client| {
        client.socket.set_nonblocking(true).unwrap();
        client.socket.recv(&mut [0; 8]).is_ok()
    });
    let answered = answered.count() as u64;
    assert!(answered >= 16 - alone[panicked], "{answered}: {alone:?}");
}

#[test]
fn a_server_that_was_stopped_for_a_while_answers_what_came_meanwhile_and_is_well() {
    let arguments = ["--metrics", "127.0.0.1:0", "--workers", "2"];
    let mut subject = Subject::listening(&arguments);
    let metrics = subject.metrics();
    until(|| get(metrics, "/readyz").status == 200);
    subject.program.signal(Signal::STOP);
    let clients: Vec<_> = (0..50).map(|_| Client::to(subject.server)).collect();
    for client in &clients {
        client.send(b"meanwhile");
    }
    std::thread::scope(|scope| {
        let scraper = scope.spawn(|| get(metrics, "/healthz"));
        subject.program.signal(Signal::CONT);
        for client in &clients {
            assert_eq!(client.receive(), b"meanwhile");
        }
        assert_eq!(scraper.join().unwrap().status, 200);
    });
    assert_eq!(subject.end()["echoed"], 50);
}
