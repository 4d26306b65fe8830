//! Which datagrams of a batch leave together. Pure.
//!
//! The kernel cuts one message into datagrams of equal size, the last of which may be shorter
//! (`UDP_SEGMENT`), and takes it through its stack as one. So a train goes back as it came, and
//! neighbours that go to one peer, from one address, in one size, join into a train.

use super::exchange::Reply;
use crate::udp::MAX_TRAIN;

/// How large a message may grow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Limits {
    /// Datagrams in one message: what the kernel takes, or 1 to join nothing.
    pub(super) segments: u32,
}

/// One slot that goes back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) slot: usize,
    /// Bytes of payload.
    pub(super) length: u32,
    /// The size of its datagrams if it is a train.
    pub(super) segment: Option<u16>,
}

impl Piece {
    /// How many datagrams it is. Only a train costs a division.
    pub(super) fn datagrams(&self) -> u32 {
        match self.segment {
            Some(segment) => self.length.div_ceil(u32::from(segment).max(1)).max(1),
            None => 1,
        }
    }

    /// The size of its datagrams, the last of which may be shorter.
    pub(super) fn unit(&self) -> u32 {
        self.segment.map_or(self.length, u32::from)
    }

    /// Whether one of its datagrams is so long.
    pub(super) fn may_hold(&self, wanted: usize) -> bool {
        let last = match self.segment {
            Some(segment) => self.length % u32::from(segment).max(1),
            None => self.length,
        };
        self.unit() as usize == wanted || last as usize == wanted
    }

    /// Whether its last datagram is as long as the others, so that more may follow.
    fn is_whole(&self) -> bool {
        match self.segment {
            Some(segment) => self.length.is_multiple_of(u32::from(segment)),
            None => self.length > 0,
        }
    }
}

/// Adds a slot to the replies: to the last of them if it may join, which `same_flow` has a say in,
/// or as a new one, which is more than one if the kernel does not take it in one.
pub(super) fn add(
    replies: &mut Vec<Reply>,
    piece: Piece,
    limits: Limits,
    same_flow: impl FnOnce(&Reply) -> bool,
) {
    if let Some(last) = replies.last_mut()
        && may_join(last, &piece, limits)
        && same_flow(last)
    {
        last.slots += 1;
        last.length += piece.length;
        last.datagrams += piece.datagrams();
        last.open = piece.is_whole() && piece.unit() == last.unit;
        return;
    }
    let reply = Reply {
        first: piece.slot,
        slots: 1,
        offset: 0,
        length: piece.length,
        unit: piece.unit(),
        datagrams: piece.datagrams(),
        open: limits.segments > 1 && piece.is_whole(),
    };
    if reply.datagrams > limits.segments {
        replies.extend(reply.parts(|_slot| piece.length));
    } else {
        replies.push(reply);
    }
}

/// Adds the first so many datagrams of a train, less than all of them. Each leaves on its own, since
/// what is joined takes up its whole slot.
pub(super) fn add_first(replies: &mut Vec<Reply>, piece: Piece, datagrams: u32) {
    let first = Reply {
        first: piece.slot,
        slots: 1,
        offset: 0,
        length: piece.unit() * datagrams,
        unit: piece.unit(),
        datagrams,
        open: false,
    };
    if datagrams > 0 {
        replies.extend(first.parts(|_slot| first.length));
    }
}

