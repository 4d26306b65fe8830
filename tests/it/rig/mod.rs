//! What several stories need.
//!
//! - [`client`]: a plain socket that talks to a server;
//! - [`server`]: a server in this process;
//! - [`program`]: the program as a child process, and [`lines`] of what it prints;
//! - [`nobody`]: the same by a user without privileges;
//! - [`manager`]: a service manager that it tells how it is;
//! - [`lineage`]: programs that take over from each other, and [`stream`]: a client that misses none
//!   of its answers;
//! - [`options`]: options that a program reads from a file;
//! - [`http`]: a plain client of its metrics;
//! - [`thread`]: what the kernel tells of the threads of a program;
//! - [`namespace`]: networks of their own;
//! - [`train`]: datagrams that pass through the kernel together;
//! - [`forge`]: datagrams that no plain socket sends;
//! - [`traffic_class`]: that of replies;
//! - [`need`]: what a test needs and a host may lack.

pub(crate) mod client;
pub(crate) mod forge;
pub(crate) mod http;
pub(crate) mod lineage;
pub(crate) mod lines;
pub(crate) mod manager;
pub(crate) mod namespace;
pub(crate) mod need;
pub(crate) mod nobody;
pub(crate) mod options;
pub(crate) mod program;
pub(crate) mod server;
pub(crate) mod stream;
pub(crate) mod thread;
pub(crate) mod traffic_class;
pub(crate) mod train;

use std::io;
use std::time::{Duration, Instant};

/// How long anything may take before it counts as hanging. Only a failing test ever waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Asks until it is so.
#[track_caller]
pub(crate) fn until(mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < PATIENCE, "it never became so");
        std::thread::yield_now();
    }
}

/// Calls again whatever was only interrupted: the kernel does not resume a call that has a timeout,
/// even if no signal handler ran (signal(7)).
pub(crate) fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
