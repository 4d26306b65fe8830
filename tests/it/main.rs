//! The server as its users meet it: judged by plain sockets of the standard library.
//!
//! Each module tells one story; `rig` holds what several of them need. A test that needs a
//! privilege or a tool says so and passes where there is none, but fails where `CI` is set.

mod activation;
mod addresses;
mod blocked;
mod calls;
mod clients;
mod defaults;
mod faults;
mod handover;
mod handover_failures;
mod handover_options;
mod handover_workers;
mod help;
mod json;
mod keyed_quit;
mod local_quit;
mod log;
mod metrics;
mod mixtures;
mod operations;
mod output;
mod payloads;
mod privileges;
mod program_quit;
mod reflection;
mod refused_trains;
mod remote;
mod remote_quit;
mod reply_source;
mod rig;
mod rules;
mod sandbox;
mod sentences;
mod signals;
mod statistics;
mod survival;
mod systemd;
mod teaching;
mod trains;
mod tuning;
mod undeliverable;
mod usage;
