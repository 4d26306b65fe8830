//! How much of what comes is answered: so much for each source, and so much in all. Pure.
//!
//! Sources are kept in a table of fixed size, whatever number of them is forged:
//!
//! - what a source hashes to chooses one of the sets, and is what its entry is found by. The hash
//!   is keyed (`SipHash`), so that nobody who does not know the key can aim at another's set;
//! - a source that finds no entry takes that one of its set whose books are the furthest behind. A
//!   source that is within its rate has nothing on its books, so forgetting it changes nothing;
//!   one that has is forgiven a debt. So no source is ever refused because of others, but a source
//!   that is pushed out may get more than its rate: the limit in all is what holds then.
//!
//! All workers share one table and need no lock: books are changed by comparing and swapping one
//! number, so that the limits hold for the server as a whole, however its workers share datagrams.
//! Only when two of them give the same entry to a source at the same moment, or to two, may the
//! datagrams that one of them grants then go unbooked, or be booked on the wrong source.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use siphasher::sip::SipHasher13;

use super::limit::{Limit, Moment, Pace};

/// How much is answered.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Limits {
    /// For each source.
    pub each: Option<Limit>,
    /// In all.
    pub total: Option<Limit>,
    /// What counts as one source.
    pub lengths: SourceLengths,
}

impl Limits {
    /// Whether anything is limited at all.
    #[must_use]
    pub fn any(&self) -> bool {
        self.each.is_some() || self.total.is_some()
    }
}

/// How many leading bits of an address make a source: those of a network that one host may have all
/// of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SourceLengths {
    /// 0 to 32.
    v4: u8,
    /// 0 to 128.
    v6: u8,
}

impl Default for SourceLengths {
    /// An address of IPv4; a network of 64 bits of IPv6, in which a host gives itself addresses
    /// (RFC 4862).
    fn default() -> Self {
        Self { v4: 32, v6: 64 }
    }
}

impl SourceLengths {
    /// What a source is, as people write networks.
    #[must_use]
    pub fn words(self) -> String {
        format!("an IPv4 /{} or an IPv6 /{}", self.v4, self.v6)
    }

    /// What an address counts as: its leading bits, those of IPv4 as an address in IPv6.
    fn source(self, ip: IpAddr) -> u128 {
        let (bits, length) = match ip.to_canonical() {
            IpAddr::V4(v4) => (u128::from(v4.to_ipv6_mapped()), 96 + self.v4),
            IpAddr::V6(v6) => (u128::from(v6), self.v6),
        };
        let rest = 128 - u32::from(length);
        bits & u128::MAX.checked_shl(rest).unwrap_or(0)
    }
}

impl FromStr for SourceLengths {
    type Err = String;

    /// Understands `24,56`.
    fn from_str(text: &str) -> Result<Self, String> {
        let lengths = text.split_once(',').and_then(|(v4, v6)| {
            let (v4, v6) = (v4.parse::<u8>().ok()?, v6.parse::<u8>().ok()?);
            (v4 <= 32 && v6 <= 128).then_some(Self { v4, v6 })
        });
        lengths.ok_or_else(|| {
            "it is not a length of IPv4 up to 32 and one of IPv6 up to 128, as in 24,56".to_owned()
        })
    }
}

impl fmt::Display for SourceLengths {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{},{}", self.v4, self.v6)
    }
}

/// What a limiter makes of some datagrams of one source.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Share {
    /// These are answered, the first that came.
    pub granted: u32,
    /// These exceed the limit of their source.
    pub over_source: u32,
    /// These exceed the limit in all.
    pub over_total: u32,
}

/// Holds sources to their limits. Shared by all workers.
pub struct Limiter {
    each: Option<(Pace, Box<[Set]>)>,
    total: Option<(Pace, AtomicU64)>,
    lengths: SourceLengths,
    hash: SipHasher13,
}

/// A cache line: a flood of forged sources finds each set it looks at out of reach of the nearest caches, and
/// a second line would cost it as much again.
#[derive(Default)]
#[repr(align(64))]
struct Set([Entry; WAYS]);

#[derive(Default)]
struct Entry {
    /// What the source hashes to; 0 if it has none. Two sources that share all 64 bits share their
    /// books.
    source: AtomicU64,
    /// Where its books stand.
    booked: AtomicU64,
}

