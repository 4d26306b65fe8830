//! How probes are spaced, as people type it: `constant`, `poisson`, `bursts:32`, `replay:FILE`.

use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

use crate::schedule::{Arrivals, Trace, TraceError};

/// How probes shall be spaced; the file of a replay has not been looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// Evenly.
    Constant,
    /// With exponential gaps.
    Poisson,
    /// So many at once.
    Bursts(NonZeroU32),
    /// As this file says.
    Replay(PathBuf),
}

impl Spacing {
    /// Checks the file of a replay.
    ///
    /// # Errors
    ///
    /// What is wrong with it, by its line.
    pub fn resolve(&self) -> Result<Arrivals, TraceError> {
        Ok(match self {
            Self::Constant => Arrivals::Constant,
            Self::Poisson => Arrivals::Poisson,
            Self::Bursts(size) => Arrivals::Bursts(*size),
            Self::Replay(path) => Arrivals::Replay(Trace::check(path)?),
        })
    }
}

impl FromStr for Spacing {
    type Err = SpacingError;

    fn from_str(typed: &str) -> Result<Self, SpacingError> {
        let (kind, parameter) = match typed.split_once(':') {
            Some((kind, parameter)) => (kind, Some(parameter)),
            None => (typed, None),
        };
        match (kind, parameter) {
            ("constant", None) => Ok(Self::Constant),
            ("poisson", None) => Ok(Self::Poisson),
            ("constant" | "poisson", Some(excess)) => Err(SpacingError::Excess {
                kind: kind.to_owned(),
                excess: excess.to_owned(),
            }),
            ("bursts", None | Some("")) => Err(SpacingError::NoSize),
            ("bursts", Some(size)) => size.parse().map(Self::Bursts).map_err(|_| {
                let size = size.to_owned();
                SpacingError::Size { size }
            }),
            ("replay", None | Some("")) => Err(SpacingError::NoFile),
            ("replay", Some(path)) => Ok(Self::Replay(path.into())),
            _ => Err(SpacingError::Unknown {
                kind: kind.to_owned(),
            }),
        }
    }
}

impl fmt::Display for Spacing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant => formatter.write_str("constant"),
            Self::Poisson => formatter.write_str("poisson"),
            Self::Bursts(size) => write!(formatter, "bursts:{size}"),
            Self::Replay(path) => write!(formatter, "replay:{}", path.display()),
        }
    }
}

/// Why a spacing could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the sentences name their fields")]
pub enum SpacingError {
    #[error("'{kind}' is not known: there are constant, poisson, bursts:N and replay:FILE")]
    Unknown { kind: String },
    #[error("bursts of how many probes? Write bursts:N, as in bursts:32")]
    NoSize,
    #[error("'{size}' is not a number of probes: 1 to 4294967295 are possible")]
    Size { size: String },
    #[error("a replay of which file? Write replay:FILE")]
    NoFile,
    #[error("{kind} takes nothing after it, but there is '{excess}'")]
    Excess { kind: String, excess: String },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn assert_refused(typed: &str, sentence: &str) {
        let error = typed.parse::<Spacing>().unwrap_err();
        assert_eq!(error.to_string(), sentence, "{typed}");
    }

    #[test]
    fn a_file_may_have_any_name() {
        for name in ["trace.txt", "/a/b c", "a:b", "constant"] {
            let spacing = format!("replay:{name}").parse();
            assert_eq!(spacing, Ok(Spacing::Replay(name.into())));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let known = "there are constant, poisson, bursts:N and replay:FILE";
        assert_refused("", &format!("'' is not known: {known}"));
        assert_refused("even", &format!("'even' is not known: {known}"));
        assert_refused("Poisson:3", &format!("'Poisson' is not known: {known}"));
        assert_refused(
            "poisson:3",
            "poisson takes nothing after it, but there is '3'",
        );
        assert_refused(
            "constant:",
            "constant takes nothing after it, but there is ''",
        );
        let of_how_many = "bursts of how many probes? Write bursts:N, as in bursts:32";
        assert_refused("bursts", of_how_many);
        assert_refused("bursts:", of_how_many);
        for size in ["0", "-1", "many", "4294967296"] {
            let sentence = "is not a number of probes: 1 to 4294967295 are possible";
            assert_refused(&format!("bursts:{size}"), &format!("'{size}' {sentence}"));
        }
        assert_refused("replay", "a replay of which file? Write replay:FILE");
        assert_refused("replay:", "a replay of which file? Write replay:FILE");
    }

    fn any_spacing() -> impl Strategy<Value = Spacing> {
        prop_oneof![
            Just(Spacing::Constant),
            Just(Spacing::Poisson),
            (1..=u32::MAX).prop_map(|size| Spacing::Bursts(size.try_into().unwrap())),
            "\\PC{1,20}".prop_map(|path| Spacing::Replay(path.into())),
        ]
    }

    proptest! {
        #[test]
        fn a_spacing_is_read_as_it_is_written(spacing in any_spacing()) {
            prop_assert_eq!(spacing.to_string().parse(), Ok(spacing));
        }

        #[test]
        fn nothing_typed_makes_it_panic(typed in "\\PC{0,40}") {
            let _outcome: Result<Spacing, SpacingError> = typed.parse();
        }
    }
}
