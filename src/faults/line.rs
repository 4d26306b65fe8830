//! Replies that wait on their way out of one socket. Pure: time is an argument, and whoever sends
//! tells how it went.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::fate::Fate;
use crate::udp::{LocalAddress, RawAddress};

/// A single datagram that shall go back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
    /// The peer that it goes to.
    pub to: RawAddress,
    /// The address that it leaves from; `None` lets the route choose.
    pub from: Option<LocalAddress>,
    /// Its bytes, flipped already if that is its fate.
    pub payload: Box<[u8]>,
}

/// As what a reply leaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// Itself, intact.
    Itself,
    /// Itself, intact, with a copy to follow.
    Original,
    /// The copy of one that has left.
    Copy,
    /// Itself, but with a flipped bit.
    Corrupted,
    /// Itself, after another one has overtaken it.
    Overtaken,
    /// Itself, after it has waited in vain to be overtaken.
    InVain,
}

/// A reply that leaves now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Leaving {
    /// The reply.
    pub reply: Reply,
    /// What it counts as.
    pub role: Role,
    /// Whether it waited for the time that it should.
    pub on_time: bool,
}

/// The replies of one socket, each at its place and time.
///
/// They leave in the order in which they came, when they are due. One whose fate is
/// [`Fate::Reorder`] steps aside when it is due, and leaves right behind the next reply to the same
/// peer that leaves intact; several leave in their order then. If none follows within
/// [`FOLLOWER_PATIENCE`], it leaves alone.
#[derive(Debug, Default)]
pub struct Line {
    /// In the order in which they are due.
    waiting: VecDeque<Waiting>,
    /// Those that stepped aside, peer by peer, in their order. No peer without any.
    aside: HashMap<RawAddress, VecDeque<Aside>>,
    /// When each of them gives up, in that order; also of those that have left since then.
    patience: VecDeque<Patience>,
    /// Those whose moment has come.
    leaving: VecDeque<Leaving>,
    /// How many have stepped aside so far.
    stepped: u64,
    /// Bytes of payload in it.
    bytes: usize,
}

#[derive(Debug)]
struct Waiting {
    /// None for one that need not wait any more.
    due: Option<Instant>,
    reply: Reply,
    fate: Fate,
}

#[derive(Debug)]
struct Aside {
    /// Counts those that stepped aside.
    number: u64,
    reply: Reply,
    on_time: bool,
}

#[derive(Debug)]
struct Patience {
    /// None for one that need not wait any more.
    end: Option<Instant>,
    peer: RawAddress,
    number: u64,
}

impl Line {
    /// Adds a reply that leaves when it is `due`, which must not be before those that came earlier.
    pub fn push(&mut self, due: Instant, fate: Fate, reply: Reply) {
        self.bytes += reply.payload.len();
        let due = Some(due);
        self.waiting.push_back(Waiting { due, reply, fate });
    }

    /// What leaves next, if anything does by `now`. It stays at the head until [`Line::settle`].
    pub fn next(&mut self, now: Instant) -> Option<&Leaving> {
        while self.leaving.is_empty() {
            if let Some(leaving) = self.given_up(now) {
                self.leaving.push_back(leaving);
                break;
            }
            if self.waiting.front()?.due.is_some_and(|due| due > now) {
                return None;
            }
            let Waiting { due, reply, fate } = self.waiting.pop_front()?;
            let role = match fate {
                Fate::Reorder => {
                    self.step_aside(now, reply, due.is_some());
                    continue;
                }
                Fate::Duplicate => Role::Original,
                Fate::Corrupt => Role::Corrupted,
                Fate::Pass | Fate::Drop => Role::Itself,
            };
            self.leaving.push_back(Leaving {
                reply,
                role,
                on_time: due.is_some(),
            });
        }
        self.leaving.front()
    }

    /// What [`Line::next`] gave has left, or never will; gives it back.
    pub fn settle(&mut self, sent: bool) -> Option<Leaving> {
        let done = self.leaving.pop_front()?;
        self.bytes -= done.reply.payload.len();
        if sent && matches!(done.role, Role::Itself | Role::Original) {
            self.release_behind(&done.reply.to);
        }
        if sent && done.role == Role::Original {
            let mut copy = done.clone();
            copy.role = Role::Copy;
            self.bytes += copy.reply.payload.len();
            self.leaving.push_front(copy);
        }
        Some(done)
    }

    /// When the next one is due, if [`Line::next`] has nothing before.
    #[must_use]
    pub fn next_due(&self) -> Option<Instant> {
        self.waiting.front()?.due
    }

    /// When the patience of the next one that stepped aside ends, or of one that has left since.
    #[must_use]
    pub fn next_end_of_patience(&self) -> Option<Instant> {
        self.patience.front()?.end
    }

    /// Whether one of them still waits for the time at which it is due.
    #[must_use]
    pub fn waits_for_time(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.leaving.is_empty() && self.aside.is_empty()
    }

    /// How much it holds. One that was overtaken counts until its patience would have ended.
    #[must_use]
    pub fn load(&self) -> Load {
        Load {
            replies: self.waiting.len() + self.leaving.len() + self.patience.len(),
            bytes: self.bytes,
        }
    }

