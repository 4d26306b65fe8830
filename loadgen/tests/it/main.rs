//! The generator as its users meet it: judged by peers whose truth is known.
//!
//! Each module tells one story; `rig` holds what several of them need. A test that needs a tool
//! says so and passes where there is none, but fails where `CI` is set.

mod addresses;
mod arrivals;
mod attribution;
mod compare;
mod corruption;
mod damaged;
mod delay;
mod duplicates;
mod echo;
mod embedded;
mod environment;
mod experiments;
mod exports;
mod flows;
mod foreign;
mod help;
mod host;
mod interrupt;
mod intervals;
mod json;
mod knobs;
mod lab;
mod library;
mod loss;
mod manual;
mod merge;
mod methodology;
mod mixture;
mod overload;
mod page;
mod ping;
mod plans;
mod quiet;
mod reordering;
mod rig;
mod samples;
mod schema;
mod screen;
mod search;
mod silence;
mod sizes;
mod slips;
mod slo;
mod stall;
mod stop_server;
mod sweep;
mod teaching;
mod timestamps;
mod tune;
mod until;
mod usage;
