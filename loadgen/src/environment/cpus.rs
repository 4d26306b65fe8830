//! Lists of processors, and of other things that have numbers, as the kernel writes them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use super::files;
use crate::host::Figure;

/// Numbers as a list of ranges: `0-3,8`, or `none`.
pub(crate) fn list(numbers: impl IntoIterator<Item = u32>) -> String {
    let mut numbers: Vec<u32> = numbers.into_iter().collect();
    numbers.sort_unstable();
    numbers.dedup();
    let ranges = numbers.chunk_by(|one, next| one + 1 == *next);
    let mut text = String::new();
    for range in ranges {
        if !text.is_empty() {
            text.push(',');
        }
        // Writing into a string cannot fail.
        let _written: std::fmt::Result = match range {
            [one] => write!(text, "{one}"),
            [first, .., last] => write!(text, "{first}-{last}"),
            [] => Ok(()),
        };
    }
    if text.is_empty() {
        "none".to_owned()
    } else {
        text
    }
}

/// A list of ranges; an empty text is an empty list. `None` if it is something else.
pub(crate) fn parse(text: &str) -> Option<Vec<u32>> {
    let mut numbers = Vec::new();
    for part in text.trim().split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        if last > MOST {
            return None;
        }
        numbers.extend(first..=last);
    }
    Some(numbers)
}

/// A mask: words of 32 bits in hexadecimal, the highest first (`00000001,80000000`).
pub(crate) fn parse_mask(text: &str) -> Option<Vec<u32>> {
    let mut numbers = Vec::new();
    for (index, word) in (0_u32..).zip(text.trim().rsplit(',')) {
        let word = u32::from_str_radix(word, 16).ok()?;
        let low = index.checked_mul(u32::BITS).filter(|low| *low < MOST)?;
        numbers.extend(
            (0..u32::BITS)
                .filter(|bit| word >> bit & 1 == 1)
                .map(|bit| low + bit),
        );
    }
    Some(numbers)
}

/// Which numbers have which value: `{"performance": "0-3"}`.
pub(super) fn by_value(pairs: impl IntoIterator<Item = (u32, String)>) -> BTreeMap<String, String> {
    let mut numbers: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (number, value) in pairs {
        numbers.entry(value).or_default().push(number);
    }
    let lists = numbers
        .into_iter()
        .map(|(value, numbers)| (value, list(numbers)));
    lists.collect()
}

/// The processors that are in use, by number.
pub(crate) fn online() -> Figure<Vec<u32>> {
    let path = Path::new(DIRECTORY).join("online");
    let text = files::text(&path)?;
    parse(&text).ok_or_else(|| format!("{} is no list: {text:?}", path.display()))
}

/// What a file in its directory says of each processor. Those of which it says nothing are left
/// out.
///
/// # Errors
/// Why it says nothing of any.
pub(super) fn of_each(file: &str) -> Figure<BTreeMap<String, String>> {
    by_value_of_each(|processor| files::text(processor.join(file)))
}

/// The same of what `value` reads in the directory of each.
///
/// # Errors
/// Why it reads nothing of any.
pub(super) fn by_value_of_each(
    value: impl Fn(&Path) -> Figure<String>,
) -> Figure<BTreeMap<String, String>> {
    let mut missing = None;
    let mut pairs = Vec::new();
    for number in online()? {
        match value(&Path::new(DIRECTORY).join(format!("cpu{number}"))) {
            Ok(value) => pairs.push((number, value)),
            Err(reason) => {
                missing.get_or_insert(reason);
            }
        }
    }
    match missing {
        Some(reason) if pairs.is_empty() => Err(reason),
        _ => Ok(by_value(pairs)),
    }
}

pub(crate) const DIRECTORY: &str = "/sys/devices/system/cpu";

/// Above any number of a processor, a queue or a node that Linux gives; keeps a file that is none
/// of the kernel's from taking all memory.
const MOST: u32 = 1 << 16;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists_read_as_the_kernel_writes_them() {
        assert_eq!(list([3, 0, 1, 8, 2]), "0-3,8");
        assert_eq!(list([]), "none");
        assert_eq!(parse("0-3,8\n"), Some(vec![0, 1, 2, 3, 8]));
        assert_eq!(parse("\n"), Some(Vec::new()));
        assert_eq!(parse("0-4000000000"), None);
        assert_eq!(parse("(null)"), None);
    }

    #[test]
    fn the_highest_word_of_a_mask_comes_first() {
        assert_eq!(parse_mask("00000001,80000003\n"), Some(vec![0, 1, 31, 32]));
        assert_eq!(parse_mask("0"), Some(Vec::new()));
        assert_eq!(parse_mask("x"), None);
    }

    #[test]
    fn values_are_summed_up() {
        let pairs = [(0, "a"), (1, "b"), (2, "a"), (3, "a")];
        let summed = by_value(pairs.map(|(number, value)| (number, value.to_owned())));
        let expected = [("a", "0,2-3"), ("b", "1")];
        let expected = expected.map(|(value, list)| (value.to_owned(), list.to_owned()));
        assert_eq!(summed, BTreeMap::from(expected));
    }

    proptest! {
        #[test]
        fn a_list_comes_back(numbers in proptest::collection::btree_set(0..MOST, 0..40)) {
            let text = list(numbers.iter().copied());
            let read = parse(text.trim_start_matches("none")).unwrap();
            prop_assert_eq!(read.into_iter().collect::<BTreeSet<u32>>(), numbers);
        }

        #[test]
        fn a_mask_has_the_bits_of_its_words(high: u32, low: u32) {
            let mask = parse_mask(&format!("{high:08x},{low:08x}")).unwrap();
            let bits = u64::from(high) << 32 | u64::from(low);
            let sum = mask.iter().fold(0_u64, |sum, bit| sum | 1 << bit);
            prop_assert_eq!(sum, bits);
        }

        #[test]
        fn no_text_is_too_strange(text in "([0-9]{0,12}[-,]?){0,8}|.{0,20}") {
            let _read: (Option<Vec<u32>>, Option<Vec<u32>>) = (parse(&text), parse_mask(&text));
        }
    }
}
