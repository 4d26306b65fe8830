//! The file a run leaves behind. Field names carry the units; [`Schema`] carries the version.

mod comparison;
mod distribution;
mod environment;
#[cfg(test)]
pub(crate) mod examples;
mod experiment;
mod findings;
mod gaps;
mod histograms;
mod host;
mod losses;
mod nanos;
mod origin;
mod part;
mod period;
mod plan;
pub mod read;
mod run;
mod search;
mod selftest;
mod settings;
mod slo;
mod sockets;
mod sweep;
#[cfg(test)]
pub(crate) mod tests;
mod time_split;
mod until;
mod verdict;

pub use self::comparison::{
    Answer, Bound, BoundOutcome, Change, CompareSchema, Comparison, Difference, LeftOut, Quantity,
    Shift, Side, SideRun, Values,
};
pub use self::distribution::{Distribution, Intervals, RoundTrips};
pub use self::environment::{DifferenceFile, DifferenceSchema, EnvironmentFile, EnvironmentSchema};
pub use self::experiment::{
    Best, DesignKind, Effect, EffectOf, Experiment, ExperimentDesign, ExperimentEnd,
    ExperimentFactor, ExperimentProgram, ExperimentQuantity, ExperimentRun, ExperimentSchema,
    ExperimentVariant, Finding, Recipe,
};
pub use self::findings::{About, Ended, Findings};
pub use self::gaps::Gaps;
pub use self::histograms::{Encoded, Histogram, Histograms};
pub use self::host::Host;
pub use self::losses::{Known, LostBy, RawDrops};
use self::nanos::nanos;
pub use self::origin::Origin;
pub use self::part::Part;
pub use self::period::{Period, PeriodRoundTrips, Spread};
pub use self::plan::{Load, Plan};
pub use self::run::{Flow, Rates, Run, Schema};
pub use self::search::{Search, SearchOutcome, SearchSchema, SearchTrial};
pub use self::selftest::{Check, Floor, Pauses, Selftest, SelftestSchema};
pub use self::settings::{HostFile, HostSchema, HostSetting};
pub use self::slo::{Objective, Slo, Unit};
pub use self::sockets::{Setting, SocketOption, Sockets};
pub use self::sweep::{Sweep, SweepSchema, SweepTrial};
pub use self::time_split::{At, Clock, Row, TimeSplit};
pub use self::until::Until;
pub use self::verdict::{Doubt, Verdict};
