//! Whole pages: what stands on them, and in which order.

mod comparisons;
mod examples;
mod experiments;
mod reading;
mod runs;
mod safety;
mod several;
mod sweeps;
