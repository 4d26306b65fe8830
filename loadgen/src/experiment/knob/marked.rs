//! A setting in the hands of somebody with a journal, whose mark is on every program that it runs.

use super::meaning::same;
use super::root::Root;
use super::{Knob, KnobError};
use crate::experiment::mark::Mark;

/// A setting, and where it is.
#[derive(Debug)]
pub struct Marked<'a> {
    knob: &'a Knob,
    root: Root,
}

impl<'a> Marked<'a> {
    pub(super) fn new(knob: &'a Knob, mark: &Mark) -> Self {
        Self {
            knob,
            root: Root::marked(mark),
        }
    }

    /// As [`Knob::read`].
    ///
    /// # Errors
    /// As there.
    pub fn read(&self) -> Result<String, KnobError> {
        self.knob.read_under(&self.root)
    }

    /// Whether it shows what it was before, maybe in another form.
    ///
    /// # Errors
    /// As [`Knob::read`].
    pub fn is_back(&self, before: &str) -> Result<bool, KnobError> {
        self.read().map(|present| same(before, &present))
    }

    /// What it shows once it has a level: by this it is known to have it still.
    ///
    /// # Errors
    /// If the host does not tell.
    pub fn shown(&self) -> Result<String, KnobError> {
        self.knob.shown_under(&self.root)
    }

    /// As [`Knob::apply`].
    ///
    /// # Errors
    /// As there.
    pub fn apply(&self, level: &str) -> Result<(), KnobError> {
        self.knob.apply_under(&self.root, level)
    }

    /// As [`Knob::rehearse`].
    ///
    /// # Errors
    /// As there.
    pub fn rehearse(&self, before: &str) -> Result<(), KnobError> {
        self.knob.rehearse_under(&self.root, before)
    }

    /// As [`Knob::put_back`].
    ///
    /// # Errors
    /// As there.
    pub fn put_back(&self, before: &str) -> Result<(), KnobError> {
        self.knob.put_back_under(&self.root, before)
    }
}
