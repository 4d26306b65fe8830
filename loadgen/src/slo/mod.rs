//! What a service shall do, and whether it does: `p99<200us,loss<0.01%`.
//!
//! - `objective`: what it shall do;
//! - `grammar`: the same as it is typed;
//! - `judgement`: whether it does, and what speaks for that.

mod grammar;
mod judgement;
mod objective;

pub use self::grammar::SloError;
pub use self::judgement::{Assessment, Evidence, Judgement, Outcome};
pub use self::objective::{Comparison, Objective, Requirement, Slo};
