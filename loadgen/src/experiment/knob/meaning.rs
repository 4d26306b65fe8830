//! Whether two texts mean the same value to the kernel. Pure.

use crate::environment::cpus;

/// Whether `shown` is what the kernel makes of `wanted`: it spaces columns by tabs, pads masks, writes
/// lists as ranges, and answers `Y` to a 1.
pub(in crate::experiment) fn same(wanted: &str, shown: &str) -> bool {
    let mut wanted = wanted.split_whitespace();
    let mut shown = shown.split_whitespace();
    loop {
        match (wanted.next(), shown.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if same_word(one, other) => {}
            _ => return false,
        }
    }
}

fn same_word(one: &str, other: &str) -> bool {
    one == other
        || both(one, other, number)
        || both(one, other, mask)
        || both(one, other, list)
        || both(one, other, answer)
}

fn both<T: PartialEq>(one: &str, other: &str, reading: fn(&str) -> Option<T>) -> bool {
    reading(one).is_some_and(|value| reading(other) == Some(value))
}

fn number(word: &str) -> Option<i128> {
    word.parse().ok()
}

fn mask(word: &str) -> Option<Vec<u32>> {
    cpus::parse_mask(word.strip_prefix("0x").unwrap_or(word))
}

fn list(word: &str) -> Option<Vec<u32>> {
    let mut numbers = cpus::parse(word)?;
    numbers.sort_unstable();
    numbers.dedup();
    Some(numbers)
}

/// How parameters of modules show what is either so or not.
fn answer(word: &str) -> Option<bool> {
    match word {
        "1" | "Y" | "y" => Some(true),
        "0" | "N" | "n" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_the_kernel_writes_in_another_way_is_the_same() {
        for (wanted, shown) in [
            ("0", "00000000"),
            ("f", "00000000,0000000f"),
            ("4096 87380 6291456", "4096\t87380\t6291456"),
            ("0-3", "0,1-3"),
            ("1", "Y"),
            ("-1", "-1"),
            ("", ""),
            ("0x3", "03"),
        ] {
            assert!(same(wanted, shown), "{wanted} and {shown}");
        }
    }

    #[test]
    fn other_values_are_not_the_same() {
        for (wanted, shown) in [
            ("50", "5"),
            ("3000", "4096"),
            ("10", "16"),
            ("4096 87380", "4096"),
            ("performance", "powersave"),
            ("1", "N"),
            ("0-3", "0-2"),
            ("", "0"),
        ] {
            assert!(!same(wanted, shown), "{wanted} and {shown}");
        }
    }

    proptest! {
        #[test]
        fn a_value_is_itself_however_it_is_spaced(words in proptest::collection::vec("[!-~]{1,9}", 0..5)) {
            let shown = words.join(" \t") + "\n";
            prop_assert!(same(&words.join(" "), &shown));
        }

        #[test]
        fn numbers_that_differ_are_not_the_same(one in 2..i64::MAX, other in 2..i64::MAX) {
            prop_assert_eq!(same(&one.to_string(), &other.to_string()), one == other);
        }
    }
}
