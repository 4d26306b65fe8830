//! Servers in this process.

use std::net::SocketAddr;

use echo_reactor::{Config, Running, Server};

/// A server without faults. Dropping it stops it.
pub(crate) fn faithful() -> (Running, SocketAddr) {
    faulty("", |config| config)
}

/// A server with `faults`, as `--fault` takes them, and whatever `adapt` changes. Dropping it stops
/// it.
pub(crate) fn faulty(faults: &str, adapt: impl FnOnce(Config) -> Config) -> (Running, SocketAddr) {
    let mut config = Config::on(SocketAddr::from(([127, 0, 0, 1], 0)));
    if !faults.is_empty() {
        config = config.faults(faults.parse().expect("the language is known"));
    }
    let server = Server::bind(&adapt(config)).expect("a loopback port is free");
    let address = server.endpoints()[0].address;
    let running = server.start().expect("threads can be started");
    (running, address)
}
