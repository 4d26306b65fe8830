//! How differences are written for people.

use crate::figures;
use crate::results::{Answer, Change, Comparison, Quantity, Shift, Unit};
use crate::share::Share;
use crate::statistics::FEWEST;

/// `+20.1 us`, `-0.5 %`; `+lost` from a number to no answer at all, `-lost` the other way.
#[must_use]
pub fn change(change: Change, unit: Unit) -> String {
    let by = match change {
        Change::ToLost => return "+lost".to_owned(),
        Change::FromLost => return "-lost".to_owned(),
        Change::By(by) => by,
    };
    let size = by.unsigned_abs();
    let size = match unit {
        Unit::Nanoseconds => figures::time(size),
        Unit::Billionths => figures::share(Share::from_billionths(size).unwrap_or(Share::WHOLE)),
    };
    format!("{}{size}", sign(by.signum()))
}

/// `+35.2 %`, `+35,360 %`: a part in percent, to three digits or to the last one before the point.
#[must_use]
pub fn relative(part: f64) -> String {
    let percent = part.abs() * 100.0;
    let decimals = match percent {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    let sign = if part < 0.0 { "-" } else { "+" };
    let percent = format!("{percent:.decimals$}");
    let percent = match percent.parse() {
        Ok(whole) => figures::count(whole),
        Err(_fraction) => percent,
    };
    format!("{sign}{percent} %")
}

/// `+18.0 to +22.0 us`.
#[must_use]
pub fn interval(shift: &Shift, unit: Unit) -> String {
    figures::range(&change(shift.low, unit), &change(shift.high, unit))
}

/// `+20.1 us, +35.2 % (95 % within +18.0 to +22.0 us)`.
#[must_use]
pub fn shift(shift: &Shift, unit: Unit) -> String {
    let part = shift.part().map(relative);
    let part = part.map_or_else(String::new, |part| format!(", {part}"));
    format!(
        "{}{part} (95 % within {})",
        change(shift.by, unit),
        interval(shift, unit)
    )
}

/// How chance is written: to two digits that count, and never as nothing.
#[must_use]
pub fn chance(p: f64) -> String {
    match p {
        ..0.001 => "<0.001".to_owned(),
        ..0.1 => format!("{p:.3}"),
        _ => format!("{p:.2}"),
    }
}

/// The answer of a comparison as a sentence.
pub(super) fn sentence(comparison: &Comparison) -> String {
    match comparison.answer {
        Answer::TooFewRuns => too_few(comparison),
        Answer::NotMeasured => {
            "nothing can be compared: no quantity is known of all runs".to_owned()
        }
        Answer::NoEvidence => {
            let median = comparison.quantities.iter().find_map(|quantity| {
                let shift = quantity.difference.as_ref()?;
                Some(format!(
                    ": {} {}",
                    quantity.name,
                    self::shift(shift, quantity.unit)
                ))
            });
            format!(
                "no evidence that B differs from A{}",
                median.unwrap_or_default()
            )
        }
        _ => {
            let kinds = [
                (Answer::Slower, "is slower"),
                (Answer::Faster, "is faster"),
                (Answer::LosesMore, "loses more"),
                (Answer::LosesLess, "loses less"),
            ];
            let parts = kinds.iter().filter_map(|(answer, words)| {
                let found = found(&comparison.quantities, *answer);
                (!found.is_empty()).then(|| format!("{words}: {found}"))
            });
            format!("B {}", parts.collect::<Vec<_>>().join("; and "))
        }
    }
}

/// The quantities that have some answer.
fn found(quantities: &[Quantity], answer: Answer) -> String {
    let found = quantities
        .iter()
        .filter(|quantity| quantity.answer == answer)
        .filter_map(|quantity| {
            let shift = shift(quantity.difference.as_ref()?, quantity.unit);
            Some(match quantity.unit {
                Unit::Nanoseconds => format!("{} {shift}", quantity.name),
                Unit::Billionths => shift,
            })
        });
    found.collect::<Vec<_>>().join(", ")
}

fn too_few(comparison: &Comparison) -> String {
    let [a, b] = [&comparison.a, &comparison.b].map(|side| {
        let (counted, given) = (side.counted().count(), side.runs.len());
        match given - counted {
            0 => counted.to_string(),
            left_out => format!("{counted} ({left_out} left out)"),
        }
    });
    format!(
        "too few runs to compare: A has {a} and B has {b}, and at least {FEWEST} a side are \
         wanted, better 10: with fewer, chance alone often makes as much of a difference"
    )
}

fn sign(signum: i64) -> &'static str {
    match signum {
        1 => "+",
        -1 => "-",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_a_sign_and_a_unit() {
        let written = [20_100, -999, 0].map(|by| change(Change::By(by), Unit::Nanoseconds));
        assert_eq!(written, ["+20.1 us", "-999 ns", "0 ns"]);
        let written =
            [5_000_000, -120, i64::MIN].map(|by| change(Change::By(by), Unit::Billionths));
        assert_eq!(written, ["+0.5 %", "-0.000012 %", "-100 %"]);
        assert_eq!(change(Change::ToLost, Unit::Nanoseconds), "+lost");
    }

    #[test]
    fn parts_have_three_digits() {
        let written = [0.352, -0.00012, 0.0, 0.099_97, 12.345].map(relative);
        assert_eq!(
            written,
            ["+35.2 %", "-0.01 %", "+0.00 %", "+10.0 %", "+1,234 %"]
        );
    }

    #[test]
    fn chances_are_never_nothing() {
        let written = [0.000_05, 0.0286, 0.049_9, 0.5, 1.0].map(chance);
        assert_eq!(written, ["<0.001", "0.029", "0.050", "0.50", "1.00"]);
    }
}
