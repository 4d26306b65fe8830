//! An event-driven UDP echo server for high packet rates.
//!
//! A worker is one thread that drains its nonblocking sockets, as [`mio`] says that they are
//! readable, into buffers that it reuses, and sends every datagram back to where it came from.
//! Several workers share an address by `SO_REUSEPORT`.
//!
//! ```
//! use echo_reactor::{Config, Server};
//!
//! let server = Server::bind(&Config::on("127.0.0.1:0".parse()?))?;
//! let address = server.endpoints()[0].address;
//! let running = server.start()?;
//!
//! let client = std::net::UdpSocket::bind("127.0.0.1:0")?;
//! client.send_to(b"Hello, world", address)?;
//! let mut reply = [0; 64];
//! assert_eq!(client.recv(&mut reply)?, 12);
//!
//! running.stopper().drain();
//! assert_eq!(running.join()?.total.echoed, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The map, from the top down; imports point downward only:
//!
//! - [`manual`]: exit codes, examples and manual pages, shared with the load generator;
//! - `resolve`: from what was typed to what it means;
//! - [`cli`]: what was typed;
//! - [`handover`]: replaces the running program without losing a datagram;
//! - [`options_file`]: arguments from a file;
//! - [`watchers`]: those who look at a server while it runs;
//! - [`metrics`]: metrics and health over HTTP; [`systemd`]: the same for a service manager;
//! - [`signals`]: what is asked of a server by signals: to end, to tell its statistics, to read its rules
//!   again, to be replaced;
//! - [`periodic`]: something to do every so often, and [`errand`]: something to do when asked;
//! - [`server`]: starts the workers, watches and joins them;
//! - [`endpoint`]: an address that it listens on, and what took effect there;
//! - [`activation`]: sockets that a service manager has opened;
//! - `books`: what a server has counted;
//! - `binding`: opens the sockets of every worker, or takes those that are handed over;
//! - `reactor`: one worker, which owns the only mio loop;
//! - [`transcript`]: prints datagrams without ever making a worker wait;
//! - [`rulebook`]: which networks are answered, from flags and files, and how workers learn of it;
//! - [`key_file`]: reads the key that stops a server over a network;
//! - [`log`]: what is said beside the output, and how often;
//! - [`config`]: a server as it shall be;
//! - [`faults`]: what shall go wrong on purpose;
//! - [`stats`]: what was counted, and how it reads;
//! - [`access`]: who gets an answer, and whose `quit` counts. Pure;
//! - [`notify`]: the socket on which a service manager hears of this program;
//! - `plain_file`: reads the files that flags name, whatever stands there by now;
//! - [`user`]: another user than the one who started the program;
//! - [`sandbox`]: what the running server may do, and the place where a feature says what it needs;
//! - [`privileges`]: what a process may do beyond others, given up for good;
//! - [`steering`]: which worker of a group gets a datagram;
//! - [`affinity`]: which processor a worker runs on;
//! - [`lifecycle`]: running, draining, stopped;
//! - [`error`]: what can go wrong, in sentences;
//! - [`cue`]: a word to begin, for threads that have to be there before;
//! - [`figures`]: numbers as people read them;
//! - [`udp`]: batched UDP, shared with the load generator.

pub mod access;
pub mod activation;
pub mod affinity;
mod binding;
mod books;
pub mod cli;
pub mod config;
pub mod cue;
pub mod endpoint;
pub mod errand;
pub mod error;
pub mod faults;
pub mod figures;
pub mod handover;
pub mod key_file;
pub mod lifecycle;
pub mod log;
pub mod manual;
pub mod metrics;
pub mod notify;
pub mod options_file;
pub mod periodic;
mod plain_file;
pub mod privileges;
mod reactor;
mod resolve;
pub mod rulebook;
pub mod sandbox;
pub mod server;
pub mod signals;
pub mod stats;
pub mod steering;
pub mod systemd;
pub mod transcript;
pub mod udp;
pub mod user;
pub mod watchers;

pub use config::Config;
pub use error::Error;
pub use faults::Faults;
#[doc(hidden)]
pub use reactor::rehearsal;
pub use server::{Running, Server};
pub use stats::Summary;

/// The version of this package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
