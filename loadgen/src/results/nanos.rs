//! Times as files have them.

use std::time::Duration;

/// A plan's times are below 2^64 ns: a year at most.
pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
