//! Sends a text and prints what comes back: the client that this program grew out of.

use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use crate::cli::ping::Arguments;
use crate::figures;

/// How a ping went.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Pinged {
    /// Texts sent, `quit` among them.
    pub sent: u64,
    /// Texts that came back.
    pub answered: u64,
}

/// Sends the text as often as asked, then `quit` if asked, and writes a line to `output` for each.
///
/// # Errors
/// What the system said of the socket or of `output`; that nobody answers is no error.
pub fn ping(
    target: SocketAddr,
    arguments: &Arguments,
    output: &mut impl Write,
) -> io::Result<Pinged> {
    let socket = UdpSocket::bind(match target {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    })?;
    // Connected, so that the host of a server that is not there can say so.
    socket.connect(target)?;
    let text = arguments.message.as_bytes();
    let mut pinged = Pinged::default();
    for round in 0..arguments.count {
        if round > 0 {
            thread::sleep(arguments.interval);
        }
        let answer = exchange(&socket, text, &[], arguments.timeout)?;
        pinged.note(target, &answer, output)?;
    }
    if arguments.quit {
        let answer = exchange(&socket, b"quit", &[text], arguments.timeout)?;
        pinged.note(target, &answer, output)?;
    }
    Ok(pinged)
}

impl Pinged {
    fn note(
        &mut self,
        target: SocketAddr,
        answer: &Answer,
        output: &mut impl Write,
    ) -> io::Result<()> {
        self.sent += 1;
        match answer {
            Answer::Came {
                text,
                length,
                after,
            } => {
                self.answered += 1;
                let after = figures::time(u64::try_from(after.as_nanos()).unwrap_or(u64::MAX));
                writeln!(
                    output,
                    "{target} answered {text} ({length} bytes) after {after}"
                )
            }
            Answer::Missing(timeout) => writeln!(
                output,
                "{target} did not answer within {}",
                humantime::format_duration(*timeout)
            ),
            Answer::Refused => writeln!(output, "{target} has no server (port unreachable)"),
        }
    }
}

enum Answer {
    Came {
        text: String,
        length: usize,
        after: Duration,
    },
    Missing(Duration),
    Refused,
}

/// Sends one text and waits for what comes back next; whatever came before is thrown away.
fn exchange(
    socket: &UdpSocket,
    text: &[u8],
    earlier: &[&[u8]],
    timeout: Duration,
) -> io::Result<Answer> {
    let mut buffer = vec![0; 65_536];
    socket.set_nonblocking(true)?;
    while socket.recv(&mut buffer).is_ok() {}
    socket.set_nonblocking(false)?;
    let sent = Instant::now();
    if let Err(error) = socket.send(text) {
        return refusal(error);
    }
    loop {
        let left = timeout.saturating_sub(sent.elapsed());
        if left.is_zero() {
            return Ok(Answer::Missing(timeout));
        }
        socket.set_read_timeout(Some(left.min(LONGEST_READ)))?;
        match socket.recv(&mut buffer) {
            // Late answers to another text are no answer to this one.
            Ok(length) if &buffer[..length] != text && earlier.contains(&&buffer[..length]) => {}
            Ok(length) => {
                let text = String::from_utf8_lossy(&buffer[..length]);
                return Ok(Answer::Came {
                    text: format!("{text:?}"),
                    length,
                    after: sent.elapsed(),
                });
            }
            Err(error) if is_patience(&error) => {}
            Err(error) => return refusal(error),
        }
    }
}

/// The longest time that a socket option holds on every system.
const LONGEST_READ: Duration = Duration::from_secs(3_600);

fn refusal(error: io::Error) -> io::Result<Answer> {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Ok(Answer::Refused),
        _ => Err(error),
    }
}

fn is_patience(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}
