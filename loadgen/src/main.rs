//! `loadgen`: parse, carry out, say what went wrong.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use loadgen::cli::Cli;
use loadgen::commands;

fn main() -> ExitCode {
    match commands::carry_out(&Cli::parse()) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            // With standard error closed too, the exit code has to say it.
            let _written: io::Result<()> = writeln!(io::stderr(), "loadgen: {}", failure.sentence);
            ExitCode::from(failure.code)
        }
    }
}
