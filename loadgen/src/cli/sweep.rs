//! A sweep, as it was typed.

use clap::{Arg, Args};

use super::{run, units};
use crate::rate::Rate;

/// The flags of `loadgen sweep`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
// They would contradict --from and --to, and are refused with a sentence of their own.
#[command(
    mut_arg("rate", hidden),
    mut_arg("closed_loop", hidden),
    mut_arg("window", hidden)
)]
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

fn hidden(flag: Arg) -> Arg {
    flag.hide(true)
}
