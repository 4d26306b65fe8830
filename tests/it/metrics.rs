//! `--metrics`: what scrapers and those who look after a server get, whatever other clients do.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};

use rustix::process::Signal;
use serde_json::Value;

use crate::rig::client::{Client, noise};
use crate::rig::http::{ask, connect, get, read};
use crate::rig::program::Program;
use crate::rig::thread::{ThreadStatus, threads_of};
use crate::rig::until;

/// A server with metrics: the program, where it echoes, and where it answers scrapes.
#[track_caller]
fn scraped(arguments: &[&str]) -> (Program, SocketAddr, SocketAddr) {
    let arguments = [&["--json", "--metrics", "127.0.0.1:0"], arguments].concat();
    let mut program = Program::start(&[&["--listen", "127.0.0.1:0"], &arguments[..]].concat());
    let server = address(&mut program, "listening");
    let metrics = address(&mut program, "metrics");
    until(|| get(metrics, "/readyz").status == 200);
    (program, server, metrics)
}

#[track_caller]
fn address(program: &mut Program, event: &str) -> SocketAddr {
    let line: Value = serde_json::from_str(&program.line()).expect("it is JSON");
    assert_eq!(line["event"], event);
    let address = line["address"].as_str().expect("it has an address");
    address.parse().expect("it is one")
}

/// Fields of the statistics, and the metrics that have the same value.
const COUNTS: [(&str, &str); 19] = [
    ("received", "received_datagrams_total"),
    ("received_bytes", "received_bytes_total"),
    ("echoed", "echoed_datagrams_total"),
    ("echoed_bytes", "echoed_bytes_total"),
    ("dropped", "dropped_datagrams_total"),
    ("kernel_drops", "kernel_dropped_datagrams_total"),
    ("quit_ignored", "ignored_quit_datagrams_total"),
    ("quit_asked", "asked_quit_datagrams_total"),
    ("quit_unproven", "unproven_quit_datagrams_total"),
    ("gathered", "gathered_datagrams_total"),
    ("wakes", "wakes_total"),
    ("receive_calls", "receive_calls_total"),
    ("send_calls", "send_calls_total"),
    ("send_blocked", "blocked_sends_total"),
    ("trains_refused", "refused_trains_total"),
    ("budget_cuts", "cut_turns_total"),
    ("queued_bytes", "receive_queue_bytes"),
    ("received", "receive_call_datagrams_sum"),
    ("echoed", "message_datagrams_sum"),
];

#[test]
fn every_number_is_that_of_the_statistics() {
    let (mut program, server, metrics) = scraped(&["--workers", "2", "--timestamps"]);
    let clients: Vec<_> = (0..8).map(|_| Client::to(server)).collect();
    for client in &clients {
        for length in [0, 1, 64, 1_400] {
            client.assert_echo(&noise(length));
        }
    }
    // A reply may be on its way before it is counted: what is the same before and after a scrape
    // was the same meanwhile.
    let (mut line, mut page) = (Value::Null, None);
    until(|| {
        let before = statistics(&mut program);
        page = Some(get(metrics, "/metrics"));
        line = statistics(&mut program);
        before == line && line["total"]["echoed"] == 32
    });
    let page = page.unwrap();
    page.assert_header("content-type: text/plain; version=0.0.4; charset=utf-8");
    for (worker, account) in line["workers"].as_array().unwrap().iter().enumerate() {
        for (field, name) in COUNTS {
            let value = page.value(&format!("echo_reactor_{name}{{worker=\"{worker}\"}}"));
            assert_eq!(Some(value), account[field].as_f64(), "{name} of {worker}");
        }
        let of = |histogram: &str| {
            let places = account[histogram].as_object().unwrap().values();
            places.map(|number| number.as_u64().unwrap()).sum::<u64>()
        };
        for (histogram, name) in [
            ("received_a_call", "receive_call_datagrams"),
            ("segments_a_message", "message_datagrams"),
            ("queue_delay_ns", "queue_delay_seconds"),
            ("service_ns", "service_seconds"),
        ] {
            let count = page.count(&format!("echo_reactor_{name}_count{{worker=\"{worker}\"}}"));
            assert_eq!(count, of(histogram), "{name} of {worker}");
        }
    }
    let sum = line["total"]["queue_delay_sum_ns"].as_f64().unwrap() / 1e9;
    let delays = [0, 1].map(|worker| {
        page.value(&format!(
            "echo_reactor_queue_delay_seconds_sum{{worker=\"{worker}\"}}"
        ))
    });
    assert!(sum > 0.0);
    assert!(
        (delays[0] + delays[1] - sum).abs() < 1e-9,
        "{delays:?} {sum}"
    );
    program.signal(Signal::TERM);
    assert_eq!(program.end().status.code(), Some(0));
}

