//! How to wait for the next probe. Pure: the waiting itself is done elsewhere.

use std::time::Duration;

use crate::plan::Waiting;
use crate::time::Offset;

/// What to do until something has to be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Pause {
    /// Look again at once: sleeping would miss the next probe or delay an answer.
    Spin,
    /// Sleep for so many whole milliseconds, or until an answer comes.
    Sleep(Duration),
}

/// What a thread knows when it has nothing to send and nothing to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outlook {
    pub(super) now: Offset,
    /// When the next probe is due; `None` after the last one.
    pub(super) next_due: Option<Offset>,
    /// When the last probe was sent.
    pub(super) last_sent: Offset,
    /// Whether probes wait for answers.
    pub(super) in_flight: bool,
}

/// Chooses between spinning and sleeping.
///
/// A sleeping thread takes tens of microseconds to wake up, which an answer that arrives meanwhile
/// would be charged with; so a thread spins for as long as most answers take, and sleeps when the
/// next probe is far and answers are slow or not expected.
pub(super) fn pause(outlook: Outlook, waiting: Waiting) -> Pause {
    let Outlook { now, .. } = outlook;
    let patience = match waiting {
        Waiting::Spin => return Pause::Spin,
        Waiting::Adaptive => PATIENCE,
        Waiting::Sleep => Duration::ZERO,
    };
    if outlook.in_flight && now.since(outlook.last_sent) < patience {
        return Pause::Spin;
    }
    let longest = outlook
        .next_due
        .map_or(LONGEST_SLEEP, |due| due.since(now).saturating_sub(MARGIN))
        .min(LONGEST_SLEEP);
    match u64::try_from(longest.as_millis()) {
        Ok(0) | Err(_) => Pause::Spin,
        Ok(millis) => Pause::Sleep(Duration::from_millis(millis)),
    }
}

/// How long after a probe an answer is awaited without sleeping.
const PATIENCE: Duration = Duration::from_millis(2);

/// How long before a probe is due a thread wants to be awake: `epoll_wait` counts in milliseconds
/// and may come back one late.
const MARGIN: Duration = Duration::from_millis(2);

/// How long a thread sleeps at most: it has to notice timeouts and the wish to stop.
const LONGEST_SLEEP: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(micros: u64) -> Offset {
        Offset::from_nanos(micros * 1_000)
    }

    fn outlook(next_due: Option<Offset>, in_flight: bool) -> Outlook {
        Outlook {
            now: at(100_000),
            next_due,
            last_sent: at(90_000),
            in_flight,
        }
    }

    #[test]
    fn a_near_probe_is_awaited_spinning() {
        assert_eq!(
            pause(outlook(Some(at(102_900)), false), Waiting::Adaptive),
            Pause::Spin
        );
    }

    #[test]
    fn a_far_probe_is_awaited_asleep_with_time_to_wake_up() {
        let ten = pause(outlook(Some(at(110_000)), false), Waiting::Adaptive);
        assert_eq!(ten, Pause::Sleep(Duration::from_millis(8)));
    }

    #[test]
    fn a_fresh_probe_keeps_the_thread_awake_for_its_answer() {
        let fresh = Outlook {
            last_sent: at(99_000),
            ..outlook(Some(at(900_000)), true)
        };
        assert_eq!(pause(fresh, Waiting::Adaptive), Pause::Spin);
    }

    #[test]
    fn a_slow_answer_is_awaited_asleep() {
        let slow = pause(outlook(None, true), Waiting::Adaptive);
        assert_eq!(slow, Pause::Sleep(LONGEST_SLEEP));
    }

    #[test]
    fn a_thread_that_shall_sleep_leaves_a_fresh_answer_to_wake_it() {
        let fresh = Outlook {
            last_sent: at(99_999),
            ..outlook(Some(at(900_000)), true)
        };
        assert_eq!(pause(fresh, Waiting::Sleep), Pause::Sleep(LONGEST_SLEEP));
    }

    #[test]
    fn a_thread_that_shall_spin_never_sleeps() {
        assert_eq!(pause(outlook(None, false), Waiting::Spin), Pause::Spin);
    }

    proptest! {
        #[test]
        fn no_sleep_ends_after_the_next_probe_is_due(now in 0u64..1_000_000, wait in 0u64..1_000_000) {
            let next_due = at(now + wait);
            let outlook = Outlook {
                now: at(now), next_due: Some(next_due), last_sent: at(0), in_flight: false,
            };
            if let Pause::Sleep(sleep) = pause(outlook, Waiting::Adaptive) {
                let woken = at(now).checked_add(sleep).unwrap();
                prop_assert!(next_due.since(woken) >= Duration::from_millis(1));
            }
        }
    }
}
