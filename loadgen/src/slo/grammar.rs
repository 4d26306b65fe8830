//! Objectives as they are typed: `p99<200us,loss<0.01%`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use humantime::parse_duration;
use thiserror::Error;

use super::objective::{Comparison, Objective, Requirement, Slo};
use crate::measure::quantile::FractionError;
use crate::share::{Share, ShareError};

impl fmt::Display for Slo {
    /// As it can be parsed again.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, objective) in self.objectives.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(formatter, "{comma}{objective}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (subject, limit) = (self.subject(), self.limit());
        write!(formatter, "{subject}{}{limit}", self.comparison)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Below => "<",
            Self::AtMost => "<=",
        })
    }
}

impl FromStr for Slo {
    type Err = SloError;

    /// Reads objectives with commas between them.
    fn from_str(typed: &str) -> Result<Self, SloError> {
        let mut objectives: Vec<Objective> = Vec::new();
        for part in typed.split(',') {
            let objective: Objective = part.trim().parse()?;
            let subject = objective.subject();
            if objectives.iter().any(|other| other.subject() == subject) {
                return Err(SloError::Twice { subject });
            }
            objectives.push(objective);
        }
        Ok(Self { objectives })
    }
}

impl FromStr for Objective {
    type Err = SloError;

    /// Reads `p99<200us`, `max<=1ms` or `loss<0.01%`.
    fn from_str(typed: &str) -> Result<Self, SloError> {
        let (subject, limit) = typed.split_once('<').ok_or_else(|| SloError::NoLimit {
            typed: typed.to_owned(),
        })?;
        let (comparison, limit) = match limit.strip_prefix('=') {
            Some(limit) => (Comparison::AtMost, limit.trim()),
            None => (Comparison::Below, limit.trim()),
        };
        let requirement = match subject.trim() {
            "loss" => Requirement::Loss {
                limit: limit.parse()?,
            },
            "max" => Requirement::Max {
                limit: time(limit)?,
            },
            subject if subject.starts_with('p') => Requirement::Quantile {
                fraction: subject.parse()?,
                limit: time(limit)?,
            },
            subject => {
                let subject = subject.to_owned();
                return Err(SloError::Subject { subject });
            }
        };
        let nothing = match requirement {
            Requirement::Loss { limit } => limit == Share::NOTHING,
            Requirement::Quantile { limit, .. } | Requirement::Max { limit } => limit.is_zero(),
        };
        if nothing && comparison == Comparison::Below {
            let typed = typed.to_owned();
            return Err(SloError::Impossible { typed });
        }
        Ok(Self {
            requirement,
            comparison,
        })
    }
}

/// A time with its unit, of up to 584 years.
fn time(typed: &str) -> Result<Duration, SloError> {
    let own = || typed.to_owned();
    let bare = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    if typed.bytes().all(bare) {
        return Err(SloError::BareTime { typed: own() });
    }
    let time = parse_duration(typed).map_err(|cause| SloError::Time {
        typed: own(),
        cause,
    })?;
    match u64::try_from(time.as_nanos()) {
        Ok(_fits) => Ok(time),
        Err(_) => Err(SloError::TimeTooLong { typed: own() }),
    }
}

