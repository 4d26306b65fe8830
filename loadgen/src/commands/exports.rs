//! Results for other tools: their files, from before a run begins to its end.

use std::path::Path;

use super::{Failure, failed, guard, misused};
use crate::cli::exports::Exports;
use crate::export::Format;
use crate::output::Output;
use crate::results::Run;

/// Where results go, all of it known to be writable.
pub(super) struct Outputs {
    json: Output,
    others: Vec<(Format, Output)>,
}

impl Outputs {
    /// Opens what `--json` and the flags of the other forms name.
    pub(super) fn create(json: Option<&Path>, exports: &Exports) -> Result<Self, Failure> {
        one_on_stdout(&[("--json", json)], exports)?;
        let others = exports.wanted().map(|(format, path)| {
            guard::spare_results(format.flag(), path)?;
            let output = Output::create(format.flag(), Some(path)).map_err(failed)?;
            let output = match format {
                // The collector runs as another user.
                Format::Prometheus => output.readable_by_all(),
                Format::Csv | Format::Hgrm | Format::Hlog => output,
            };
            Ok((format, output))
        });
        Ok(Self {
            others: others.collect::<Result<_, Failure>>()?,
            json: Output::create("--json", json).map_err(failed)?,
        })
    }

    /// The place of the result itself.
    pub(super) fn json(&mut self) -> &mut Output {
        &mut self.json
    }

    /// Whether standard output is taken.
    pub(super) fn take_stdout(&self) -> bool {
        let mut others = self.others.iter();
        self.json.is_stdout() || others.any(|(_, output)| output.is_stdout())
    }

    /// Writes a run everywhere. What can be written is, whatever becomes of the rest; the first that
    /// cannot is told.
    pub(super) fn write(&mut self, run: &Run) -> Result<(), Failure> {
        let json = self.json.write(run).map_err(failed);
        let others = self.others.iter_mut().map(|(format, output)| {
            let text = format
                .text(run)
                .map_err(|error| failed(format_args!("cannot write {}: {error}", format.flag())))?;
            output.write_text(&text).map_err(failed)
        });
        others.fold(json, Result::and)
    }
}

/// Standard output has room for one result.
pub(super) fn one_on_stdout(
    places: &[(&str, Option<&Path>)],
    exports: &Exports,
) -> Result<(), Failure> {
    let places = places
        .iter()
        .filter_map(|(flag, path)| Some((*flag, (*path)?)));
    let exports = exports.wanted().map(|(format, path)| (format.flag(), path));
    let mut taken = places
        .chain(exports)
        .filter(|(_, path)| path.as_os_str() == "-");
    match (taken.next(), taken.next()) {
        (Some((first, _)), Some((second, _))) => Err(misused(format_args!(
            "{first} - and {second} - cannot both have standard output: name a file for one of them"
        ))),
        _ => Ok(()),
    }
}

/// Refuses the forms that only a run has, for results of another kind.
pub(super) fn refuse(exports: &Exports, kind: &str, but: &[Format]) -> Result<(), Failure> {
    let mut wanted = exports.wanted().map(|(format, _)| format);
    match wanted.find(|format| !but.contains(format)) {
        Some(format) => Err(misused(format_args!(
            "{} is for a run, and not for {kind}: leave it out",
            format.flag()
        ))),
        None => Ok(()),
    }
}
