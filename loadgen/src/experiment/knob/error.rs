//! What can go wrong with a setting.

use thiserror::Error;

/// A setting could not be read or changed. Each is one sentence that names the setting.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KnobError {
    /// The host does not have it, or does not tell its value.
    #[error("cannot read {knob}: {reason}")]
    Unreadable {
        /// The setting, as people call it.
        knob: String,
        /// Half a sentence.
        reason: String,
    },
    /// It may not be changed, or what changes it is missing.
    #[error("cannot change {knob}: {reason}")]
    Unchangeable {
        /// The setting, as people call it.
        knob: String,
        /// Half a sentence.
        reason: String,
    },
    /// The kernel, or a program, refused the value.
    #[error("cannot set {knob} to {wanted}: {reason}")]
    Refused {
        /// The setting, as people call it.
        knob: String,
        /// What it should have been.
        wanted: String,
        /// Half a sentence.
        reason: String,
    },
    /// What it was found to be cannot be set, so that it must not be changed.
    #[error("{knob} is {before}, which could not be put back: {reason}")]
    NoWayBack {
        /// The setting, as people call it.
        knob: String,
        /// What it is, in one line.
        before: String,
        /// Half a sentence.
        reason: String,
    },
    /// There was no complaint, and yet it shows another value.
    #[error("{knob} was set to {wanted} and shows {found}: the host does not take this value")]
    NotTaken {
        /// The setting, as people call it.
        knob: String,
        /// What it should have been.
        wanted: String,
        /// What it is.
        found: String,
    },
}
