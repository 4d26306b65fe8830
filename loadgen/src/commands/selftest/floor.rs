//! What this machine can do at best, over loopback.

use std::time::{Duration, Instant};

use echo_reactor::config::Wait;

use super::trial::Stage;
use crate::commands::Failure;
use crate::results::{Floor, Pauses};

/// Measures round trips, the rate, and the pauses.
pub(super) fn measure(stage: &Stage) -> Result<Floor, Failure> {
    let ping_pong = "--closed-loop 1 --flows 1 --wait spin --duration 2s --warmup 200ms";
    let (ping_pong, _) = stage.trial(ping_pong, "", Wait::Spin)?;
    let (open, _) = stage.trial("--rate 10k --duration 2s --warmup 200ms", "", Wait::Sleep)?;
    let most = "--rate max --window 512 --flows 1 --duration 2s --warmup 200ms";
    let (most, _) = stage.trial(most, "", Wait::Sleep)?;
    Ok(Floor {
        ping_pong_ns: ping_pong.rtt_ns.from_send,
        open_loop_ns: open.rtt_ns.from_due,
        most_pps: most.rate_pps.received,
        pauses: pauses(Duration::from_secs(2)),
    })
}

/// Watches the clock for a while: whoever looks at it without pause sees when the machine does
/// something else.
fn pauses(span: Duration) -> Pauses {
    let begun = Instant::now();
    let mut pauses = Pauses {
        watched_ns: nanos(span),
        threshold_ns: nanos(PAUSE),
        number: 0,
        total_ns: 0,
        longest_ns: 0,
    };
    let mut before = begun;
    while before - begun < span {
        let now = Instant::now();
        let gap = now - before;
        if gap >= PAUSE {
            pauses.number += 1;
            pauses.total_ns += nanos(gap);
            pauses.longest_ns = pauses.longest_ns.max(nanos(gap));
        }
        before = now;
    }
    pauses
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A step of the clock that no loop takes by itself, an interrupt does.
const PAUSE: Duration = Duration::from_micros(10);
