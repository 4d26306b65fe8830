//! The generator against servers whose truth is known: theory, a seed, or the server's own books.
//!
//! These tests take minutes, and their tolerances need the release build and a machine that does
//! nothing else; `scripts/truth` runs them one at a time.

mod capacity;
mod compare;
mod delay;
mod hour;
mod mixture;
mod overload;
mod queueing;
mod rig;
mod selftest;
mod stall;
mod stopped;
mod tune;
