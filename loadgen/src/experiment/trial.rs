//! One run of one variant: the server is started, loaded and ended.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use thiserror::Error;

use super::cpu;
use super::plan::{Plan, Program, Server, Times, arguments};
use super::process::{Ended, Process, Waited};
use crate::host::Figure;
use crate::results::Run;
use crate::results::read::{self, ReadError};

/// Is told of every program while it runs, so that somebody can end it if this program is killed.
pub trait Register {
    /// Puts on a program that is about to be started what it is found by, even if this program is
    /// killed before it could say that it was started.
    fn mark(&self, command: &mut Command);

    /// A program was started.
    ///
    /// # Errors
    /// If that cannot be kept, in which case the program is ended at once.
    fn started(&mut self, process: u32, what: &str) -> Result<(), String>;

    /// It has ended.
    ///
    /// # Errors
    /// If that cannot be kept.
    fn ended(&mut self, process: u32) -> Result<(), String>;
}

/// What one run measured.
#[derive(Debug)]
pub struct Measured {
    /// The result of the load generator.
    pub run: Run,
    /// Processor time of the server an echo, or why it is unknown.
    pub cpu_per_echo: Figure<Duration>,
}

/// A run that is to be made.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// What is wanted.
    pub plan: &'a Plan,
    /// The number of the level of each factor.
    pub levels: &'a [usize],
    /// Where the result goes.
    pub file: &'a Path,
    /// Ends it early.
    pub stop: &'a AtomicBool,
}

impl Trial<'_> {
    /// Makes the run.
    ///
    /// # Errors
    /// Why there is no result.
    pub fn run(&self, register: &mut dyn Register) -> Result<Measured, TrialError> {
        let server = self.start_server(register)?;
        let loaded = self.load(&server.target, register);
        let used = server.used();
        let ended = server.end(register)?;
        let run = match (loaded, &ended) {
            // That the server has gone explains everything else.
            (_, Some(ended)) if !ended.as_asked => {
                return Err(TrialError::Ended(ended.reason.clone()));
            }
            (loaded, _) => loaded?,
        };
        let echoed = ended.map_or_else(|| Err(ELSEWHERE.to_owned()), |ended| ended.echoed);
        Ok(Measured {
            run,
            cpu_per_echo: each(used, echoed),
        })
    }

    fn start_server(&self, register: &mut dyn Register) -> Result<Running, TrialError> {
        let (target, ready_within) = match &self.plan.server {
            Server::Elsewhere { target } => (Some(target), Duration::ZERO),
            Server::Started {
                target,
                ready_within,
                ..
            } => (target.as_ref(), *ready_within),
        };
        let Some(program) = self.plan.server_at(self.levels) else {
            return Ok(Running {
                target: target.cloned().unwrap_or_default(),
                process: None,
                before: Err(ELSEWHERE.to_owned()),
            });
        };
        let mut command = command(&program, &beside("echo-reactor"));
        command.arg("--json");
        let process = start("the server", command, register)?;
        let deadline = Instant::now() + ready_within;
        let listening = loop {
            let Some(line) = process.line(deadline, self.stop) else {
                return Err(self.not_ready(process, ready_within, register));
            };
            if let Some(address) = listening(&line) {
                break address;
            }
        };
        Ok(Running {
            target: target.cloned().unwrap_or_else(|| listening.to_string()),
            before: used_for_program(&program, process.id()),
            process: Some(process),
        })
    }

    fn not_ready(
        &self,
        process: Process,
        within: Duration,
        register: &mut dyn Register,
    ) -> TrialError {
        let id = process.id();
        // It may have closed its output and not have gone yet.
        let gone = process.wait(Instant::now() + AFTERWARDS, self.stop);
        let ended = process.end(PATIENCE);
        if let Err(cause) = register.ended(id) {
            return TrialError::Register(cause);
        }
        match (ended, gone) {
            (Err(error), _) => TrialError::System("end the server", error),
            (Ok(ended), Waited::Ended) => TrialError::Ended(ended.reason()),
            (Ok(_), _) if self.stop.load(Ordering::Relaxed) => TrialError::Stopped,
            (Ok(_), _) => TrialError::NeverReady(within),
        }
    }

    fn load(&self, target: &str, register: &mut dyn Register) -> Result<Run, TrialError> {
        let program = self.plan.load_at(self.levels);
        let lasts = lasts(&program);
        // This very program, whatever has been built or installed in its place since it was started.
        let this = PathBuf::from(format!("/proc/{}/exe", std::process::id()));
        let mut command = command(&program, &this);
        command
            .arg(format!("--target={target}"))
            .arg("--json")
            .arg(self.file)
            .arg("--quiet");
        let process = start("the load generator", command, register)?;
        let id = process.id();
        let waited = process.wait(Instant::now() + lasts, self.stop);
        let ended = process.end(PATIENCE);
        register.ended(id).map_err(TrialError::Register)?;
        let ended = ended.map_err(|error| TrialError::System("end the load generator", error))?;
        match waited {
            Waited::Stopped => return Err(TrialError::Stopped),
            Waited::Late => return Err(TrialError::Late(lasts)),
            Waited::Ended => {}
        }
        // Whether its result is good is for the result to say.
        if !matches!(ended.status.code(), Some(0 | 3 | 4)) {
            return Err(TrialError::Load(ended.reason()));
        }
        read::run(self.file).map_err(TrialError::Result)
    }
}

