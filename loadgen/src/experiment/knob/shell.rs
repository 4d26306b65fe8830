//! Lines of shell, for files that people run. Pure.

use std::path::Path;

/// The word as a shell takes it, whatever is in it.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_./:=,+@%-".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A command with its arguments.
pub(crate) fn line<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    let words = words.into_iter().map(|word| quoted(word.as_ref()));
    words.collect::<Vec<_>>().join(" ")
}

/// Writes a value to a file.
pub(super) fn echo(value: &str, path: &Path) -> String {
    format!(
        "echo {} > {}",
        quoted(value),
        quoted(&path.to_string_lossy())
    )
}

/// Lines of which each is left out if one before it fails.
pub(super) fn all(lines: &[String]) -> String {
    lines.join(" && ")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_plain_stays_plain() {
        assert_eq!(
            line(["ethtool", "-K", "eth0", "gro", "on"]),
            "ethtool -K eth0 gro on"
        );
        assert_eq!(
            echo("4096 87380", Path::new("/sys/a b")),
            "echo '4096 87380' > '/sys/a b'"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_shell_takes_every_word_as_it_is(word in "[^\\x00]{0,12}") {
            let shell = Command::new("sh").args(["-c", &format!("printf %s {}", quoted(&word))]).output();
            prop_assert_eq!(String::from_utf8(shell.unwrap().stdout).unwrap(), word);
        }
    }
}
