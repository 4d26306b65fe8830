//! A single server that takes its time for each datagram, first come, first served.

use std::time::{Duration, Instant};

use rand_distr::{Distribution, Exp1};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::Faults;
use super::fate::{Purpose, stream};

/// How long a server takes for a datagram.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Service {
    /// Always so long.
    Fixed(Duration),
    /// Exponentially distributed with this mean.
    Exponential(Duration),
}

/// When a worker is done with each datagram.
#[derive(Clone, Debug)]
pub struct SingleServer {
    service: Service,
    draws: Xoshiro256PlusPlus,
    /// When it was or will be done with everything that it took.
    free_at: Instant,
}

impl SingleServer {
    /// The server of the worker of this number, counted from 0; free from `now` on. `None` if the
    /// plan has no service time.
    #[must_use]
    pub fn new(faults: &Faults, worker: usize, now: Instant) -> Option<Self> {
        Some(Self {
            service: faults.service?,
            draws: stream(faults.seed, worker, Purpose::ServiceTimes),
            free_at: now,
        })
    }

    /// When it is done with everything that it took.
    #[must_use]
    pub fn free_at(&self) -> Instant {
        self.free_at
    }

    /// Takes a datagram that is there since `arrival`, and tells when it is done with it: a service
    /// begins when the server is free and the datagram is there (Lindley's recursion).
    ///
    /// So the time that a worker needs to get around to the next datagram is not added to the
    /// services of a busy server.
    pub fn serve(&mut self, arrival: Instant) -> Instant {
        let time = match self.service {
            Service::Fixed(time) => time,
            Service::Exponential(mean) => {
                let draw: f64 = Exp1.sample(&mut self.draws);
                mean.mul_f64(draw)
            }
        };
        self.free_at = self.free_at.max(arrival) + time;
        self.free_at
    }

    /// It does nothing until `end`.
    pub fn pause_until(&mut self, end: Instant) {
        self.free_at = self.free_at.max(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;

    const US: Duration = Duration::from_micros(1);

    fn server(text: &str, now: Instant) -> SingleServer {
        SingleServer::new(&text.parse().unwrap(), 0, now).unwrap()
    }

    /// Sojourn times of Poisson arrivals at one in 100 us on average, sorted.
    fn sojourns(text: &str, count: usize) -> Vec<Duration> {
        let mut now = Instant::now();
        let mut server = server(text, now);
        let mut gaps = Xoshiro256PlusPlus::seed_from_u64(7);
        let mut sojourns: Vec<_> = std::iter::repeat_with(|| {
            let gap: f64 = Exp1.sample(&mut gaps);
            now += (US * 100).mul_f64(gap);
            server.serve(now).duration_since(now)
        })
        .take(count)
        .collect();
        sojourns.sort_unstable();
        sojourns
    }

    /// Half loaded by exponential services of 50 us, a sojourn is exponential with a mean of 100 us
    /// (M/M/1: mean service / (1 - load)).
    #[test]
    fn exponential_services_make_the_queue_of_theory() {
        let sojourns = sojourns("service=exp:50us", 1_000_000);
        for (permille, expected) in [(500, 69.3), (900, 230.3), (990, 460.5)] {
            let quantile = sojourns[sojourns.len() / 1_000 * permille].as_secs_f64() * 1e6;
            let off = (quantile / expected - 1.0).abs();
            assert!(off < 0.03, "{permille}: {quantile} us, not {expected}");
        }
    }

    /// Half loaded by fixed services of 50 us, the mean wait is 25 us (Pollaczek and Khinchine:
    /// half of what exponential ones make).
    #[test]
    fn fixed_services_make_half_the_wait() {
        let sojourns = sojourns("service=fixed:50us", 1_000_000);
        let mean = sojourns.iter().sum::<Duration>().as_secs_f64() * 1e6 / 1e6;
        assert!((mean / 75.0 - 1.0).abs() < 0.03, "{mean} us");
    }

    proptest! {
        #[test]
        fn services_never_overlap_and_never_begin_before_their_datagram(
            gaps in proptest::collection::vec(0_u32..200, 1..50),
        ) {
            let mut arrival = Instant::now();
            let mut server = server("service=fixed:50us", arrival);
            let mut before = arrival;
            for gap in gaps {
                arrival += US * gap;
                let done = server.serve(arrival);
                prop_assert_eq!(done, arrival.max(before) + US * 50);
                before = done;
            }
        }
    }

    #[test]
    fn a_pause_holds_up_what_comes_after_it() {
        let now = Instant::now();
        let mut server = server("service=fixed:50us", now);
        server.pause_until(now + US * 1_000);
        assert_eq!(server.serve(now), now + US * 1_050);
        server.pause_until(now);
        assert_eq!(server.free_at(), now + US * 1_050);
    }
}