/// A server that is being measured.
struct Running {
    target: String,
    process: Option<Process>,
    /// What it had used before the load.
    before: Figure<Duration>,
}

/// What a server that was ended told.
struct Told {
    /// Whether it had run until it was asked to end.
    as_asked: bool,
    /// How it ended.
    reason: String,
    echoed: Figure<u64>,
}

impl Running {
    /// What it has used for the load.
    fn used(&self) -> Figure<Duration> {
        let Some(process) = &self.process else {
            return Err(ELSEWHERE.to_owned());
        };
        let before = self.before.clone()?;
        cpu::used_by(process.id()).map(|after| after.saturating_sub(before))
    }

    /// Ends it, if it was started here.
    fn end(self, register: &mut dyn Register) -> Result<Option<Told>, TrialError> {
        let Some(process) = self.process else {
            return Ok(None);
        };
        let id = process.id();
        let was_running = !process.has_ended();
        let ended = process.end(PATIENCE);
        register.ended(id).map_err(TrialError::Register)?;
        let ended = ended.map_err(|error| TrialError::System("end the server", error))?;
        Ok(Some(Told {
            as_asked: was_running && ended.status.success(),
            reason: ended.reason(),
            echoed: echoed(&ended),
        }))
    }
}

/// Processor time of a server that was started as `process`; that of a wrapper which did not become the
/// server tells nothing.
fn used_for_program(program: &Program, process: u32) -> Figure<Duration> {
    let usual = beside("echo-reactor");
    let path = program.path.as_deref().unwrap_or(&usual);
    let runs = std::fs::read_link(format!("/proc/{process}/exe"));
    let runs = runs.map_err(|error| format!("cannot tell which program runs: {error}"))?;
    if !program.wrapper.is_empty() && runs.file_name() != path.file_name() {
        return Err(format!(
            "the wrapper {} did not become the server",
            program.wrapper[0]
        ));
    }
    cpu::used_by(process)
}

/// Processor time an echo.
fn each(used: Figure<Duration>, echoed: Figure<u64>) -> Figure<Duration> {
    let (used, echoed) = (used?, echoed?);
    let nanos = used.as_nanos().checked_div(u128::from(echoed));
    let nanos = nanos.ok_or_else(|| "the server has echoed nothing".to_owned())?;
    Ok(Duration::from_nanos(
        u64::try_from(nanos).unwrap_or(u64::MAX),
    ))
}

/// The address in a line that a server prints when it listens, as one that can be sent to.
fn listening(line: &str) -> Option<SocketAddr> {
    let told: serde_json::Value = serde_json::from_str(line).ok()?;
    if told.get("event")?.as_str()? != "listening" {
        return None;
    }
    let mut address: SocketAddr = told.get("address")?.as_str()?.parse().ok()?;
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    Some(address)
}

/// How many datagrams a server says in its summary that it has echoed.
fn echoed(ended: &Ended) -> Figure<u64> {
    let summaries = ended.output.iter().rev().filter_map(|line| {
        let told: serde_json::Value = serde_json::from_str(line).ok()?;
        told.get("total")?.get("echoed")?.as_u64()
    });
    let mut summaries = summaries;
    summaries
        .next()
        .ok_or_else(|| "the server printed no summary".to_owned())
}

fn start(
    what: &'static str,
    mut command: Command,
    register: &mut dyn Register,
) -> Result<Process, TrialError> {
    let path = command.get_program().to_owned();
    register.mark(&mut command);
    let process = Process::start(command).map_err(|source| TrialError::Start {
        what,
        path: path.into(),
        source,
    })?;
    register
        .started(process.id(), what)
        .map_err(TrialError::Register)?;
    Ok(process)
}

/// A program with its wrapper, arguments and environment.
fn command(program: &Program, usual: &Path) -> Command {
    let path = program.path.as_deref().unwrap_or(usual);
    let mut command = match program.wrapper.split_first() {
        None => Command::new(path),
        Some((wrapper, rest)) => {
            let mut command = Command::new(wrapper);
            command.args(rest).arg(path);
            command
        }
    };
    command.args(arguments(&program.options)).envs(
        program
            .environment
            .iter()
            .map(|(name, value)| (name, value)),
    );
    command
}

