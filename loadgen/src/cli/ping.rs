//! A ping, as it was typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::units;

/// The flags of `loadgen ping`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Server to send to, as in 127.0.0.1:50007, `[::1]:50007` or host:50007
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50007")]
    pub target: String,

    /// How many times to send the text
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub count: u64,

    /// The text to send
    #[arg(long, value_name = "TEXT", default_value = "Hello, world")]
    pub message: String,

    /// Stop the server afterwards: send it `quit`, which it takes over the loopback interface alone unless
    /// it was started with `--quit any`; then look, for at most --timeout, whether its port is closed
    #[arg(long)]
    pub quit: bool,

    /// Stop it over a network too: prove that we have the key in FILE, with which it was started
    /// (`echo-reactor --quit-key FILE`)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "quit")]
    pub quit_key: Option<PathBuf>,

    /// How long to wait for each answer
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = units::duration)]
    pub timeout: Duration,

    /// How long to wait between two texts
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = units::duration)]
    pub interval: Duration,
}
