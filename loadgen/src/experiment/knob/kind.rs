//! What every kind of setting provides.

use crate::host::Figure;

/// A setting of one kind. Values are texts: what [`read`](Self::read) tells can be given to
/// [`put_back`](Self::put_back), on another day and by another process.
pub(super) trait Kind {
    /// The present value.
    fn read(&self) -> Figure<String>;

    /// What it shows now, also where that is a level from which there is no way back but to what was read
    /// before.
    fn shown(&self) -> Figure<String> {
        self.read()
    }

    /// Sets it to a level, or to what was read, and looks whether it took.
    fn set(&self, value: &str) -> Result<(), Refusal>;

    /// Sets it to what was read, where that is done in another way.
    fn put_back(&self, before: &str) -> Result<(), Refusal> {
        self.set(before)
    }

    /// Sets it to what it is, `before`, so that it is known to go back there before it is changed. What
    /// should not be set without need, or goes back only after a change, is looked at alone.
    fn rehearse(&self, before: &str) -> Result<(), Refusal> {
        self.set(before)
    }

    /// Whether it is there and may be set, as far as that can be told without setting it.
    fn may_change(&self) -> Figure<()>;

    /// A line of shell that sets it to a level.
    fn shell(&self, level: &str) -> Figure<String>;
}

/// Why a setting is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It could not be set: half a sentence.
    Cannot(String),
    /// It was set without a complaint, and shows another value.
    Shows(String),
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self::Cannot(reason)
    }
}

/// The same value, or what is shown in its place.
pub(super) fn taken(wanted: &str, shown: String) -> Result<(), Refusal> {
    if super::meaning::same(wanted, &shown) {
        Ok(())
    } else {
        Err(Refusal::Shows(shown))
    }
}