    /// None of them waits any longer to be overtaken.
    pub fn end_patience(&mut self) {
        for patience in &mut self.patience {
            patience.end = None;
        }
    }

    /// None of them waits any longer for its time.
    pub fn hurry(&mut self) {
        for waiting in &mut self.waiting {
            waiting.due = None;
        }
    }

    /// Gives everything up; tells how many replies that was, copies not counted.
    pub fn clear(&mut self) -> usize {
        let aside: usize = self.aside.values().map(VecDeque::len).sum();
        let copies = self.leaving.iter().filter(|one| one.role == Role::Copy);
        let given_up = self.waiting.len() + aside + self.leaving.len() - copies.count();
        *self = Self::default();
        given_up
    }

    fn step_aside(&mut self, now: Instant, reply: Reply, on_time: bool) {
        let number = self.stepped;
        self.stepped += 1;
        self.patience.push_back(Patience {
            end: Some(now + FOLLOWER_PATIENCE),
            peer: reply.to,
            number,
        });
        self.aside.entry(reply.to).or_default().push_back(Aside {
            number,
            reply,
            on_time,
        });
    }

    /// The next one whose patience has ended.
    fn given_up(&mut self, now: Instant) -> Option<Leaving> {
        loop {
            let Patience { end, peer, number } = self.patience.front()?;
            let left = self.aside.get(peer).and_then(VecDeque::front);
            // Both are in order, so the peer's first is never an older one.
            let has_left = left.is_none_or(|first| first.number != *number);
            if !has_left && end.is_some_and(|end| end > now) {
                return None;
            }
            let peer = *peer;
            self.patience.pop_front();
            if has_left {
                continue;
            }
            let of_peer = self.aside.get_mut(&peer)?;
            let Aside { reply, on_time, .. } = of_peer.pop_front()?;
            if of_peer.is_empty() {
                self.aside.remove(&peer);
            }
            return Some(Leaving {
                reply,
                role: Role::InVain,
                on_time,
            });
        }
    }

    /// Those of `peer` that stepped aside leave next: one has overtaken them.
    fn release_behind(&mut self, peer: &RawAddress) {
        for Aside { reply, on_time, .. } in self.aside.remove(peer).unwrap_or_default() {
            self.leaving.push_back(Leaving {
                reply,
                role: Role::Overtaken,
                on_time,
            });
        }
    }
}

/// How much a line holds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Load {
    /// Replies.
    pub replies: usize,
    /// Bytes of their payloads.
    pub bytes: usize,
}

