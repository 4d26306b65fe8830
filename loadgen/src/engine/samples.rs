//! The sampled probes of one flow that wait for stamps or for an answer. Pure.
//!
//! The kernel numbers the messages of a socket that ask for a stamp: 0, 1, 2, ... modulo 2^32. A
//! message that it refused may have taken a number or not, so after a refusal the next number is
//! unknown: then one sample is sent alone, and its stamp tells.

use std::collections::VecDeque;

use echo_reactor::udp::Stamps;

use crate::measure::{RoundTrip, Sample, TimeSplit};
use crate::probe::Sequence;
use crate::time::{Offset, Realtime};

/// Samples in the order of their sending, in memory that is taken once.
#[derive(Debug)]
pub(super) struct Samples {
    waiting: VecDeque<Waiting>,
    room: usize,
    /// How many of them the kernel has not stamped yet.
    unstamped: usize,
    /// The number of the next one, if it is known.
    next_number: Option<u32>,
    /// The lowest number that the next one can have.
    lowest_number: u32,
}

/// A sample that is not whole yet.
#[derive(Debug)]
struct Waiting {
    sequence: Sequence,
    sent: Offset,
    called: Realtime,
    number: Option<u32>,
    left: Option<Realtime>,
    left_device: Option<u64>,
    answer: Option<Answered>,
}

/// How the answer to a sample came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answered {
    pub(super) trip: RoundTrip,
    pub(super) stamps: Stamps,
    pub(super) read: Realtime,
}

impl Samples {
    /// Room for `room` samples.
    pub(super) fn new(room: usize) -> Self {
        Self {
            waiting: VecDeque::with_capacity(room),
            room,
            unstamped: 0,
            next_number: None,
            lowest_number: 0,
        }
    }

    /// Whether one more may be sent.
    pub(super) fn has_room(&self) -> bool {
        let most = match self.next_number {
            Some(_) => MOST_UNSTAMPED,
            None => 1,
        };
        self.unstamped < most && self.waiting.len() < self.room
    }

    /// Whether stamps are still to come.
    pub(super) fn await_stamps(&self) -> bool {
        self.unstamped > 0
    }

    /// The kernel took a sample. There must be room for it.
    pub(super) fn sent(&mut self, sequence: Sequence, sent: Offset, called: Realtime) {
        self.waiting.push_back(Waiting {
            sequence,
            sent,
            called,
            number: self.next_number,
            left: None,
            left_device: None,
            answer: None,
        });
        self.unstamped += 1;
        if let Some(number) = &mut self.next_number {
            *number = number.wrapping_add(1);
            self.lowest_number = *number;
        }
    }

    /// The kernel refused a sample.
    pub(super) fn refused(&mut self) {
        self.next_number = None;
    }

    /// A stamp came off the error queue.
    pub(super) fn stamped(&mut self, stamps: Stamps, split: &mut TimeSplit) {
        let Some(index) = stamps.message.and_then(|number| self.find(number)) else {
            return;
        };
        let waiting = &mut self.waiting[index];
        if let Some(nanos) = stamps.software
            && waiting.left.is_none()
        {
            waiting.left = Some(Realtime::from_nanos(nanos));
            self.unstamped -= 1;
        }
        waiting.left_device = waiting.left_device.or(stamps.hardware);
        self.settle(index, split);
    }

    /// Whether `sequence` is that of a sample which waits for its answer, and where.
    pub(super) fn position(&self, sequence: Sequence) -> Option<usize> {
        let found = self
            .waiting
            .binary_search_by_key(&sequence, |waiting| waiting.sequence);
        found.ok()
    }

    /// The sample at a [`position`](Self::position) was answered in time.
    pub(super) fn answered(&mut self, index: usize, answer: Answered, split: &mut TimeSplit) {
        self.waiting[index].answer = Some(answer);
        self.settle(index, split);
    }

    /// Gives up the samples that were sent before `point`.
    pub(super) fn give_up_before(&mut self, point: Offset, split: &mut TimeSplit) {
        while let Some(oldest) = self.waiting.front()
            && oldest.sent < point
        {
            let stamped = oldest.left.is_some();
            match (oldest.whole(), oldest.answer) {
                (Some(sample), _) => split.complete(&sample),
                (None, Some(answer)) => split.incomplete(&answer.trip),
                // Without an answer in time it is no round trip.
                (None, None) => {}
            }
            self.unstamped -= usize::from(!stamped);
            self.waiting.pop_front();
        }
    }

