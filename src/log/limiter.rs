//! How often a sentence of one kind is said: what others can cause must not fill a disk.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::figures::grouped;

/// Lets a few sentences of each kind through in a while, and counts the others.
///
/// Kinds must come from this program, not from a peer, so that there are few of them.
#[derive(Clone, Debug)]
pub struct Limiter<K> {
    most: u32,
    period: Duration,
    kinds: BTreeMap<K, Window>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Window {
    begin: Duration,
    said: u32,
    left_out: u64,
}

/// How many of the same were left out since the last sentence; reads as the end of the next one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct More(pub u64);

impl fmt::Display for More {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            more => write!(formatter, " (and {} more)", grouped(more)),
        }
    }
}

impl<K: Ord> Limiter<K> {
    /// At most so many sentences of each kind in a period.
    #[must_use]
    pub fn new(most: u32, period: Duration) -> Self {
        Self {
            most,
            period,
            kinds: BTreeMap::new(),
        }
    }

    /// Whether something that happened so many times is to be said at `now`, counted from any
    /// fixed moment; then with how many that were left out before.
    pub fn judge(&mut self, kind: K, times: u64, now: Duration) -> Option<More> {
        let window = self.kinds.entry(kind).or_insert_with(|| Window {
            begin: now,
            ..Window::default()
        });
        if now.saturating_sub(window.begin) >= self.period {
            window.begin = now;
            window.said = 0;
        }
        if window.said >= self.most {
            window.left_out = window.left_out.saturating_add(times);
            return None;
        }
        window.said += 1;
        Some(More(std::mem::take(&mut window.left_out)))
    }

    /// A kind of which something was left out and whose period is over: that is to be said now,
    /// since nothing may come any more.
    pub fn overdue(&mut self, now: Duration) -> Option<(&K, u64)> {
        let period = self.period;
        let mut kinds = self.kinds.iter_mut();
        let (kind, window) = kinds.find(|(_, window)| {
            window.left_out > 0 && now.saturating_sub(window.begin) >= period
        })?;
        window.begin = now;
        window.said = 1;
        Some((kind, std::mem::take(&mut window.left_out)))
    }
}

impl<K: Ord> Default for Limiter<K> {
    /// Once a minute.
    fn default() -> Self {
        Self::new(1, Duration::from_secs(60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_was_left_out_is_told_by_the_next_sentence() {
        let mut limiter = Limiter::default();
        assert_eq!(limiter.judge("drops", 7, at(0)), Some(More(0)));
        assert_eq!(limiter.judge("drops", 12_000, at(1)), None);
        assert_eq!(limiter.judge("drops", 345, at(59)), None);
        assert_eq!(limiter.judge("errors", 1, at(59)), Some(More(0)));
        let more = limiter.judge("drops", 1, at(60)).unwrap();
        assert_eq!(more.to_string(), " (and 12,345 more)");
        assert_eq!(More(0).to_string(), "");
    }

    #[test]
    fn what_was_left_out_is_told_even_if_nothing_follows() {
        let mut limiter = Limiter::default();
        assert!(limiter.judge("drops", 1, at(0)).is_some());
        assert!(limiter.judge("drops", 5, at(1)).is_none());
        assert_eq!(limiter.overdue(at(59)), None);
        assert_eq!(limiter.overdue(at(60)), Some((&"drops", 5)));
        assert_eq!(limiter.overdue(at(61)), None);
        assert!(limiter.judge("drops", 1, at(62)).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn nothing_is_lost_and_no_period_has_too_many(
            most in 1_u32..5,
            steps in proptest::collection::vec((0_u8..3, 1_u64..100, 0_u64..40), 0..100),
        ) {
            let mut limiter = Limiter::new(most, at(60));
            let mut now = at(0);
            let mut said = vec![Vec::new(); 3];
            let (mut happened, mut told) = (0, 0);
            for (kind, times, later) in steps {
                now += at(later);
                happened += times;
                if let Some(More(more)) = limiter.judge(kind, times, now) {
                    told += times + more;
                    said[usize::from(kind)].push(now);
                }
            }
            now += at(60);
            while let Some((_, more)) = limiter.overdue(now) {
                told += more;
            }
            prop_assert_eq!(told, happened);
            for times in said {
                // A window begins with a sentence, so that two of them lie side by side at worst.
                for window in times.windows(2 * most as usize + 1) {
                    prop_assert!(window[2 * most as usize].saturating_sub(window[0]) >= at(60));
                }
            }
        }
    }
}
