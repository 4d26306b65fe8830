//! A setting that commands of the plan read, apply and revert.

use super::kind::{Kind, Refusal, taken};
use super::root::Root;
use super::{program, shell};
use crate::host::Figure;

/// The three commands, each with its arguments. No shell is between.
pub(super) struct Commands<'a> {
    pub(super) root: &'a Root,
    pub(super) read: &'a [String],
    pub(super) apply: &'a [String],
    pub(super) revert: &'a [String],
}

impl Kind for Commands<'_> {
    fn read(&self) -> Figure<String> {
        self.root.run(self.read)
    }

    fn set(&self, value: &str) -> Result<(), Refusal> {
        self.root.run(&with(self.apply, value))?;
        taken(value, self.read()?)
    }

    fn put_back(&self, before: &str) -> Result<(), Refusal> {
        self.root.run(&with(self.revert, before))?;
        taken(before, self.read()?)
    }

    fn rehearse(&self, _before: &str) -> Result<(), Refusal> {
        // To revert what was not applied may be an error, as to remove what is not there.
        Ok(())
    }

    fn may_change(&self) -> Figure<()> {
        for (words, key) in [
            (self.read, "read"),
            (self.apply, "apply"),
            (self.revert, "revert"),
        ] {
            let name = words
                .first()
                .ok_or_else(|| format!("{key} names no command"))?;
            program::find(name)?;
        }
        self.read().map(|_value| ())
    }

    fn shell(&self, level: &str) -> Figure<String> {
        Ok(shell::line(with(self.apply, level)))
    }
}

/// The words with the value in its places.
pub(super) fn with(words: &[String], value: &str) -> Vec<String> {
    let words = words.iter();
    words.map(|word| word.replace("{level}", value)).collect()
}
