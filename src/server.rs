//! Opens the sockets, starts the workers, joins them.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crate::access::QuitPolicy;
use crate::config::{Config, EVERYWHERE, Io, Listen};
use crate::error::Error;
use crate::lifecycle::Lifecycle;
use crate::reactor::Worker;
use crate::stats::counters::Counters;
use crate::stats::summary::{Account, Summary};
use crate::transcript::Transcript;
use crate::udp::socket::Sharing;
use crate::udp::{Effect, Socket, SocketOptions};

/// A server whose sockets are open: datagrams queue up, but nobody answers them yet.
pub struct Server {
    endpoints: Vec<Endpoint>,
    without_ipv6: bool,
    workers: Vec<Worker>,
    lifecycle: Lifecycle,
    observer: Observer,
}

/// An address that a server listens on, and what took effect there.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The address, with the port that the kernel chose.
    pub address: SocketAddr,
    /// How many sockets share it, one a worker.
    pub workers: usize,
    /// How datagrams are read and sent.
    pub io: Io,
    /// The receive buffer of each socket, in bytes as the kernel counts them.
    pub receive_buffer: Effect<usize>,
}

impl Endpoint {
    /// How many datagrams of up to 64 bytes the receive buffer of one socket holds.
    #[must_use]
    pub fn small_datagrams(&self) -> Option<usize> {
        let bytes = self.receive_buffer.applied()?;
        Some(bytes / SMALL_DATAGRAM_MEMORY)
    }
}

impl Server {
    /// Opens the sockets of every worker, in the order of the workers.
    ///
    /// # Errors
    /// [`Error::Socket`] if an address cannot be had, [`Error::System`] if the system has no room
    /// for the workers.
    pub fn bind(config: &Config) -> Result<Self, Error> {
        Self::with_transcript(config, None)
    }

    /// The same; each datagram is handed to `transcript` too.
    ///
    /// # Errors
    /// As [`Server::bind`].
    pub fn with_transcript(
        config: &Config,
        transcript: Option<&Transcript>,
    ) -> Result<Self, Error> {
        let (groups, without_ipv6) = open_all(config)?;
        let endpoints = groups
            .iter()
            .map(|group| Endpoint {
                address: group[0].local_address(),
                workers: config.workers,
                io: config.io,
                receive_buffer: group[0].receive_buffer().clone(),
            })
            .collect();
        let observer = Observer::new(config.workers, &groups);
        let mut workers = Vec::with_capacity(config.workers);
        let mut wakers = Vec::with_capacity(config.workers);
        for watched in &observer.workers {
            let sockets = watched.sockets.clone();
            let counters = Arc::clone(&watched.counters);
            let (worker, waker) = Worker::new(config, sockets, counters, transcript.cloned())
                .map_err(|source| Error::System {
                    operation: "set up a worker (fewer of them by --workers, or more open files by `ulimit -n`)",
                    source,
                })?;
            workers.push(worker);
            wakers.push(waker);
        }
        Ok(Self {
            endpoints,
            without_ipv6,
            workers,
            lifecycle: Lifecycle::new(wakers),
            observer,
        })
    }

    /// The addresses that it listens on, in the order in which they were asked for.
    #[must_use]
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// Whether it listens on IPv4 alone because the host has no IPv6.
    #[must_use]
    pub fn without_ipv6(&self) -> bool {
        self.without_ipv6
    }

    /// What ends the server, from any thread; also before it is started.
    #[must_use]
    pub fn lifecycle(&self) -> Lifecycle {
        self.lifecycle.clone()
    }

    /// Starts the workers.
    ///
    /// # Errors
    /// [`Error::System`] if the system has no room for a thread; then no worker runs.
    pub fn start(self) -> Result<Running, Error> {
        let mut running = Running {
            threads: Vec::with_capacity(self.workers.len()),
            lifecycle: self.lifecycle,
            observer: self.observer,
        };
        for (index, worker) in self.workers.into_iter().enumerate() {
            let lifecycle = running.lifecycle.clone();
            let thread = thread::Builder::new()
                .name(format!("worker-{index}"))
                .spawn(move || {
                    let _others = EndOthers(lifecycle.clone());
                    worker.run(&lifecycle)
                })
                .map_err(|source| Error::System {
                    operation: "start a thread for a worker (fewer of them by --workers)",
                    source,
                })?;
            running.threads.push(thread);
        }
        Ok(running)
    }
}

/// A server at work. Dropping it stops the workers and waits for them.
pub struct Running {
    threads: Vec<JoinHandle<io::Result<()>>>,
    lifecycle: Lifecycle,
    observer: Observer,
}

impl Running {
    /// What ends the server, from any thread.
    #[must_use]
    pub fn stopper(&self) -> Lifecycle {
        self.lifecycle.clone()
    }

