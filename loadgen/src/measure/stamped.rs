//! Sampled probes that the kernel stamped: from stamps to parts, and how many there were.

use thiserror::Error;

use super::sequence::RoundTrip;
use super::split::{Legs, Split};
use crate::figures;
use crate::time::Realtime;

/// A probe answered in time, with all its stamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Its times by the run's own clock.
    pub trip: RoundTrip,
    /// The call that sent it: the same moment as `trip.sent`.
    pub called: Realtime,
    /// When the kernel gave it to the device.
    pub left: Realtime,
    /// When the kernel got the answer.
    pub came: Realtime,
    /// When the answer was read: the same moment as `trip.answered`.
    pub read: Realtime,
    /// Nanoseconds from the device's stamp of the probe to its stamp of the answer, if it has both.
    pub device: Option<i128>,
}

/// Why a sample with all its stamps says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The clock of the stamps was stepped on the way.
    Stepped,
    /// A part ends before it begins.
    Negative,
}

impl Sample {
    /// The parts by the stamps of the kernel alone.
    ///
    /// # Errors
    /// [`Flaw`].
    pub fn parts(&self) -> Result<Legs, Flaw> {
        let whole = self.read.nanos_since(self.called).ok_or(Flaw::Stepped)?;
        let measured = self.trip.answered.nanos_since(self.trip.sent);
        if whole.abs_diff(measured) > TOLERANCE.max(measured / DRIFT) {
            return Err(Flaw::Stepped);
        }
        let part = |from: Realtime, to: Realtime| to.nanos_since(from).ok_or(Flaw::Negative);
        Ok(Legs {
            lag: self.trip.sent.nanos_since(self.trip.due),
            send: part(self.called, self.left)?,
            device: 0,
            path: part(self.left, self.came)?,
            read: part(self.came, self.read)?,
        })
    }

    /// The same with the device's stamps for the path, where it has both and they can be true.
    fn device_parts(&self, parts: Legs) -> Option<Legs> {
        let path = u64::try_from(self.device?).ok()?;
        let device = parts.path.checked_sub(path)?;
        Some(Legs {
            device,
            path,
            ..parts
        })
    }
}

/// Where the time of the sampled probes of the measured window went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeSplit {
    /// Probes that were sampled and answered in time.
    pub sampled: u64,
    /// Those of them that have all their stamps.
    pub complete: u64,
    /// Those of the complete ones that are left out because the wall clock was stepped.
    pub stepped: u64,
    /// Those of the complete ones that are left out because a part ends before it begins. One whose
    /// parts are sound by the stamps of the kernel is not: it counts as not stamped by the device.
    pub negative: u64,
    /// Probes that were to be sampled, but too many stamps were outstanding; warm-up included.
    pub skipped: u64,
    software: Split,
    hardware: Split,
}

/// Whose stamps the path was measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StampClock {
    /// The kernel's.
    Software,
    /// The device's, at both ends.
    Hardware,
}

/// Why there is no table of the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Withheld {
    /// There is nothing to tell.
    #[error("no sampled probe was answered in time")]
    NoSamples,
    /// Those that lack stamps may be just those that took long.
    #[error(
        "only {} of the sampled answers have all their stamps ({} of {}), and those that lack some \
         may be the slow ones: 99 % are needed; raise --rcvbuf, or lower --rate; a device whose \
         driver gives no send stamps cannot be helped",
        figures::percent(*complete, *sampled),
        figures::count(*complete),
        figures::count(*sampled)
    )]
    Coverage {
        /// Answers with all their stamps.
        complete: u64,
        /// Sampled answers.
        sampled: u64,
    },
    /// Those that are left out may be just those that took long.
    #[error(
        "only {} of the sampled answers have stamps that agree ({} of {}): {} were left out as the \
         wall clock was stepped, {} as a part was negative, and 99 % are needed; let the clock \
         settle and run again",
        figures::percent(*recorded, *sampled),
        figures::count(*recorded),
        figures::count(*sampled),
        figures::count(*stepped),
        figures::count(*negative)
    )]
    LeftOut {
        /// Answers of which the parts are known.
        recorded: u64,
        /// Left out because the wall clock was stepped.
        stepped: u64,
        /// Left out because a part ends before it begins.
        negative: u64,
        /// Sampled answers.
        sampled: u64,
    },
}

impl TimeSplit {
    /// Records a sampled probe that was answered in time, but lacks a stamp.
    pub fn incomplete(&mut self, trip: &RoundTrip) {
        self.sampled += u64::from(trip.measured);
    }

    /// Records a sampled probe with all its stamps.
    pub fn complete(&mut self, sample: &Sample) {
        if !sample.trip.measured {
            return;
        }
        self.sampled += 1;
        self.complete += 1;
        match sample.parts() {
            Ok(parts) => self.record(sample, parts),
            Err(Flaw::Stepped) => self.stepped += 1,
            Err(Flaw::Negative) => self.negative += 1,
        }
    }

