//! Where the rules of [`Prefixes`] come from: flags and files, read at the start and again while
//! the server runs; and how workers get the newest without waiting for anybody.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;

use crate::access::Prefixes;
use crate::access::prefixes::parse_list;
use crate::error::Error;
use crate::plain_file;

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Rulebook {
    /// Prefixes that are answered (`--allow`).
    pub allow: Vec<IpNet>,
    /// Prefixes that are not (`--deny`).
    pub deny: Vec<IpNet>,
    /// Files with more of the first (`--allow-file`).
    pub allow_files: Vec<PathBuf>,
    /// Files with more of the others (`--deny-file`).
    pub deny_files: Vec<PathBuf>,
}

impl Rulebook {
    /// Reads the files, and compiles everything; `None` if there is nothing at all. An empty file
    /// of allowed prefixes allows nobody.
    ///
    /// # Errors
    /// The first file that cannot be read or understood.
    pub fn read(&self) -> Result<Option<Prefixes>, Error> {
        if self.allow.is_empty() && self.deny.is_empty() && !self.has_files() {
            return Ok(None);
        }
        let allow = with_files(&self.allow, "--allow-file", &self.allow_files)?;
        let deny = with_files(&self.deny, "--deny-file", &self.deny_files)?;
        let restricted = !allow.is_empty() || !self.allow_files.is_empty();
        Ok(Some(Prefixes::new(&allow, &deny, restricted)))
    }

    /// Whether reading again may give something else.
    #[must_use]
    pub fn has_files(&self) -> bool {
        !self.allow_files.is_empty() || !self.deny_files.is_empty()
    }
}

fn with_files(given: &[IpNet], flag: &'static str, files: &[PathBuf]) -> Result<Vec<IpNet>, Error> {
    let mut prefixes = given.to_vec();
    for path in files {
        prefixes.extend(read_file(flag, path)?);
    }
    Ok(prefixes)
}

fn read_file(flag: &'static str, path: &Path) -> Result<Vec<IpNet>, Error> {
    let text = plain_file::read(flag, path)?;
    parse_list(&text).map_err(|flaw| {
        let (path, line, sentence) = (path.display(), flaw.line, flaw.sentence);
        Error::Usage(format!("{flag} {path}, line {line}: {sentence}"))
    })
}

/// The rules in force, shared by the workers and whoever replaces them.
#[derive(Clone, Debug)]
pub struct Rules {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Counts the replacements. Workers look at it alone as long as it stays the same.
    edition: AtomicU64,
    newest: Mutex<Arc<Prefixes>>,
}

impl Rules {
    pub(crate) fn new(prefixes: Prefixes) -> Self {
        Self {
            shared: Arc::new(Shared {
                edition: AtomicU64::new(0),
                newest: Mutex::new(Arc::new(prefixes)),
            }),
        }
    }

    /// Puts other rules in force: every worker judges by them from its next batch on.
    pub fn replace(&self, prefixes: Prefixes) {
        let newest = Arc::new(prefixes);
        // Whoever panicked while holding it left an `Arc` there all the same.
        let mut held = self
            .shared
            .newest
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *held = newest;
        // Within the lock, so that editions and rules go in the same order.
        self.shared.edition.fetch_add(1, Ordering::Release);
    }

    fn newest(&self) -> Arc<Prefixes> {
        let held = self
            .shared
            .newest
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&held)
    }
}

/// The rules as one worker knows them.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    rules: Rules,
    edition: u64,
}

impl Reader {
    pub(crate) fn new(rules: Rules) -> (Self, Arc<Prefixes>) {
        let edition = rules.shared.edition.load(Ordering::Acquire);
        let newest = rules.newest();
        (Self { rules, edition }, newest)
    }

    /// The rules, if others are in force than the last time. The lock is taken only then.
    #[inline]
    pub(crate) fn changed(&mut self) -> Option<Arc<Prefixes>> {
        let edition = self.rules.shared.edition.load(Ordering::Acquire);
        if edition == self.edition {
            return None;
        }
        self.edition = edition;
        Some(self.rules.newest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Refusal;

    fn denying(prefix: &str) -> Prefixes {
        Prefixes::new(&[], &[prefix.parse().unwrap()], false)
    }

    #[test]
    fn a_worker_learns_of_other_rules_once() {
        let rules = Rules::new(denying("10.0.0.0/8"));
        let (mut reader, first) = Reader::new(rules.clone());
        let one = [10, 0, 0, 1].into();
        assert_eq!(first.judge(one), Some(Refusal::Denied));
        assert!(reader.changed().is_none());
        rules.replace(denying("11.0.0.0/8"));
        let second = reader.changed().expect("they are others");
        assert_eq!(second.judge(one), None);
        assert!(reader.changed().is_none());
    }

    #[test]
    fn nothing_asked_for_is_no_rule() {
        assert!(Rulebook::default().read().unwrap().is_none());
    }

    #[test]
    fn a_file_that_is_not_there_is_named_with_its_flag() {
        let book = Rulebook {
            deny_files: vec!["no/such/file".into()],
            ..Rulebook::default()
        };
        let error = book.read().unwrap_err().to_string();
        assert!(error.contains("--deny-file"), "{error}");
        assert!(error.contains("no/such/file"), "{error}");
    }
}
