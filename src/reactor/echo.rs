//! One batch there and back: receive, judge, gather, send, account.

use std::io;
use std::time::{Duration, Instant, SystemTime};

use super::batch::Batch;
use super::door::Door;
use super::exchange::{Exchange, Reply};
use super::gather::{self, Limits, Piece};
use super::refusals::Refusals;
use super::single::Single;
use super::transmit::{End, Fate, transmit};
use super::unsent::Unsent;
use crate::access::{Verdict, keyed};
use crate::config::{Config, Io, WhenFull};
use crate::stats::Counters;
use crate::stats::spread::queue_delay;
use crate::transcript::Transcript;
use crate::udp::Socket;
use crate::udp::message::split;

/// The slots of a worker, and what it needs to judge what comes into them.
pub(super) struct Echo {
    /// Present if sockets are read one datagram a call.
    single: Option<Single>,
    batch: Batch,
    desk: Desk,
}

/// What a socket remembers from round to round.
pub(super) struct Line {
    pub(super) unsent: Unsent,
    pub(super) refusals: Refusals,
}

/// What one round did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    /// Slots that were filled.
    pub(super) received: usize,
    /// Whether one of the datagrams stops the server.
    pub(super) quit: bool,
    pub(super) outcome: Outcome,
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
    pub(super) fn new(config: &Config, door: Door, transcript: Option<Transcript>) -> Self {
        let batch = match config.io {
            Io::Batch | Io::Offload => Batch::new(config.batch),
            // For the sockets whose replies must name their source, which the standard library
            // cannot do: still one system call a datagram.
            Io::Single => Batch::new(1),
        };
        Self {
            single: (config.io == Io::Single).then(Single::new),
            desk: Desk {
                door,
                when_full: config.when_full,
                transcript,
                replies: Vec::with_capacity(batch.capacity()),
                parts: Vec::new(),
                answers: Vec::new(),
            },
            batch,
        }
    }

    /// Answers what is queued on `socket`, one batch of it.
    ///
    /// # Errors
    /// An error that no peer can cause: the socket itself is broken.
    pub(super) fn round(
        &mut self,
        socket: &Socket,
        line: &mut Line,
        counters: &Counters,
    ) -> io::Result<Round> {
        let exchange: &mut dyn Exchange = match &mut self.single {
            Some(single) if !socket.has_packet_info() => single,
            _ => &mut self.batch,
        };
        counters.receive_calls.add(1);
        let received = match exchange.receive(socket) {
            Ok(received) => received,
            Err(error) => return after_receive_error(error, counters),
        };
        let begun = is_stamped(exchange).then(Instant::now);
        let quit = self.desk.judge_all(exchange, socket, line, counters);
        let is_blocked = self.desk.send_all(exchange, socket, line, counters)?;
        if let Some(begun) = begun {
            counters.service.note(nanos(begun.elapsed()));
        }
        let outcome = if is_blocked {
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

/// What an error of a receive call means for the socket.
///
/// # Errors
/// An error that no peer can cause.
pub(super) fn after_receive_error(error: io::Error, counters: &Counters) -> io::Result<Round> {
    let outcome = match error.raw_os_error() {
        Some(libc::EAGAIN) => Outcome::Drained,
        Some(libc::EINTR) => Outcome::More,
        Some(libc::EBADF | libc::ENOTSOCK | libc::EFAULT) => return Err(error),
        // Memory is short, or an ICMP message came back. What is queued is still there, and no
        // event will tell of it again.
        _ => {
            counters.receive_errors.add(&error, 1);
            Outcome::More
        }
    };
    Ok(Round {
        received: 0,
        quit: false,
        outcome,
    })
}

/// Where the datagrams of a batch are judged and their replies put together.
struct Desk {
    door: Door,
    when_full: WhenFull,
    transcript: Option<Transcript>,
    replies: Vec<Reply>,
    /// The datagrams of a train that the kernel refused; empty but for that.
    parts: Vec<Reply>,
    /// What goes back in the place of a datagram that asked to stop the server by its key: slot,
    /// offset and bytes. Empty but for that.
    answers: Vec<(usize, usize, keyed::Message)>,
}

impl Desk {
    /// Counts and judges what came, and puts together what goes back. True if `quit` was among it.
    fn judge_all(
        &mut self,
        exchange: &mut dyn Exchange,
        socket: &Socket,
        line: &mut Line,
        counters: &Counters,
    ) -> bool {
        self.door.begin();
        self.replies.clear();
        let mut datagrams = 0;
        let mut bytes = 0;
        let mut quit = false;
        for (slot, received) in exchange.received().iter().enumerate() {
            let piece = Piece {
                slot,
                length: received.length,
                segment: received.segment,
            };
            let count = u64::from(piece.datagrams());
            datagrams += count;
            bytes += u64::from(received.length);
            let peer = exchange.peer(slot);
            if let Some(transcript) = &self.transcript {
                for datagram in split(exchange.payload(slot), piece.segment) {
                    transcript.note(peer, datagram);
                }
            }
            let answered = match self.door.judge(peer, received) {
                Verdict::Echo => {
                    let limits = Limits {
                        segments: line.refusals.most_segments(peer, piece.unit()),
                    };
                    gather::add(&mut self.replies, piece, limits, |last| {
                        exchange.peer(last.first) == peer
                            && exchange.received()[last.first].local == received.local
                    });
                    u32::MAX
                }
                Verdict::Refuse(reason) => {
                    counters.refuse(reason, count);
                    continue;
                }
                Verdict::Part(share) => {
                    counters.refuse_share(share);
                    gather::add_first(&mut self.replies, piece, share.granted);
                    share.granted
                }
            };
            if self.door.may_ask(&piece) {
                quit |= self.quits(exchange, socket, (piece, answered), counters);
            }
        }
        if !self.answers.is_empty() {
            for (slot, offset, answer) in self.answers.drain(..) {
                exchange.overwrite(slot, offset, &answer);
            }
        }
        counters.received.add(datagrams);
        counters.received_bytes.add(bytes);
        counters.received_a_call.note(datagrams);
        quit
    }

    /// Whether one of the first datagrams of the slot, so many as are answered, stops the server.
    fn quits(
        &mut self,
        exchange: &dyn Exchange,
        socket: &Socket,
        (piece, answered): (Piece, u32),
        counters: &Counters,
    ) -> bool {
        let bound = socket.local_address().ip();
        let (peer, slot) = (exchange.peer(piece.slot), piece.slot);
        let local = exchange.received()[slot].local;
        let mut quit = false;
        let datagrams = split(exchange.payload(slot), piece.segment);
        for (index, datagram) in datagrams.take(answered as usize).enumerate() {
            let wish = self
                .door
                .look_for_quit(peer, local, bound, datagram, counters);
            quit |= wish.stops;
            if let Some(answer) = wish.answer {
                let offset = index * piece.unit() as usize;
                self.answers.push((slot, offset, answer));
            }
        }
        quit
    }

    /// Sends the replies; true if some had to be put aside.
    fn send_all(
        &mut self,
        exchange: &mut dyn Exchange,
        socket: &Socket,
        line: &mut Line,
        counters: &Counters,
    ) -> io::Result<bool> {
        note_queue_delays(exchange, counters);
        let mut first = 0;
        loop {
            match send(exchange, socket, &self.replies, first, counters)? {
                End::Done => return Ok(false),
                End::Blocked(rest) => {
                    self.parts.clear();
                    return Ok(self.put_aside(exchange, socket, (0, rest), line, counters));
                }
                End::Refused(refused, error) => {
                    counters.trains_refused.add(1);
                    let reply = self.replies[refused];
                    let peer = exchange.peer(reply.first);
                    line.refusals.note(&error, peer, reply.unit);
                    first = refused + 1;
                    let received = exchange.received();
                    self.parts.clear();
                    self.parts.extend(reply.parts(|slot| received[slot].length));
                    // None of the parts is a train, so none is refused again.
                    if let End::Blocked(rest) = send(exchange, socket, &self.parts, 0, counters)? {
                        return Ok(self.put_aside(exchange, socket, (rest, first), line, counters));
                    }
                }
            }
        }
    }

    /// Keeps or drops what the kernel did not take: the parts from the first index on, then the
    /// replies from the second index on. True if there is something to wait for.
    fn put_aside(
        &self,
        exchange: &dyn Exchange,
        socket: &Socket,
        (part, reply): (usize, usize),
        line: &mut Line,
        counters: &Counters,
    ) -> bool {
        counters.send_blocked.add(1);
        let received = exchange.received();
        let parts = self.parts[part..].iter().chain(&self.replies[reply..]);
        for part in parts.flat_map(|reply| reply.parts(|slot| received[slot].length)) {
            if self.when_full == WhenFull::Drop {
                counters.dropped.add(1);
                continue;
            }
            let payload = part.payload_in(exchange.payload(part.first));
            let from = received[part.first].reply_source(socket.local_address().ip());
            line.unsent.keep(exchange.peer(part.first), from, payload);
        }
        !line.unsent.is_empty()
    }
}

/// Sends the replies from `first` on, and counts those that have their fate.
fn send(
    exchange: &mut dyn Exchange,
    socket: &Socket,
    replies: &[Reply],
    first: usize,
    counters: &Counters,
) -> io::Result<End> {
    let (mut echoed, mut bytes, mut gathered, mut calls) = (0, 0, 0, 0);
    let end = transmit(
        first,
        replies.len(),
        |index| replies[index].segment().is_some(),
        |next| {
            calls += 1;
            exchange.send(socket, &replies[next..])
        },
        |index, fate| {
            let reply = &replies[index];
            let datagrams = u64::from(reply.datagrams);
            match fate {
                Fate::Sent => {
                    echoed += datagrams;
                    bytes += u64::from(reply.length);
                    gathered += if reply.slots > 1 { datagrams } else { 0 };
                    counters.segments_a_message.note(datagrams);
                }
                Fate::Failed(error) => counters.unsendable.add(error, datagrams),
            }
        },
    );
    counters.echoed.add(echoed);
    counters.echoed_bytes.add(bytes);
    counters.gathered.add(gathered);
    counters.send_calls.add(calls);
    end
}

/// How long ago the kernel received each slot, if it stamps: the last moment before the
/// replies are on their way.
fn note_queue_delays(exchange: &dyn Exchange, counters: &Counters) {
    let stamps = exchange.received().iter().filter_map(|told| told.stamp);
    let mut stamps = stamps.peekable();
    if stamps.peek().is_none() {
        return;
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.map_or(0, nanos);
    for stamp in stamps {
        if let Some(delay) = queue_delay(stamp, now) {
            counters.queue_delay.note(delay);
        }
    }
}

/// Whether the kernel says when it received, which is when people want to know times.
fn is_stamped(exchange: &dyn Exchange) -> bool {
    let first = exchange.received().first();
    first.is_some_and(|told| told.stamp.is_some())
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
