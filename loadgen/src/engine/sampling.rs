//! Which probes are sampled, and their stamps.
//!
//! The choice must not depend on how probes fare, or the sample would be of the lucky ones: on
//! every flow a random number of probes lies between two sampled ones. A sampled probe leaves by a
//! call of its own, so that its stamps are those of one message and its refusal its own.

use std::time::Duration;

use echo_reactor::udp::{Socket, StampBatch, Stamps};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::samples::{Answered, Samples};
use crate::measure::{RoundTrip, TimeSplit};
use crate::plan::Load;
use crate::probe::Sequence;
use crate::rate::Rate;
use crate::schedule::Share;
use crate::time::{Offset, Realtime};

/// The sampled probes of one thread.
#[derive(Debug)]
pub(super) struct Sampling {
    flows: Vec<SampledFlow>,
    spacing: Spacing,
    random: Xoshiro256PlusPlus,
    stamps: StampBatch,
    split: TimeSplit,
    timeout_nanos: u64,
}

#[derive(Debug)]
struct SampledFlow {
    samples: Samples,
    /// The next probe to sample.
    next: Sequence,
}

/// The next probes of a flow that leave by one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) probes: usize,
    /// Whether it is a single probe that shall be stamped.
    pub(super) sampled: bool,
}

impl Stretch {
    /// All of them.
    pub(super) fn unsampled(probes: usize) -> Self {
        Self {
            probes,
            sampled: false,
        }
    }
}

impl Sampling {
    /// A thread with `flows` flows.
    pub(super) fn new(
        load: Load,
        share: Share,
        seed: u64,
        timeout: Duration,
        flows: usize,
    ) -> Self {
        let room = (MOST_SAMPLES / flows.max(1)).max(LEAST_ROOM);
        let mut sampling = Self {
            flows: Vec::with_capacity(flows),
            spacing: Spacing::new(load, share),
            random: stream(seed, share),
            stamps: StampBatch::new(),
            split: TimeSplit::default(),
            timeout_nanos: u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX),
        };
        for _ in 0..flows {
            let next = Sequence(sampling.gap() - 1);
            let samples = Samples::new(room);
            sampling.flows.push(SampledFlow { samples, next });
        }
        sampling
    }

    /// Which of the next `due` probes of a flow leave together, of which the first is `sequence`.
    pub(super) fn stretch(&mut self, flow: usize, sequence: Sequence, due: usize) -> Stretch {
        if self.flows[flow].next <= sequence {
            if self.flows[flow].samples.has_room() {
                return Stretch {
                    probes: 1,
                    sampled: true,
                };
            }
            self.split.skipped += 1;
            self.choose_after(flow, sequence);
        }
        let before = self.flows[flow].next.0 - sequence.0;
        Stretch::unsampled(usize::try_from(before).map_or(due, |before| before.min(due)))
    }

    /// The kernel took a sampled probe.
    pub(super) fn sent(&mut self, flow: usize, sequence: Sequence, at: Offset, called: Realtime) {
        self.flows[flow].samples.sent(sequence, at, called);
        self.spacing.taken += 1;
        self.choose_after(flow, sequence);
    }

    /// The kernel refused a sampled probe. It may be sent again, unsampled.
    pub(super) fn refused(&mut self, flow: usize, sequence: Sequence) {
        self.flows[flow].samples.refused();
        self.choose_after(flow, sequence);
    }

    /// An answer came in time; `stamps` are asked for if its probe was sampled.
    pub(super) fn answered(
        &mut self,
        flow: usize,
        sequence: Sequence,
        trip: RoundTrip,
        read: Realtime,
        stamps: impl FnOnce() -> Stamps,
    ) {
        let samples = &mut self.flows[flow].samples;
        if let Some(index) = samples.position(sequence) {
            let answer = Answered {
                trip,
                stamps: stamps(),
                read,
            };
            samples.answered(index, answer, &mut self.split);
        }
    }

    /// Whether stamps of a flow are still to come.
    pub(super) fn await_stamps(&self, flow: usize) -> bool {
        self.flows[flow].samples.await_stamps()
    }

    /// Takes what waits on the error queue of a flow.
    pub(super) fn collect(&mut self, flow: usize, socket: &Socket) {
        for _ in 0..MOST_CALLS {
            // An error here says that nothing waits; one of the socket comes with the next receive.
            let more = self.stamps.receive(socket);
            if more.is_err() {
                return;
            }
            for stamps in self.stamps.stamps() {
                self.flows[flow].samples.stamped(stamps, &mut self.split);
            }
            if matches!(more, Ok(false)) {
                return;
            }
        }
    }

    /// Gives up what is overdue, and keeps the number of samples a second within its bound.
    pub(super) fn keep_house(&mut self, now: Offset) {
        let overdue = now.as_nanos().saturating_sub(self.timeout_nanos);
        for flow in &mut self.flows {
            let point = Offset::from_nanos(overdue);
            flow.samples.give_up_before(point, &mut self.split);
        }
        self.spacing.adapt(now);
    }

    /// What all of it came to; what is still outstanding lacks its stamps.
    pub(super) fn finish(mut self) -> TimeSplit {
        for flow in &mut self.flows {
            let end = Offset::from_nanos(u64::MAX);
            flow.samples.give_up_before(end, &mut self.split);
        }
        self.split
    }

    fn choose_after(&mut self, flow: usize, sequence: Sequence) {
        self.flows[flow].next = Sequence(sequence.0 + self.gap());
    }

    /// How many probes on the next sampled one is: 1 to twice the mean.
    fn gap(&mut self) -> u64 {
        self.random.random_range(1..2 * self.spacing.every)
    }
}