    /// Adds what another thread recorded.
    pub fn merge(&mut self, other: &Self) {
        self.sampled += other.sampled;
        self.complete += other.complete;
        self.stepped += other.stepped;
        self.negative += other.negative;
        self.skipped += other.skipped;
        self.software.merge(&other.software);
        self.hardware.merge(&other.hardware);
    }

    /// Those of a million sampled of which the parts are known, rounded down; 0 without any.
    #[must_use]
    pub fn coverage_ppm(&self) -> u64 {
        let recorded = u128::from(self.recorded()) * 1_000_000;
        let share = recorded.checked_div(self.sampled.into()).unwrap_or(0);
        u64::try_from(share).unwrap_or(u64::MAX)
    }

    /// The parts to show.
    ///
    /// # Errors
    /// [`Withheld`].
    pub fn table(&self) -> Result<&Split, Withheld> {
        let Self {
            sampled, complete, ..
        } = *self;
        if sampled == 0 {
            Err(Withheld::NoSamples)
        } else if complete < fewest(sampled) {
            Err(Withheld::Coverage { complete, sampled })
        } else if self.recorded() < fewest(sampled) {
            Err(Withheld::LeftOut {
                recorded: self.recorded(),
                stepped: self.stepped,
                negative: self.negative,
                sampled,
            })
        } else {
            Ok(match self.clock() {
                StampClock::Software => &self.software,
                StampClock::Hardware => &self.hardware,
            })
        }
    }

    /// Whose stamps [`table`](Self::table) is made of: the device's if it stamped nearly all.
    #[must_use]
    pub fn clock(&self) -> StampClock {
        let by_device = self.hardware.count();
        if by_device > 0 && by_device >= fewest(self.software.count()) {
            StampClock::Hardware
        } else {
            StampClock::Software
        }
    }

    /// Samples of which the parts are known, by the stamps of the kernel at least.
    fn recorded(&self) -> u64 {
        self.software.count()
    }

    fn record(&mut self, sample: &Sample, parts: Legs) {
        self.software.record(&parts);
        // What the device says amiss takes nothing from what the kernel says.
        if let Some(parts) = sample.device_parts(parts) {
            self.hardware.record(&parts);
        }
    }
}

/// 99 %, rounded up.
fn fewest(sampled: u64) -> u64 {
    sampled - sampled / 100
}

/// Nanoseconds by which the two clocks may disagree about a round trip: each is read by a call of
/// its own, between which a thread may be held up a little.
const TOLERANCE: u64 = 50_000;