/// How long a load may take at most, with all that comes after its window.
fn lasts(load: &Program) -> Duration {
    // Options of another build that this one does not understand say nothing of time.
    let sends = Times::of(load).ok().and_then(|times| times.most);
    let waits = load
        .understood()
        .map_or(Duration::ZERO, |typed| typed.timeout);
    let most = sends.unwrap_or(LONGEST).saturating_add(waits);
    most.min(LONGEST).saturating_add(LATEST)
}

/// The program of this name in the directory of this one, or else wherever the search path has it.
#[must_use]
pub fn beside(name: &str) -> PathBuf {
    let beside = std::env::current_exe().map(|this| this.with_file_name(name));
    match beside {
        Ok(path) if path.exists() => path,
        _ => name.into(),
    }
}

/// Why a run has no result: the end of a sentence that begins with the variant.
#[derive(Debug, Error)]
pub enum TrialError {
    /// A program could not be started.
    #[error("{what} {} cannot be started: {source}", path.display())]
    Start {
        /// Which one.
        what: &'static str,
        /// Where it should be.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It could not be kept which programs run.
    #[error("{0}")]
    Register(String),
    /// The server said nothing of listening in time.
    #[error(
        "the server did not listen within {}: raise ready_within in [server], or look at its \
         options",
        humantime::format_duration(*.0)
    )]
    NeverReady(Duration),
    /// The server ended by itself.
    #[error("the server ended by itself ({0})")]
    Ended(String),
    /// The load generator failed.
    #[error("the load generator failed ({0})")]
    Load(String),
    /// The load generator hung.
    #[error("the load generator had not ended after {}", humantime::format_duration(*.0))]
    Late(Duration),
    /// Its result cannot be read.
    #[error(transparent)]
    Result(ReadError),
    /// The system refused something.
    #[error("cannot {0}: {1}")]
    System(&'static str, io::Error),
    /// A signal wants everything to end.
    #[error("a signal ended it")]
    Stopped,
}

const ELSEWHERE: &str = "the server runs elsewhere";
/// How long a run may take of which nobody knows how long it takes.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3_600);
/// How long a program may take to end once it is asked to.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// How long a program may take to be gone once it has closed its output.
const AFTERWARDS: Duration = Duration::from_millis(500);
/// How much longer than planned a load may take: to start, to wait for late answers and to write its
/// result.
const LATEST: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::mark::Mark;

    /// Looks at what is started before anybody could have written it down.
    struct Watch {
        mark: Mark,
        is_marked: bool,
    }

    impl Register for Watch {
        fn mark(&self, command: &mut Command) {
            self.mark.put_on(command);
        }

        fn started(&mut self, process: u32, _what: &str) -> Result<(), String> {
            let environment = std::fs::read(format!("/proc/{process}/environ")).unwrap();
            self.is_marked = self.mark.is_in(&environment);
            Ok(())
        }

        fn ended(&mut self, _process: u32) -> Result<(), String> {
            Ok(())
        }
    }

    #[test]
    fn a_program_has_its_mark_before_it_is_known_by_its_number() {
        let mut watch = Watch {
            mark: Mark::draw(),
            is_marked: false,
        };
        let mut sleeper = Command::new("sleep");
        sleeper.arg("600");
        drop(start("the server", sleeper, &mut watch).unwrap());
        assert!(watch.is_marked);
    }

    #[test]
    fn a_server_tells_where_it_listens() {
        let line = |address| format!(r#"{{"event":"listening","address":"{address}"}}"#);
        let heard = |address| listening(&line(address)).map(|heard| heard.to_string());
        assert_eq!(heard("10.0.0.1:7").as_deref(), Some("10.0.0.1:7"));
        assert_eq!(heard("0.0.0.0:7").as_deref(), Some("127.0.0.1:7"));
        assert_eq!(heard("[::]:7").as_deref(), Some("[::1]:7"));
        for other in [
            "",
            "listening on",
            "{}",
            r#"{"event":"summary","address":"1.1.1.1:1"}"#,
        ] {
            assert_eq!(listening(other), None, "{other}");
        }
    }

    #[test]
    fn time_an_echo_needs_both_figures() {
        let used = Ok(Duration::from_micros(30));
        assert_eq!(each(used.clone(), Ok(10)), Ok(Duration::from_micros(3)));
        assert!(each(used, Ok(0)).unwrap_err().contains("nothing"));
        assert_eq!(each(Err("no".to_owned()), Ok(1)), Err("no".to_owned()));
    }
}