    /// Which sample the kernel gave `number`.
    fn find(&mut self, number: u32) -> Option<usize> {
        let known = self
            .waiting
            .iter()
            .rposition(|waiting| waiting.number == Some(number));
        if known.is_some() || self.next_number.is_some() {
            return known;
        }
        // A lower number is that of a sample given up long ago.
        if number.wrapping_sub(self.lowest_number) > u32::MAX / 2 {
            return None;
        }
        let index = self
            .waiting
            .iter()
            .rposition(|waiting| waiting.number.is_none() && waiting.left.is_none())?;
        self.waiting[index].number = Some(number);
        self.lowest_number = number.wrapping_add(1);
        self.next_number = Some(self.lowest_number);
        Some(index)
    }

    /// Counts a sample of which nothing more is to come.
    fn settle(&mut self, index: usize, split: &mut TimeSplit) {
        let waiting = &self.waiting[index];
        let (Some(_), Some(answer)) = (waiting.left, waiting.answer) else {
            return;
        };
        match waiting.whole() {
            // The device stamped the answer, so it should have stamped the probe.
            Some(_) if answer.stamps.hardware.is_some() && waiting.left_device.is_none() => return,
            Some(sample) => split.complete(&sample),
            None => split.incomplete(&answer.trip),
        }
        self.waiting.remove(index);
    }
}

impl Waiting {
    /// The sample, if it has all stamps of the kernel.
    fn whole(&self) -> Option<Sample> {
        let answer = self.answer?;
        let device = |(left, came)| i128::from(came) - i128::from(left);
        Some(Sample {
            trip: answer.trip,
            called: self.called,
            left: self.left?,
            came: Realtime::from_nanos(answer.stamps.software?),
            read: answer.read,
            device: self.left_device.zip(answer.stamps.hardware).map(device),
        })
    }
}

