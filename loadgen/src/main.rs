//! `loadgen`: parse, carry out, say what went wrong.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use loadgen::cli::Cli;
use loadgen::commands;
use loadgen::report::harmless;

fn main() -> ExitCode {
    match commands::carry_out(&Cli::parse()) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            // With standard error closed too, the exit code has to say it.
            let sentence = harmless(&failure.sentence);
            let _written: io::Result<()> = writeln!(io::stderr(), "loadgen: {sentence}");
            ExitCode::from(failure.code)
        }
    }
}