/// Why objectives could not be understood.
#[derive(Clone, Debug, PartialEq, Error)]
#[expect(missing_docs, reason = "the sentences name their fields")]
pub enum SloError {
    /// No sign of a limit.
    #[error("'{typed}' has no limit: write objectives as in p99<200us,loss<0.01%")]
    NoLimit { typed: String },
    /// Something that is not measured.
    #[error("'{subject}' cannot be limited: there are percentiles (p50, p99.9), max and loss")]
    Subject { subject: String },
    /// A percentile that does not exist.
    #[error(transparent)]
    Fraction(#[from] FractionError),
    /// A limit of the loss that is none.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// A number that could be anything.
    #[error("'{typed}' is not a time: write a number and its unit, as in 200us or 1.5ms")]
    BareTime { typed: String },
    /// Not a time at all.
    #[error("'{typed}' is not a time: {cause}")]
    Time {
        typed: String,
        cause: humantime::DurationError,
    },
    /// Longer than anything that is measured.
    #[error("'{typed}' is too long: no round trip is measured for 584 years")]
    TimeTooLong { typed: String },
    /// Nothing is less than nothing.
    #[error("'{typed}' can never be met: write <= for a limit of zero")]
    Impossible { typed: String },
    /// Of two limits for one thing, one says nothing.
    #[error("'{subject}' has two limits: keep the one that counts")]
    Twice { subject: String },
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::measure::Fraction;

    fn slo(typed: &str) -> Slo {
        typed.parse().unwrap()
    }

    #[test]
    fn a_wrong_objective_names_the_wrong_part() {
        for (typed, part) in [
            ("", "'' has no limit"),
            ("p99", "'p99' has no limit"),
            ("p99<1ms,", "'' has no limit"),
            ("p99<1ms,p50>1ms", "'p50>1ms' has no limit"),
            ("mean<1ms", "'mean' cannot be limited"),
            ("p100<1ms", "'p100' is out of range"),
            ("pp<1ms", "'pp' is not a percentile"),
            ("p99<200", "'200' is not a time"),
            ("p99<", "'' is not a time"),
            ("p99<fast", "'fast' is not a time"),
            ("p99<900y", "'900y' is too long"),
            ("loss<1ms", "'1ms' is not a percentage"),
            ("loss<101%", "'101%' is more than 100%"),
            ("loss<0%", "'loss<0%' can never be met"),
            ("max<0s", "'max<0s' can never be met"),
            ("p99<1ms,p99<1ms", "'p99' has two limits"),
            ("p99<1ms,loss<1%,p99.0<=2ms", "'p99' has two limits"),
            ("max<1ms,max<2ms", "'max' has two limits"),
            ("loss<1%,loss<2%", "'loss' has two limits"),
        ] {
            let complaint = typed.parse::<Slo>().unwrap_err().to_string();
            assert!(complaint.starts_with(part), "{typed}: {complaint}");
        }
    }

    #[test]
    fn blanks_change_nothing() {
        let plain = slo("p99<200us,loss<=0.01%,max<1.5ms");
        assert_eq!(slo(" p99 < 200 us , loss <= 0.01 % , max < 1500us "), plain);
        assert_eq!(plain.to_string(), "p99<200us,loss<=0.01%,max<1ms500us");
    }

    fn objective() -> impl Strategy<Value = Objective> {
        let limit = (1..u64::MAX).prop_map(Duration::from_nanos);
        let fraction =
            (1..1_000_000_000_u64).prop_map(|parts| Fraction::from_billionths(parts).unwrap());
        let requirement = prop_oneof![
            (fraction, limit.clone())
                .prop_map(|(fraction, limit)| Requirement::Quantile { fraction, limit }),
            limit.prop_map(|limit| Requirement::Max { limit }),
            (1..=1_000_000_000_u64).prop_map(|parts| Requirement::Loss {
                limit: Share::from_billionths(parts).unwrap()
            }),
        ];
        let comparison = prop_oneof![Just(Comparison::Below), Just(Comparison::AtMost)];
        (requirement, comparison).prop_map(|(requirement, comparison)| Objective {
            requirement,
            comparison,
        })
    }

    proptest! {
        #[test]
        fn objectives_are_read_as_they_are_written(
            objectives in prop::collection::vec(objective(), 1..4),
        ) {
            let subject = |objective: &Objective| objective.subject();
            let subjects: BTreeSet<String> = objectives.iter().map(subject).collect();
            prop_assume!(subjects.len() == objectives.len());
            let written = Slo { objectives };
            prop_assert_eq!(written.to_string().parse(), Ok(written));
        }

        #[test]
        fn nothing_typed_makes_it_panic(
            typed in prop_oneof!["\\PC{0,40}", "(p|max|loss|[0-9]|<|=|,|%|us|\\.| ){0,12}"],
        ) {
            if let Ok(slo) = typed.parse::<Slo>() {
                prop_assert_eq!(slo.to_string().parse(), Ok(slo));
            }
        }
    }
}
