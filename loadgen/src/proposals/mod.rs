//! Settings of this host that matter for latency: what they are, and what they should be.
//!
//! - [`machine`]: of the machine;
//! - [`interface`]: of a network interface.
//!
//! A proposal is where to begin, and no proof: whether it helps is for an experiment to tell.

pub mod interface;
pub mod machine;

use crate::experiment::knob::Knob;
use crate::host::Figure;
use crate::results::HostSetting;

/// A setting that matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it is.
    pub what: What,
    /// What it should be.
    pub wanted: Wanted,
    /// Why it matters, as a sentence.
    pub why: &'static str,
}

/// What matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Something that can be set, and put back.
    Knob(Knob),
    /// Something that is shown alone: what it is, and its value.
    Fact(&'static str, Figure<String>),
}

/// What a setting should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// This value.
    Value(&'static str),
    /// The first of these values; the others are as good.
    OneOf(&'static [&'static str]),
    /// This number, or a larger one.
    AtLeast(u64),
    /// Whatever it is: it depends on what else the host does.
    Anything,
}

impl Proposal {
    fn of(name: &'static str, knob: Knob, wanted: Wanted, why: &'static str) -> Self {
        Self {
            name,
            what: What::Knob(knob),
            wanted,
            why,
        }
    }

    /// Looks at the host: what is it now?
    #[must_use]
    pub fn look(&self) -> HostSetting {
        let (setting, present) = match &self.what {
            What::Knob(knob) => {
                let present = knob.read().map_err(|error| error.to_string());
                (knob.to_string(), present)
            }
            What::Fact(name, present) => ((*name).to_owned(), present.clone()),
        };
        let (present, missing) = match present {
            Ok(present) => (Some(present), None),
            Err(reason) => (None, Some(reason)),
        };
        let is_as_proposed = present
            .as_deref()
            .map(|present| self.wanted.is_met(present));
        HostSetting {
            name: self.name.to_owned(),
            setting,
            present,
            proposed: self.wanted.text(),
            is_as_proposed,
            why: self.why.to_owned(),
            missing,
        }
    }

    /// The setting, if it can be set.
    #[must_use]
    pub fn knob(&self) -> Option<&Knob> {
        match &self.what {
            What::Knob(knob) => Some(knob),
            What::Fact(..) => None,
        }
    }
}

impl Wanted {
    /// Whether a value is as it should be.
    #[must_use]
    pub fn is_met(self, present: &str) -> bool {
        match self {
            Self::Value(wanted) => wanted == present,
            Self::OneOf(values) => values.contains(&present),
            Self::AtLeast(least) => present.parse().is_ok_and(|value: u64| value >= least),
            Self::Anything => true,
        }
    }

    /// The value to set, if there is one.
    #[must_use]
    pub fn text(self) -> Option<String> {
        match self {
            Self::Value(value) => Some(value.to_owned()),
            Self::OneOf(values) => values.first().map(|value| (*value).to_owned()),
            Self::AtLeast(least) => Some(least.to_string()),
            Self::Anything => None,
        }
    }
}

/// All of them; those of an interface if one is named.
#[must_use]
pub fn all(interface: Option<&str>) -> Vec<Proposal> {
    let mut all = machine::proposals();
    all.extend(interface.map(interface::proposals).unwrap_or_default());
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_has_a_name_of_its_own_and_a_reason() {
        let all = all(Some("lo"));
        let names: BTreeSet<&str> = all.iter().map(|proposal| proposal.name).collect();
        assert_eq!(names.len(), all.len());
        for proposal in all {
            assert!(proposal.why.ends_with('.'), "{}", proposal.name);
        }
    }

    #[test]
    fn what_is_missing_has_a_reason_and_nothing_else_has() {
        for proposal in all(Some("lo")) {
            let seen = proposal.look();
            assert_eq!(seen.present.is_none(), seen.missing.is_some(), "{seen:?}");
            assert_eq!(
                seen.present.is_none(),
                seen.is_as_proposed.is_none(),
                "{seen:?}"
            );
        }
    }

    #[test]
    fn more_than_the_least_is_enough() {
        assert!(Wanted::AtLeast(5).is_met("7"));
        assert!(!Wanted::AtLeast(5).is_met("4"));
        assert!(!Wanted::AtLeast(5).is_met("many"));
        assert!(Wanted::Value("madvise").is_met("madvise"));
        assert!(Wanted::OneOf(&["madvise", "never"]).is_met("never"));
        assert!(!Wanted::OneOf(&["madvise", "never"]).is_met("always"));
        assert!(Wanted::Anything.is_met(""));
    }
}
