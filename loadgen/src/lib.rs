//! Measures UDP round-trip latency under an open-loop load.
//!
//! - [`cli`]: what a person types.
//! - [`session`]: one run from its plan to its result.
//! - [`plan`]: a run, fully resolved.
//! - [`rate`], [`schedule`]: when probes are due; [`sizes`]: how large they are.
//! - [`probe`]: what goes over the wire.
//! - [`engine`]: sends, receives and stamps; the only sockets, threads and clocks of a run.
//! - [`measure`]: the books of every probe and every datagram.
//! - [`verdict`]: may the run be believed?
//! - [`results`]: the file a run leaves behind.
//! - [`output`]: where that file goes.
//! - [`report`]: the same for people, written with [`figures`].
//! - [`progress`]: a bar on a terminal while a run lasts.
//! - [`ping`]: one text at a time, for people.
//! - [`time`]: points in time, counted from a run's start.

#![forbid(unsafe_code)]

pub mod cli;
pub mod engine;
pub mod figures;
pub mod measure;
pub mod output;
pub mod ping;
pub mod plan;
pub mod probe;
pub mod progress;
pub mod rate;
pub mod report;
pub mod results;
pub mod schedule;
pub mod session;
pub mod sizes;
pub mod time;
pub mod verdict;
