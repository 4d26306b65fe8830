//! A sweep, as it was typed.

use clap::Args;

use super::{run, units};
use crate::rate::Rate;

/// The flags of `loadgen sweep`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
#[command(mut_args(run::without_load))]
pub struct Arguments {
    /// The lowest rate, in probes a second
    #[arg(long, value_name = "RATE", value_parser = units::rate, conflicts_with_all = ["rate", "window", "closed_loop"])]
    pub from: Rate,

    /// The highest rate
    #[arg(long, value_name = "RATE", value_parser = units::rate)]
    pub to: Rate,

    /// How many rates, each the same factor above the one before
    #[arg(long, value_name = "N", default_value_t = 12)]
    pub steps: u16,

    /// Each of the runs.
    #[command(flatten)]
    pub run: run::Arguments,
}