impl Limiter {
    /// Holds sources to these limits, with a hash that nobody can foresee.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self::with_hash(limits, unforeseeable(), SETS)
    }

    fn with_hash(limits: &Limits, hash: SipHasher13, sets: usize) -> Self {
        let table = || std::iter::repeat_with(Set::default).take(sets).collect();
        Self {
            each: limits.each.map(|limit| (limit.pace(), table())),
            total: limits.total.map(|limit| (limit.pace(), AtomicU64::new(0))),
            lengths: limits.lengths,
            hash,
        }
    }

    /// Decides on `wanted` datagrams that come from `ip` at `now`. What exceeds the limit of a
    /// source takes nothing of the limit in all.
    #[must_use]
    pub fn ask(&self, ip: IpAddr, now: Moment, wanted: u32) -> Share {
        let mut share = Share {
            granted: wanted,
            ..Share::default()
        };
        if let Some((pace, table)) = &self.each {
            share.granted = self.ask_source(*pace, table, ip, now, wanted);
            share.over_source = wanted - share.granted;
        }
        if let Some((pace, booked)) = &self.total
            && share.granted > 0
        {
            let granted = take(*pace, booked, now, share.granted);
            share.over_total = share.granted - granted;
            share.granted = granted;
        }
        share
    }

    /// How many of these are within the limit of their source, for which an entry is made if there is none.
    fn ask_source(&self, pace: Pace, table: &[Set], ip: IpAddr, now: Moment, wanted: u32) -> u32 {
        let source = self.lengths.source(ip);
        let hash = self.hash.hash(&source.to_ne_bytes()) | 1;
        // The upper half as a part of one, since the lowest bit is always set; costs no division.
        let index = ((hash >> 32) * table.len() as u64) >> 32;
        let set = &table[usize::try_from(index).unwrap_or(0)].0;
        let known = |entry: &&Entry| entry.source.load(Ordering::Relaxed) == hash;
        if let Some(entry) = set.iter().find(known) {
            return take(pace, &entry.booked, now, wanted);
        }
        let booked = |entry: &&Entry| entry.booked.load(Ordering::Relaxed);
        let oldest = set.iter().min_by_key(booked).unwrap_or(&set[0]);
        // Nobody else knows this source yet, so that nothing has to be swapped.
        let (granted, after) = pace.book(0, now, wanted);
        oldest.booked.store(after, Ordering::Relaxed);
        oldest.source.store(hash, Ordering::Relaxed);
        granted
    }
}

/// Takes up to `wanted` datagrams out of what a limit has left.
fn take(pace: Pace, booked: &AtomicU64, now: Moment, wanted: u32) -> u32 {
    let mut before = booked.load(Ordering::Relaxed);
    loop {
        let (granted, after) = pace.book(before, now, wanted);
        if granted == 0 {
            return 0;
        }
        let swapped =
            booked.compare_exchange_weak(before, after, Ordering::Relaxed, Ordering::Relaxed);
        match swapped {
            Ok(_) => return granted,
            Err(other) => before = other,
        }
    }
}

/// A hash with a key that nobody else knows.
fn unforeseeable() -> SipHasher13 {
    let random = RandomState::new();
    SipHasher13::new_with_keys(random.hash_one(0), random.hash_one(1))
}

impl fmt::Debug for Limiter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Limiter")
    }
}

/// Sources that one set holds.
const WAYS: usize = 4;

