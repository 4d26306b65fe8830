//! Whether the programs of an experiment are still those that its first runs were made with.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::plan::{Plan, Program};
use super::trial::beside;
use crate::environment::build::Executable;
use crate::results::{Experiment, ExperimentProgram};

/// The files of programs as they were last read.
#[derive(Debug, Default)]
pub struct Programs {
    read: Vec<(PathBuf, Look, Executable)>,
}

/// What tells that a file has not changed, without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Look {
    fn of(found: &Metadata) -> Self {
        Self {
            device: found.dev(),
            inode: found.ino(),
            bytes: found.len(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        }
    }
}

impl Programs {
    /// The programs that a run at these levels is made with. One that is not there is left out: it cannot
    /// be started either.
    ///
    /// # Errors
    /// A sentence on a file that cannot be read.
    pub fn at(&mut self, plan: &Plan, levels: &[usize]) -> Result<Vec<ExperimentProgram>, String> {
        let load = match plan.load_at(levels) {
            Program { path: None, .. } => ("loadgen".to_owned(), PathBuf::from(THIS)),
            Program {
                path: Some(path), ..
            } => (path.display().to_string(), path),
        };
        let server = plan.server_at(levels).map(|server| {
            let path = server.path.unwrap_or_else(|| beside("echo-reactor"));
            (path.display().to_string(), path)
        });
        let mut found = Vec::new();
        for (program, path) in [load].into_iter().chain(server) {
            if let Some(executable) = self.executable(&path)? {
                found.push(ExperimentProgram {
                    program,
                    executable,
                });
            }
        }
        Ok(found)
    }

    /// The file, which is read again only if it has changed.
    fn executable(&mut self, path: &Path) -> Result<Option<Executable>, String> {
        let path = on_search_path(path);
        let failed = |error| {
            format!(
                "whether {} stays the same program cannot be told: {error}",
                path.display()
            )
        };
        let look = match fs::metadata(&path) {
            Ok(found) => Look::of(&found),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let known = self.read.iter().find(|(known, _, _)| *known == path);
        if let Some((_, before, executable)) = known
            && *before == look
        {
            return Ok(Some(executable.clone()));
        }
        let executable = Executable::read(&path).map_err(failed)?;
        self.read.retain(|(known, _, _)| *known != path);
        self.read.push((path, look, executable.clone()));
        Ok(Some(executable))
    }
}

/// Whether runs with these programs belong to an experiment.
///
/// # Errors
/// A sentence on one that is not what it was.
pub fn check(experiment: &Experiment, programs: &[ExperimentProgram]) -> Result<(), String> {
    let mut known = experiment.programs.iter();
    let other = known.find(|known| {
        let mut same = programs.iter().filter(|now| now.program == known.program);
        same.any(|now| now.executable != known.executable)
    });
    match other {
        None => Ok(()),
        Some(known) => Err(format!(
            "{} is another program than in the runs before, so that they would not belong together: \
             put the one of {} bytes with the XXH3 {} back and go on by --resume, or begin anew in \
             another directory (--dir)",
            known.program, known.executable.bytes, known.executable.xxh3
        )),
    }
}

/// Keeps what a run was made with.
pub fn add(experiment: &mut Experiment, programs: Vec<ExperimentProgram>) {
    for program in programs {
        if !experiment.programs.contains(&program) {
            experiment.programs.push(program);
        }
    }
}

/// Where a program is that is named without its directory.
fn on_search_path(path: &Path) -> PathBuf {
    if path.components().count() > 1 {
        return path.to_owned();
    }
    let directories = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&directories).map(|directory| directory.join(path));
    places
        .find(|place| place.is_file())
        .unwrap_or_else(|| path.to_owned())
}

/// This very program, whatever has been built or installed in its place since it was started.
const THIS: &str = "/proc/self/exe";

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(server: &Path) -> Plan {
        let text = format!(
            "name = \"a\"\n[server]\nprogram = \"{}\"\n\
             [[factor]]\nserver_option = \"workers\"\nlevels = [1, 2]\n",
            server.display()
        );
        Plan::parse(&text, &[]).unwrap()
    }

    #[test]
    fn a_program_that_is_replaced_is_another_one_and_a_copy_of_it_is_not() {
        let unique = format!("loadgen-programs-{}", std::process::id());
        let file = std::env::temp_dir().join(unique);
        let plan = plan(&file);
        let mut programs = Programs::default();
        let mut experiment = crate::results::examples::empty();
        // It is not there.
        assert_eq!(programs.at(&plan, &[0]).unwrap().len(), 1);
        fs::write(&file, "one").unwrap();
        let first = programs.at(&plan, &[0]).unwrap();
        assert_eq!(first.len(), 2);
        add(&mut experiment, first.clone());
        add(&mut experiment, first);
        assert_eq!(experiment.programs.len(), 2);
        // Of the same length, and in another file.
        fs::remove_file(&file).unwrap();
        fs::write(&file, "two").unwrap();
        let second = programs.at(&plan, &[1]).unwrap();
        let sentence = check(&experiment, &second).unwrap_err();
        assert!(
            sentence.starts_with(&format!("{} is another program", file.display())),
            "{sentence}"
        );
        fs::write(&file, "one").unwrap();
        let third = programs.at(&plan, &[1]).unwrap();
        fs::remove_file(&file).unwrap();
        assert_eq!(check(&experiment, &third), Ok(()));
    }

    #[test]
    fn a_program_is_looked_for_where_it_would_be_started_from() {
        assert!(on_search_path(Path::new("sh")).is_absolute());
        for path in ["./sh", "target/sh", "/bin/sh", "no-such-program"] {
            assert_eq!(on_search_path(Path::new(path)), Path::new(path));
        }
    }
}
