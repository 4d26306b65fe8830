//! Numbers as people read them.

/// Digits in groups of three, as in 1,234,567.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Nanoseconds to three digits, in the unit that suits them, as in 122 us.
#[must_use]
pub fn time(nanos: u64) -> String {
    for (unit, name) in [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")] {
        if nanos >= unit {
            let decimals = match nanos / unit {
                0..10 => 2,
                10..100 => 1,
                _ => 0,
            };
            #[expect(clippy::cast_precision_loss, reason = "three digits of it are shown")]
            let value = nanos as f64 / unit as f64;
            return format!("{value:.decimals$} {name}");
        }
    }
    format!("{nanos} ns")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_and_a_unit() {
        for (nanos, text) in [
            (0, "0 ns"),
            (954, "954 ns"),
            (1_908, "1.91 us"),
            (15_259, "15.3 us"),
            (122_071, "122 us"),
            (1_953_125, "1.95 ms"),
            (512_000_000_000, "512 s"),
        ] {
            assert_eq!(time(nanos), text);
        }
    }

    #[test]
    fn digits_stand_in_groups_of_three() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
