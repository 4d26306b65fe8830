//! How numbers are written for people.

pub use echo_reactor::figures::grouped as count;

use crate::decimal;
use crate::rate::Rate;
use crate::share::Share;

/// Probes a second: `250,000`, `0.5`.
#[must_use]
pub fn rate(rate: Rate) -> String {
    let whole = count(rate.thousandths() / 1_000);
    match rate.to_string().split_once('.') {
        Some((_, fraction)) => format!("{whole}.{fraction}"),
        None => whole,
    }
}

/// A time in nanoseconds to 3 significant digits, in the unit that suits it: `18.3 us`.
///
/// Times under a microsecond, and from 1000 s on, are written to the last digit of their unit.
#[must_use]
pub fn time(nanos: u64) -> String {
    if nanos < 1_000 {
        return format!("{nanos} ns");
    }
    for (unit, name) in [(1_000, "us"), (1_000_000, "ms"), (1_000_000_000, "s")] {
        for (decimals, scale) in [(2, 100), (1, 10), (0, 1)] {
            let digits = nanos.saturating_add(unit / scale / 2) / (unit / scale);
            if digits < 1_000 {
                return format!("{} {name}", decimal(digits, decimals));
            }
        }
    }
    format!(
        "{} s",
        count(nanos.saturating_add(500_000_000) / 1_000_000_000)
    )
}

/// What `part` is of `whole`, to a thousandth of a percent: `0.019 %`.
///
/// `0 %` is written for nothing alone, and `100 %` for everything alone. Nothing of nothing is
/// `0 %`.
#[must_use]
pub fn percent(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return "0 %".to_owned();
    }
    let (part, whole) = (u128::from(part), u128::from(whole));
    let thousandths = (part * 100_000 + whole / 2) / whole;
    if thousandths == 0 {
        return "<0.001 %".to_owned();
    }
    let most = if part < whole { 99_999 } else { u128::MAX };
    let thousandths = thousandths.min(most);
    let written = format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000);
    let written = written.trim_end_matches('0').trim_end_matches('.');
    format!("{written} %")
}

/// A share to 3 significant digits, however small: `0.00012 %`.
#[must_use]
pub fn share(share: Share) -> String {
    let billionths = share.billionths();
    let idle = billionths.checked_ilog10().unwrap_or(0).saturating_sub(2);
    let step = 10_u64.pow(idle);
    let rounded = (billionths + step / 2) / step * step;
    format!("{} %", decimal::written(rounded, 7))
}

/// From one figure to another of the same kind: the unit is written once if it is the same.
#[must_use]
pub fn range(low: &str, high: &str) -> String {
    match (low.split_once(' '), high.split_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same => format!("{number} to {high}"),
        _ => format!("{low} to {high}"),
    }
}

/// A share of 0 to 1 in percent, like [`percent`].
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "brought into range first; 2^53 is beyond 10^9"
)]
pub fn percentage(share: f64) -> String {
    const WHOLE: f64 = 1e9;
    // Rounded up, lest a little become nothing.
    let part = (share.clamp(0.0, 1.0) * WHOLE).ceil();
    percent(part as u64, WHOLE as u64)
}

/// `digits` with the decimal point so many places from the right.
fn decimal(digits: u64, decimals: u32) -> String {
    let scale = 10_u64.pow(decimals);
    match decimals {
        0 => digits.to_string(),
        _ => format!(
            "{}.{:0width$}",
            digits / scale,
            digits % scale,
            width = decimals as usize
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_separators() {
        let written = [0, 999, 1_000, 1_234_567].map(count);
        assert_eq!(written, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn rates_have_separators_and_keep_their_fraction() {
        let written = [1, 500, 12_345_500]
            .map(|thousandths| rate(Rate::from_thousandths(thousandths).unwrap()));
        assert_eq!(written, ["0.001", "0.5", "12,345.5"]);
    }

    #[test]
    fn times_have_three_digits_and_a_fitting_unit() {
        let written = [0, 999, 1_000, 9_994, 9_996, 18_349, 999_499, 999_500].map(time);
        let expected = [
            "0 ns", "999 ns", "1.00 us", "9.99 us", "10.0 us", "18.3 us", "999 us", "1.00 ms",
        ];
        assert_eq!(written, expected);
        let written = [
            51_000_000,
            2_050_000_000,
            120_000_000_000,
            1_234_500_000_000,
        ]
        .map(time);
        assert_eq!(written, ["51.0 ms", "2.05 s", "120 s", "1,235 s"]);
        assert_eq!(time(u64::MAX), "18,446,744,073 s");
    }

    #[test]
    fn shares_have_three_digits_however_small() {
        let written = [0, 1, 1_234, 99_949_999, 123_456_789, 1_000_000_000]
            .map(|billionths| share(Share::from_billionths(billionths).unwrap()));
        let expected = [
            "0 %",
            "0.0000001 %",
            "0.000123 %",
            "9.99 %",
            "12.3 %",
            "100 %",
        ];
        assert_eq!(written, expected);
    }

    #[test]
    fn shares_read_like_parts() {
        let written = [0.0, 1e-12, 0.0043, 0.5, 1.0, 7.0].map(percentage);
        let expected = ["0 %", "<0.001 %", "0.43 %", "50 %", "100 %", "100 %"];
        assert_eq!(written, expected);
    }

    #[test]
    fn a_range_names_a_common_unit_once() {
        assert_eq!(range("56.9 us", "57.4 us"), "56.9 to 57.4 us");
        assert_eq!(range("999 us", "1.01 ms"), "999 us to 1.01 ms");
        assert_eq!(range("999 us", "lost"), "999 us to lost");
    }

    #[test]
    fn a_little_is_not_nothing_and_nearly_all_is_not_all() {
        assert_eq!(percent(1, 1_000_000_000), "<0.001 %");
        assert_eq!(percent(999_999_999, 1_000_000_000), "99.999 %");
        assert_eq!(percent(149, 10_000), "1.49 %");
        assert_eq!(percent(5, 5), "100 %");
        assert_eq!(percent(0, 0), "0 %");
        assert_eq!(percent(u64::MAX / 2, u64::MAX), "50 %");
    }
}
