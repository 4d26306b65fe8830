//! What waits for a socket, and what found no room there: counted on where the kernel's count, which
//! has 32 bits, begins again at 0. Under a flood of a million a second it does so every 72 minutes.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::udp::Memory;

/// The queue of one socket at one moment.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Queue {
    /// Bytes that wait in it, overhead included.
    pub bytes: u64,
    /// Datagrams that it had no room for since the socket was opened.
    pub drops: u64,
}

/// What the kernel has told of one socket so far. Right as long as it is asked once in 2^31 drops.
#[derive(Debug, Default)]
pub struct Meter {
    drops: AtomicU64,
}

impl Meter {
    /// Takes what the kernel has just told; from any thread.
    pub fn read(&self, memory: Memory) -> Queue {
        // Nothing else is told by it, so that no order matters.
        let order = Ordering::Relaxed;
        let known = self
            .drops
            .fetch_update(order, order, |known| count_on(known, memory.drops));
        let drops = match known {
            Ok(known) => count_on(known, memory.drops).unwrap_or(known),
            Err(known) => known,
        };
        Queue {
            bytes: memory.queued.into(),
            drops,
        }
    }
}

/// The number above `known` of which the kernel tells the lowest 32 bits; `None` if another thread
/// has heard a newer one meanwhile.
fn count_on(known: u64, told: u32) -> Option<u64> {
    let low = u32::try_from(known & u64::from(u32::MAX)).ok()?;
    let more = told.wrapping_sub(low);
    (more <= u32::MAX / 2).then(|| known + u64::from(more))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(drops: u32) -> Memory {
        Memory { queued: 7, drops }
    }

    #[test]
    fn drops_go_on_where_the_kernel_begins_anew() {
        let meter = Meter::default();
        for (low, all) in [
            (5, 5),
            (2_000_000_000, 2_000_000_000),
            (4_000_000_000, 4_000_000_000),
        ] {
            assert_eq!(meter.read(told(low)).drops, all);
        }
        assert_eq!(meter.read(told(1)).drops, (1 << 32) + 1);
        assert_eq!(meter.read(told(1)).bytes, 7);
    }

    #[test]
    fn whoever_comes_late_with_an_older_number_changes_nothing() {
        let meter = Meter::default();
        meter.read(told(10));
        assert_eq!(meter.read(told(9)).drops, 10);
        assert_eq!(meter.read(told(11)).drops, 11);
    }

    proptest! {
        #[test]
        fn no_drop_is_lost(steps in proptest::collection::vec(0..=u32::MAX / 2, 0..20)) {
            let meter = Meter::default();
            let mut all = 0_u64;
            for step in steps {
                all += u64::from(step);
                let low = u32::try_from(all % (1 << 32)).unwrap();
                prop_assert_eq!(meter.read(told(low)).drops, all);
            }
        }
    }
}
