//! What was typed, one file a command.
//!
//! - [`run`]: a run, when no other command is named;
//! - [`merge`]: runs that are put together;
//! - [`completions`]: a script for shells;
//! - [`environment`]: what there is to know about the machine;
//! - [`host`]: settings of the host;
//! - [`man`]: manual pages;
//! - [`ping`]: one datagram at a time, for people;
//! - [`report`]: results that were kept;
//! - [`schema`]: the form of result files;
//! - [`search`]: the highest rate that meets an objective;
//! - [`selftest`]: whether this machine can measure;
//! - [`sweep`]: a run at each of several rates;
//! - [`tune`]: which settings of the host and the programs help;
//! - [`compare`]: whether two sets of results differ;
//! - [`appendix`]: what follows the flags in the help;
//! - [`arrivals`], [`sizes`]: how probes are spaced, and how large they are;
//! - [`address`]: host names and addresses;
//! - [`exports`]: results for other tools;
//! - [`units`]: rates, sizes and durations as people write them.

pub mod address;
pub mod appendix;
pub mod arrivals;
pub mod compare;
pub mod completions;
pub mod environment;
pub mod exports;
pub mod host;
pub mod man;
pub mod merge;
pub mod ping;
pub mod report;
pub mod run;
pub mod schema;
pub mod search;
pub mod selftest;
pub mod sizes;
pub mod sweep;
pub mod tune;
pub mod units;

use clap::{Parser, Subcommand};

use crate::environment::build;

/// Measures UDP round-trip latency under an open-loop load, against any server that sends
/// datagrams back.
///
/// Every probe is due at a time that is fixed beforehand, whatever became of the ones before it,
/// and its round trip counts from that time: a server that stalls is charged with every probe that
/// had to wait. Lost probes stand in the percentiles as infinitely late. Nothing has to be named: it
/// then sends 10,000 probes a second for ten seconds to a server inside this process.
#[derive(Clone, Debug, Parser)]
#[command(version, long_version = build::VERSION, max_term_width = 80, args_conflicts_with_subcommands = true, after_long_help = appendix::of("").text())]
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
    #[command(after_long_help = appendix::of("ping").text())]
    Ping(ping::Arguments),
    /// Measure at several rates, up and down again, to find where the round trip begins to grow
    #[command(after_long_help = appendix::of("sweep").text())]
    Sweep(sweep::Arguments),
    /// Find the highest rate that meets an objective
    #[command(after_long_help = appendix::of("search").text())]
    Search(search::Arguments),
    /// Find out which settings of this host and of the programs help, by how much, and how sure that is
    ///
    /// A plan names settings with the values to try. They are tried in blocks, each of which has every
    /// combination once, in an order of its own; whatever is changed is put back. docs/tune.md has
    /// everything that a plan can say, and scripts/tune has plans.
    #[command(
        after_long_help = appendix::of("tune").text(),
        override_usage = "loadgen tune [OPTIONS] <PLAN>\n       loadgen tune --restore [--state <DIR>]"
    )]
    Tune(tune::Arguments),
    /// Tell what there is to know about this machine, or where two results differ in it
    Environment(environment::Arguments),
    /// Show the settings of this host that matter for latency, set them, and put them back
    ///
    /// What a setting was is written down before it is changed, so that it can be put back whatever
    /// happens in between. Changing them takes root.
    #[command(after_long_help = appendix::of("host").text())]
    Host(host::Arguments),
    /// Prove within a minute that this machine measures what it should, and find its floor
    #[command(after_long_help = appendix::of("selftest").text())]
    Selftest(selftest::Arguments),
    /// Tell whether two sets of results differ, by how much, and whether that is more than chance
    ///
    /// The run is what counts: at least 4 runs a side are wanted, better 10, and the sides should take
    /// turns while they are made.
    #[command(
        override_usage = "loadgen compare [OPTIONS] <FILE>... --with <FILE>...",
        after_long_help = appendix::of("compare").text()
    )]
    Compare(compare::Arguments),
    /// Show results that were kept
    #[command(after_long_help = appendix::of("report").text())]
    Report(report::Arguments),
    /// Put the results of runs together that were side by side, exactly
    #[command(after_long_help = appendix::of("merge").text())]
    Merge(merge::Arguments),
    /// Print the JSON Schema of a result file
    #[command(after_long_help = appendix::of("schema").text())]
    Schema(schema::Arguments),
    /// Print the manual page, or write one of every command
    #[command(after_long_help = appendix::of("man").text())]
    Man(man::Arguments),
    /// Print a script with which a shell completes commands and flags
    #[command(after_long_help = appendix::of("completions").text())]
    Completions(completions::Arguments),
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
