//! What goes over the wire: one probe a datagram, all numbers big-endian.
//!
//! ```text
//!  0               1               2               3
//!  0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7
//! +---------------------------------------------------------------+
//! |                             magic                             |  0
//! +---------------+---------------+-------------------------------+
//! |    version    | reserved (0)  |             flow              |  4
//! +---------------+---------------+-------------------------------+
//! |                              run                              |  8
//! |                                                               |
//! +---------------------------------------------------------------+
//! |                           sequence                            | 16
//! |                                                               |
//! +---------------------------------------------------------------+
//! |              due, nanoseconds since the run's start           | 24
//! |                                                               |
//! +---------------------------------------------------------------+
//! |                           checksum                            | 32
//! |                                                               |
//! +---------------------------------------------------------------+
//! |                  padding, to the datagram's end               | 40
//! ```
//!
//! The checksum is XXH3-64 over the 32 bytes before it, seeded with the XXH3-64 of the padding.
//! It covers the whole datagram in two passes over borrowed slices, and leaves the long input
//! unseeded: a seed makes XXH3 derive a secret of its own for anything over 240 bytes.

use std::ops::Range;

use twox_hash::XxHash3_64;

use crate::time::Offset;

/// Bytes of a probe without padding: the smallest datagram that carries one.
pub const HEADER_LENGTH: usize = 40;

/// The number of a probe within its flow: 0, 1, 2, ... in the order of sending.
///
/// A probe that could not be sent takes no number, so a gap at the receiver is a loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub u64);

/// What one datagram says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The run that sent it; chosen at random, so that two runs tell their datagrams apart.
    pub run: u64,
    /// The flow (one socket) within the run.
    pub flow: u16,
    /// The number within the flow.
    pub sequence: Sequence,
    /// When the schedule wanted it sent.
    pub due: Offset,
}

/// What a socket may receive: the answers to its own probes. They may have any length: one that was
/// cut or lengthened does not pass the checksum, which covers the padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The run this socket sends for.
    pub run: u64,
    /// The flow this socket is.
    pub flow: u16,
}

/// What a received datagram turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// Ours, and as it was sent.
    Probe(Probe),
    /// Ours, but changed, cut short or lengthened on the way.
    Corrupted,
    /// Not ours: another program's, another run's or another flow's.
    Foreign,
}

impl Probe {
    /// Writes the header over the first [`HEADER_LENGTH`] bytes; what follows is padding, which
    /// stays as it is and must not change afterwards.
    ///
    /// # Panics
    ///
    /// If `datagram` is shorter than [`HEADER_LENGTH`].
    pub fn encode(&self, datagram: &mut [u8]) {
        let (header, padding) = datagram
            .split_first_chunk_mut::<HEADER_LENGTH>()
            .expect("a plan refuses datagrams too small for a probe");
        header[MAGIC_AND_VERSION].copy_from_slice(&SIGNATURE);
        header[RESERVED] = 0;
        header[FLOW].copy_from_slice(&self.flow.to_be_bytes());
        header[RUN].copy_from_slice(&self.run.to_be_bytes());
        header[SEQUENCE].copy_from_slice(&self.sequence.0.to_be_bytes());
        header[DUE].copy_from_slice(&self.due.as_nanos().to_be_bytes());
        let checksum = checksum(&header[COVERED], padding);
        header[CHECKSUM].copy_from_slice(&checksum.to_be_bytes());
    }

    /// Says what `datagram` is; any bytes of any length are allowed.
    ///
    /// A datagram whose checksum fails still counts as ours if the magic and version or the run
    /// is right: one flipped byte cannot hit both. Fewer than five bytes of a probe cannot be
    /// told from anybody else's.
    #[must_use]
    pub fn decode(datagram: &[u8], expected: &Expected) -> Decoded {
        let intact = datagram
            .split_first_chunk::<HEADER_LENGTH>()
            .filter(|(header, padding)| {
                u64_at(header, CHECKSUM) == checksum(&header[COVERED], padding)
            });
        let Some((header, _)) = intact else {
            return if claims_to_be_ours(datagram, expected.run) {
                Decoded::Corrupted
            } else {
                Decoded::Foreign
            };
        };
        let probe = Self {
            run: u64_at(header, RUN),
            flow: u16::from_be_bytes([header[FLOW.start], header[FLOW.start + 1]]),
            sequence: Sequence(u64_at(header, SEQUENCE)),
            due: Offset::from_nanos(u64_at(header, DUE)),
        };
        let ours = header[MAGIC_AND_VERSION] == SIGNATURE
            && probe.run == expected.run
            && probe.flow == expected.flow;
        if ours {
            Decoded::Probe(probe)
        } else {
            Decoded::Foreign
        }
    }
}

fn checksum(covered: &[u8], padding: &[u8]) -> u64 {
    let seed = XxHash3_64::oneshot(padding) ^ SEED;
    XxHash3_64::oneshot_with_seed(seed, covered)
}

