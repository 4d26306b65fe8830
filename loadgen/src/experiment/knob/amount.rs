//! Numbers as `tc(8)` takes and shows them: `77` and `77p`, `10k` and `10Kb`, `1mbit` and `1000Kbit`.
//! Pure.

/// Whether two words are surely not the same amount. What is no number, or a number of something else,
/// leaves that open, and so do the last digits of what is no plain number, which `tc` rounds.
pub(super) fn differ(wanted: &str, shown: &str) -> bool {
    match (read(wanted), read(shown)) {
        (Some((of, amount)), Some((shown_of, there))) if of == shown_of => {
            let is_plain = shown.ends_with(|letter: char| letter.is_ascii_digit() || letter == 'p');
            let rounded = if is_plain { 0.0 } else { ROUNDED };
            (amount - there).abs() > rounded * amount.max(there)
        }
        _ => false,
    }
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    /// Packets, bytes, or anything else that is counted.
    Things,
    /// Bits a second.
    Rate,
    /// Microseconds.
    Time,
    /// Parts of a hundred.
    Percent,
}

fn read(word: &str) -> Option<(Of, f64)> {
    let digits = word.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
    let (number, unit) = word.split_at(digits.unwrap_or(word.len()));
    let number: f64 = number.parse().ok()?;
    let unit = unit.to_ascii_lowercase();
    let (of, each) = match unit.as_str() {
        "" | "p" | "b" => (Of::Things, 1.0),
        "k" | "kb" => (Of::Things, 1024.0),
        "m" | "mb" => (Of::Things, 1024.0 * 1024.0),
        "g" | "gb" => (Of::Things, 1024.0 * 1024.0 * 1024.0),
        "bit" => (Of::Rate, 1.0),
        "kbit" => (Of::Rate, 1e3),
        "mbit" => (Of::Rate, 1e6),
        "gbit" => (Of::Rate, 1e9),
        "bps" => (Of::Rate, 8.0),
        "kbps" => (Of::Rate, 8e3),
        "mbps" => (Of::Rate, 8e6),
        "gbps" => (Of::Rate, 8e9),
        "us" | "usec" | "usecs" => (Of::Time, 1.0),
        "ms" | "msec" | "msecs" => (Of::Time, 1e3),
        "s" | "sec" | "secs" => (Of::Time, 1e6),
        "%" => (Of::Percent, 1.0),
        _ => return None,
    };
    Some((of, number * each))
}

/// By how much of it a number that `tc` shows may be off.
const ROUNDED: f64 = 0.02;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tc_writes_in_another_way_does_not_differ() {
        for (wanted, shown) in [
            ("77", "77p"),
            ("10k", "10Kb"),
            ("10240", "10Kb"),
            ("1mbit", "1000Kbit"),
            ("1mbps", "8Mbit"),
            ("5ms", "5000us"),
            ("1%", "1%"),
            // A number alone is one of microseconds to some options, which it does not say.
            ("5000", "5ms"),
            ("on", "off"),
            ("7:", "8004:"),
        ] {
            assert!(!differ(wanted, shown), "{wanted} and {shown}");
        }
    }

    #[test]
    fn other_amounts_differ() {
        for (wanted, shown) in [
            ("77", "1000p"),
            ("999", "1000p"),
            ("1mbit", "1Gbit"),
            ("5ms", "100ms"),
            ("10k", "10b"),
            ("0", "1"),
        ] {
            assert!(differ(wanted, shown), "{wanted} and {shown}");
        }
    }
}
