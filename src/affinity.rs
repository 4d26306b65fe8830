//! Which processor a worker runs on.

use std::fmt;
use std::io;
use std::str::FromStr;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::error::Error;

/// A list of processors, as in `0,2-5`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CpuList {
    /// Their numbers, in the order in which they were named.
    pub processors: Vec<usize>,
}

impl FromStr for CpuList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut processors = Vec::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let number = |text: &str| {
                text.parse::<usize>()
                    .ok()
                    .filter(|number| *number < CpuSet::MAX_CPU)
                    .ok_or_else(|| {
                        format!("'{part}' is not a processor or a range of them, as in 0,2-5")
                    })
            };
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return Err(format!("'{part}' runs backwards"));
            }
            processors.extend(first..=last);
        }
        Ok(Self { processors })
    }
}

impl fmt::Display for CpuList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.processors.iter().map(usize::to_string).collect();
        formatter.write_str(&numbers.join(","))
    }
}

/// Keeps the calling thread on one processor.
///
/// # Errors
/// What the kernel said: the processor does not exist, or is not for this program.
pub fn pin(processor: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    set.set(processor);
    Ok(sched_setaffinity(None, &set)?)
}

/// The processors that the calling thread may run on.
///
/// # Errors
/// What the kernel said.
pub fn allowed() -> io::Result<CpuList> {
    let set = sched_getaffinity(None)?;
    let processors = (0..CpuSet::MAX_CPU)
        .filter(|number| set.is_set(*number))
        .collect();
    Ok(CpuList { processors })
}

/// The processor of each worker, in turn; none if none was asked for.
///
/// # Errors
/// [`Error::Usage`] if this program may not run on one of them, [`Error::System`] if the system does
/// not say where it may.
pub fn of_workers(pin: &[usize], workers: usize) -> Result<Vec<usize>, Error> {
    if pin.is_empty() {
        return Ok(Vec::new());
    }
    let allowed = allowed().map_err(|source| Error::System {
        operation: "find out which processors there are (--pin)",
        source,
    })?;
    match pin.iter().find(|one| !allowed.processors.contains(one)) {
        Some(other) => Err(Error::Usage(format!(
            "--pin names processor {other}, but this program may run on {allowed} alone"
        ))),
        None => Ok(pin.iter().cycle().take(workers).copied().collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_ranges_keep_their_order() {
        let list: CpuList = "4,0-2,7".parse().unwrap();
        assert_eq!(list.processors, [4, 0, 1, 2, 7]);
    }

    #[test]
    fn what_is_no_list_names_the_part_that_is_wrong() {
        for (text, part) in [
            ("0,x", "'x'"),
            ("3-1", "'3-1'"),
            ("", "''"),
            ("1-", "'1-'"),
            ("99999", "'99999'"),
        ] {
            let error = text.parse::<CpuList>().unwrap_err();
            assert!(error.starts_with(part), "{error}");
        }
    }

    #[test]
    fn a_pinned_thread_stays_where_it_is() {
        let pinned = std::thread::spawn(|| {
            let own = *allowed().unwrap().processors.last().unwrap();
            pin(own).unwrap();
            (own, allowed().unwrap())
        });
        let (own, list) = pinned.join().unwrap();
        assert_eq!(list.processors, [own]);
    }
}
