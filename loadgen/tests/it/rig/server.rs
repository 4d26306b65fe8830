//! The server as a library.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;

use echo_reactor::{Config, Running, Server, Summary};

use super::PATIENCE;

/// A server in this process, on a free port of 127.0.0.1. Dropping it stops it.
pub(crate) fn server(workers: usize) -> (Running, SocketAddr) {
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::bind(&Config::on(anywhere).workers(workers)).expect("a port is free");
    let address = server.endpoints()[0].address;
    let running = server.start().expect("there is room for its threads");
    (running, address)
}

/// Waits until something has ended the server, and tells what it did.
#[track_caller]
pub(crate) fn ended(server: Running) -> Summary {
    let (sender, receiver) = mpsc::channel();
    // Left behind if the server never ends, since nothing can be done about that from outside.
    thread::spawn(move || sender.send(Box::new(server.join())));
    let ended = receiver.recv_timeout(PATIENCE);
    let summary = ended.expect("something ends the server");
    summary.expect("no worker fails")
}
