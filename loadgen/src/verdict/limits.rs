//! Every threshold of the verdict; `docs/verdict.md` lists them for users.
//!
//! Two rules stand behind them. What the host did is a reason for suspicion; only what reached the
//! numbers makes them invalid. And a limit lies above what a quiet virtual machine does by itself,
//! so that a doubt means something.

use std::time::Duration;

/// The part of the scheduled probes that must have been sent, in percent. Below, the load was not
/// the one that was asked for, and the server had it easier.
pub const SENT_PERCENT: u64 = 99;

/// The part of a round trip's 99th percentile that the generator's own lateness may make up, in
/// percent. Above, that column tells of the generator too.
pub const LATE_PERCENT: u64 = 10;

/// The same of the 90th percentile, for which the run is invalid: a generator that makes up half of
/// one round trip in ten is late by habit, not by accident.
pub const LATE_PERCENT_INVALID: u64 = 50;

/// The same of p99.9 and p99.99, in percent: a tail that is mostly the generator's own.
pub const LATE_PERCENT_TAIL: u64 = 50;

/// Lateness up to this is no doubt, however short the round trips are: it takes this long to write
/// and send a batch.
pub const LATE_FLOOR: Duration = Duration::from_micros(5);

/// Probes that it takes to call a generator late: fewer are delayed by chance.
pub const LATE_FEWEST: u64 = 100;

/// The part of the time that a sending thread may wait for a processor, in percent: as much as
/// stands above the 99th percentile.
pub const WAITED_PERCENT: f64 = 1.0;

/// Times a second that a sending thread may have to make room for another, where it is unknown how
/// long it waited then. One whose processor is shared does it at every tick, 250 times or more.
pub const SWITCHES_A_SECOND: f64 = 100.0;

/// The part of the time that may be stolen, in percent: as much as stands above p99.9.
pub const STOLEN_PERCENT: f64 = 0.1;

/// Stolen time that is no doubt, however short the run: `/proc/stat` counts in steps of 10 ms on
/// each processor, so that one step can be next to nothing.
pub const STOLEN_FLOOR: Duration = Duration::from_millis(20);

/// The part of the time that the control group may be throttled, in percent; see
/// [`STOLEN_PERCENT`].
pub const THROTTLED_PERCENT: f64 = 0.1;

/// Times that processors may slow down because they are too hot.
pub const TOO_HOT_TIMES: f64 = 0.0;

/// How far the wall clock may move against the monotonic one. Slewing (NTP) moves both alike, so
/// that what is above the error of reading is a step.
pub const CLOCK_STEP: Duration = Duration::from_millis(1);

/// Answers that our own sockets may drop: each is counted as lost although the server sent it.
pub const OWN_DROPS: u64 = 0;

/// The same in percent of the probes sent, for which the run is invalid: then p99 is lost by the
/// generator alone.
pub const OWN_DROPS_PERCENT_INVALID: u64 = 1;

/// Samples at or above a quantile, below which it is noted: with ten of them the true rank is, with
/// 95 % confidence, within 62 % of the rank that is shown.
pub const TAIL_SAMPLES: u64 = 10;

/// By how much the median may differ between the first and the last third of the window, in
/// percent, if it also rises or falls steadily.
pub const DRIFT_PERCENT: f64 = 10.0;

/// How steadily: the Mann-Kendall statistic of the medians of ten parts (pairs that rise less pairs
/// that fall, of 45), which chance reaches in either direction in 0.9 % of all runs.
pub const DRIFT_PAIRS: i64 = 29;

/// Answers that each part of the window needs for its median to be compared.
pub const DRIFT_FEWEST: u64 = 100;

/// The part of the probes that may stay unanswered, in percent: above, p99 falls among them.
pub const UNANSWERED_PERCENT: f64 = 1.0;

/// The largest distance (Kolmogorov-Smirnov) between the gaps that were intended and those that
/// were achieved: above, a quarter of the gaps are others than asked for.
pub const ARRIVALS_DISTANCE: f64 = 0.25;

/// The part of the probes that must have kernel timestamps, in percent, where they are used.
pub const STAMPED_PERCENT: f64 = 99.0;

/// Times that may be longer than a histogram holds.
pub const OVER_RANGE: u64 = 0;