/// One part in a thousand of a round trip, by which they may disagree too: while the wall clock is
/// put right without a step, it runs up to 500 parts in a million faster or slower (adjtimex(2)).
const DRIFT: u64 = 1_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::quantile::Fraction;
    use super::*;
    use crate::time::Offset;

    /// Due at 1 s, called 1 us later, 3 us to the device, 40 us there and back, 6 us to be read.
    fn sample() -> Sample {
        stamped([1_000, 3_000, 40_000, 6_000])
    }

    fn stamped([lag, send, path, read]: [u64; 4]) -> Sample {
        let due = 1_000_000_000;
        let called = 1_700_000_000_000_000_000;
        Sample {
            trip: RoundTrip {
                due: Offset::from_nanos(due),
                sent: Offset::from_nanos(due + lag),
                answered: Offset::from_nanos(due + lag + send + path + read),
                measured: true,
            },
            called: Realtime::from_nanos(called),
            left: Realtime::from_nanos(called + send),
            came: Realtime::from_nanos(called + send + path),
            read: Realtime::from_nanos(called + send + path + read),
            device: None,
        }
    }

    /// The wall clock steps by `nanos` right before the stamps numbered `first` and later.
    fn stepped(sample: Sample, first: usize, nanos: i64) -> Sample {
        let step = |number: usize, at: Realtime| {
            let since_1970 = at.nanos_since(Realtime::from_nanos(0)).unwrap();
            let by = if number >= first { nanos } else { 0 };
            Realtime::from_nanos(since_1970.checked_add_signed(by).unwrap())
        };
        Sample {
            called: step(0, sample.called),
            left: step(1, sample.left),
            came: step(2, sample.came),
            read: step(3, sample.read),
            ..sample
        }
    }

    #[test]
    fn a_stepped_wall_clock_costs_samples_and_nothing_else() {
        for first in 1..=3 {
            for nanos in [3_600_000_000_000, -3_600_000_000_000, 60_000, -60_000] {
                let stepped = stepped(sample(), first, nanos);
                assert_eq!(stepped.parts(), Err(Flaw::Stepped), "{first} {nanos}");
                assert_eq!(stepped.trip, sample().trip);
            }
        }
        let before_or_after = stepped(sample(), 0, 3_600_000_000_000);
        assert_eq!(before_or_after.parts(), sample().parts());
    }

    #[test]
    fn a_part_that_ends_before_it_begins_is_counted_and_not_shown() {
        let negative = stepped(sample(), 3, -6_001);
        let mut split = TimeSplit::default();
        split.complete(&negative);
        split.complete(&stepped(sample(), 2, 1_000_000));
        let counts = (split.sampled, split.complete, split.negative, split.stepped);
        assert_eq!(counts, (2, 2, 1, 1));
        assert_eq!(split.software.count(), 0);
    }

    #[test]
    fn samples_that_are_left_out_are_no_coverage() {
        let mut split = TimeSplit::default();
        (0..198).for_each(|_| split.complete(&sample()));
        split.complete(&stepped(sample(), 3, -6_001));
        split.complete(&stepped(sample(), 2, 1_000_000));
        assert_eq!(split.coverage_ppm(), 990_000);
        assert_eq!(split.table().unwrap().count(), 198);
        split.complete(&stepped(sample(), 2, 1_000_000));
        assert_eq!(split.coverage_ppm(), 985_074);
        let withheld = split.table().unwrap_err();
        assert_eq!(
            withheld,
            Withheld::LeftOut {
                recorded: 198,
                stepped: 2,
                negative: 1,
                sampled: 201
            }
        );
        assert!(withheld.to_string().contains("98.507 % "), "{withheld}");
    }

    #[test]
    fn the_warm_up_leaves_no_trace() {
        let mut warmup = sample();
        warmup.trip.measured = false;
        let mut split = TimeSplit::default();
        split.complete(&warmup);
        split.incomplete(&warmup.trip);
        assert_eq!(split, TimeSplit::default());
        assert_eq!(split.table(), Err(Withheld::NoSamples));
    }

    #[test]
    fn under_99_percent_of_coverage_there_is_no_table() {
        let mut split = TimeSplit::default();
        (0..99).for_each(|_| split.complete(&sample()));
        split.incomplete(&sample().trip);
        assert_eq!(split.table().unwrap().count(), 99);
        split.incomplete(&sample().trip);
        let withheld = split.table().unwrap_err();
        assert_eq!(
            withheld,
            Withheld::Coverage {
                complete: 99,
                sampled: 101
            }
        );
        assert!(withheld.to_string().contains("98.02 % "), "{withheld}");
    }

    #[test]
    fn the_devices_clock_measures_the_path_where_it_stamped_both_ways() {
        let mut split = TimeSplit::default();
        let device = Sample {
            device: Some(30_000),
            ..sample()
        };
        (0..100).for_each(|_| split.complete(&device));
        assert_eq!(split.clock(), StampClock::Hardware);
        let parts = split
            .table()
            .unwrap()
            .quantile(Fraction::P50)
            .unwrap()
            .parts;
        assert_eq!((parts.device, parts.path), (10_000, 30_000));
        assert_eq!(parts.total(), sample().parts().unwrap().total());
        // Half of them are not enough to speak for all.
        (0..100).for_each(|_| split.complete(&sample()));
        assert_eq!(split.clock(), StampClock::Software);
    }

    #[test]
    fn a_device_that_errs_costs_no_sample_of_the_kernel() {
        let mut split = TimeSplit::default();
        for device in [40_001, -1] {
            split.complete(&Sample {
                device: Some(device),
                ..sample()
            });
        }
        assert_eq!((split.software.count(), split.hardware.count()), (2, 0));
        assert_eq!((split.negative, split.clock()), (0, StampClock::Software));
        assert_eq!(split.coverage_ppm(), 1_000_000);
    }

    proptest! {
        #[test]
        fn the_parts_are_those_of_the_stamps_and_add_up_to_the_round_trip(
            parts in proptest::array::uniform4(0..3_000_000_000_u64),
        ) {
            let sample = stamped(parts);
            let split = sample.parts().unwrap();
            prop_assert_eq!([split.lag, split.send, split.path, split.read], parts);
            let from_due = sample.trip.answered.nanos_since(sample.trip.due);
            prop_assert_eq!(split.total(), from_due);
        }

        #[test]
        fn no_stamps_make_it_panic(times: [u64; 4], clock: [u64; 3], device: Option<i64>) {
            let sample = Sample {
                trip: RoundTrip {
                    due: Offset::from_nanos(clock[0]),
                    sent: Offset::from_nanos(clock[1]),
                    answered: Offset::from_nanos(clock[2]),
                    measured: true,
                },
                called: Realtime::from_nanos(times[0]),
                left: Realtime::from_nanos(times[1]),
                came: Realtime::from_nanos(times[2]),
                read: Realtime::from_nanos(times[3]),
                device: device.map(i128::from),
            };
            let mut split = TimeSplit::default();
            split.complete(&sample);
            let shown = split.software.count();
            prop_assert_eq!(shown + split.stepped + split.negative, 1);
        }
    }
}