/// The random numbers of a thread: a stream of its own for each.
fn stream(seed: u64, share: Share) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64((seed ^ PURPOSE).wrapping_add(share.thread.into()))
}

/// How far apart sampled probes are.
#[derive(Debug)]
struct Spacing {
    /// One probe in so many is sampled, at least [`LEAST_SPACING`].
    every: u64,
    /// Samples taken in the present second.
    taken: u64,
    /// When that second ends; `None` where the rate is known beforehand.
    adapts_at: Option<Offset>,
}

impl Spacing {
    fn new(load: Load, share: Share) -> Self {
        let (probes, adapts_at) = match load {
            Load::Open(rate) => (Rate::rounded(rate) / u64::from(share.threads.get()), None),
            Load::Closed(_) => (0, Some(Offset::from_nanos(SECOND))),
        };
        Self {
            every: probes.div_ceil(MOST_A_SECOND).max(LEAST_SPACING),
            taken: 0,
            adapts_at,
        }
    }

    /// In a closed loop: spaces the samples of the next second by what the last one brought.
    fn adapt(&mut self, now: Offset) {
        if let Some(at) = self.adapts_at
            && now >= at
        {
            let probes = self.every.saturating_mul(self.taken);
            self.every = probes.div_ceil(MOST_A_SECOND).max(LEAST_SPACING);
            self.taken = 0;
            self.adapts_at = Some(Offset::from_nanos(now.as_nanos().saturating_add(SECOND)));
        }
    }
}

/// A random number that sets the stream of distances apart from whatever else is drawn by the same
/// seed, here or in a server.
const PURPOSE: u64 = 0x27d8_b60e_4c91_a3f5;

/// Nanoseconds.
const SECOND: u64 = 1_000_000_000;

/// The most samples that a thread takes in a second, on average.
const MOST_A_SECOND: u64 = 1_000;

/// At most one probe in so many is sampled, so that the round trips reported are those of probes
/// which nobody looked at.
const LEAST_SPACING: u64 = 16;

/// Samples of a thread that may wait for their answers; shared out among its flows.
const MOST_SAMPLES: usize = 4_096;

/// But each flow may have so many.
const LEAST_ROOM: usize = 32;

