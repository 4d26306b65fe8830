//! The files of `/proc` and `/sys`.

use std::path::Path;
use std::str::FromStr;

use crate::host::{Figure, read};

/// A file without the space around its text; what is no text is told by signs in its place.
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn text(path: impl AsRef<Path>) -> Figure<String> {
    read(path).map(|text| text.trim().to_owned())
}

/// A file that holds one number.
///
/// # Errors
/// Why it cannot be read, or that it holds something else.
pub(crate) fn number<N: FromStr>(path: impl AsRef<Path>) -> Figure<N> {
    let path = path.as_ref();
    let text = text(path)?;
    let other = |_| format!("{} holds no number: {text:?}", path.display());
    text.parse().map_err(other)
}

/// The word in brackets: how the kernel shows which of several settings is in force
/// (`always [madvise] never`).
pub(crate) fn chosen(text: &str) -> Option<&str> {
    let (_before, rest) = text.split_once('[')?;
    let (chosen, _after) = rest.split_once(']')?;
    Some(chosen)
}

/// The value of `name : value`, as in `/proc/cpuinfo` and `/proc/meminfo`; the first one.
pub(crate) fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (left, value) = line.split_once(':')?;
        (left.trim() == name).then_some(value.trim())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_word_in_brackets_is_the_chosen_one() {
        assert_eq!(chosen("always [madvise] never"), Some("madvise"));
        assert_eq!(chosen("always madvise never"), None);
        assert_eq!(chosen("] always ["), None);
    }

    #[test]
    fn the_first_field_of_a_name_counts() {
        let text = "processor\t: 0\nmodel name\t: Some: thing\nmodel name\t: Other\n";
        assert_eq!(field(text, "model name"), Some("Some: thing"));
        assert_eq!(field(text, "model"), None);
    }

    #[test]
    fn what_is_no_number_is_named_with_its_file() {
        let error = number::<u64>("/proc/self/comm").unwrap_err();
        assert!(
            error.starts_with("/proc/self/comm holds no number"),
            "{error}"
        );
        let error = number::<u64>("/proc/no/such/file").unwrap_err();
        assert!(error.contains("cannot read /proc/no/such/file"), "{error}");
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "(.{0,9}[\\[\\]:].{0,9}\n?){0,4}", name in ".{0,4}") {
            let _found: (Option<&str>, Option<&str>) = (chosen(&text), field(&text, &name));
        }
    }
}
