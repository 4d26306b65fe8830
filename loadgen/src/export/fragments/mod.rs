//! What won a tuning experiment, as files that set it on a host: for `sysctl.d`, and for a shell.
//!
//! Only what differs from what was there before is set. A result file may be somebody else's: its
//! texts stand in comments, of which none can leave its line, and its values in quotes. What cannot be
//! written so is left out and named. A line of shell is somebody's program, whatever is done about
//! it: the file says that it must be read first.

mod choice;
mod comment;
mod shell;
mod sysctl;
#[cfg(test)]
mod tests;

pub use self::shell::shell;
pub use self::sysctl::sysctl;
