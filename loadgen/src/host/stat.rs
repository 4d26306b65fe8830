//! Processor time that a hypervisor took: the ninth column of `/proc/stat` (`proc_stat(5)`).

use std::iter;
use std::time::Duration;

use super::Figure;

/// Time stolen from each processor since the host was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stolen {
    /// In the order of the processors: their numbers, and steps of [`TICK`].
    processors: Vec<(u32, u64)>,
}

/// One step of `/proc/stat`: Linux shows times in hundredths of a second (`USER_HZ`) on every
/// architecture that Rust knows.
pub const TICK: Duration = Duration::from_millis(10);

/// Reads the lines of the processors.
///
/// # Errors
/// What is missing.
pub fn parse(text: &str) -> Figure<Stolen> {
    let processors: Vec<(u32, u64)> = text.lines().filter_map(processor).collect();
    if processors.is_empty() {
        return Err("/proc/stat names no processor with a steal column".to_owned());
    }
    Ok(Stolen { processors })
}

/// `cpu1 user nice system idle iowait irq softirq steal ...`; the line `cpu` is the sum.
fn processor(line: &str) -> Option<(u32, u64)> {
    let mut columns = line.split_ascii_whitespace();
    let number = columns.next()?.strip_prefix("cpu")?.parse().ok()?;
    let steal = columns.nth(7)?.parse().ok()?;
    Some((number, steal))
}

impl Stolen {
    /// What was taken meanwhile from the two processors that lost the most.
    ///
    /// # Errors
    /// Why that cannot be told.
    pub(super) fn since(&self, before: &Self) -> Figure<Duration> {
        let pairs = iter::zip(&before.processors, &self.processors);
        if self.processors.len() != before.processors.len()
            || pairs.clone().any(|(before, after)| before.0 != after.0)
        {
            return Err("processors came or went during the run".to_owned());
        }
        let mut lost: Vec<u64> = pairs
            .map(|((_, before), (_, after))| after.saturating_sub(*before))
            .collect();
        lost.sort_unstable_by(|left, right| right.cmp(left));
        let ticks = lost
            .iter()
            .take(2)
            .fold(0, |sum: u64, ticks| sum.saturating_add(*ticks));
        Ok(TICK.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BEFORE: &str = "\
cpu  482152 61308 306357 1477019 7602 0 72640 4348 0 0
cpu0 233042 30634 152857 748200 1803 0 37968 2105 0 0
cpu1 249109 30673 153500 728818 5798 0 34671 2242 0 0
cpu2 249109 30673 153500 728818 5798 0 34671 0 0 0
intr 19393174 0 0
ctxt 1
";

    #[test]
    fn the_two_processors_that_lost_the_most_count() {
        let after = BEFORE
            .replace(" 2105 0 0", " 2106 0 0")
            .replace(" 2242 0 0", " 2245 0 0")
            .replace(" 34671 0 0 0", " 34671 2 0 0");
        let (before, after) = (parse(BEFORE).unwrap(), parse(&after).unwrap());
        assert_eq!(after.since(&before), Ok(TICK * 5));
        assert_eq!(before.since(&after), Ok(Duration::ZERO));
    }

    #[test]
    fn a_processor_that_came_during_a_run_makes_the_figure_unknown() {
        let fewer = BEFORE.replace("cpu2 ", "gone ");
        let (before, after) = (parse(&fewer).unwrap(), parse(BEFORE).unwrap());
        assert!(after.since(&before).unwrap_err().contains("came or went"));
    }

    #[test]
    fn a_kernel_without_the_column_is_no_kernel_without_steal() {
        assert!(parse("cpu  1 2 3 4\ncpu0 1 2 3 4\n").is_err());
    }

    #[test]
    fn this_host_can_be_read() {
        let text = std::fs::read_to_string("/proc/stat").unwrap();
        assert!(parse(&text).is_ok());
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "(cpu[0-9]{0,11}( [0-9]{0,21}){0,12}\n|.{0,40}\n){0,6}") {
            if let Ok(stolen) = parse(&text) {
                prop_assert_eq!(stolen.since(&stolen), Ok(Duration::ZERO));
            }
        }
    }
}