/// The most calls that one look at an error queue makes: more stamps than may be outstanding.
const MOST_CALLS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn sampling(load: Load) -> Sampling {
        let share = Share {
            threads: 2.try_into().unwrap(),
            thread: 1,
        };
        Sampling::new(load, share, 1, Duration::from_secs(1), 2)
    }

    /// Sends `probes` on flow 0 as far as the sampling lets them, stamping each at once.
    fn sampled(sampling: &mut Sampling, probes: u64) -> Vec<u64> {
        let mut chosen = Vec::new();
        let mut next = 0;
        while next < probes {
            let due = usize::try_from(probes - next).unwrap();
            let stretch = sampling.stretch(0, Sequence(next), due);
            assert!(stretch.probes > 0 && stretch.probes <= due);
            if stretch.sampled {
                assert_eq!(stretch.probes, 1);
                let real = Realtime::from_nanos(1);
                sampling.sent(0, Sequence(next), Offset::START, real);
                let stamps = Stamps {
                    software: Some(1),
                    hardware: None,
                    message: u32::try_from(chosen.len()).ok(),
                };
                let samples = &mut sampling.flows[0].samples;
                samples.stamped(stamps, &mut sampling.split);
                samples.give_up_before(Offset::from_nanos(1), &mut sampling.split);
                chosen.push(next);
            }
            next += stretch.probes as u64;
        }
        chosen
    }

    fn open(rate: u64) -> Load {
        Load::Open(Rate::per_second(rate).unwrap())
    }

    #[test]
    fn one_probe_in_sixteen_is_sampled_unless_that_were_too_many() {
        let slow = sampled(&mut sampling(open(10_000)), 160_000).len();
        assert!((9_000..11_000).contains(&slow), "{slow}");
        // A second of one thread of two.
        let fast = sampled(&mut sampling(open(2_000_000)), 1_000_000).len();
        assert!((900..1_100).contains(&fast), "{fast}");
    }

    #[test]
    fn every_thread_draws_from_a_stream_of_its_own_and_none_from_that_of_the_bare_seed() {
        let threads = 2.try_into().unwrap();
        let [first, second] = [0, 1].map(|thread| stream(1, Share { threads, thread }));
        assert_ne!(first, second);
        for seed in 0..3 {
            let bare = Xoshiro256PlusPlus::seed_from_u64(seed);
            assert!(first != bare && second != bare, "seed {seed}");
        }
    }

    #[test]
    fn samples_keep_no_step_with_anything() {
        let sampled = sampled(&mut sampling(open(10_000)), 16_000);
        let mut phases: Vec<u64> = sampled.iter().map(|sequence| sequence % 16).collect();
        phases.sort_unstable();
        phases.dedup();
        assert_eq!(phases.len(), 16);
    }

    #[test]
    fn a_closed_loop_is_sampled_by_the_pace_it_had() {
        let mut sampling = sampling(Load::Closed(1.try_into().unwrap()));
        assert_eq!(sampling.spacing.every, 16);
        sampling.spacing.taken = 10_000;
        sampling.keep_house(Offset::from_nanos(SECOND));
        assert_eq!(sampling.spacing.every, 160);
        sampling.spacing.taken = 50;
        sampling.keep_house(Offset::from_nanos(2 * SECOND));
        assert_eq!(sampling.spacing.every, 16);
    }

    #[test]
    fn where_stamps_do_not_come_probes_leave_unsampled() {
        let mut sampling = sampling(open(10_000));
        let mut next = 0;
        while next < 1_000 {
            let stretch = sampling.stretch(0, Sequence(next), 1_000);
            if stretch.sampled {
                sampling.sent(0, Sequence(next), Offset::START, Realtime::from_nanos(1));
            }
            next += stretch.probes as u64;
        }
        // The first stamp would have told the numbers.
        assert_eq!(sampling.spacing.taken, 1);
        assert!(sampling.split.skipped > 20);
    }
}
