//! Results for other tools: their files, from before a run begins to its end.

use std::fs;
use std::path::{Path, PathBuf};

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
        one_place_each(&[("--json", json)], exports)?;
        let others = exports
            .wanted()
            .map(|(format, path)| Ok((format, open(format, Some(path))?)));
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

/// Opens the place of one form, if it has one, which must not be that of a result.
pub(super) fn open(format: Format, path: Option<&Path>) -> Result<Output, Failure> {
    if let Some(path) = path {
        guard::spare_results(format.flag(), path)?;
    }
    let output = Output::create(format.flag(), path).map_err(failed)?;
    Ok(match format {
        // The collector runs as another user.
        Format::Prometheus => output.readable_by_all(),
        Format::Csv | Format::Hgrm | Format::Hlog => output,
    })
}

/// Whether all results have a place of their own: standard output and a file have room for one.
pub(super) fn one_place_each(
    places: &[(&str, Option<&Path>)],
    exports: &Exports,
) -> Result<(), Failure> {
    let places = places
        .iter()
        .filter_map(|(flag, path)| Some((*flag, (*path)?)));
    let exports = exports.wanted().map(|(format, path)| (format.flag(), path));
    let mut taken: Vec<(&str, Place)> = Vec::new();
    for (flag, path) in places.chain(exports) {
        let Some(place) = Place::of(path) else {
            continue;
        };
        if let Some((first, _)) = taken.iter().find(|(_, known)| *known == place) {
            return Err(misused(match place {
                Place::Stdout => format!(
                    "{first} - and {flag} - cannot both have standard output: name a file for one \
                     of them"
                ),
                Place::File(_) => format!(
                    "{first} and {flag} cannot both have the file {}: name another one for one of \
                     them",
                    path.display()
                ),
            }));
        }
        taken.push((flag, place));
    }
    Ok(())
}

/// Where one result has room and no other.
#[derive(PartialEq)]
enum Place {
    Stdout,
    /// By its whole name.
    File(PathBuf),
}

impl Place {
    /// That of a path; `None` for what takes any number (a device, a pipe), and where there is no
    /// such folder, which is told when the file is created.
    fn of(path: &Path) -> Option<Self> {
        if path.as_os_str() == "-" {
            return Some(Self::Stdout);
        }
        match fs::metadata(path) {
            Ok(found) if found.is_file() => path.canonicalize().ok().map(Self::File),
            Ok(_) => None,
            Err(_) => {
                let folder = path.parent()?;
                let here = folder.as_os_str().is_empty();
                let folder = if here { Path::new(".") } else { folder };
                let whole = folder.canonicalize().ok()?;
                Some(Self::File(whole.join(path.file_name()?)))
            }
        }
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
