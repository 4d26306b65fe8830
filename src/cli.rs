//! What was typed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Parser, ValueEnum, ValueHint};
use clap_complete::Shell;
use ipnet::IpNet;

use crate::access::{Limit, QuitPolicy, SourceLengths, SourcePorts, prefixes};
use crate::affinity::CpuList;
use crate::config::{Io, RECEIVE_BUFFER, WhenFull};
use crate::faults::Faults;
use crate::figures::grouped;
use crate::log::{Format, Verbosity};
use crate::manual::Appendix;
use crate::sandbox::{self, probe::Probe};
use crate::steering::Steer;
use crate::user::UserName;

/// Sends every UDP datagram back to its sender, at high packet rates.
///
/// It ends when a datagram that is exactly `quit` comes in over the loopback interface, and on
/// SIGINT or SIGTERM: what is queued is answered first, and a summary is printed. A second signal
/// ends it at once. SIGUSR2 starts the program anew to take over without losing a datagram.
///
/// `@FILE` among the arguments stands for the options in FILE, one a line, read at each start.
#[derive(Clone, Debug, Parser)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own, and none depends on another"
)]
#[command(version, max_term_width = 80, after_long_help = APPENDIX.text())]
pub struct Cli {
    /// Address and port to answer on, as in 127.0.0.1:50007 or `[::1]:50007`; may be repeated. Port
    /// 0 picks a free one, and prints it; sockets from a service manager (`LISTEN_FDS`) take the place
    /// of all of them [default: port 50007 on every IPv4 and IPv6 address]
    #[arg(long, value_name = "ADDR:PORT", value_parser = parse_listen)]
    pub listen: Vec<SocketAddr>,

