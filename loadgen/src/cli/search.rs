//! A search, as it was typed.

use std::num::NonZeroU32;

use clap::Args;

use super::{run, units};
use crate::rate::Rate;
use crate::share::Share;

/// The flags of `loadgen search`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
#[command(mut_args(run::without_load))]
pub struct Arguments {
    /// The lowest rate that comes into question, in probes a second
    #[arg(long, value_name = "RATE", default_value = "1k", value_parser = units::rate)]
    pub from: Rate,

    /// The highest rate that comes into question
    #[arg(long, value_name = "RATE", default_value = "1M", value_parser = units::rate, conflicts_with_all = ["rate", "window", "closed_loop"])]
    pub to: Rate,

    /// How far apart the ends of the answer may be: the rate that meets the objective, and the one
    /// that does not
    #[arg(long, value_name = "PERCENT", default_value = "2%")]
    pub precision: Share,

    /// Trials at each end of the answer, an odd number, of which more than half decide
    #[arg(long, value_name = "N", default_value = "3")]
    pub repeats: NonZeroU32,

    /// Each of the trials; `--slo` says what shall be met.
    #[command(flatten)]
    pub run: run::Arguments,
}
