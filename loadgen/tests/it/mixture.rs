//! A peer that does everything at once, by chance, but the same chance every time.

use std::collections::HashMap;

use crate::rig::peer::{Answers, Peer, Seen};
use crate::rig::run::measure;

/// Xorshift64*: the state must not be 0.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).expect("31 bits") % end
    }
}

struct Mischief {
    chance: Chance,
    held: HashMap<u16, Vec<Seen>>,
}

impl Mischief {
    fn answer(&mut self, seen: &Seen, answers: &mut Answers) {
        let flow = seen.probe.flow;
        match self.chance.below(10) {
            0 => {}
            1 => {
                let mut bytes = seen.bytes.clone();
                let position = self.chance.below(bytes.len());
                bytes[position] ^= 0x40;
                answers.corrupted(seen, bytes);
            }
            2 => answers.foreign(seen, b"Hello, world".to_vec()),
            3 => self.held.entry(flow).or_default().push(seen.clone()),
            4 => {
                answers.echo(seen);
                answers.echo(seen);
            }
            5 => {
                answers.echo(seen);
                let held = self.held.remove(&flow).unwrap_or_default();
                for seen in held {
                    answers.echo(&seen);
                    if self.chance.below(2) == 0 {
                        answers.echo(&seen);
                    }
                }
            }
            _ => answers.echo(seen),
        }
    }
}

#[track_caller]
fn every_count_is_that_of_the_peer(seed: u64) {
    let mut mischief = Mischief {
        chance: Chance(seed),
        held: HashMap::new(),
    };
    let peer = Peer::start(move |seen, answers| mischief.answer(seen, answers));
    let arguments = "--rate 1000 --duration 480ms --warmup 0s --flows 3";
    let (_, run) = measure(peer.address(), arguments);
    let log = peer.finish();
    log.assert_counted(&run.counts);
    let expected = log.counts();
    for count in [
        expected.lost,
        expected.duplicated,
        expected.reordered,
        expected.corrupted,
        expected.foreign,
    ] {
        assert!(count > 10, "the mixture is too thin: {expected:?}");
    }
}

#[test]
fn all_faults_together_are_told_apart() {
    every_count_is_that_of_the_peer(0x6c6f_6164);
}

#[test]
fn another_mixture_of_all_faults_is_told_apart_too() {
    every_count_is_that_of_the_peer(0x6765_6e31);
}