/// The most samples of a flow that may wait for their send stamps, of about a kilobyte each in the
/// flow's receive buffer.
const MOST_UNSTAMPED: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EPOCH: u64 = 1_700_000_000_000_000_000;

    /// Samples sent at 1 us, 2 us, 3 us, ... after the start.
    struct Scene {
        samples: Samples,
        split: TimeSplit,
        sent: u64,
    }

    impl Scene {
        fn new() -> Self {
            Self {
                samples: Samples::new(64),
                split: TimeSplit::default(),
                sent: 0,
            }
        }

        fn send(&mut self) -> Sequence {
            assert!(self.samples.has_room());
            self.sent += 1;
            let sequence = Sequence(self.sent);
            let nanos = self.sent * 1_000;
            let called = Realtime::from_nanos(EPOCH + nanos);
            self.samples
                .sent(sequence, Offset::from_nanos(nanos), called);
            sequence
        }

        /// The kernel stamped message `number`, which is sample `sequence`, after 100 ns.
        fn stamp(&mut self, number: u32, Sequence(sequence): Sequence) {
            let stamps = Stamps {
                software: Some(EPOCH + sequence * 1_000 + 100),
                hardware: None,
                message: Some(number),
            };
            self.samples.stamped(stamps, &mut self.split);
        }

        fn answer(&mut self, sequence: Sequence, hardware: Option<u64>) {
            let sent = sequence.0 * 1_000;
            let answer = Answered {
                trip: RoundTrip {
                    due: Offset::from_nanos(sent),
                    sent: Offset::from_nanos(sent),
                    answered: Offset::from_nanos(sent + 500),
                    measured: true,
                },
                stamps: Stamps {
                    software: Some(EPOCH + sent + 400),
                    hardware,
                    message: None,
                },
                read: Realtime::from_nanos(EPOCH + sent + 500),
            };
            let index = self.samples.position(sequence).unwrap();
            self.samples.answered(index, answer, &mut self.split);
        }

        /// The flow knows its next number, which is 1.
        fn begun() -> Self {
            let mut scene = Self::new();
            let first = scene.send();
            scene.stamp(0, first);
            scene.answer(first, None);
            scene
        }

        #[track_caller]
        fn assert_counts(&self, sampled: u64, complete: u64) {
            let counts = (self.split.sampled, self.split.complete);
            assert_eq!(counts, (sampled, complete));
            assert_eq!((self.split.negative, self.split.stepped), (0, 0));
        }
    }

    #[test]
    fn an_answer_may_overtake_the_stamp() {
        let mut scene = Scene::begun();
        let (left, right) = (scene.send(), scene.send());
        scene.answer(right, None);
        scene.stamp(1, left);
        scene.stamp(2, right);
        scene.answer(left, None);
        scene.assert_counts(3, 3);
        assert!(scene.samples.waiting.is_empty() && !scene.samples.await_stamps());
    }

    #[test]
    fn stamps_that_are_not_read_stop_the_sampling() {
        let mut scene = Scene::begun();
        for _ in 0..MOST_UNSTAMPED {
            scene.send();
        }
        assert!(!scene.samples.has_room());
        scene.stamp(1, Sequence(2));
        assert!(scene.samples.has_room());
    }

    #[test]
    fn after_a_refusal_one_stamp_tells_the_number_again() {
        for taken_by_the_refused in [0, 1] {
            let mut scene = Scene::begun();
            let before = scene.send();
            scene.samples.refused();
            assert!(!scene.samples.has_room());
            scene.stamp(1, before);
            let alone = scene.send();
            assert!(!scene.samples.has_room());
            scene.stamp(2 + taken_by_the_refused, alone);
            let after = scene.send();
            scene.stamp(3 + taken_by_the_refused, after);
            for sequence in [before, alone, after] {
                scene.answer(sequence, None);
            }
            scene.assert_counts(4, 4);
        }
    }

    #[test]
    fn a_stamp_that_comes_too_late_is_nobodys() {
        let mut scene = Scene::begun();
        let lost = scene.send();
        scene
            .samples
            .give_up_before(Offset::from_nanos(3_000), &mut scene.split);
        scene.samples.refused();
        let next = scene.send();
        scene.stamp(1, lost);
        scene.stamp(2, next);
        scene.answer(next, None);
        scene.assert_counts(2, 2);
    }

    #[test]
    fn an_answer_without_a_stamp_is_incomplete_once_it_is_given_up() {
        let mut scene = Scene::begun();
        let (unstamped, unanswered) = (scene.send(), scene.send());
        scene.answer(unstamped, None);
        scene.stamp(2, unanswered);
        scene.assert_counts(1, 1);
        scene
            .samples
            .give_up_before(Offset::from_nanos(4_000), &mut scene.split);
        scene.assert_counts(2, 1);
        assert!(!scene.samples.await_stamps() && scene.samples.has_room());
    }

    #[test]
    fn a_device_that_stamped_the_answer_is_given_time_to_stamp_the_probe() {
        let mut scene = Scene::begun();
        let sequence = scene.send();
        scene.stamp(1, sequence);
        scene.answer(sequence, Some(1_250));
        scene.assert_counts(1, 1);
        let stamps = Stamps {
            software: None,
            hardware: Some(1_000),
            message: Some(1),
        };
        scene.samples.stamped(stamps, &mut scene.split);
        scene.assert_counts(2, 2);
    }

    #[test]
    fn numbers_go_round() {
        let mut scene = Scene::begun();
        scene.samples.next_number = Some(u32::MAX);
        let (last, first) = (scene.send(), scene.send());
        scene.stamp(0, first);
        scene.stamp(u32::MAX, last);
        scene.answer(last, None);
        scene.answer(first, None);
        scene.assert_counts(3, 3);
    }

    proptest! {
        #[test]
        fn whatever_comes_back_no_stamp_is_anothers_and_none_counts_twice(
            steps in proptest::collection::vec((0..6_u8, any::<prop::sample::Index>()), 0..400),
        ) {
            let mut scene = Scene::new();
            // What the kernel would have said, and is yet to say.
            let (mut counter, mut stamps, mut answers) = (0, Vec::new(), Vec::new());
            for (step, index) in steps {
                match step {
                    0 | 1 if scene.samples.has_room() => {
                        let sequence = scene.send();
                        stamps.push((counter, sequence));
                        answers.push(sequence);
                        counter += 1;
                    }
                    2 if !stamps.is_empty() => {
                        let (number, sequence) = stamps.remove(index.index(stamps.len()));
                        scene.stamp(number, sequence);
                    }
                    3 if !answers.is_empty() => {
                        let sequence = answers.remove(index.index(answers.len()));
                        scene.answer(sequence, None);
                    }
                    4 if scene.samples.has_room() => {
                        counter += u32::try_from(index.index(2)).unwrap();
                        scene.samples.refused();
                    }
                    _ => {}
                }
            }
            let sent = scene.sent;
            for (number, sequence) in stamps {
                scene.stamp(number, sequence);
            }
            for sequence in answers {
                scene.answer(sequence, None);
            }
            // A stamp of another sample would be microseconds off.
            scene.assert_counts(sent, sent);
            prop_assert!(scene.samples.waiting.is_empty());
            let split = scene.split.table().ok().and_then(|table| {
                table.quantile(crate::measure::Fraction::P50)
            });
            prop_assert!(split.is_none_or(|mean| mean.parts.send == 100));
        }
    }
}
