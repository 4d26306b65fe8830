//! What the command line means: checked, typed, and free of contradictions.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use crate::access::{Limits, Prefixes, QuitKey, QuitPolicy, SourcePorts};
use crate::faults::Faults;
use crate::steering::Steer;
use crate::udp::MAX_MESSAGES;

/// How datagrams are read and sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Io {
    /// One system call a datagram each way: the baseline (recvfrom, sendto; on a socket that must
    /// know which address was asked, recvmmsg and sendmmsg of one)
    Single,
    /// Many datagrams a system call (recvmmsg, sendmmsg)
    Batch,
    /// Also many datagrams a trip through the kernel: trains come in and go out as one
    /// (`UDP_GRO`, `UDP_SEGMENT`), and replies to one peer are gathered into trains
    Offload,
}

impl Io {
    /// The name that the command line has for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Batch => "batch",
            Self::Offload => "offload",
        }
    }
}

/// What a worker does when nothing is queued.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wait {
    /// It sleeps until something comes.
    Sleep,
    /// It looks again at once, and keeps its processor busy.
    Spin,
    /// It spins for a while after the last datagram, then sleeps.
    Adaptive(Duration),
}

impl Wait {
    /// The name that the command line has for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sleep => "sleep",
            Self::Spin => "spin",
            Self::Adaptive(_) => "adaptive",
        }
    }
}

/// What becomes of replies when a socket takes no more for the moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum WhenFull {
    /// They wait, and nothing more is read from that socket meanwhile
    Wait,
    /// They are dropped and counted, and reading goes on
    Drop,
}

/// Where a server listens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Listen {
    /// The default port on every IPv4 and IPv6 address; IPv4 alone on a host without IPv6.
    Everywhere,
    /// These addresses. Each with port 0 gets the port that the first of them was given.
    On(Vec<SocketAddr>),
}

/// A server as it shall be.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) listen: Listen,
    pub(crate) workers: usize,
    pub(crate) io: Io,
    /// Slots that one call fills.
    pub(crate) batch: usize,
    pub(crate) wait: Wait,
    pub(crate) when_full: WhenFull,
    /// The processors of the workers; the list is gone through again if it is shorter.
    pub(crate) pin: Vec<usize>,
    pub(crate) steer: Steer,
    pub(crate) quit: QuitPolicy,
    pub(crate) quit_key: Option<QuitKey>,
    pub(crate) source_ports: SourcePorts,
    pub(crate) prefixes: Option<Prefixes>,
    pub(crate) limits: Limits,
    pub(crate) receive_buffer: usize,
    pub(crate) send_buffer: Option<usize>,
    pub(crate) busy_poll: Option<u32>,
    pub(crate) traffic_class: Option<u8>,
    /// Whether trains come in as one, where the mode has it.
    pub(crate) receive_offload: bool,
    /// Whether trains go out as one, where the mode has it.
    pub(crate) send_offload: bool,
    pub(crate) timestamps: bool,
    pub(crate) faults: Option<Faults>,
}

impl Config {
    /// One worker on `address`, everything else as by default.
    #[must_use]
    pub fn on(address: SocketAddr) -> Self {
        Self {
            listen: Listen::On(vec![address]),
            workers: 1,
            io: Io::Offload,
            batch: BATCH,
            wait: Wait::Sleep,
            when_full: WhenFull::Wait,
            pin: Vec::new(),
            steer: Steer::Hash,
            quit: QuitPolicy::Loopback,
            quit_key: None,
            source_ports: SourcePorts::Client,
            prefixes: None,
            limits: Limits::default(),
            receive_buffer: RECEIVE_BUFFER,
            send_buffer: None,
            busy_poll: None,
            traffic_class: None,
            receive_offload: true,
            send_offload: true,
            timestamps: false,
            faults: None,
        }
    }