fn may_join(last: &Reply, piece: &Piece, limits: Limits) -> bool {
    let fits_behind =
        piece.unit() == last.unit || (piece.datagrams() == 1 && piece.length < last.unit);
    last.open
        && piece.slot == last.first + last.slots
        && piece.length > 0
        && fits_behind
        && last.datagrams + piece.datagrams() <= limits.segments
        && (last.length + piece.length) as usize <= MAX_TRAIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KERNEL: Limits = Limits { segments: 64 };

    /// A slot as a test writes it: peer, length, and the segment size of a train.
    type Slot = (u8, u32, Option<u16>);

    fn gather(slots: &[Slot], limits: Limits) -> Vec<Reply> {
        let mut replies = Vec::new();
        for (slot, &(peer, length, segment)) in slots.iter().enumerate() {
            let piece = Piece {
                slot,
                length,
                segment,
            };
            add(&mut replies, piece, limits, |last| {
                slots[last.first].0 == peer
            });
        }
        replies
    }

    fn shape(replies: &[Reply]) -> Vec<(usize, usize, u32)> {
        replies
            .iter()
            .map(|reply| (reply.first, reply.slots, reply.datagrams))
            .collect()
    }

    #[test]
    fn neighbours_of_one_peer_and_size_leave_together() {
        let slots = [(1, 64, None), (1, 64, None), (1, 64, None)];
        let replies = gather(&slots, KERNEL);
        assert_eq!(shape(&replies), [(0, 3, 3)]);
        assert_eq!(replies[0].segment(), Some(64));
        assert_eq!(replies[0].length, 192);
    }

    #[test]
    fn a_shorter_datagram_is_the_last_of_its_train() {
        let slots = [(1, 64, None), (1, 10, None), (1, 64, None)];
        assert_eq!(shape(&gather(&slots, KERNEL)), [(0, 2, 2), (2, 1, 1)]);
    }

    #[test]
    fn a_longer_datagram_begins_anew() {
        let slots = [(1, 10, None), (1, 64, None)];
        assert_eq!(shape(&gather(&slots, KERNEL)), [(0, 1, 1), (1, 1, 1)]);
    }

    #[test]
    fn another_peer_begins_anew() {
        let slots = [(1, 64, None), (2, 64, None), (1, 64, None)];
        assert_eq!(gather(&slots, KERNEL).len(), 3);
    }

    #[test]
    fn empty_datagrams_leave_alone() {
        let slots = [(1, 0, None), (1, 0, None), (1, 64, None), (1, 0, None)];
        assert_eq!(gather(&slots, KERNEL).len(), 4);
    }

    #[test]
    fn a_train_goes_back_as_one() {
        let replies = gather(&[(1, 250, Some(100))], KERNEL);
        assert_eq!(shape(&replies), [(0, 1, 3)]);
        assert_eq!(replies[0].segment(), Some(100));
    }

    #[test]
    fn a_train_that_the_kernel_does_not_take_goes_back_in_parts() {
        let replies = gather(&[(1, 250, Some(100))], Limits { segments: 1 });
        let parts: Vec<_> = replies.iter().map(|r| (r.offset, r.length)).collect();
        assert_eq!(parts, [(0, 100), (100, 100), (200, 50)]);
        assert!(replies.iter().all(|reply| reply.segment().is_none()));
    }

    #[test]
    fn the_first_of_a_train_leave_on_their_own_and_nothing_joins_them() {
        let train = Piece {
            slot: 0,
            length: 250,
            segment: Some(100),
        };
        let mut replies = Vec::new();
        add_first(&mut replies, train, 0);
        assert!(replies.is_empty());
        add_first(&mut replies, train, 2);
        let next = Piece {
            slot: 1,
            length: 100,
            segment: None,
        };
        add(&mut replies, next, KERNEL, |_last| true);
        let parts: Vec<_> = replies
            .iter()
            .map(|r| (r.first, r.offset, r.length))
            .collect();
        assert_eq!(parts, [(0, 0, 100), (0, 100, 100), (1, 0, 100)]);
        assert!(replies.iter().all(|reply| reply.datagrams == 1));
    }

    fn slots() -> impl Strategy<Value = Vec<Slot>> {
        let size = prop_oneof![Just(0u32), Just(64), Just(1400), 1u32..3000];
        let train = (1u16..1500, 1u32..64, 0u32..1500).prop_map(|(unit, count, tail)| {
            let tail = tail % u32::from(unit);
            let length = (u32::from(unit) * count + tail).min(65_507);
            (length, Some(unit))
        });
        let shape = prop_oneof![4 => size.prop_map(|length| (length, None)), 1 => train];
        proptest::collection::vec((0u8..3, shape), 0..64)
            .prop_map(|slots| slots.into_iter().map(|(p, (l, s))| (p, l, s)).collect())
    }

    /// The datagrams of a slot, as the wire would show them.
    fn datagrams(&(peer, length, segment): &Slot) -> Vec<(u8, u32)> {
        let unit = segment.map_or(length.max(1), u32::from);
        let whole = (0..length / unit).map(|_| (peer, unit));
        let tail = (length % unit > 0 || length == 0).then_some((peer, length % unit));
        whole.chain(tail).collect()
    }

    proptest! {
        #[test]
        fn the_wire_shows_the_same_datagrams_in_the_same_order(slots in slots(), segments in 1u32..=128) {
            let replies = gather(&slots, Limits { segments });
            let mut wire = Vec::new();
            for reply in &replies {
                prop_assert!(reply.datagrams <= segments);
                prop_assert!(reply.length <= 65_507);
                let unit = reply.segment().map_or(reply.length, u32::from);
                let sent = datagrams(&(slots[reply.first].0, reply.length, (unit > 0).then_some(u16::try_from(unit).unwrap())));
                prop_assert_eq!(sent.len(), reply.datagrams as usize);
                wire.extend(sent);
            }
            let expected: Vec<_> = slots.iter().flat_map(datagrams).collect();
            prop_assert_eq!(wire, expected);
        }
    }
}