/// How long a reply waits to be overtaken.
pub const FOLLOWER_PATIENCE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::SocketAddr;

    const MS: Duration = Duration::from_millis(1);

    fn reply(peer: u16, number: u8) -> Reply {
        Reply {
            to: RawAddress::from(SocketAddr::from(([127, 0, 0, 1], peer))),
            from: None,
            payload: Box::new([number]),
        }
    }

    /// Everything that leaves by `now`, as number and role.
    fn leave(line: &mut Line, now: Instant) -> Vec<(u8, Role)> {
        let mut left = Vec::new();
        while line.next(now).is_some() {
            let done = line.settle(true).unwrap();
            left.push((done.reply.payload[0], done.role));
        }
        left
    }

    /// Pushes the fates to peer 1, numbered from 0 and due at once; gives what leaves.
    fn play(line: &mut Line, now: Instant, fates: &[Fate]) -> Vec<(u8, Role)> {
        for (number, fate) in (0..).zip(fates) {
            line.push(now, *fate, reply(1, number));
        }
        leave(line, now)
    }

    use Fate::{Corrupt, Duplicate, Pass, Reorder};
    use Role::{Copy, Corrupted, InVain, Itself, Original, Overtaken};

    #[test]
    fn several_that_stepped_aside_leave_in_their_order_behind_the_next_one() {
        let left = play(
            &mut Line::default(),
            Instant::now(),
            &[Reorder, Reorder, Pass, Pass],
        );
        let expected = [(2, Itself), (0, Overtaken), (1, Overtaken), (3, Itself)];
        assert_eq!(left, expected);
    }

    #[test]
    fn a_copy_follows_its_original_at_once() {
        let left = play(&mut Line::default(), Instant::now(), &[Reorder, Duplicate]);
        assert_eq!(left, [(1, Original), (1, Copy), (0, Overtaken)]);
    }

    #[test]
    fn only_an_intact_reply_that_was_sent_to_the_same_peer_overtakes() {
        let (mut line, now) = (Line::default(), Instant::now());
        assert_eq!(play(&mut line, now, &[Reorder, Corrupt]), [(1, Corrupted)]);
        line.push(now, Pass, reply(2, 7));
        assert_eq!(leave(&mut line, now), [(7, Itself)]);
        line.push(now, Duplicate, reply(1, 8));
        assert!(line.next(now).is_some());
        line.settle(false);
        assert_eq!(leave(&mut line, now), [], "not even a copy");
        line.push(now, Pass, reply(1, 9));
        assert_eq!(leave(&mut line, now), [(9, Itself), (0, Overtaken)]);
        assert!(line.is_empty());
    }

    #[test]
    fn patience_ends_one_by_one() {
        let (mut line, start) = (Line::default(), Instant::now());
        for (number, at) in [(0, 0), (1, 60)] {
            line.push(start + MS * at, Reorder, reply(1, number));
            assert_eq!(leave(&mut line, start + MS * at), []);
        }
        assert_eq!(line.next_end_of_patience(), Some(start + MS * 100));
        assert_eq!(leave(&mut line, start + MS * 99), []);
        assert_eq!(leave(&mut line, start + MS * 100), [(0, InVain)]);
        line.push(start + MS * 120, Pass, reply(1, 2));
        let left = leave(&mut line, start + MS * 120);
        assert_eq!(left, [(2, Itself), (1, Overtaken)]);
    }

    #[test]
    fn in_a_hurry_everything_leaves_and_nothing_counts_as_on_time() {
        let (mut line, now) = (Line::default(), Instant::now());
        line.push(now + MS * 50, Reorder, reply(1, 0));
        line.push(now + MS * 60, Pass, reply(2, 1));
        assert_eq!(leave(&mut line, now), []);
        line.hurry();
        assert!(!line.next(now).unwrap().on_time);
        assert_eq!(leave(&mut line, now), [(1, Itself)]);
        line.end_patience();
        assert!(!line.next(now).unwrap().on_time);
        assert_eq!(leave(&mut line, now), [(0, InVain)]);
        assert_eq!(line.load(), Load::default());
    }

    #[test]
    fn what_is_given_up_is_counted_without_copies() {
        let (mut line, now) = (Line::default(), Instant::now());
        assert_eq!(play(&mut line, now, &[Reorder]), []);
        line.push(now, Duplicate, reply(2, 1));
        line.push(now + MS, Pass, reply(2, 2));
        assert!(line.next(now).is_some());
        line.settle(true);
        assert_eq!(line.next(now).unwrap().role, Copy);
        assert_eq!(line.clear(), 2);
        assert!(line.is_empty());
    }

    /// What a client with sequence numbers counts as reordered (RFC 4737): what comes after a
    /// higher one. It knows damaged answers and duplicates for what they are.
    fn reordered(left: &[(u8, Role)]) -> usize {
        let mut next = 0;
        let seen = left
            .iter()
            .filter(|(_, role)| !matches!(role, Corrupted | Copy));
        seen.filter(|(number, _)| {
            let late = *number < next;
            next = next.max(number + 1);
            late
        })
        .count()
    }

    proptest! {
        #[test]
        fn clients_see_what_is_counted(
            datagrams in proptest::collection::vec(
                (1..4_u16, prop::sample::select(vec![Pass, Duplicate, Corrupt, Reorder]), 0..70_u32),
                0..100,
            ),
            delay in 0..150_u32,
        ) {
            let (mut line, mut now) = (Line::default(), Instant::now());
            let mut left = Vec::new();
            let mut due = Vec::new();
            let mut settle = |line: &mut Line, now: Instant, due: &[Instant]| {
                while line.next(now).is_some() {
                    let done = line.settle(true).unwrap();
                    let number = done.reply.payload[0];
                    let wait = if done.role == InVain { FOLLOWER_PATIENCE } else { Duration::ZERO };
                    assert!(now >= due[usize::from(number)] + wait, "{number} leaves too early");
                    assert!(done.on_time);
                    left.push((done.reply.to.port(), number, done.role));
                }
            };
            for (number, (peer, fate, gap)) in (0..).zip(&datagrams) {
                now += MS * *gap;
                due.push(now + MS * delay);
                line.push(now + MS * delay, *fate, reply(*peer, number));
                settle(&mut line, now, &due);
            }
            for _ in 0..2 {
                now += MS * 1_000;
                settle(&mut line, now, &due);
            }
            prop_assert!(line.is_empty());
            prop_assert_eq!(line.load(), Load::default());
            let count = |role: Role| left.iter().filter(|(.., as_)| *as_ == role).count();
            let fated = |fate: Fate| datagrams.iter().filter(|(_, f, _)| *f == fate).count();
            prop_assert_eq!(count(Copy), fated(Duplicate));
            prop_assert_eq!(count(Corrupted), fated(Corrupt));
            prop_assert_eq!(count(Overtaken) + count(InVain), fated(Reorder));
            let mut numbers: Vec<_> = left.iter().filter(|(.., role)| *role != Copy).collect();
            numbers.sort_unstable_by_key(|(_, number, _)| *number);
            prop_assert!(numbers.iter().map(|(_, number, _)| usize::from(*number)).eq(0..datagrams.len()));
            let at_clients = (1..4).map(|peer| {
                let own = left.iter().filter(|(to, ..)| *to == peer);
                reordered(&own.map(|(_, number, role)| (*number, *role)).collect::<Vec<_>>())
            });
            prop_assert_eq!(at_clients.sum::<usize>(), count(Overtaken));
        }
    }
}
