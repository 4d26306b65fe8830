//! Any datagram can be told apart, and one that is a probe was encoded as such.

#![no_main]

use libfuzzer_sys::fuzz_target;
use loadgen::probe::{Decoded, Expected, HEADER_LENGTH, Probe, Sequence};
use loadgen::time::Offset;

const EXPECTED: Expected = Expected {
    run: 0x0123_4567_89ab_cdef,
    flow: 3,
};

fuzz_target!(|datagram: &[u8]| {
    if let Decoded::Probe(probe) = Probe::decode(datagram, &EXPECTED) {
        let mut again = datagram.to_vec();
        probe.encode(&mut again);
        assert_eq!(Probe::decode(&again, &EXPECTED), Decoded::Probe(probe));
    }
    there_and_back(datagram);
});

/// Takes the bytes as the numbers and the padding of a probe.
fn there_and_back(bytes: &[u8]) {
    let Some((numbers, padding)) = bytes.split_first_chunk::<16>() else {
        return;
    };
    let number = |half: &[u8]| u64::from_be_bytes(half.try_into().expect("it is half of 16"));
    let probe = Probe {
        run: EXPECTED.run,
        flow: EXPECTED.flow,
        sequence: Sequence(number(&numbers[..8])),
        due: Offset::from_nanos(number(&numbers[8..])),
    };
    let mut datagram = vec![0; HEADER_LENGTH];
    datagram.extend_from_slice(padding);
    probe.encode(&mut datagram);
    assert_eq!(Probe::decode(&datagram, &EXPECTED), Decoded::Probe(probe));
    // Any one flipped bit is noticed.
    let position = usize::try_from(probe.sequence.0).unwrap_or(0) % datagram.len();
    datagram[position] ^= 1 << (probe.due.as_nanos() % 8);
    assert_eq!(Probe::decode(&datagram, &EXPECTED), Decoded::Corrupted);
}
