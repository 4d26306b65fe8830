//! By what the programs of an experiment are known, and whatever these start.
//!
//! A mark is in the journal before any program is started, and is in the environment of each of them from
//! its first instruction on, and of all its children. So another process finds them, whenever this one
//! was killed.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::process::Command;

use serde::{Deserialize, Serialize};

/// A text that is drawn anew for each journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mark(String);

impl Mark {
    /// One that nobody else has.
    #[must_use]
    pub fn draw() -> Self {
        let keys = RandomState::new();
        Self(format!(
            "{:016x}{:016x}",
            keys.hash_one(0),
            keys.hash_one(1)
        ))
    }

    /// Puts it on a program that is about to be started.
    pub fn put_on(&self, command: &mut Command) {
        command.env(VARIABLE, &self.0);
    }

    /// Whether it is in an environment, as `/proc/PID/environ` tells it.
    #[must_use]
    pub fn is_in(&self, environment: &[u8]) -> bool {
        let mut variables = environment.split(|byte| *byte == 0);
        variables.any(|variable| {
            let value = variable.strip_prefix(VARIABLE.as_bytes());
            value.and_then(|value| value.strip_prefix(b"=")) == Some(self.0.as_bytes())
        })
    }
}

/// The name of the environment variable.
pub const VARIABLE: &str = "LOADGEN_JOURNAL";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_told_from_all_others() {
        let (mark, other) = (Mark::draw(), Mark::draw());
        let environment = format!("A=1\0{VARIABLE}={}\0B=2\0", mark.0);
        assert!(mark.is_in(environment.as_bytes()));
        assert!(!other.is_in(environment.as_bytes()));
        for odd in [
            String::new(),
            format!("A={VARIABLE}={}\0", mark.0),
            format!("{VARIABLE}={}0\0", mark.0),
            format!("{VARIABLE}{}\0", mark.0),
        ] {
            assert!(!mark.is_in(odd.as_bytes()), "{odd:?}");
        }
    }

    #[test]
    fn a_program_that_is_started_has_it() {
        let mark = Mark::draw();
        let mut command = Command::new("cat");
        command.arg("/proc/self/environ");
        mark.put_on(&mut command);
        assert!(mark.is_in(&command.output().unwrap().stdout));
    }
}
