//! What the command line means: checked, typed, and free of contradictions.

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::access::QuitPolicy;
use crate::cli::Cli;
use crate::error::Error;

/// How datagrams are read and sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Io {
    /// One system call a datagram each way: the baseline
    Single,
    /// Many datagrams a system call (recvmmsg, sendmmsg)
    Batch,
}

impl Io {
    /// The name that the command line has for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Batch => "batch",
        }
    }
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
    pub(crate) quit: QuitPolicy,
    pub(crate) receive_buffer: usize,
}

impl Config {
    /// One worker on `address`, everything else as by default.
    #[must_use]
    pub fn on(address: SocketAddr) -> Self {
        Self {
            listen: Listen::On(vec![address]),
            workers: 1,
            io: Io::Batch,
            quit: QuitPolicy::Loopback,
            receive_buffer: RECEIVE_BUFFER,
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

    /// Stopped by whose `quit`.
    #[must_use]
    pub fn quit(mut self, quit: QuitPolicy) -> Self {
        self.quit = quit;
        self
    }

    /// With a receive buffer of so many bytes a socket, which the kernel doubles.
    #[must_use]
    pub fn receive_buffer(mut self, bytes: usize) -> Self {
        self.receive_buffer = bytes;
        self
    }
}

impl TryFrom<&Cli> for Config {
    type Error = Error;

    fn try_from(cli: &Cli) -> Result<Self, Error> {
        let mut seen = HashSet::new();
        if let Some(twice) = cli.listen.iter().find(|address| !seen.insert(**address)) {
            return Err(Error::Usage(format!(
                "--listen {twice} is given twice; leave one out (--workers puts several sockets on one address)"
            )));
        }
        if let Some((every, one)) = overlap(&cli.listen) {
            return Err(Error::Usage(format!(
                "--listen {every} includes --listen {one}; leave one out"
            )));
        }
        Ok(Self {
            listen: if cli.listen.is_empty() {
                Listen::Everywhere
            } else {
                Listen::On(cli.listen.clone())
            },
            workers: usize::from(cli.workers),
            io: cli.io,
            quit: cli.quit,
            receive_buffer: RECEIVE_BUFFER,
        })
    }
}

/// A listening address on every address of a host, and another one with the same port.
fn overlap(listen: &[SocketAddr]) -> Option<(SocketAddr, SocketAddr)> {
    let everywhere = listen.iter().filter(|every| every.ip().is_unspecified());
    everywhere
        .flat_map(|every| listen.iter().map(move |one| (*every, *one)))
        .find(|(every, one)| {
            every != one && every.is_ipv4() == one.is_ipv4() && every.port() == one.port()
        })
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
const RECEIVE_BUFFER: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn config(arguments: &[&str]) -> Result<Config, Error> {
        let typed = ["echo-reactor"].iter().chain(arguments);
        Config::try_from(&Cli::try_parse_from(typed).unwrap())
    }

    #[test]
    fn without_an_address_it_listens_everywhere() {
        assert_eq!(config(&[]).unwrap().listen, Listen::Everywhere);
    }

    #[test]
    fn an_address_among_all_of_them_is_wrong_use() {
        let both = ["--listen", "127.0.0.1:7000", "--listen", "0.0.0.0:7000"];
        let error = config(&both).unwrap_err().to_string();
        assert!(
            error.contains("--listen 0.0.0.0:7000 includes --listen 127.0.0.1:7000"),
            "{error}"
        );
        let apart = ["--listen", "[::]:7000", "--listen", "127.0.0.1:7000"];
        assert!(config(&apart).is_ok());
    }

    #[test]
    fn the_same_address_twice_is_wrong_use() {
        let twice = ["--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0"];
        let error = config(&twice).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(
            error.to_string().contains("--listen 127.0.0.1:0"),
            "{error}"
        );
    }
}
