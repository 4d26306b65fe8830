//! Measures UDP round-trip latency under an open-loop load.
//!
//! - [`commands`]: what each command does with it.
//! - [`manual`]: pages about what a person types.
//! - [`proposals`]: what should be set on this host?
//! - [`experiment`]: which settings help?
//! - [`cli`]: what a person types.
//! - [`session`]: one run from its plan to its result; [`known`]: the same before it is over.
//! - `surroundings`: when to look at the host and the server.
//! - [`plan`]: a run, fully resolved.
//! - [`sweep`], [`search`]: at which rates to run. Pure.
//! - [`slo`]: what a service shall do, and does it?
//! - [`precision`]: how well shall a quantile be known?
//! - [`rate`], [`schedule`]: when probes are due; [`sizes`]: how large they are.
//! - [`probe`]: what goes over the wire.
//! - [`engine`]: sends, receives and stamps; the only sockets, threads and clocks of a run.
//! - [`environment`]: the machine, the programs, and where two of them differ.
//! - [`host`]: what the host did meanwhile.
//! - [`losses`]: where lost probes died.
//! - [`measure`]: the books of every probe and every datagram.
//! - [`compare`]: is one set of runs another than the other? Pure.
//! - [`statistics`]: what several runs tell of a difference. Pure.
//! - [`verdict`]: may the run be believed?
//! - [`results`]: the file a run leaves behind.
//! - [`merge`]: the results of several runs as one. Pure.
//! - [`export`]: the same as other tools read it. Pure.
//! - [`schema`]: the form of those files, for validators.
//! - [`output`]: where those files go.
//! - [`report`]: the same for people, written with [`figures`]: as text, or as a page with charts.
//! - [`screen`]: a run on the whole terminal while it lasts.
//! - [`progress`]: how a run goes, on a bar or another display.
//! - [`gauge`]: says when enough is known.
//! - [`ping`]: one text at a time, for people.
//! - [`share`], [`decimal`]: percentages and decimal numbers as they are typed, exactly.
//! - [`time`]: points in time, counted from a run's start.

#![forbid(unsafe_code)]

pub mod cli;
pub mod commands;
pub mod compare;
pub mod decimal;
pub mod engine;
pub mod environment;
pub mod experiment;
pub mod export;
pub mod figures;
pub mod gauge;
pub mod host;
pub mod known;
pub mod losses;
pub mod manual;
pub mod measure;
pub mod merge;
pub mod output;
pub mod ping;
pub mod plan;
pub mod precision;
pub mod probe;
pub mod progress;
pub mod proposals;
pub mod rate;
pub mod report;
pub mod results;
pub mod schedule;
pub mod schema;
pub mod screen;
pub mod search;
pub mod session;
pub mod share;
pub mod sizes;
pub mod slo;
pub mod statistics;
mod surroundings;
pub mod sweep;
pub mod time;
pub mod verdict;
