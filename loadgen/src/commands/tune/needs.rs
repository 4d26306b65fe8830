//! What a plan needs of the host, before anything is started.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::path::Path;

use echo_reactor::affinity;
use echo_reactor::udp::{Socket, SocketOptions};
use rustix::process::geteuid;

use crate::commands::{Failure, failed};
use crate::environment::interface;
use crate::experiment::plan::{FactorKind, Need, Plan, Server};

/// Whether the host has everything.
///
/// # Errors
/// A line for each thing that it lacks.
pub(super) fn check(plan: &Plan) -> Result<(), Failure> {
    let needs = all(plan).into_iter();
    let lacking: Vec<String> = needs
        .filter_map(|need| Some(format!("  {need}: {}", lack(&need)?)))
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    Err(failed(format_args!(
        "this host lacks what the plan needs:\n{}",
        lacking.join("\n")
    )))
}

/// What the plan says that it needs, and the programs that it names.
pub(super) fn all(plan: &Plan) -> Vec<Need> {
    let mut needs = plan.needs.clone();
    let programs = programs(plan).into_iter();
    let more: Vec<Need> = programs.filter(|need| !plan.needs.contains(need)).collect();
    needs.extend(more);
    needs
}

/// The programs that the plan names: those at any level, and what stands before them.
fn programs(plan: &Plan) -> Vec<Need> {
    let mut named: Vec<String> = Vec::new();
    let mut sides = vec![&plan.load];
    if let Server::Started { program, .. } = &plan.server {
        sides.push(program);
    }
    for program in sides {
        named.extend(program.path.iter().map(|path| path.display().to_string()));
        named.extend(program.wrapper.first().cloned());
    }
    for factor in &plan.factors {
        if matches!(
            factor.kind,
            FactorKind::ServerProgram | FactorKind::LoadProgram
        ) {
            named.extend(factor.levels.iter().map(ToString::to_string));
        }
    }
    named.sort();
    named.dedup();
    named.into_iter().map(Need::Program).collect()
}

/// Why the host does not have something; `None` if it does.
pub(super) fn lack(need: &Need) -> Option<String> {
    match need {
        Need::Root => (!geteuid().is_root()).then(|| "run it as root".to_owned()),
        Need::Processors(count) => match affinity::allowed() {
            Ok(allowed) if allowed.processors.len() >= *count => None,
            Ok(allowed) => Some(format!("there are {}", allowed.processors.len())),
            Err(error) => Some(format!("they cannot be counted: {error}")),
        },
        Need::ReceiveBuffer { bytes, .. } => no_buffer(*bytes),
        Need::Interface(name) => no_interface(name),
        Need::Queues(name) => no_interface(name).or_else(|| {
            let interrupts = interface::interrupts(name).err()?;
            Some(format!(
                "it has no device with interrupts of its own: {interrupts}"
            ))
        }),
        // A name with a slash in it is a path already.
        Need::Program(name) if name.contains('/') => (!Path::new(name).is_file()).then(|| {
            "there is no such file: build it, or name another one (--set may do that)".to_owned()
        }),
        Need::Program(name) => {
            (!is_on_path(name)).then(|| "it is not on the search path: install it".to_owned())
        }
        Need::File(path) => match fs::metadata(path) {
            Ok(_) => None,
            Err(error) if error.kind() == ErrorKind::NotFound => Some(no_file(path)),
            Err(error) => Some(error.to_string()),
        },
    }
}

fn no_file(path: &Path) -> String {
    let missing = if path.starts_with("/run/netns") {
        "there is no such network namespace (`ip netns list` lists them; "
    } else {
        "there is no such file or directory ("
    };
    format!("{missing}--set may name another one)")
}

/// Asks for one as the server does. The kernel doubles what it grants.
fn no_buffer(bytes: usize) -> Option<String> {
    let options = SocketOptions {
        receive_buffer: Some(bytes),
        ..SocketOptions::default()
    };
    let granted = Socket::bind((Ipv4Addr::LOCALHOST, 0).into(), &options)
        .map(|socket| socket.effects().receive_buffer.applied().copied());
    match granted {
        Ok(Some(granted)) if granted / 2 >= bytes => None,
        Ok(granted) => Some(format!(
            "the kernel grants {} bytes: run it as root, or raise net.core.rmem_max",
            granted.unwrap_or(0) / 2
        )),
        Err(error) => Some(error.to_string()),
    }
}

fn no_interface(name: &str) -> Option<String> {
    let is_there = Path::new("/sys/class/net").join(name).exists();
    (!is_there).then(|| "there is no such interface (--set may name another one)".to_owned())
}

fn is_on_path(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(name).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(bytes: usize) -> Need {
        Need::ReceiveBuffer {
            typed: bytes.to_string(),
            bytes,
        }
    }

    #[test]
    fn what_every_host_has_is_not_missed() {
        for need in [
            Need::Processors(1),
            Need::Interface("lo".to_owned()),
            buffer(4096),
            Need::Program("sh".to_owned()),
            Need::Program("/bin/sh".to_owned()),
            Need::File("/proc/sys".into()),
        ] {
            assert_eq!(lack(&need), None, "{need}");
        }
    }

    #[test]
    fn what_a_variable_may_have_named_wrongly_says_so() {
        for need in [
            Need::Interface("no such one".to_owned()),
            Need::File("/run/netns/no-such-one".into()),
            Need::File("/proc/no/such/file".into()),
            Need::Program("no/such/program".to_owned()),
        ] {
            let lack = lack(&need).unwrap();
            assert!(lack.contains("--set may"), "{need}: {lack}");
        }
    }

    #[test]
    fn what_no_host_has_is_missed() {
        for need in [
            Need::Processors(1_000_000),
            Need::Interface("no such one".to_owned()),
            Need::Queues("lo".to_owned()),
            // More than the kernel keeps as a number.
            buffer(1 << 40),
            Need::Program("no-such-program".to_owned()),
            Need::File("/proc/no/such/file".into()),
        ] {
            assert!(lack(&need).is_some(), "{need}");
        }
    }
}
