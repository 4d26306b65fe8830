//! Manual pages: one on standard output, or all of them as files.

use std::fs;
use std::path::Path;

use echo_reactor::manual::Page;

use super::{Failure, failed, print};
use crate::cli::man::Arguments;
use crate::manual;

pub(super) fn man(arguments: &Arguments) -> Result<u8, Failure> {
    match &arguments.dir {
        None => print(&manual::page().text)?,
        Some(directory) => write(directory, &manual::pages())?,
    }
    Ok(0)
}

fn write(directory: &Path, pages: &[Page]) -> Result<(), Failure> {
    let refused = |path: &Path, error| {
        let path = path.display();
        failed(format_args!("cannot write {path} (--dir): {error}"))
    };
    fs::create_dir_all(directory).map_err(|error| refused(directory, error))?;
    for page in pages {
        let path = directory.join(&page.file_name);
        fs::write(&path, &page.text).map_err(|error| refused(&path, error))?;
    }
    Ok(())
}