    /// With so many workers; 0 counts as 1.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers.max(1);
        self
    }

    /// Reading and sending in this way.
    #[must_use]
    pub fn io(mut self, io: Io) -> Self {
        self.io = io;
        self
    }

    /// With worker i on the i-th of these processors; the list is gone through again if it is shorter.
    #[must_use]
    pub fn pin(mut self, processors: Vec<usize>) -> Self {
        self.pin = processors;
        self
    }

    /// With so many slots a call, brought into 1 to 1,024.
    #[must_use]
    pub fn batch(mut self, slots: usize) -> Self {
        self.batch = slots.clamp(1, MAX_MESSAGES);
        self
    }

    /// Waiting in this way.
    #[must_use]
    pub fn wait(mut self, wait: Wait) -> Self {
        self.wait = wait;
        self
    }

    /// Doing this when a socket takes no more.
    #[must_use]
    pub fn when_full(mut self, when_full: WhenFull) -> Self {
        self.when_full = when_full;
        self
    }

    /// With a send buffer of so many bytes a socket, which the kernel doubles.
    #[must_use]
    pub fn send_buffer(mut self, bytes: usize) -> Self {
        self.send_buffer = Some(bytes);
        self
    }

    /// With or without trains coming in and going out as one; both are in force in
    /// [`Io::Offload`] alone.
    #[must_use]
    pub fn offloads(mut self, receive: bool, send: bool) -> Self {
        self.receive_offload = receive;
        self.send_offload = send;
        self
    }

    /// Stamping what is received, for the queue delay among the statistics.
    #[must_use]
    pub fn timestamps(mut self, timestamps: bool) -> Self {
        self.timestamps = timestamps;
        self
    }

    /// With these faults, as in `config.faults("drop=1%".parse()?)`: for tests of clients alone.
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = Some(faults);
        self
    }

    /// Stopped by whose `quit`.
    #[must_use]
    pub fn quit(mut self, quit: QuitPolicy) -> Self {
        self.quit = quit;
        self
    }

    /// Answering these source ports.
    #[must_use]
    pub fn source_ports(mut self, ports: SourcePorts) -> Self {
        self.source_ports = ports;
        self
    }

    /// Answering these networks alone.
    #[must_use]
    pub fn prefixes(mut self, prefixes: Prefixes) -> Self {
        self.prefixes = Some(prefixes);
        self
    }

    /// Answering no more than this.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Stopped also over a network, by whoever has this key.
    #[must_use]
    pub fn quit_key(mut self, key: QuitKey) -> Self {
        self.quit_key = Some(key);
        self
    }

    /// What it answers, where that is not what every server does by itself.
    pub(crate) fn access(&self) -> Vec<String> {
        let mut access = Vec::new();
        if self.source_ports == SourcePorts::Any {
            access.push("any source port".to_owned());
        }
        access.extend(self.prefixes.as_ref().map(Prefixes::to_string));
        if let Some(each) = self.limits.each {
            let lengths = self.limits.lengths;
            let source = lengths.words();
            access.push(format!("at most {each} a source ({source})"));
        }
        if let Some(total) = self.limits.total {
            access.push(format!("at most {total} in all"));
        }
        if self.quit_key.is_some() {
            access.push("quit by key".to_owned());
        }
        access
    }

    /// With a receive buffer of so many bytes a socket, which the kernel doubles.
    #[must_use]
    pub fn receive_buffer(mut self, bytes: usize) -> Self {
        self.receive_buffer = bytes;
        self
    }

    /// How datagrams are really read and sent: with faults each has a fate of its own, so none
    /// comes or goes in a train; and what has to wait for a server stays in the kernel's queue.
    pub(crate) fn io_in_force(&self) -> Io {
        match &self.faults {
            Some(faults) if faults.service.is_some() => Io::Single,
            Some(_) if self.io == Io::Offload => Io::Batch,
            _ => self.io,
        }
    }

    /// Whether the kernel shall stamp what it receives: a server with service times must know
    /// since when a datagram is there.
    pub(crate) fn stamps(&self) -> bool {
        let faults = self.faults.as_ref();
        self.timestamps || faults.is_some_and(|faults| faults.service.is_some())
    }
}

/// The addresses of [`Listen::Everywhere`].
pub(crate) const EVERYWHERE: [SocketAddr; 2] = [
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), PORT),
    SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::UNSPECIFIED), PORT),
];

/// The port of the program that this one grew out of; nobody else has registered it.
const PORT: u16 = 50_007;

/// 4 MiB, which the kernel doubles: room for some 10,000 small datagrams, a tenth of a second at
/// 100,000 a second.
pub(crate) const RECEIVE_BUFFER: usize = 4 << 20;

/// Slots that one call fills, unless told otherwise.
pub(crate) const BATCH: usize = 64;
