//! What the host did meanwhile.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::nanos;
use crate::host::{self, known};

/// What the host did in the measured window; `null` where that is unknown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// Time that a hypervisor took from the two CPUs that lost the most, in steps of 10 ms.
    pub stolen_ns: Option<u64>,
    /// The same as a part of the time that passed, 0 to 1.
    pub stolen_share: Option<f64>,
    /// Times that a sending thread had to make room for another thread.
    pub involuntary_switches: Option<u64>,
    /// How long the sending threads, all together, were ready and had no CPU.
    pub run_queue_wait_ns: Option<u64>,
    /// CPU time of the generator's process, and with it of an embedded server.
    pub cpu_time_ns: Option<u64>,
    /// Time for which its control group was throttled.
    pub throttled_ns: Option<u64>,
    /// Times that a CPU slowed down because it was too hot.
    pub too_hot: Option<u64>,
    /// By how much the wall clock moved against the monotonic one.
    pub clock_step_ns: Option<i64>,
    /// Why figures are unknown, by their names.
    pub unreadable: BTreeMap<String, String>,
}

impl From<&host::Host> for Host {
    fn from(host: &host::Host) -> Self {
        let mut unreadable = BTreeMap::new();
        let reasons = &mut unreadable;
        let nanos = |time: Duration| nanos(time);
        Self {
            stolen_ns: known("stolen_ns", host.stolen.clone().map(nanos), reasons),
            stolen_share: known("stolen_share", host.stolen_share(), reasons),
            involuntary_switches: known(
                "involuntary_switches",
                host.involuntary_switches(),
                reasons,
            ),
            run_queue_wait_ns: known(
                "run_queue_wait_ns",
                host.run_queue_wait().map(nanos),
                reasons,
            ),
            cpu_time_ns: known("cpu_time_ns", host.cpu_time.clone().map(nanos), reasons),
            throttled_ns: known("throttled_ns", host.throttled.clone().map(nanos), reasons),
            too_hot: known("too_hot", host.hot.clone(), reasons),
            clock_step_ns: known("clock_step_ns", host.clock_step.clone(), reasons),
            unreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_null_with_a_reason() {
        let mut seen = host::Host::unknown("a reason");
        seen.hot = Ok(0);
        let file = serde_json::to_value(Host::from(&seen)).unwrap();
        assert!(file["stolen_ns"].is_null());
        assert_eq!(file["unreadable"]["stolen_ns"], "a reason");
        assert_eq!(file["too_hot"], 0);
        assert!(file["unreadable"].get("too_hot").is_none());
    }
}
