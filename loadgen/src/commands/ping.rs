//! Texts, one at a time.

use std::io;

use super::{Failure, failed, misused};
use crate::cli::address;
use crate::cli::ping::Arguments;
use crate::ping;

pub(super) fn ping(arguments: &Arguments) -> Result<u8, Failure> {
    let target = address::resolve(&arguments.target).map_err(misused)?;
    let pinged = ping::ping(target, arguments, &mut io::stdout())
        .map_err(|error| failed(format_args!("cannot ping {target}: {error}")))?;
    Ok(u8::from(pinged.answered == 0))
}
