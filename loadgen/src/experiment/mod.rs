//! is that?
//!
//! - [`runner`]: block by block, every variant once in each;
//! - [`record`]: every run so far, and what they tell;
//! - [`folder`]: where all of that is kept;
//! - [`trial`]: one run of one variant;
//! - [`programs`]: whether the programs are still those that the first runs were made with;
//! - [`moved`]: whether an experiment that goes on is still where it began. Pure.
//! - [`process`], [`cpu`]: a program that is started, and the processor time that it uses;
//! - [`host`]: the settings of this host while they are turned;
//! - [`effects`]: what the runs tell. Pure.
//! - [`steps`]: what is done one after the other, and how long that takes. Pure.
//! - [`design`]: which variants there are, in which order they run, and what they are compared for.
//!   Pure.
//! - [`plan`]: what is wanted, as a file says it. Pure.
//! - [`journal`]: what must be put back, on disk before anything is changed.
//! - [`knob`]: a setting of this host: how it is read, changed and put back.
//! - [`leader`], [`mark`]: a program with a group of its own, and by what it is known.

pub mod cpu;
pub mod design;
pub mod effects;
pub mod folder;
pub mod host;
pub mod journal;
pub mod knob;
pub mod leader;
pub mod mark;
pub mod moved;
pub mod plan;
pub mod process;
pub mod programs;
pub mod record;
pub mod runner;
pub mod steps;
pub mod trial;
