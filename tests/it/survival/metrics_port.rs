//! Scrapers that are slow, rude or half gone: none of them holds up another, or the datagrams.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};

use super::subject::Subject;
use crate::rig::client::Client;
use crate::rig::http::{connect, get, read};
use crate::rig::until;

const REQUEST: &[u8] = b"GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n";

#[track_caller]
fn scraped() -> (Subject, SocketAddr) {
    let mut subject = Subject::listening(&["--metrics", "127.0.0.1:0", "--workers", "4"]);
    let metrics = subject.metrics();
    until(|| get(metrics, "/readyz").status == 200);
    (subject, metrics)
}

/// The server does what it did before, and has nothing left of what came in between.
#[track_caller]
fn assert_unimpressed(subject: Subject, metrics: SocketAddr, descriptors: usize) {
    // Connections may be about to close, and as long as there are too many it turns others away.
    until(|| subject.descriptors() <= descriptors && is_answered(metrics));
    Client::to(subject.server).assert_echo(b"Hello, world");
    assert_eq!(subject.end()["echoed"], 1);
}

/// Whether a scraper that comes now gets its page.
fn is_answered(metrics: SocketAddr) -> bool {
    let mut stream = connect(metrics);
    let mut page = String::new();
    let asked = stream.write_all(REQUEST);
    let read = asked.and_then(|()| stream.read_to_string(&mut page));
    read.is_ok() && page.starts_with("HTTP/1.1 200 ")
}

/// They are turned away or answered, and hold no place by not reading.
#[test]
fn scrapers_that_read_nothing_leave_room_for_others() {
    let (subject, metrics) = scraped();
    let descriptors = subject.descriptors();
    let mut deaf = Vec::new();
    for _ in 0..100 {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        // As small as the kernel makes it.
        socket.set_recv_buffer_size(1).unwrap();
        socket.connect(&metrics.into()).unwrap();
        let mut stream = TcpStream::from(socket);
        stream.write_all(REQUEST).unwrap();
        deaf.push(stream);
    }
    assert_unimpressed(subject, metrics, descriptors);
    drop(deaf);
}

#[test]
fn scrapers_that_reset_their_connections_at_any_point_leave_nothing_behind() {
    let (subject, metrics) = scraped();
    let descriptors = subject.descriptors();
    for said in 0..=REQUEST.len() {
        for _ in 0..10 {
            let mut stream = connect(metrics);
            stream.write_all(&REQUEST[..said]).unwrap();
            SockRef::from(&stream)
                .set_linger(Some(Duration::ZERO))
                .unwrap();
        }
    }
    assert_unimpressed(subject, metrics, descriptors);
}

#[test]
fn a_scraper_that_closes_its_side_after_the_request_gets_the_whole_answer() {
    let (subject, metrics) = scraped();
    let descriptors = subject.descriptors();
    let mut stream = connect(metrics);
    stream.write_all(REQUEST).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let page = read(&mut stream);
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    assert!(page.contains("echo_reactor_received_datagrams_total"));
    assert_unimpressed(subject, metrics, descriptors);
}

#[test]
fn a_request_that_grows_without_end_is_cut_off_and_takes_no_memory() {
    let (subject, metrics) = scraped();
    let (descriptors, before) = (subject.descriptors(), subject.resident());
    for _ in 0..20 {
        let mut stream = connect(metrics);
        stream.write_all(b"GET /metrics HTTP/1.1\r\nX: ").unwrap();
        let (more, mut written) = (vec![b'x'; 65_536], 0);
        // Nobody takes all of it: an error says that the other side has closed.
        while written < 64 << 20 && stream.write_all(&more).is_ok() {
            written += more.len();
        }
        assert!(written < 64 << 20, "it takes everything");
    }
    let grown = subject.resident().saturating_sub(before);
    assert!(grown < 1 << 20, "{grown} bytes");
    assert_unimpressed(subject, metrics, descriptors);
}

/// A byte now and then does not make its time longer.
#[test]
fn a_request_that_comes_byte_by_byte_is_given_up_and_others_are_answered_meanwhile() {
    let (subject, metrics) = scraped();
    let descriptors = subject.descriptors();
    let mut slow = connect(metrics);
    slow.set_read_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    let mut said = b"GET /metrics HTTP/1.1\r\nX: "
        .iter()
        .chain(std::iter::repeat(&b'x'));
    until(|| {
        // An error says that the other side has closed.
        if slow.write_all(&[*said.next().unwrap()]).is_err() {
            return true;
        }
        assert_eq!(get(metrics, "/healthz").status, 200);
        match slow.read(&mut [0; 1_024]) {
            Ok(length) => length == 0,
            Err(error) => error.kind() == ErrorKind::ConnectionReset,
        }
    });
    assert_unimpressed(subject, metrics, descriptors);
}
