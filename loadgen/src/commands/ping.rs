//! Texts, one at a time.

use std::io;

use echo_reactor::key_file;

use super::{Failure, failed, misused};
use crate::cli::address;
use crate::cli::ping::Arguments;
use crate::ping;

pub(super) fn ping(arguments: &Arguments) -> Result<u8, Failure> {
    let target = address::resolve(&arguments.target).map_err(misused)?;
    let key = arguments
        .quit_key
        .as_deref()
        .map(|path| key_file::read(path, None))
        .transpose();
    let key = key.map_err(|error| match error.exit_code() {
        2 => misused(error),
        _ => failed(error),
    })?;
    let pinged = ping::ping(target, arguments, key.as_ref(), &mut io::stdout())
        .map_err(|error| failed(format_args!("cannot ping {target}: {error}")))?;
    Ok(u8::from(pinged.answered == 0 || pinged.goes_on))
}
