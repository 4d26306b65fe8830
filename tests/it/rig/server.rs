//! A server in this process.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;

use clap::Parser;
use echo_reactor::cli::Cli;
use echo_reactor::config::Io;
use echo_reactor::{Config, Running, Server, Summary};

use super::PATIENCE;
use super::need::need;

/// Every way to read and send.
pub(crate) const EACH_IO: [Io; 3] = [Io::Single, Io::Batch, Io::Offload];

/// One worker on `address`, given as text.
pub(crate) fn on(address: &str) -> Config {
    Config::on(address.parse().expect("an address and a port"))
}

/// A server as the command line asks for it.
#[track_caller]
pub(crate) fn told_by(arguments: &[&str]) -> Config {
    let typed = ["echo-reactor"].iter().chain(arguments);
    let cli = Cli::try_parse_from(typed).expect("the arguments are right");
    Config::try_from(&cli).expect("the arguments go together")
}

/// Opens the sockets: from now on datagrams queue up at the address.
#[track_caller]
pub(crate) fn open(config: &Config) -> (Server, SocketAddr) {
    let server = Server::bind(config).expect("a port is free");
    let address = server.endpoints()[0].address;
    (server, address)
}

/// `None` where the test has to return, since the host does not grant the server buffers for so
/// many small datagrams.
pub(crate) fn room_for(server: &Server, datagrams: usize) -> Option<()> {
    let room = server.endpoints()[0].small_datagrams().unwrap_or(0);
    let enough = if room < datagrams {
        Err(format!("there is room for {room}"))
    } else {
        Ok(())
    };
    need(
        enough,
        &format!("a receive buffer for {datagrams} datagrams (net.core.rmem_max)"),
    )
}

/// A server at work, and its address.
#[track_caller]
pub(crate) fn started(config: &Config) -> (Running, SocketAddr) {
    let (server, address) = open(config);
    (server.start().expect("there is room for threads"), address)
}

/// Drains the server.
#[track_caller]
pub(crate) fn drained(running: Running) -> Summary {
    running.stopper().drain();
    ended(running)
}

/// Waits for a server that ends by itself. Whatever a test did, no datagram may be lost between
/// the counters.
#[track_caller]
pub(crate) fn ended(running: Running) -> Summary {
    let (tell, told) = mpsc::channel();
    let _left_alone_if_it_hangs = thread::spawn(move || {
        // False once the test has given up.
        let _heard: bool = tell.send(running.join()).is_ok();
    });
    let summary = told
        .recv_timeout(PATIENCE)
        .expect("the server ends")
        .expect("it ends without a fault");
    assert_accounts(&summary);
    summary
}

#[track_caller]
fn assert_accounts(summary: &Summary) {
    assert_eq!(summary.total.unaccounted(), 0, "{summary}");
    for worker in &summary.workers {
        assert_eq!(worker.unaccounted(), 0, "{summary}");
    }
    let received = summary.workers.iter().map(|worker| worker.received);
    assert_eq!(received.sum::<u64>(), summary.total.received, "{summary}");
    let echoed = summary.workers.iter().map(|worker| worker.echoed);
    assert_eq!(echoed.sum::<u64>(), summary.total.echoed, "{summary}");
    assert_eq!(summary.total.kernel_drops, 0, "{summary}");
}
