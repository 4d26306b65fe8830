//! Whatever comes to the port of the metrics, the answer is one of HTTP or none, and the connection ends.

#![no_main]

use echo_reactor::metrics::rehearsal::Rehearsal;
use echo_reactor::{Config, Server};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static PORT: Rehearsal = {
        let config = Config::on(([127, 0, 0, 1], 0).into());
        let server = Server::bind(&config).expect("a port is free");
        Rehearsal::about(server).expect("there is room for a poll")
    };
}

fuzz_target!(|bytes: &[u8]| {
    let answer = PORT.with(|port| port.answer(bytes));
    let answer = answer.expect("there is room for sockets");
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1."));
});
