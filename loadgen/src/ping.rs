//! Sends a text and prints what comes back: the client that this program grew out of.

use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use echo_reactor::access::keyed::{self, QuitKey};

use crate::cli::ping::Arguments;
use crate::figures;

/// How a ping went.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Pinged {
    /// Texts sent, `quit` among them.
    pub sent: u64,
    /// Texts that came back.
    pub answered: u64,
    /// Whether a server that was asked to end goes on: it answers still, or did not prove, by its
    /// key, that it ends.
    pub goes_on: bool,
}

/// Sends the text as often as asked, then `quit` if asked, with `key` if there is one, and writes a
/// line to `output` for each.
///
/// # Errors
/// What the system said of the socket or of `output`; that nobody answers is no error.
pub fn ping(
    target: SocketAddr,
    arguments: &Arguments,
    key: Option<&QuitKey>,
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
    if let Some(key) = key {
        pinged.goes_on = !stop_by_key(&socket, target, key, arguments.timeout, output)?;
    } else if arguments.quit {
        let answer = exchange(&socket, b"quit", &[text], arguments.timeout)?;
        pinged.note(target, &answer, output)?;
        // Its echo says nothing: a server that goes on echoes `quit` as any other text.
        if pinged.answered > 0 && !matches!(answer, Answer::Refused) {
            let seen = watch(&socket, text, arguments.timeout)?;
            pinged.goes_on = seen == Afterwards::Answers;
            seen.tell(target, arguments.timeout, output)?;
        }
    }
    Ok(pinged)
}

/// What there is of a server that was asked to end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Afterwards {
    /// Its host says that the port is closed.
    Closed,
    /// Nothing comes back, not even that.
    Silent,
    /// It answers still.
    Answers,
}

impl Afterwards {
    fn tell(
        self,
        target: SocketAddr,
        timeout: Duration,
        output: &mut impl Write,
    ) -> io::Result<()> {
        match self {
            Self::Closed => writeln!(output, "{target} has ended: its port is closed"),
            Self::Silent => writeln!(
                output,
                "{target} seems to have ended: nobody answers any more, but nothing says that the \
                 port is closed"
            ),
            Self::Answers => writeln!(
                output,
                "{target} goes on: it still answers {} later. It takes `quit` at a loopback \
                 address alone, unless its --quit says otherwise, or its --quit-key a key",
                humantime::format_duration(timeout)
            ),
        }
    }
}

/// Sends the text again and again until the port is closed, or until the time is over.
fn watch(socket: &UdpSocket, text: &[u8], timeout: Duration) -> io::Result<Afterwards> {
    let mut buffer = vec![0; 65_536];
    let began = Instant::now();
    let mut last_answer = Duration::ZERO;
    // Rare enough that a server that answers what is queued finds an end of it.
    let mut pause = FIRST_PAUSE;
    while began.elapsed() < timeout {
        let sent = Instant::now();
        let sending = socket.send(text).map(drop);
        let mut left = pause.min(timeout.saturating_sub(began.elapsed()));
        let mut outcome = sending;
        while outcome.is_ok() && !left.is_zero() {
            socket.set_read_timeout(Some(left.min(LONGEST_READ)))?;
            outcome = match socket.recv(&mut buffer) {
                Ok(_) => {
                    last_answer = began.elapsed();
                    Ok(())
                }
                Err(error) if is_patience(&error) => Ok(()),
                Err(error) => Err(error),
            };
            left = pause.saturating_sub(sent.elapsed());
        }
        if let Err(error) = outcome {
            refusal(error)?;
            return Ok(Afterwards::Closed);
        }
        pause = pause.saturating_mul(2).min(timeout / 8).max(FIRST_PAUSE);
    }
    // What came early may have been under way or queued.
    Ok(if last_answer > timeout / 2 {
        Afterwards::Answers
    } else {
        Afterwards::Silent
    })
}

/// Between the first two texts to a server that was asked to end.
const FIRST_PAUSE: Duration = Duration::from_millis(5);

impl Pinged {
    fn note(
        &mut self,
        target: SocketAddr,
        answer: &Answer,
        output: &mut impl Write,
    ) -> io::Result<()> {
        self.sent += 1;
        match answer {
            Answer::Came { bytes, after } => {
                self.answered += 1;
                let (text, length) = (String::from_utf8_lossy(bytes), bytes.len());
                let after = figures::time(u64::try_from(after.as_nanos()).unwrap_or(u64::MAX));
                writeln!(
                    output,
                    "{target} answered {text:?} ({length} bytes) after {after}"
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

/// Asks for a nonce, proves that we have the key, and has the server confirm that it ends. Writes a
/// line about how that went; true if the server ends.
fn stop_by_key(
    socket: &UdpSocket,
    target: SocketAddr,
    key: &QuitKey,
    timeout: Duration,
    output: &mut impl Write,
) -> io::Result<bool> {
    let question = keyed::question();
    let nonce = match exchange(socket, &question, &[], timeout)? {
        Answer::Came { bytes, .. } => bytes,
        other => return unstopped(target, &other, output),
    };
    let Some(proof) = key.prove(&nonce) else {
        let reason = "has no key (echo-reactor --quit-key)";
        writeln!(output, "{target} goes on: it {reason}")?;
        return Ok(false);
    };
    match exchange(socket, &proof, &[&nonce, &question], timeout)? {
        Answer::Came { bytes, .. } if key.confirms(&nonce, &bytes) => {
            writeln!(output, "{target} ends: it has the same key")?;
            Ok(true)
        }
        Answer::Came { .. } => {
            writeln!(output, "{target} goes on: it has another key")?;
            Ok(false)
        }
        other => unstopped(target, &other, output),
    }
}

fn unstopped(target: SocketAddr, answer: &Answer, output: &mut impl Write) -> io::Result<bool> {
    Pinged::default().note(target, answer, output)?;
    Ok(false)
}

enum Answer {
    Came { bytes: Vec<u8>, after: Duration },
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
                return Ok(Answer::Came {
                    bytes: buffer[..length].to_vec(),
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
