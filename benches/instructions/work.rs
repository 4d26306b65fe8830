//! The work that is counted, each time for one batch.

use std::hint::black_box;
use std::net::IpAddr;
use std::sync::Arc;

use echo_reactor::access::{
    Gate, Limit, Limiter, Limits, Moment, Prefixes, SourcePorts, Verdict, prefixes,
};
use echo_reactor::config::Io;
use echo_reactor::rehearsal::Gathering;
use echo_reactor::udp::{LocalAddress, Message, Outbox, cmsg};

use crate::scene::{Arrival, BATCH, SEGMENTS, SIZE, Scene, arrivals, controls};

/// For `cargo test`: nothing is counted, but everything has to work.
pub(crate) fn check_once() {
    assert_eq!(decode(&controls()), BATCH as u64 * u64::from(SIZE));
    assert_eq!(encode(&mut room()), BATCH * ENCODED);
    assert_eq!(verdicts(&gate(), &arrivals(1)), BATCH);
    assert_eq!(verdicts(&gate_with_rules(), &arrivals(16)), BATCH);
    assert_eq!(gathering().gather(&arrivals(1)), 1);
    assert_eq!(gathering().gather(&arrivals(16)), BATCH);
    assert_eq!(fill(&mut outbox(), &arrivals(1)), 1);
    assert_eq!(fill(&mut outbox(), &arrivals(16)), BATCH);
    for (io, peers) in [(Io::Single, 1), (Io::Batch, 1), (Io::Offload, 16)] {
        Scene::with_datagrams(io, peers).answer_all();
    }
    Scene::with_train().answer_all();
}

/// The sizes that the control messages tell, added up.
pub(crate) fn decode(controls: &[cmsg::Buffer]) -> u64 {
    let told = controls
        .iter()
        .map(|buffer| cmsg::decode(&buffer.0[..ENCODED]));
    told.map(|control| u64::from(black_box(control).segment.unwrap_or(0)))
        .sum()
}

/// Bytes of the control messages of all replies.
pub(crate) fn encode(room: &mut [cmsg::Buffer]) -> usize {
    let from = LocalAddress {
        ip: IpAddr::from([127, 0, 0, 1]),
        interface: 1,
    };
    room.iter_mut()
        .map(|buffer| cmsg::encode(buffer, black_box(Some(from)), black_box(Some(SIZE))))
        .sum()
}

/// How many get an answer.
pub(crate) fn verdicts(gate: &Gate, arrivals: &[Arrival]) -> usize {
    arrivals
        .iter()
        .filter(|(peer, received)| gate.judge(peer, received, Moment::default()) == Verdict::Echo)
        .count()
}

/// What a server judges by that was told nothing.
pub(crate) fn gate() -> Gate {
    Gate::new(SourcePorts::Client, &[([127, 0, 0, 1], 50_007).into()])
}

/// The same with a list of networks and both limits, which all of a batch keep to.
pub(crate) fn gate_with_rules() -> Gate {
    let mut gate = gate();
    let networks = ["127.0.0.0/8", "10.0.0.0/8", "192.0.2.0/24", "fd00::/8"];
    let networks = networks.map(|text| prefixes::parse(text).expect("it is one"));
    gate.set_prefixes(Arc::new(Prefixes::new(&networks, &[], true)));
    gate.set_limiter(Arc::new(Limiter::new(&Limits {
        each: Some(Limit::new(1_000_000, 1_000)),
        total: Some(Limit::new(1_000_000, 1_000)),
        ..Limits::default()
    })));
    gate
}

/// Puts the replies into the outbox, those of one peer as one train; returns how many messages
/// that makes.
pub(crate) fn fill(outbox: &mut Outbox, arrivals: &[Arrival]) -> usize {
    let mut round = outbox.round();
    let mut last = None;
    for (peer, _) in arrivals {
        let added = if last == Some(peer) {
            round.extend(&PAYLOAD)
        } else {
            last = Some(peer);
            let message = Message {
                to: Some(peer),
                from: None,
                segment: Some(SIZE),
                stamped: false,
            };
            round.push(&message, &PAYLOAD)
        };
        assert!(added, "there is room for a batch");
    }
    round.waiting()
}

/// Where replies are put together.
pub(crate) fn gathering() -> Gathering {
    Gathering::new(BATCH, SEGMENTS)
}

/// Where messages are put together.
pub(crate) fn outbox() -> Outbox {
    Outbox::new(BATCH, BATCH)
}

/// Where control messages are written.
pub(crate) fn room() -> Vec<cmsg::Buffer> {
    vec![cmsg::Buffer::zeroed(); BATCH]
}

static PAYLOAD: [u8; SIZE as usize] = [0x5a; SIZE as usize];

/// Bytes that a source address (32) and a segment size (24) take.
const ENCODED: usize = 56;
