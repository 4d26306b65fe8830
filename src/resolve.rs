//! From what was typed to what it means.

use std::collections::HashSet;
use std::env;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::access::{Limits, QuitKey, QuitPolicy};
use crate::cli::{Cli, Switch, WaitMode};
use crate::config::{Config, Listen, Wait};
use crate::error::Error;
use crate::key_file;
use crate::rulebook::Rulebook;
use crate::sandbox::Needs;
use crate::steering::Steer;

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
            batch: usize::from(cli.batch),
            wait: match cli.wait {
                WaitMode::Sleep => Wait::Sleep,
                WaitMode::Spin => Wait::Spin,
                WaitMode::Adaptive => Wait::Adaptive(cli.spin_for),
            },
            when_full: cli.when_full,
            pin: cli.pin.clone().map_or(Vec::new(), |list| list.processors),
            steer: steer(cli)?,
            quit: cli.quit,
            quit_key: quit_key(cli)?,
            source_ports: cli.source_ports,
            prefixes: Rulebook::from(cli).read()?,
            limits: Limits {
                each: cli.rate_limit,
                total: cli.rate_limit_total,
                lengths: cli.rate_limit_prefix,
            },
            receive_buffer: cli.rcvbuf,
            send_buffer: cli.sndbuf,
            busy_poll: cli.busy_poll,
            traffic_class: cli.tos,
            receive_offload: cli.gro == Switch::On,
            send_offload: cli.gso == Switch::On,
            timestamps: cli.timestamps,
            faults: cli.fault.clone(),
        })
    }
}

impl From<&Cli> for Rulebook {
    fn from(cli: &Cli) -> Self {
        Self {
            allow: cli.allow.clone(),
            deny: cli.deny.clone(),
            allow_files: cli.allow_file.clone(),
            deny_files: cli.deny_file.clone(),
        }
    }
}

impl From<&Cli> for Needs {
    /// What the flags make the server do after it has started, besides answering: each feature that
    /// reads, listens or starts something later adds it here.
    fn from(cli: &Cli) -> Self {
        Self {
            reads: [&cli.allow_file[..], &cli.deny_file].concat(),
            accepts: cli.metrics.is_some(),
            steers: true,
        }
    }
}

fn quit_key(cli: &Cli) -> Result<Option<QuitKey>, Error> {
    if cli.quit_key.is_some() && cli.quit == QuitPolicy::Any {
        return Err(Error::Usage(
            "--quit any lets everybody end the server, so --quit-key would keep nobody from it; \
             leave one out"
                .to_owned(),
        ));
    }
    let credentials = env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let credentials = credentials.filter(|folder| folder.is_absolute());
    let read = |path| key_file::read(path, credentials.as_deref());
    cli.quit_key.as_deref().map(read).transpose()
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

fn steer(cli: &Cli) -> Result<Steer, Error> {
    if cli.steer == Steer::RxQueueCpu && cli.pin.is_none() {
        return Err(Error::Usage(
            "--steer rx-queue-cpu sends a datagram to the worker on the processor that took it \
             from the network, so it needs --pin to say where the workers are"
                .to_owned(),
        ));
    }
    Ok(cli.steer)
}

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
    fn a_key_that_keeps_nobody_out_is_wrong_use() {
        let error = config(&["--quit", "any", "--quit-key", "k"]).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("--quit-key"), "{error}");
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
