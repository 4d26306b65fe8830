//! A tuning experiment: which settings of the host and the programs help, by how much, and how sure
//! is that?
//!
//! - [`plan`]: what is wanted, as a file says it. Pure.
//! - [`design`]: which variants there are, in which order they run, and what they are compared for.
//!   Pure.
//! - [`steps`]: what is done one after the other, and how long that takes. Pure.
//! - [`knob`]: a setting of this host: how it is read, changed and put back.
//! - [`journal`]: what must be put back, on disk before anything is changed.
//! - [`effects`]: what the runs tell. Pure.

pub mod design;
pub mod effects;
pub mod journal;
pub mod knob;
pub mod plan;
pub mod steps;