/// What it has counted so far.
#[track_caller]
fn statistics(program: &mut Program) -> Value {
    program.signal(Signal::USR1);
    let line: Value = serde_json::from_str(&program.line()).expect("it is JSON");
    assert_eq!(line["event"], "statistics");
    line
}

#[test]
fn faults_on_purpose_are_counted_by_kind() {
    let (_program, server, metrics) = scraped(&["--fault", "drop=100%"]);
    let client = Client::to(server);
    (0..5).for_each(|_| client.send(b"lost"));
    until(|| {
        let page = get(metrics, "/metrics");
        let dropped = "echo_reactor_faults_datagrams_total{worker=\"0\",fault=\"dropped\"}";
        page.value(dropped) >= 5.0
    });
}

#[test]
fn a_scraper_that_accepts_openmetrics_gets_it() {
    let (_program, _, metrics) = scraped(&[]);
    let page = ask(
        metrics,
        "GET /metrics?name=x HTTP/1.1\r\nHost: x\r\nAccept: application/openmetrics-text;version=1.0.0,*/*;q=0.1\r\n\r\n",
    );
    assert_eq!(page.status, 200);
    page.assert_header("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(page.body.ends_with("# EOF\n"), "{}", page.body);
}

#[test]
fn only_reading_what_is_there_is_answered() {
    let (_program, _, metrics) = scraped(&[]);
    for (method, path, status) in [
        ("GET", "/", 200),
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/metrics/", 404),
        ("GET", "/../etc/passwd", 404),
        ("POST", "/nothing", 404),
        ("POST", "/metrics", 405),
        ("DELETE", "/healthz", 405),
    ] {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        let reply = ask(metrics, &request);
        assert_eq!(reply.status, status, "{method} {path}: {reply:?}");
    }
    let refusal = ask(metrics, "PUT /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    refusal.assert_header("allow: get, head");
    let whole = get(metrics, "/readyz");
    let head = ask(metrics, "HEAD /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(head.status, 200);
    assert_eq!(head.body, "");
    head.assert_header(&format!("content-length: {}", whole.body.len()));
    assert_eq!(ask(metrics, "rubbish\r\n\r\n").status, 400);
}

#[test]
fn it_answers_on_ipv6_too() {
    let arguments = ["--listen", "[::1]:0", "--metrics", "[::1]:0", "--json"];
    let mut program = Program::start(&arguments);
    let server = address(&mut program, "listening");
    let metrics = address(&mut program, "metrics");
    Client::to(server).assert_echo(b"Hello, world");
    let received = "echo_reactor_received_datagrams_total{worker=\"0\"}";
    until(|| get(metrics, "/metrics").value(received) >= 1.0);
}

#[test]
fn clients_that_stop_in_the_middle_keep_no_other_waiting() {
    let (_program, _, metrics) = scraped(&[]);
    let mut stuck: Vec<_> = (0..31).map(|_| connect(metrics)).collect();
    for (index, stream) in stuck.iter_mut().enumerate() {
        // Some say nothing at all.
        if index % 2 == 0 {
            stream.write_all(b"GET /metrics HTTP/1.1\r\nHost").unwrap();
        }
    }
    for path in ["/metrics", "/healthz", "/readyz"] {
        assert_eq!(get(metrics, path).status, 200, "{path}");
    }
}

#[test]
fn more_connections_than_it_takes_are_turned_away_until_there_is_room() {
    let (mut program, _, metrics) = scraped(&[]);
    let stuck: Vec<_> = (0..32).map(|_| connect(metrics)).collect();
    // Without a request, so that nothing unread makes the kernel reset the connection.
    let turned_away = read(&mut connect(metrics));
    assert!(turned_away.starts_with("HTTP/1.1 503 "), "{turned_away}");
    let warning = program.error_line();
    assert!(
        warning.contains("32 connections are open already"),
        "{warning}"
    );
    drop(stuck);
    until(|| !read_or_reset(metrics).is_empty());
}

/// A page, or nothing if the connection was turned away or reset.
fn read_or_reset(metrics: SocketAddr) -> String {
    use std::io::Read;
    let mut stream = connect(metrics);
    let mut text = String::new();
    let asked = stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
    let read = asked.and_then(|()| stream.read_to_string(&mut text));
    if read.is_ok() && text.contains(" 200 ") {
        text
    } else {
        String::new()
    }
}

#[test]
fn a_request_that_never_ends_is_given_up() {
    let (_program, _, metrics) = scraped(&[]);
    let mut stream = connect(metrics);
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost").unwrap();
    let reply = read(&mut stream);
    assert!(!reply.contains(" 200 "), "{reply}");
}

#[test]
fn a_thousand_scrapes_leave_no_descriptor_open() {
    let (program, _, metrics) = scraped(&["--workers", "4"]);
    let open = || {
        let files = std::fs::read_dir(format!("/proc/{}/fd", program.id()));
        files.expect("it runs").count()
    };
    assert_eq!(get(metrics, "/metrics").status, 200);
    until(|| get(metrics, "/metrics").value("process_open_fds") > 0.0);
    let before = open();
    for _ in 0..250 {
        for path in ["/metrics", "/healthz", "/readyz", "/nothing"] {
            get(metrics, path);
        }
    }
    // The last connection may be about to close.
    until(|| open() <= before);
}

/// A worker that has nothing to do sleeps in the kernel, and is not even woken.
#[test]
fn a_scrape_costs_the_workers_nothing() {
    let (program, server, metrics) = scraped(&["--workers", "2"]);
    Client::to(server).assert_echo(b"Hello, world");
    let switches = |program: &Program| -> Vec<String> {
        let threads = threads_of(program.id());
        let mut workers: Vec<String> = threads
            .iter()
            .filter(|thread| thread.field("Name").starts_with("worker-"))
            .map(|thread| {
                let fields = [
                    "Name",
                    "voluntary_ctxt_switches",
                    "nonvoluntary_ctxt_switches",
                ];
                fields.map(|name| thread.field(name)).join(" ")
            })
            .collect();
        workers.sort();
        workers
    };
    // Until those that have answered sleep again.
    let mut before = switches(&program);
    until(|| {
        let earlier = std::mem::replace(&mut before, switches(&program));
        let asleep = |thread: &ThreadStatus| thread.field("State").starts_with('S');
        earlier == before && threads_of(program.id()).iter().all(asleep)
    });
    assert_eq!(before.len(), 2);
    for _ in 0..100 {
        assert_eq!(get(metrics, "/metrics").status, 200);
    }
    assert_eq!(switches(&program), before);
    program.signal(Signal::TERM);
    assert_eq!(program.end().status.code(), Some(0));
}

#[test]
fn it_is_not_ready_while_it_ends_but_still_says_so() {
    let (mut program, _, metrics) = scraped(&[]);
    program.jam_stdout();
    program.signal(Signal::TERM);
    // Nobody reads its summary, so that its end takes as long as it pleases us.
    until(|| get(metrics, "/readyz").status == 503);
    let reply = get(metrics, "/readyz");
    assert!(
        ["draining\n", "stopped\n"].contains(&&*reply.body),
        "{reply:?}"
    );
    assert_eq!(get(metrics, "/healthz").status, 200);
}

#[test]
fn a_worker_that_hangs_makes_it_unhealthy() {
    let (_program, server, metrics) = scraped(&["--fault", "stall=1h@0s"]);
    assert_eq!(get(metrics, "/healthz").status, 200);
    Client::to(server).send(b"the stall begins with it");
    until(|| get(metrics, "/healthz").status == 503);
    let reply = get(metrics, "/healthz");
    assert_eq!(reply.body, "workers [0] do not turn\n");
    // It would go on if it did not hang.
    assert_eq!(get(metrics, "/readyz").status, 200);
}

#[test]
fn a_port_that_is_taken_is_refused_with_a_word_about_it() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = Program::start(&["--listen", "127.0.0.1:0", "--metrics", &address]).end();
    let complaint = ended.complaint();
    for word in [&address, "another program listens there", "--metrics"] {
        assert!(complaint.contains(word), "{complaint}");
    }
}

#[test]
fn people_are_told_where_the_metrics_are() {
    let (mut program, server) = Program::listening(&["--metrics", "127.0.0.1:0"]);
    let line = program.line();
    let url = line.strip_prefix("metrics at http://").unwrap();
    let metrics = url.strip_suffix("/metrics").unwrap().parse().unwrap();
    assert_eq!(get(metrics, "/metrics").status, 200);
    Client::to(server).assert_echo(b"quit");
    program.end().assert_well();
}
