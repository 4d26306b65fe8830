//! A socket with the replies that leave by it, one a call, so that what became of each is known
//! before the next.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::time::Instant;

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

use crate::config::WhenFull;
use crate::faults::Line;
use crate::faults::line::{Leaving, Load, Role};
use crate::reactor::transmit::{End, Fate, transmit};
use crate::stats::Counters;
use crate::stats::faults::FaultCounters;
use crate::udp::{Message, Outbox, Socket};

/// A socket, and what is known of it between two turns.
pub(super) struct Station {
    pub(super) socket: Arc<Socket>,
    pub(super) line: Line,
    outbox: Outbox,
    /// Every reply is delayed.
    delays: bool,
    /// Datagrams may be queued: an edge-triggered poll will not say so again.
    pub(super) readable: bool,
    /// The socket takes no more for the moment.
    pub(super) blocked: bool,
}

impl Station {
    pub(super) fn new(socket: Arc<Socket>, delays: bool) -> Self {
        Self {
            socket,
            line: Line::default(),
            outbox: Outbox::new(1, 1),
            delays,
            readable: true,
            blocked: false,
        }
    }

    /// A socket that takes no replies is not read.
    pub(super) fn can_read(&self) -> bool {
        self.readable && !self.blocked
    }

    /// Sends what is due by `now`, as far as the socket takes it.
    pub(super) fn release(
        &mut self,
        now: Instant,
        when_full: WhenFull,
        counters: &Counters,
    ) -> io::Result<()> {
        while let Some(leaving) = self.line.next(now) {
            let sent = match send(&mut self.outbox, &self.socket, leaving, counters)? {
                Sent::Taken => {
                    note_sent(leaving, self.delays, counters);
                    true
                }
                Sent::Failed => false,
                Sent::Blocked => {
                    counters.send_blocked.add(1);
                    if when_full == WhenFull::Wait {
                        self.blocked = true;
                        return Ok(());
                    }
                    counters.dropped.add(u64::from(leaving.role != Role::Copy));
                    false
                }
            };
            self.line.settle(sent);
        }
        Ok(())
    }

    /// Asks to be told when the socket takes more.
    pub(super) fn await_room(&self, registry: &Registry, token: Token) -> io::Result<()> {
        self.reregister(registry, token, Interest::READABLE | Interest::WRITABLE)
    }

    /// The socket takes more.
    pub(super) fn unblock(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        if self.blocked {
            self.blocked = false;
            self.reregister(registry, token, Interest::READABLE)?;
        }
        Ok(())
    }

    /// When the next reply is due. What is due on a blocked socket is no reason to wake.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.line.next_due().filter(|_| !self.blocked)
    }

    pub(super) fn next_end_of_patience(&self) -> Option<Instant> {
        self.line.next_end_of_patience().filter(|_| !self.blocked)
    }

    pub(super) fn load(&self) -> Load {
        self.line.load()
    }

    /// Whether all that it has are replies that only another one could release.
    pub(super) fn waits_for_others_alone(&self) -> bool {
        !self.readable && !self.blocked && !self.line.waits_for_time()
    }

    pub(super) fn hurry(&mut self) {
        self.line.hurry();
    }

    pub(super) fn end_patience(&mut self) {
        self.line.end_patience();
    }

    /// Gives up what is left.
    pub(super) fn drop_all(&mut self, counters: &Counters) {
        counters.dropped.add(self.line.clear() as u64);
    }

    fn reregister(&self, registry: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        let source = self.socket.as_fd().as_raw_fd();
        registry.reregister(&mut SourceFd(&source), token, interest)
    }
}

enum Sent {
    Taken,
    Failed,
    Blocked,
}

/// Hands one reply to the kernel, and counts it if that will not have it.
fn send(
    outbox: &mut Outbox,
    socket: &Socket,
    leaving: &Leaving,
    counters: &Counters,
) -> io::Result<Sent> {
    let reply = &leaving.reply;
    let message = Message {
        to: Some(&reply.to),
        from: reply.from,
        segment: None,
        stamped: false,
    };
    let mut sent = Sent::Blocked;
    let end = transmit(
        0,
        1,
        |_single| false,
        |_first| {
            counters.send_calls.add(1);
            let mut round = outbox.round();
            let fits = round.push(&message, &reply.payload);
            debug_assert!(fits, "there is room for one");
            round.send(socket)
        },
        |_index, fate| match fate {
            Fate::Sent => sent = Sent::Taken,
            Fate::Failed(error) => {
                // A copy is no datagram that came in.
                let came = u64::from(leaving.role != Role::Copy);
                counters.unsendable.add(error, came);
                sent = Sent::Failed;
            }
        },
    )?;
    debug_assert!(matches!(end, End::Done) != matches!(sent, Sent::Blocked));
    Ok(sent)
}

fn note_sent(leaving: &Leaving, delays: bool, counters: &Counters) {
    let faults = counters.faults.get_or_init(FaultCounters::default);
    counters.segments_a_message.note(1);
    match leaving.role {
        Role::Copy => {
            faults.duplicated.add(1);
            return;
        }
        Role::Itself | Role::Original => {}
        Role::Corrupted => faults.corrupted.add(1),
        Role::Overtaken => faults.reordered.add(1),
        Role::InVain => faults.held_in_vain.add(1),
    }
    faults.delayed.add(u64::from(delays && leaving.on_time));
    counters.echoed.add(1);
    counters
        .echoed_bytes
        .add(leaving.reply.payload.len() as u64);
}
