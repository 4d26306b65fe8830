//! Settings that the examples try.

use crate::results::{ExperimentFactor, Recipe};

/// One by `sysctl`.
pub(super) fn busy_poll() -> ExperimentFactor {
    ExperimentFactor {
        name: "busy_poll".to_owned(),
        what: "sysctl net.core.busy_poll".to_owned(),
        levels: vec!["0".to_owned(), "50".to_owned()],
        before: Some("0".to_owned()),
        recipe: Some(Recipe::Sysctl("net.core.busy_poll".to_owned())),
    }
}

/// Another.
pub(super) fn receive_buffer() -> ExperimentFactor {
    ExperimentFactor {
        name: "rmem".to_owned(),
        what: "sysctl net.core.rmem_max".to_owned(),
        levels: vec!["212992".to_owned(), "8388608".to_owned()],
        before: Some("212992".to_owned()),
        recipe: Some(Recipe::Sysctl("net.core.rmem_max".to_owned())),
    }
}

/// One by a line of shell.
pub(super) fn coalescing() -> ExperimentFactor {
    ExperimentFactor {
        name: "rx-usecs".to_owned(),
        what: "ethtool -C eth0 rx-usecs".to_owned(),
        levels: vec!["50".to_owned(), "0".to_owned()],
        before: Some("50".to_owned()),
        recipe: Some(Recipe::Shell(vec![
            "ethtool -C eth0 rx-usecs 50".to_owned(),
            "ethtool -C eth0 rx-usecs 0".to_owned(),
        ])),
    }
}

/// A flag of the server.
pub(super) fn workers() -> ExperimentFactor {
    ExperimentFactor {
        name: "workers".to_owned(),
        what: "--workers of the server".to_owned(),
        levels: ["1", "4", "64"].map(str::to_owned).into(),
        before: None,
        recipe: None,
    }
}