fn claims_to_be_ours(datagram: &[u8], run: u64) -> bool {
    datagram.get(MAGIC_AND_VERSION) == Some(&SIGNATURE)
        || datagram.get(RUN) == Some(&run.to_be_bytes())
}

fn u64_at(header: &[u8; HEADER_LENGTH], field: Range<usize>) -> u64 {
    u64::from_be_bytes(
        header[field]
            .try_into()
            .expect("the field is eight bytes wide"),
    )
}

/// "LGPR" and the version of the format.
const SIGNATURE: [u8; 5] = *b"LGPR\x01";
/// Tells our checksum from a plain XXH3 of the same bytes.
const SEED: u64 = 0x6c6f_6164_6765_6e31;

const MAGIC_AND_VERSION: Range<usize> = 0..5;
const RESERVED: usize = 5;
const FLOW: Range<usize> = 6..8;
const RUN: Range<usize> = 8..16;
const SEQUENCE: Range<usize> = 16..24;
const DUE: Range<usize> = 24..32;
const COVERED: Range<usize> = 0..32;
const CHECKSUM: Range<usize> = 32..40;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const PROBE: Probe = Probe {
        run: 0x0123_4567_89ab_cdef,
        flow: 0xbeef,
        sequence: Sequence(7),
        due: Offset::from_nanos(1_000),
    };

    fn encoded(length: usize) -> (Vec<u8>, Expected) {
        let mut datagram = vec![0x5a; length];
        PROBE.encode(&mut datagram);
        let expected = Expected {
            run: PROBE.run,
            flow: PROBE.flow,
        };
        (datagram, expected)
    }

    #[test]
    fn the_fields_lie_where_the_diagram_says() {
        let (datagram, _) = encoded(41);
        let fields: Vec<u8> = [
            &b"LGPR\x01\x00\xbe\xef\x01\x23\x45\x67\x89\xab\xcd\xef"[..],
            &[0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0x03, 0xe8],
        ]
        .concat();
        assert_eq!(datagram[..32], fields);
        assert_eq!(datagram[40], 0x5a);
    }

    #[test]
    fn a_probe_of_another_run_or_flow_is_foreign() {
        let (datagram, expected) = encoded(64);
        let other_run = Expected { run: 1, ..expected };
        let other_flow = Expected {
            flow: 1,
            ..expected
        };
        assert_eq!(Probe::decode(&datagram, &other_run), Decoded::Foreign);
        assert_eq!(Probe::decode(&datagram, &other_flow), Decoded::Foreign);
    }

    #[test]
    fn sound_probes_of_one_flow_may_differ_in_length() {
        for length in [40, 41, 1_400, 65_507] {
            let (datagram, expected) = encoded(length);
            assert_eq!(Probe::decode(&datagram, &expected), Decoded::Probe(PROBE));
        }
    }

    #[test]
    fn another_format_with_a_good_checksum_is_foreign() {
        let (mut datagram, expected) = encoded(64);
        datagram[4] = 2;
        let checksum = checksum(&datagram[COVERED], &datagram[HEADER_LENGTH..]);
        datagram[CHECKSUM].copy_from_slice(&checksum.to_be_bytes());
        assert_eq!(Probe::decode(&datagram, &expected), Decoded::Foreign);
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(
            run: u64, flow: u16, sequence: u64, due: u64, padding in vec(any::<u8>(), 0..300),
        ) {
            let probe = Probe {
                run, flow, sequence: Sequence(sequence), due: Offset::from_nanos(due),
            };
            let mut datagram = vec![0; HEADER_LENGTH];
            datagram.extend(padding);
            probe.encode(&mut datagram);
            let expected = Expected { run, flow };
            prop_assert_eq!(Probe::decode(&datagram, &expected), Decoded::Probe(probe));
        }

        #[test]
        fn one_changed_byte_anywhere_is_corruption(
            length in 40..400_usize, at: prop::sample::Index, flip in 1..=255_u8,
        ) {
            let (mut datagram, expected) = encoded(length);
            datagram[at.index(length)] ^= flip;
            prop_assert_eq!(Probe::decode(&datagram, &expected), Decoded::Corrupted);
        }

        #[test]
        fn a_probe_cut_short_or_lengthened_is_corrupted(
            length in 40..400_usize, becomes in 5..500_usize,
        ) {
            prop_assume!(length != becomes);
            let (mut datagram, expected) = encoded(length);
            datagram.resize(becomes, 0x5a);
            prop_assert_eq!(Probe::decode(&datagram, &expected), Decoded::Corrupted);
        }

        #[test]
        fn random_bytes_are_foreign(bytes in vec(any::<u8>(), 0..200)) {
            let (_, expected) = encoded(64);
            prop_assert_eq!(Probe::decode(&bytes, &expected), Decoded::Foreign);
        }
    }
}
