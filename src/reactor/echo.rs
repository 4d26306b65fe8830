//! One batch there and back: receive, judge, send, account.

use std::io;

use super::batch::Batch;
use super::exchange::{Exchange, Reply};
use super::single::Single;
use super::transmit::{Fate, transmit};
use super::unsent::Unsent;
use crate::access::{self, QuitPolicy, Verdict};
use crate::config::Io;
use crate::stats::Counters;
use crate::transcript::Transcript;
use crate::udp::Socket;

/// The slots of a worker, and what it needs to judge what comes into them.
pub(super) struct Echo {
    quit: QuitPolicy,
    transcript: Option<Transcript>,
    /// Present if sockets are read one datagram a call.
    single: Option<Single>,
    batch: Batch,
    replies: Vec<Reply>,
}

/// How a round ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Outcome {
    /// Every slot was filled: more may be queued.
    More,
    /// Nothing more was queued.
    Drained,
    /// The socket takes no more replies for the moment; they wait in its [`Unsent`].
    Blocked,
}

impl Echo {
    pub(super) fn new(io: Io, quit: QuitPolicy, transcript: Option<Transcript>) -> Self {
        let batch = match io {
            Io::Batch => Batch::new(SLOTS),
            // For the sockets whose replies must name their source, which the standard library
            // cannot do: still one system call a datagram.
            Io::Single => Batch::new(1),
        };
        Self {
            quit,
            transcript,
            single: (io == Io::Single).then(Single::new),
            replies: Vec::with_capacity(batch.capacity()),
            batch,
        }
    }

    /// Answers what is queued on `socket`, one batch of it. The number of datagrams received and
    /// whether one of them stops the server come back too.
    ///
    /// # Errors
    /// An error that no peer can cause: the socket itself is broken.
    pub(super) fn round(
        &mut self,
        socket: &Socket,
        unsent: &mut Unsent,
        counters: &Counters,
    ) -> io::Result<Round> {
        let exchange: &mut dyn Exchange = match &mut self.single {
            Some(single) if !socket.has_packet_info() => single,
            _ => &mut self.batch,
        };
        counters.receive_calls.add(1);
        let received = match exchange.receive(socket) {
            Ok(received) => received,
            Err(error) => return after_receive_error(&error, counters),
        };
        self.replies.clear();
        let quit = judge_all(
            exchange,
            socket,
            self.quit,
            self.transcript.as_ref(),
            counters,
            &mut self.replies,
        );
        let blocked = send_all(exchange, socket, &self.replies, unsent, counters)?;
        let outcome = if blocked {
            Outcome::Blocked
        } else if received == exchange.capacity() {
            Outcome::More
        } else {
            // A short batch emptied the queue, and whatever comes later raises an event of its own.
            Outcome::Drained
        };
        Ok(Round {
            received,
            quit,
            outcome,
        })
    }
}

/// What one round did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    pub(super) received: usize,
    pub(super) quit: bool,
    pub(super) outcome: Outcome,
}

fn after_receive_error(error: &io::Error, counters: &Counters) -> io::Result<Round> {
    let outcome = match error.raw_os_error() {
        Some(libc::EAGAIN) => Outcome::Drained,
        Some(libc::EINTR) => Outcome::More,
        Some(libc::EBADF | libc::ENOTSOCK | libc::EFAULT) => {
            return Err(io::Error::from_raw_os_error(
                error.raw_os_error().unwrap_or_default(),
            ));
        }
        // Memory is short, or an ICMP message came back. What is queued is still there, and no
        // event will tell of it again.
        _ => {
            counters.receive_errors.add(error, 1);
            Outcome::More
        }
    };
    Ok(Round {
        received: 0,
        quit: false,
        outcome,
    })
}

/// Counts and judges what came, and notes what goes back. True if `quit` was among it.
fn judge_all(
    exchange: &dyn Exchange,
    socket: &Socket,
    policy: QuitPolicy,
    transcript: Option<&Transcript>,
    counters: &Counters,
    replies: &mut Vec<Reply>,
) -> bool {
    let bound = socket.local_address().ip();
    let mut bytes = 0;
    let mut quit = false;
    for (slot, received) in exchange.received().iter().enumerate() {
        bytes += u64::from(received.length);
        let peer = exchange.peer(slot);
        if let Some(transcript) = transcript {
            transcript.note(peer, exchange.payload(slot));
        }
        match access::judge(peer, received) {
            Verdict::Echo => replies.push(Reply {
                slot,
                length: received.length,
            }),
            Verdict::Refuse(reason) => {
                counters.refuse(reason, 1);
                continue;
            }
        }
        let payload = exchange.payload(slot);
        if payload == access::QUIT {
            let accepted = policy.accepts(payload, bound, received.local);
            let ignored = !accepted && policy == QuitPolicy::Loopback;
            counters.quit_ignored.add(u64::from(ignored));
            quit |= accepted;
        }
    }
    counters.received.add(exchange.received().len() as u64);
    counters.received_bytes.add(bytes);
    quit
}

/// Sends the replies; true if some had to be put aside.
fn send_all(
    exchange: &mut dyn Exchange,
    socket: &Socket,
    replies: &[Reply],
    unsent: &mut Unsent,
    counters: &Counters,
) -> io::Result<bool> {
    let mut echoed = 0;
    let mut echoed_bytes = 0;
    let blocked = transmit(
        replies.len(),
        |first| {
            counters.send_calls.add(1);
            exchange.send(socket, &replies[first..])
        },
        |index, fate| match fate {
            Fate::Sent => {
                echoed += 1;
                echoed_bytes += u64::from(replies[index].length);
            }
            Fate::Failed(error) => counters.unsendable.add(error, 1),
        },
    )?;
    counters.echoed.add(echoed);
    counters.echoed_bytes.add(echoed_bytes);
    let Some(first) = blocked else {
        return Ok(false);
    };
    counters.send_blocked.add(1);
    for reply in &replies[first..] {
        let from = exchange.received()[reply.slot].reply_source(socket);
        unsent.keep(
            exchange.peer(reply.slot),
            from,
            exchange.payload(reply.slot),
        );
    }
    Ok(true)
}

/// Datagrams that a worker takes from the kernel by one call.
const SLOTS: usize = 64;
