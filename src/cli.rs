//! What was typed.

use std::net::SocketAddr;

use clap::Parser;

use crate::access::QuitPolicy;
use crate::config::Io;

/// Sends every UDP datagram back to its sender, at high packet rates.
///
/// It ends when a datagram that is exactly `quit` comes in over the loopback interface, and on
/// SIGINT or SIGTERM: what is queued is answered first, and a summary is printed. A second signal
/// ends it at once.
#[derive(Clone, Debug, Parser)]
#[command(version, max_term_width = 80)]
pub struct Cli {
    /// Address and port to answer on, as in 127.0.0.1:50007 or `[::1]:50007`; may be repeated. Port
    /// 0 picks a free one, and prints it. Default: port 50007 on every IPv4 and IPv6 address
    #[arg(long, value_name = "ADDR:PORT", value_parser = parse_listen)]
    pub listen: Vec<SocketAddr>,

    /// Threads that answer, each with a socket of its own on every address
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=512))]
    pub workers: u16,

    /// How datagrams are read and sent
    #[arg(long, value_name = "MODE", value_enum, default_value_t = Io::Batch)]
    pub io: Io,

    /// Whose datagram `quit` ends the server
    #[arg(long, value_name = "WHOSE", value_enum, default_value_t = QuitPolicy::Loopback)]
    pub quit: QuitPolicy,

    /// Print sender and payload of each datagram; what a slow terminal cannot take is counted, not
    /// waited for
    #[arg(long)]
    pub log_datagrams: bool,

    /// Print JSON instead of text: one object a line, the summary last
    #[arg(long)]
    pub json: bool,
}

fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_no_address| {
        "it is not an IP address and a port, as in 127.0.0.1:50007 or [::1]:50007".to_owned()
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
    fn a_bad_address_names_the_flag_and_shows_a_good_one() {
        let error = Cli::try_parse_from(["echo-reactor", "--listen", "localhost"]).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("--listen"), "{text}");
        assert!(text.contains("127.0.0.1:50007"), "{text}");
        assert_eq!(error.exit_code(), 2);
    }
}