    /// Threads that answer, each with a socket of its own on every address
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = |text: &str| whole(text, 1, 512_u16))]
    pub workers: u16,

    /// How datagrams are read and sent
    #[arg(long, value_name = "MODE", value_enum, default_value_t = Io::Offload)]
    pub io: Io,

    /// Datagrams, or trains of them, that one system call reads
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = |text: &str| whole(text, 1, 1_024_u16), help_heading = TUNING)]
    pub batch: u16,

    /// What a worker does when nothing is queued
    #[arg(long, value_name = "MODE", value_enum, default_value_t = WaitMode::Sleep, help_heading = TUNING)]
    pub wait: WaitMode,

    /// How long `--wait adaptive` spins after the last datagram, as in 50us or 1ms
    #[arg(long, value_name = "TIME", default_value = "50us", value_parser = parse_duration, help_heading = TUNING)]
    pub spin_for: Duration,

    /// Processors for the workers, as in 0,2-5: worker i runs on the i-th of them
    #[arg(long, value_name = "CPULIST", help_heading = TUNING)]
    pub pin: Option<CpuList>,

    /// Which worker gets a datagram
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Steer::Hash, help_heading = TUNING)]
    pub steer: Steer,

    /// Receive buffer of each socket in bytes, as in 4Mi; the kernel doubles it
    #[arg(long, value_name = "BYTES", default_value_t = RECEIVE_BUFFER, value_parser = parse_bytes, help_heading = TUNING)]
    pub rcvbuf: usize,

    /// Send buffer of each socket in bytes; the kernel doubles it [default: the host's]
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes, help_heading = TUNING)]
    pub sndbuf: Option<usize>,

    /// What becomes of replies when a send buffer is full
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = WhenFull::Wait, help_heading = TUNING)]
    pub when_full: WhenFull,

    /// Microseconds to poll the network device before waiting for its interrupt; devices with
    /// queues only, not loopback
    #[arg(long, value_name = "USEC", value_parser = |text: &str| whole(text, 0, u32::MAX), help_heading = TUNING)]
    pub busy_poll: Option<u32>,

    /// Traffic class of replies (DSCP and ECN), 0 to 255
    #[arg(long, value_name = "BYTE", value_parser = |text: &str| whole(text, 0, u8::MAX), help_heading = TUNING)]
    pub tos: Option<u8>,

    /// Take trains of datagrams in as one, in `--io offload`
    #[arg(long, value_name = "ON|OFF", value_enum, default_value_t = Switch::On, help_heading = TUNING)]
    pub gro: Switch,

    /// Send trains of datagrams out as one, in `--io offload`
    #[arg(long, value_name = "ON|OFF", value_enum, default_value_t = Switch::On, help_heading = TUNING)]
    pub gso: Switch,

    /// Have the kernel stamp what it receives, to tell how long datagrams waited for an answer.
    /// The whole host gets a little slower
    #[arg(long, help_heading = OUTPUT)]
    pub timestamps: bool,

    /// Print statistics every so often, as in 1s. SIGUSR1 prints them at any time
    #[arg(long, value_name = "TIME", value_parser = parse_interval, help_heading = OUTPUT)]
    pub stats_interval: Option<Duration>,

    /// Whose datagram `quit` ends the server
    #[arg(long, value_name = "WHOSE", value_enum, default_value_t = QuitPolicy::Loopback)]
    pub quit: QuitPolicy,

    /// Let whoever has the key in FILE end the server, also over a network (`loadgen ping --quit
    /// --quit-key FILE`)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub quit_key: Option<PathBuf>,

    /// Source ports that are answered
    #[arg(long, value_name = "WHICH", value_enum, default_value_t = SourcePorts::Client, help_heading = ACCESS)]
    pub source_ports: SourcePorts,

    /// Answer this network, and no other that is not named too, as in 192.0.2.0/24 or `2001:db8::/32`;
    /// may be repeated. The longest prefix that a sender is in decides
    #[arg(long, value_name = "PREFIX", value_parser = parse_prefix, help_heading = ACCESS)]
    pub allow: Vec<IpNet>,

    /// Answer the networks in FILE too, one a line, with comments from # on. SIGHUP has it read again
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = ACCESS)]
    pub allow_file: Vec<PathBuf>,

    /// Do not answer this network; may be repeated
    #[arg(long, value_name = "PREFIX", value_parser = parse_prefix, help_heading = ACCESS)]
    pub deny: Vec<IpNet>,

    /// Do not answer the networks in FILE, as for `--allow-file`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = ACCESS)]
    pub deny_file: Vec<PathBuf>,

    /// Answer each source so many times a second, as in 10k/s, or 10k/s:500 with up to 500 at once
    /// (a tenth of a second's by default)
    #[arg(long, value_name = "RATE", help_heading = ACCESS)]
    pub rate_limit: Option<Limit>,

    /// Bits of an address of IPv4 and of IPv6 that make a source of their own
    #[arg(long, value_name = "V4,V6", default_value_t = SourceLengths::default(), requires = "rate_limit", help_heading = ACCESS)]
    pub rate_limit_prefix: SourceLengths,

    /// Answer all sources together so many times a second
    #[arg(long, value_name = "RATE", help_heading = ACCESS)]
    pub rate_limit_total: Option<Limit>,

    /// Print sender and payload of each datagram; what a slow terminal cannot take is counted, not
    /// waited for
    #[arg(long, help_heading = OUTPUT)]
    pub log_datagrams: bool,

    /// Print JSON instead of text: one object a line, the summary last
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,

    /// Address and port for metrics and health over HTTP, as in 127.0.0.1:9464: /metrics for
    /// Prometheus, /healthz and /readyz for whoever restarts servers or sends them clients. Anybody
    /// who reaches it may read it
    #[arg(long, value_name = "ADDR:PORT", value_parser = parse_metrics, help_heading = OPERATION)]
    pub metrics: Option<SocketAddr>,

    /// How lines on standard error look
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text, help_heading = OPERATION)]
    pub log_format: Format,

    /// How much is said on standard error: this, and what matters more
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t = Verbosity::Warn, help_heading = OPERATION)]
    pub log_level: Verbosity,

    /// User to become when the sockets are open, as in nobody or nobody:nogroup, by name or number; it
    /// takes root, and is for good
    #[arg(long, value_name = "USER[:GROUP]", help_heading = PRIVILEGES)]
    pub user: Option<UserName>,

    /// Whether the running server is kept from what it does not need
    #[arg(long, value_name = "MODE", value_enum, default_value_t, help_heading = PRIVILEGES)]
    pub sandbox: sandbox::Mode,

    /// Instead of answering, try from inside what the sandbox must refuse: exit code 1 or death by
    /// SIGSYS if it does, 0 if not
    #[arg(long, value_name = "WHAT", value_enum, help_heading = PRIVILEGES)]
    pub sandbox_probe: Option<Probe>,

    /// What shall go wrong, as in drop=1%,delay=500us
    ///
    /// Parts between commas, in any order. Never for a measurement of this
    /// server:
    ///
    ///   drop=1%           no reply
    ///   duplicate=1%      the reply twice
    ///   corrupt=0.1%      one bit of the reply flipped
    ///   reorder=1%        the reply behind the next one to the same peer
    ///   delay=500us       every reply so much later
    ///   stall=100ms@2s    nothing read or sent for 100ms, once, from
    ///                     2s after the first datagram; may be repeated
    ///   service=exp:50us  one datagram after the other, each for so
    ///                     long: fixed:TIME, or exp:TIME on average
    ///   panic-after=1000  a worker panics with its 1,000th datagram
    ///   seed=7            where chance starts from; 1 by default
    ///
    /// A datagram meets one of the first four at most. The summary counts
    /// each fault exactly.
    #[arg(long, value_name = "FAULTS", help_heading = FAULTS, verbatim_doc_comment)]
    pub fault: Option<Faults>,

    /// Print the manual page instead
    #[arg(long, exclusive = true, help_heading = DOCUMENTS)]
    pub man: bool,

    /// Print a script with which this shell completes flags instead
    #[arg(long, value_name = "SHELL", value_enum, exclusive = true, help_heading = DOCUMENTS)]
    pub completions: Option<Shell>,
}

