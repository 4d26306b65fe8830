//! What was typed, one file a command.
//!
//! - [`run`]: a run, when no other command is named;
//! - [`ping`]: one datagram at a time, for people;
//! - [`report`]: results that were kept;
//! - [`search`]: the highest rate that meets an objective;
//! - [`selftest`]: whether this machine can measure;
//! - [`sweep`]: a run at each of several rates;
//! - [`arrivals`], [`sizes`]: how probes are spaced, and how large they are;
//! - [`address`]: host names and addresses;
//! - [`units`]: rates, sizes and durations as people write them.

pub mod address;
pub mod arrivals;
pub mod ping;
pub mod report;
pub mod run;
pub mod search;
pub mod selftest;
pub mod sizes;
pub mod sweep;
pub mod units;

use clap::{Parser, Subcommand};

/// Measures UDP round-trip latency under an open-loop load, against any server that sends
/// datagrams back.
///
/// Every probe is due at a time that is fixed beforehand, whatever became of the ones before it,
/// and its round trip counts from that time: a server that stalls is charged with every probe that
/// had to wait. Lost probes stand in the percentiles as infinitely late.
///
/// Exit codes: 0 the run is good, 1 it failed, 2 wrong use, 3 the run is not to be trusted, 4 an
/// objective of `--slo` is missed. An objective that cannot be decided, and a goal of `--until` that
/// is not reached, are told, and the code is 0.
#[derive(Clone, Debug, Parser)]
#[command(version, max_term_width = 80, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do instead of a run.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The run.
    #[command(flatten)]
    pub run: run::Arguments,

    /// Show the run on the whole terminal while it lasts: percentiles, rates, and where losses come
    /// from. Keys pause the display, reset its totals and stop the run; the report comes after
    #[arg(long, conflicts_with = "quiet")]
    pub tui: bool,
}

/// What can be done instead of a run.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Send a text, and print what comes back, from whom, and how fast
    Ping(ping::Arguments),
    /// Measure at several rates, up and down again, to find where the round trip begins to grow
    Sweep(sweep::Arguments),
    /// Find the highest rate that meets an objective
    Search(search::Arguments),
    /// Prove within a minute that this machine measures what it should, and find its floor
    Selftest(selftest::Arguments),
    /// Show results that were kept
    Report(report::Arguments),
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
    fn a_bad_rate_names_the_flag_and_the_part_that_is_wrong() {
        let error = Cli::try_parse_from(["loadgen", "--rate", "fast"]).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("--rate") && text.contains("fast"), "{text}");
        assert_eq!(error.exit_code(), 2);
    }
}