/// With 4 ways: 65,536 sources in 1 MiB.
const SETS: usize = 16_384;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same sets in every run.
    fn limiter(each: Option<Limit>, total: Option<Limit>, sets: usize) -> Limiter {
        let lengths = SourceLengths::default();
        let limits = Limits {
            each,
            total,
            lengths,
        };
        Limiter::with_hash(&limits, SipHasher13::new(), sets)
    }

    fn v4(number: u32) -> IpAddr {
        IpAddr::from(number.to_be_bytes())
    }

    fn granted(limiter: &Limiter, ip: &str, wanted: u32) -> u32 {
        let share = limiter.ask(ip.parse().unwrap(), Moment(1), wanted);
        assert_eq!(share.granted + share.over_source + share.over_total, wanted);
        share.granted
    }

    #[test]
    fn each_source_has_its_own_limit() {
        let limiter = limiter(Some(Limit::new(1, 5)), None, SETS);
        assert_eq!(granted(&limiter, "10.0.0.1", 3), 3);
        assert_eq!(granted(&limiter, "10.0.0.1", 3), 2, "a train is cut");
        assert_eq!(granted(&limiter, "::ffff:10.0.0.1", 1), 0, "it is the same");
        assert_eq!(granted(&limiter, "10.0.0.2", 9), 5);
        assert_eq!(granted(&limiter, "fd00::1", 4), 4);
        assert_eq!(granted(&limiter, "fd00::2", 4), 1, "of the same network");
        assert_eq!(granted(&limiter, "fd00:0:0:1::1", 4), 4);
    }

    #[test]
    fn a_source_is_as_large_as_it_was_made() {
        let limits = Limits {
            each: Some(Limit::new(1, 5)),
            total: None,
            lengths: "24,0".parse().unwrap(),
        };
        let limiter = Limiter::new(&limits);
        assert_eq!(granted(&limiter, "10.0.0.1", 4), 4);
        assert_eq!(granted(&limiter, "10.0.0.255", 4), 1);
        assert_eq!(granted(&limiter, "10.0.1.1", 4), 4);
        assert_eq!(granted(&limiter, "fd00::1", 4), 4);
        assert_eq!(granted(&limiter, "2001:db8::1", 4), 1, "all of IPv6 is one");
        for wrong in ["", "24", "33,64", "24,129", "24,", "a,b", "24,56,1"] {
            assert!(wrong.parse::<SourceLengths>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_a_source_may_not_takes_nothing_from_the_others() {
        let limiter = limiter(Some(Limit::new(1, 2)), Some(Limit::new(1, 3)), SETS);
        let share = |ip: &str, wanted| limiter.ask(ip.parse().unwrap(), Moment(1), wanted);
        assert_eq!(share("10.0.0.1", 100).over_source, 98);
        let second = share("10.0.0.2", 2);
        assert_eq!((second.granted, second.over_total), (1, 1));
    }

    /// However many there are, the table is no larger, and the limit in all holds.
    #[test]
    fn forged_sources_share_the_limit_in_all() {
        let limiter = limiter(Some(Limit::new(1, 2)), Some(Limit::new(1, 1_000)), 16);
        let answered: u32 = (0..100_000)
            .map(|number| limiter.ask(v4(number), Moment(1), 1).granted)
            .sum();
        assert_eq!(answered, 1_000);
    }

    #[test]
    fn all_workers_together_keep_to_the_limits() {
        let limiter = limiter(
            Some(Limit::new(1, 3_000)),
            Some(Limit::new(1, 10_000)),
            SETS,
        );
        let worker = |_| {
            let asks = (0..20_000).map(|ask| limiter.ask(v4(ask % 5), Moment(1), 1).granted);
            asks.sum::<u32>()
        };
        let answered: u32 = std::thread::scope(|scope| {
            let limiter = &worker;
            let threads: Vec<_> = (0..4).map(|n| scope.spawn(move || limiter(n))).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert_eq!(answered, 10_000);
    }

    /// Its books may be opened by all of them at the same moment, and then the last ones count.
    #[test]
    fn a_source_at_all_workers_at_once_gets_a_burst_of_each_at_most() {
        const WORKERS: u32 = 4;
        const BURST: u32 = 100;
        for round in 0..50 {
            let limiter = limiter(Some(Limit::new(1, BURST)), None, 1);
            let together = std::sync::Barrier::new(WORKERS as usize);
            let worker = || {
                together.wait();
                let asks = (0..1_000).map(|_| limiter.ask(v4(round), Moment(1), 1).granted);
                asks.sum::<u32>()
            };
            let granted: u32 = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..WORKERS).map(|_| scope.spawn(worker)).collect();
                let granted = threads.into_iter().map(|thread| thread.join().unwrap());
                granted.sum()
            });
            assert!((BURST..=WORKERS * BURST).contains(&granted), "{granted}");
        }
    }

    proptest! {
        /// Even where they push it out of the table again and again.
        #[test]
        fn a_source_within_its_rate_is_never_refused_because_of_others(
            sets in 1usize..4, strangers in 1u32..100, burst in 1u32..4,
            asks in proptest::collection::vec((any::<u32>(), 1u32..5), 0..300),
        ) {
            let limiter = limiter(Some(Limit::new(1_000, burst)), None, sets);
            for (at, (stranger, wanted)) in (1_u64..).zip(asks) {
                let now = Moment(at * 1_000_000);
                let _any = limiter.ask(v4(1 + stranger % strangers), now, wanted);
                prop_assert_eq!(limiter.ask(v4(0), now, 1).granted, 1);
            }
        }

        /// As long as nobody is pushed out of the table.
        #[test]
        fn no_source_gets_more_than_its_rate_and_a_burst(
            rate in 1u32..100_000, burst in 1u32..50,
            asks in proptest::collection::vec((0u32..8, 0u64..5_000_000, 1u32..20), 1..300),
        ) {
            let limiter = limiter(Some(Limit::new(rate, burst)), None, 64);
            let mut now = Moment(1);
            let mut answered = [0_u64; 8];
            for (source, pause, wanted) in asks {
                now.0 += pause;
                let granted = limiter.ask(v4(source), now, wanted).granted;
                answered[source as usize] += u64::from(granted);
                let most = now.0 * u64::from(rate) / 1_000_000_000 + u64::from(burst);
                prop_assert!(answered[source as usize] <= most);
            }
        }

        #[test]
        fn lengths_are_understood_as_they_are_written(v4 in 0u8..=32, v6 in 0u8..=128) {
            let lengths = SourceLengths { v4, v6 };
            prop_assert_eq!(lengths.to_string().parse(), Ok(lengths));
        }
    }
}