/// What a worker does when nothing is queued.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum WaitMode {
    /// Sleep until something comes
    Sleep,
    /// Look again at once; the shortest round trips, at the price of a busy processor
    Spin,
    /// Spin for a while after the last datagram (`--spin-for`), then sleep
    Adaptive,
}

/// On or off.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Switch {
    /// Used where the kernel has it
    On,
    /// Not used
    Off,
}

const ACCESS: &str = "Who gets an answer";
const TUNING: &str = "Tuning";
const OUTPUT: &str = "Output";
const OPERATION: &str = "Operation";
const DOCUMENTS: &str = "Documents";
const PRIVILEGES: &str = "Privileges";
const FAULTS: &str = "Faults on purpose, to test a client against";

/// What the exit codes mean, and examples.
pub const APPENDIX: Appendix = Appendix {
    exit_codes: &[
        (0, "it answered until it was stopped"),
        (1, "it failed"),
        (2, "wrong use"),
    ],
    examples: &[
        ("echo-reactor", "port 50007 on every IPv4 and IPv6 address"),
        (
            "echo-reactor --listen 127.0.0.1:0 --workers 4",
            "a free port of one address, and four threads",
        ),
        (
            "echo-reactor --wait spin --pin 1 --stats-interval 1s",
            "the shortest round trips, with statistics every second",
        ),
        (
            "echo-reactor --metrics 127.0.0.1:9464 --log-format json",
            "a service that Prometheus scrapes, with a log for programs",
        ),
    ],
};

fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{error}, as in 50us, 1ms or 2s"))
}

fn parse_interval(text: &str) -> Result<Duration, String> {
    let interval = parse_duration(text)?;
    if interval < Duration::from_millis(1) {
        return Err("it is shorter than 1ms, and would print without end".to_owned());
    }
    Ok(interval)
}

/// Bytes, with Ki and Mi for 1,024 and 1,048,576 of them.
fn parse_bytes(text: &str) -> Result<usize, String> {
    let (number, unit) = match (text.strip_suffix("Ki"), text.strip_suffix("Mi")) {
        (Some(number), _) => (number, 1 << 10),
        (_, Some(number)) => (number, 1 << 20),
        _ => (text, 1),
    };
    number
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .filter(|bytes| i32::try_from(*bytes).is_ok())
        .ok_or_else(|| {
            "it is not a number of bytes under 2 GiB, as in 212992, 256Ki or 4Mi".to_owned()
        })
        .and_then(|bytes| match bytes {
            0 => Err("the kernel would not take nothing, but the least it has".to_owned()),
            bytes => Ok(bytes),
        })
}

