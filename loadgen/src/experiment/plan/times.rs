//! How long the load goes on.

use std::fmt;
use std::time::Duration;

use humantime::format_duration;

use super::{Program, Setting};
use crate::cli::arrivals::Spacing;
use crate::cli::run;

/// How long a run takes from its first probe to its last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// So long in any case.
    pub least: Duration,
    /// So long at most; `None` if a file says how long.
    pub most: Option<Duration>,
}

impl Times {
    /// No time at all.
    pub const NONE: Self = Self {
        least: Duration::ZERO,
        most: Some(Duration::ZERO),
    };

    /// So long, exactly.
    #[must_use]
    pub fn exactly(time: Duration) -> Self {
        Self {
            least: time,
            most: Some(time),
        }
    }

    /// Both, one after the other.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let both = self.most.zip(other.most);
        Self {
            least: self.least.saturating_add(other.least),
            most: both.map(|(one, other)| one.saturating_add(other)),
        }
    }

    /// So often, one after the other.
    #[must_use]
    pub fn times(self, count: u32) -> Self {
        Self {
            least: self.least.saturating_mul(count),
            most: self.most.map(|most| most.saturating_mul(count)),
        }
    }

    /// How long a load generator with these options sends; one that is not like this one may know
    /// others, but these must mean the same.
    ///
    /// # Errors
    ///
    /// A sentence on options that are not understood.
    pub fn of(load: &Program) -> Result<Self, String> {
        let about_time = |flag: &str| TIMES.contains(&flag);
        let options = load
            .options
            .iter()
            .filter(|(flag, setting)| about_time(flag) && *setting != Setting::Off);
        let only = Program {
            options: options.cloned().collect(),
            ..Program::default()
        };
        only.understood()
            .map(|arguments| Self::of_arguments(&arguments))
    }

    fn of_arguments(arguments: &run::Arguments) -> Self {
        let is_replay = matches!(arguments.arrivals, Spacing::Replay(_));
        let warmup = match (arguments.warmup, is_replay) {
            (Some(warmup), _) => warmup,
            (None, true) => Duration::ZERO,
            (None, false) => run::DEFAULT_WARMUP,
        };
        let least = match (arguments.duration, is_replay) {
            (Some(duration), _) => Some(duration),
            (None, true) => None,
            (None, false) => Some(run::DEFAULT_DURATION),
        };
        let most = match arguments.until {
            Some(_) => least.map(|least| least.max(arguments.max_duration)),
            None => least,
        };
        Self {
            least: warmup.saturating_add(least.unwrap_or_default()),
            most: most.map(|most| warmup.saturating_add(most)),
        }
    }
}

impl fmt::Display for Times {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.most {
            Some(most) if most == self.least => format_duration(most).fmt(formatter),
            Some(most) => write!(formatter, "up to {}", format_duration(most)),
            None if self.least.is_zero() => formatter.write_str("as long as the file says"),
            None => write!(
                formatter,
                "{} and as long as the file says",
                format_duration(self.least)
            ),
        }
    }
}

/// The flags that say how long a run is, with that which may say it in a file.
const TIMES: [&str; 5] = ["arrivals", "duration", "max-duration", "until", "warmup"];
