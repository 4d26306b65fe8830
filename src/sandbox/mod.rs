//! Takes from the running server what it does not need: files and networks (Landlock), system calls
//! (seccomp), capabilities. A fault in it, or in a library, can then do little harm.
//!
//! Everything is taken at one moment: when the sockets are open and no thread is started yet, so that
//! every thread inherits it. What a feature does later stands in its [`Needs`], and nowhere else.
//!
//! - `files`: which files, ports and processes it may reach;
//! - `calls`: the filter of system calls, and `lists`: which ones there are;
//! - [`probe`]: tries what must not work.

mod calls;
mod files;
mod lists;
pub mod probe;

use std::fmt;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::error::Error;
use crate::privileges;
use crate::udp::Effect;

/// Whether the running server is confined.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub enum Mode {
    /// It may do whatever its user may
    Off,
    /// The kernel logs each system call that `enforce` would refuse, and lets it pass
    Log,
    /// What it does not need is refused, as far as the kernel can
    #[default]
    Enforce,
}

/// What a server does after it has started, besides answering on the sockets that are open then.
///
/// This is the place where a feature says what it needs: nothing else is let through.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Needs {
    /// Files and folders that it reads. For a file its folder is opened up, since most editors
    /// put a new file in the place of the old one; and for a link also that of what it leads to now. Below `/proc`, name `/proc` itself: the kernel makes
    /// the folders in there anew at any time.
    pub reads: Vec<PathBuf>,
    /// Whether it accepts connections on listeners that are open already.
    pub accepts: bool,
    /// Whether it changes how the kernel chooses among its sockets, as it takes to hand them over.
    pub steers: bool,
}

/// What became of each part of the sandbox.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sandbox {
    /// What was asked for.
    pub mode: Mode,
    /// How far files and networks are guarded; `None` if it was not asked for.
    pub landlock: Option<Effect<Coverage>>,
    /// Whether system calls are filtered; `None` if it was not asked for.
    pub seccomp: Option<Effect<bool>>,
}

/// How much of what Landlock can guard today the kernel guards.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Coverage {
    /// All of it: Linux 6.12 or later.
    Full,
    /// What an older kernel knows.
    Partial,
}

/// Confines the process, as long as it has one thread alone. Kernels that lack a part of it go without
/// that part.
///
/// # Errors
/// [`Error::System`] if threads run already, or if the capabilities cannot be given up.
pub fn enter(mode: Mode, needs: &Needs) -> Result<Sandbox, Error> {
    let mut sandbox = Sandbox {
        mode,
        landlock: None,
        seccomp: None,
    };
    if mode == Mode::Off {
        return Ok(sandbox);
    }
    privileges::sole_thread().map_err(failed)?;
    if mode == Mode::Enforce {
        privileges::give_up().map_err(failed)?;
        sandbox.landlock = Some(files::restrict(needs));
    }
    // Last: the calls that set the others up are none that it lets through.
    sandbox.seccomp = Some(calls::restrict(mode, needs));
    Ok(sandbox)
}

fn failed(source: std::io::Error) -> Error {
    Error::System {
        operation: "enter the sandbox (--sandbox off goes without)",
        source,
    }
}

impl Mode {
    /// The name that the command line has for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Log => "log",
            Self::Enforce => "enforce",
        }
    }
}

impl Sandbox {
    /// A sentence for each part that was asked for and is not in force.
    #[must_use]
    pub fn shortcomings(&self) -> Vec<String> {
        let landlock = self.landlock.as_ref().and_then(|effect| {
            shortcoming(
                effect,
                "Landlock",
                "files and networks are guarded by permissions alone",
            )
        });
        let seccomp = self.seccomp.as_ref().and_then(|effect| {
            shortcoming(
                effect,
                "seccomp filters",
                "the server may make any system call",
            )
        });
        landlock.into_iter().chain(seccomp).collect()
    }

    /// The same as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "mode": self.mode.name(),
            "landlock": self.landlock.as_ref().map(Effect::to_string),
            "seccomp": self.seccomp.as_ref().map(Effect::to_string),
        })
    }
}

fn shortcoming<T>(effect: &Effect<T>, part: &str, consequence: &str) -> Option<String> {
    match effect {
        Effect::Applied(_) => None,
        Effect::Unsupported => Some(format!("this kernel has no {part}, so {consequence}")),
        Effect::Failed(reason) => Some(format!("{part} failed ({reason}), so {consequence}")),
    }
}

/// As in `enforce`, or `enforce without Landlock (unsupported)`.
impl fmt::Display for Sandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.mode.name())?;
        match &self.landlock {
            Some(Effect::Applied(Coverage::Full)) | None => {}
            Some(Effect::Applied(Coverage::Partial)) => {
                formatter.write_str(" (Landlock in part)")?;
            }
            Some(other) => write!(formatter, " without Landlock ({other})")?,
        }
        match &self.seccomp {
            Some(Effect::Applied(_)) | None => Ok(()),
            Some(other) => write!(formatter, " without seccomp ({other})"),
        }
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Full => "full",
            Self::Partial => "partial",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_run_already_keep_it_from_starting() {
        // The test harness has threads of its own.
        let error = enter(Mode::Enforce, &Needs::default()).unwrap_err();
        assert!(error.to_string().contains("threads run already"), "{error}");
        assert!(error.to_string().contains("--sandbox off"), "{error}");
    }

    #[test]
    fn what_is_missing_is_told_and_what_is_in_force_is_not() {
        let whole = Sandbox {
            mode: Mode::Enforce,
            landlock: Some(Effect::Applied(Coverage::Full)),
            seccomp: Some(Effect::Applied(true)),
        };
        assert_eq!(whole.shortcomings(), [""; 0]);
        assert_eq!(whole.to_string(), "enforce");
        let holes = Sandbox {
            landlock: Some(Effect::Unsupported),
            seccomp: Some(Effect::Failed("no".to_owned())),
            ..whole
        };
        assert_eq!(holes.shortcomings().len(), 2);
        let text = "enforce without Landlock (unsupported) without seccomp (failed: no)";
        assert_eq!(holes.to_string(), text);
    }
}