fn parse_prefix(text: &str) -> Result<IpNet, String> {
    prefixes::parse(text).map_err(|wrong| format!("it {wrong}"))
}

fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    parse_address(text, "127.0.0.1:50007 or [::1]:50007")
}

fn parse_metrics(text: &str) -> Result<SocketAddr, String> {
    parse_address(text, "127.0.0.1:9464 or [::1]:9464")
}

fn parse_address(text: &str, examples: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_no_address| format!("it is not an IP address and a port, as in {examples}"))
}

/// A whole number in a range.
fn whole<T>(text: &str, least: T, most: T) -> Result<T, String>
where
    T: FromStr + PartialOrd + Into<u64>,
{
    let number = text.parse().ok();
    number
        .filter(|number| (&least..=&most).contains(&number))
        .ok_or_else(|| {
            let (least, most) = (grouped(least.into()), grouped(most.into()));
            format!("it is no whole number from {least} to {most}")
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_example_is_understood() {
        for (line, _) in APPENDIX.examples {
            let understood = Cli::try_parse_from(line.split_whitespace());
            assert!(understood.is_ok(), "{line}: {understood:?}");
        }
    }

    #[test]
    fn documents_go_with_no_other_flag() {
        for document in [&["--man"][..], &["--completions", "bash"]] {
            let typed = [&["echo-reactor", "--json"], document].concat();
            assert_eq!(Cli::try_parse_from(typed).unwrap_err().exit_code(), 2);
        }
    }

    #[test]
    fn sizes_have_binary_units_and_an_end() {
        assert_eq!(parse_bytes("212992"), Ok(212_992));
        assert_eq!(parse_bytes("256Ki"), Ok(262_144));
        assert_eq!(parse_bytes("4Mi"), Ok(4_194_304));
        for wrong in ["", "4Gi", "-1", "4096Mi", "Ki"] {
            assert!(parse_bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_buffer_of_nothing_is_wrong_use() {
        for nothing in ["0", "0Ki"] {
            assert!(
                parse_bytes(nothing)
                    .unwrap_err()
                    .contains("the least it has")
            );
        }
        for flag in ["--rcvbuf", "--sndbuf"] {
            let error = Cli::try_parse_from(["echo-reactor", flag, "0"]).unwrap_err();
            assert!(error.to_string().contains(flag), "{error}");
        }
    }

    #[test]
    fn an_interval_of_nothing_is_wrong_use() {
        assert!(parse_interval("0s").is_err());
        assert_eq!(parse_interval("1ms"), Ok(Duration::from_millis(1)));
    }

    #[test]
    fn a_bad_address_names_the_flag_and_shows_a_good_one() {
        let error = Cli::try_parse_from(["echo-reactor", "--listen", "localhost"]).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("--listen"), "{text}");
        assert!(text.contains("127.0.0.1:50007"), "{text}");
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn a_bad_value_is_told_in_our_words_and_with_what_would_do() {
        for (flag, wrong, part) in [
            ("--workers", "0", "from 1 to 512"),
            ("--workers", "513", "from 1 to 512"),
            ("--workers", "two", "from 1 to 512"),
            ("--batch", "1025", "from 1 to 1,024"),
            ("--busy-poll", "x", "from 0 to 4,294,967,295"),
            ("--tos", "256", "from 0 to 255"),
            ("--metrics", "9464", "as in 127.0.0.1:9464"),
        ] {
            let error = Cli::try_parse_from(["echo-reactor", flag, wrong]).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(flag) && text.contains(part), "{text}");
        }
        let most = ["echo-reactor", "--workers", "512", "--busy-poll", "0"];
        let most = Cli::try_parse_from(most).unwrap();
        assert_eq!((most.workers, most.busy_poll), (512, Some(0)));
    }
}