    /// What was counted up to now.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.observer.summary()
    }

    /// Waits until every worker has ended, and tells what they did.
    ///
    /// # Errors
    /// [`Error::Panicked`] or [`Error::System`] if a worker ended by a fault; the others were
    /// drained then.
    pub fn join(mut self) -> Result<Summary, Error> {
        let mut fault = None;
        for (worker, thread) in self.threads.drain(..).enumerate() {
            let error = match thread.join() {
                Ok(Ok(())) => continue,
                Ok(Err(source)) => Error::System {
                    operation: "go on answering",
                    source,
                },
                Err(_panic) => Error::Panicked { worker },
            };
            fault.get_or_insert(error);
        }
        match fault {
            Some(error) => Err(error),
            None => Ok(self.observer.summary()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.lifecycle.stop();
        for thread in self.threads.drain(..) {
            // Whoever wants to know how it ended calls `join`.
            let _ended: thread::Result<io::Result<()>> = thread.join();
        }
    }
}

/// A worker that ends, for whatever reason, takes the others with it: a server that has lost a
/// worker would leave its share of the datagrams unanswered.
struct EndOthers(Lifecycle);

impl Drop for EndOthers {
    fn drop(&mut self) {
        self.0.drain();
    }
}

/// Reads what the workers and the kernel count, while they count.
struct Observer {
    workers: Vec<Watched>,
}

struct Watched {
    counters: Arc<Counters>,
    sockets: Vec<Arc<Socket>>,
}

impl Observer {
    fn new(workers: usize, groups: &[Group]) -> Self {
        let workers = (0..workers)
            .map(|worker| Watched {
                counters: Arc::default(),
                sockets: groups
                    .iter()
                    .map(|group| Arc::clone(&group[worker]))
                    .collect(),
            })
            .collect();
        Self { workers }
    }

    fn summary(&self) -> Summary {
        let accounts = self.workers.iter().map(|worker| {
            // A kernel that does not count drops for a socket counts none here.
            let memory = worker
                .sockets
                .iter()
                .map(|socket| socket.memory().unwrap_or_default());
            Account::read(&worker.counters, memory)
        });
        Summary::new(accounts.collect(), 0)
    }
}

/// The sockets of one address, one a worker, in their order.
type Group = Vec<Arc<Socket>>;

/// A group of sockets for each address, and whether IPv6 was left out.
fn open_all(config: &Config) -> Result<(Vec<Group>, bool), Error> {
    let (addresses, optional_ipv6) = match &config.listen {
        Listen::Everywhere => (EVERYWHERE.to_vec(), true),
        Listen::On(addresses) => (addresses.clone(), false),
    };
    let mut tries = 0;
    loop {
        tries += 1;
        match open_each(config, &addresses, optional_ipv6) {
            // The port that the kernel chose for one address is taken on another: choose again.
            Err(Failure::ChosenPortTaken(_)) if tries < PORT_TRIES => {}
            Err(Failure::ChosenPortTaken(error) | Failure::Other(error)) => return Err(error),
            Ok(opened) => return Ok(opened),
        }
    }
}

enum Failure {
    ChosenPortTaken(Error),
    Other(Error),
}

fn open_each(
    config: &Config,
    addresses: &[SocketAddr],
    optional_ipv6: bool,
) -> Result<(Vec<Group>, bool), Failure> {
    let mut groups: Vec<Group> = Vec::with_capacity(addresses.len());
    let mut chosen_port = None;
    for &asked in addresses {
        let mut address = asked;
        if asked.port() == 0 {
            address.set_port(chosen_port.map_or(0, NonZeroU16::get));
        }
        match open_group(config, address) {
            Ok(group) => {
                if asked.port() == 0 {
                    chosen_port = NonZeroU16::new(group[0].local_address().port());
                }
                groups.push(group);
            }
            Err(Error::Socket { source, .. })
                if optional_ipv6 && address.is_ipv6() && lacks_ipv6(&source.source) =>
            {
                return Ok((groups, true));
            }
            Err(error) if asked != address && is_taken(&error) => {
                return Err(Failure::ChosenPortTaken(error));
            }
            Err(error) => return Err(Failure::Other(error)),
        }
    }
    Ok((groups, false))
}

fn is_taken(error: &Error) -> bool {
    matches!(error, Error::Socket { source, .. } if source.source.kind() == io::ErrorKind::AddrInUse)
}

/// The sockets of one address, bound in the order of the workers: the kernel numbers the members
/// of a group by the order in which they joined it.
fn open_group(config: &Config, mut address: SocketAddr) -> Result<Group, Error> {
    let mut group = Vec::with_capacity(config.workers);
    for worker in 0..config.workers {
        let options = SocketOptions {
            sharing: match worker {
                _ if config.workers == 1 => Sharing::Alone,
                0 => Sharing::First,
                _ => Sharing::Join,
            },
            receive_buffer: Some(config.receive_buffer),
            send_buffer: None,
            packet_info: needs_packet_info(address, config.quit),
        };
        let socket =
            Socket::bind(address, &options).map_err(|source| Error::Socket { address, source })?;
        address = socket.local_address();
        group.push(Arc::new(socket));
    }
    Ok(group)
}

/// A socket on every address must learn for each datagram which one to answer from; and `quit` may
/// depend on the interface.
fn needs_packet_info(address: SocketAddr, quit: QuitPolicy) -> bool {
    address.ip().is_unspecified() || quit.needs_interface(address.ip())
}

fn lacks_ipv6(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL)
    )
}

/// How often another port is chosen for several addresses before giving up.
const PORT_TRIES: usize = 16;

/// What the kernel charges a receive buffer for a datagram of up to 64 bytes: the `truesize` of
/// its `sk_buff`, measured on Linux 6.18.
const SMALL_DATAGRAM_MEMORY: usize = 832;
