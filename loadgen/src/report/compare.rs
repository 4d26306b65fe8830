//! A comparison as text: the answer in words, then the numbers.

use super::table::cell;
use super::{BOLD, GREEN, RED, Style, YELLOW, labelled, painted, printable, prose};
use crate::compare::words::{chance, change, interval, relative};
use crate::figures;
use crate::measure::Quantile;
use crate::results::{
    Answer, BoundOutcome, Comparison, Difference, LeftOut, Quantity, Shift, Side, Unit, Values,
};
use crate::share::Share;
use crate::verdict::Outcome;

/// The report of a comparison, at most 80 columns wide but for names of files. Ends with a line
/// break.
#[must_use]
pub fn text(comparison: &Comparison, style: Style) -> String {
    let paragraphs = [
        answer(comparison, style),
        sides(comparison),
        ranges(comparison, style),
        differences(comparison, style),
        circumstances(comparison, style),
        bounds(comparison, style),
    ];
    let written = paragraphs.iter().filter(|lines| !lines.is_empty());
    let written: Vec<String> = written.map(|lines| lines.join("\n") + "\n").collect();
    written.join("\n")
}

fn answer(comparison: &Comparison, style: Style) -> Vec<String> {
    let lines = prose("answer", &comparison.message);
    lines
        .iter()
        .map(|line| painted(line, BOLD, style))
        .collect()
}

fn sides(comparison: &Comparison) -> Vec<String> {
    let mut lines = side("A", &comparison.a);
    lines.extend(side("B", &comparison.b));
    lines
}

fn side(name: &str, side: &Side) -> Vec<String> {
    let mut lines = vec![labelled(name, &printable(&counted(side)))];
    for run in &side.runs {
        let Some(left_out) = run.left_out else {
            continue;
        };
        let text = format!("without {}: {}", run.name, reason(left_out));
        lines.push(labelled("", &printable(&text)));
    }
    lines
}

/// How many runs count, and which they are.
pub(super) fn counted(side: &Side) -> String {
    let counted: Vec<_> = side.counted().collect();
    let suspect = counted.iter().filter(|run| run.verdict == Outcome::Suspect);
    let suspect = match suspect.count() {
        0 => String::new(),
        suspect => format!(", {suspect} of them suspect"),
    };
    let names = match (counted.first(), counted.last()) {
        (Some(first), Some(last)) if counted.len() > 1 => {
            format!(": {} to {}", first.name, last.name)
        }
        (Some(only), _) => format!(": {}", only.name),
        (None, _) => String::new(),
    };
    let runs = match counted.len() {
        1 => "1 run".to_owned(),
        runs => format!("{runs} runs"),
    };
    format!("{runs}{suspect}{names}")
}

/// Why a run does not count.
pub(super) fn reason(left_out: LeftOut) -> &'static str {
    match left_out {
        LeftOut::Invalid => "its verdict is invalid",
        LeftOut::Unfinished => "it had not ended when its file was written",
        LeftOut::Repeated => "it is there already, and a run counts once",
        LeftOut::Overlapping => "it and another hold the same run, which counts once",
    }
}

fn ranges(comparison: &Comparison, style: Style) -> Vec<String> {
    let heading = format!(
        "{:<12}{:<34}{}",
        "median", "A, from run to run", "B, from run to run"
    );
    let mut lines = vec![painted(&heading, BOLD, style)];
    lines.extend(comparison.quantities.iter().map(|quantity| {
        let half = |values| range(values, quantity.unit);
        let line = format!(
            "{:<12}{:<34}{}",
            quantity.name,
            half(&quantity.a),
            half(&quantity.b)
        );
        line.trim_end().to_owned()
    }));
    lines
}

fn range(values: &Values, unit: Unit) -> String {
    let [median, lowest, highest] =
        [values.median, values.lowest, values.highest].map(|value| written(value, unit));
    if values.median == Quantile::TooFew {
        return median;
    }
    format!("{median:<9} ({})", figures::range(&lowest, &highest))
}

/// What a run or a side measured.
pub(super) fn written(value: Quantile, unit: Unit) -> String {
    match (value, unit) {
        (Quantile::Value(billionths), Unit::Billionths) => {
            figures::share(Share::from_billionths(billionths).unwrap_or(Share::WHOLE))
        }
        _ => cell(value),
    }
}

fn differences(comparison: &Comparison, style: Style) -> Vec<String> {
    let heading = format!(
        "{:<12}{:<22}{:<25}{:<9}answer",
        "B against A", "difference", "95 % within", "p"
    );
    let mut lines = vec![painted(&heading, BOLD, style)];
    for quantity in &comparison.quantities {
        lines.extend(difference(quantity, style));
    }
    let note = "p is corrected for the number of quantities: 0.05 and less is evidence of a \
                difference. Differences are medians over all pairs of a run of A and one of B.";
    lines.extend(prose("", note));
    lines
}

fn difference(quantity: &Quantity, style: Style) -> Vec<String> {
    let Some(shift) = &quantity.difference else {
        let reason = quantity.reason.as_deref().unwrap_or_default();
        return prose(&quantity.name, &format!("not compared: {reason}"));
    };
    let (word, colour) = match quantity.answer {
        Answer::Slower => ("slower", RED),
        Answer::LosesMore => ("more", RED),
        Answer::Faster => ("faster", GREEN),
        Answer::LosesLess => ("less", GREEN),
        _ => return vec![row(&quantity.name, shift, quantity.unit, "-")],
    };
    let word = painted(word, colour, style);
    vec![row(&quantity.name, shift, quantity.unit, &word)]
}

/// A difference with its interval and its chance, and what to think of it.
pub(super) fn row(name: &str, shift: &Shift, unit: Unit, answer: &str) -> String {
    format!(
        "{name:<12}{:<11}{:<11}{:<25}{:<9}{answer}",
        change(shift.by, unit),
        shift.part().map(relative).unwrap_or_default(),
        interval(shift, unit),
        chance(shift.p_corrected)
    )
}

fn circumstances(comparison: &Comparison, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    let mut label = "differs";
    for (kind, differences) in [
        ("plan", &comparison.plan),
        ("host", &comparison.environment),
    ] {
        for difference in differences {
            let text = format!("{kind}: {}", apart(difference));
            lines.extend(prose(label, &text));
            label = "";
        }
    }
    for warning in &comparison.warnings {
        lines.extend(prose("warning", warning));
    }
    let painted = lines.iter().map(|line| painted(line, YELLOW, style));
    painted.collect()
}

/// What is not the same on both sides.
pub(super) fn apart(difference: &Difference) -> String {
    format!(
        "{}: A {}, B {}",
        difference.name, difference.a, difference.b
    )
}

fn bounds(comparison: &Comparison, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    for bound in &comparison.bounds {
        let colour = match bound.outcome {
            BoundOutcome::Kept => GREEN,
            BoundOutcome::Broken => RED,
            BoundOutcome::Unknown => YELLOW,
        };
        let text = prose("fail-if", &bound.message);
        lines.extend(text.iter().map(|line| painted(line, colour, style)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::tests::{held_up, runs};
    use crate::compare::{Named, compare};
    use crate::results::Origin;

    fn report(a: &[Named], b: &[Named], bounds: &[&str]) -> String {
        let bounds: Vec<_> = bounds.iter().map(|typed| typed.parse().unwrap()).collect();
        text(&compare(a, b, &bounds), Style::Plain)
    }

    #[test]
    fn a_report_has_the_answer_first_and_fits_into_eighty_columns() {
        let (a, b) = (runs("a", 5, 50_000), runs("b", 5, 70_000));
        let text = report(&a, &b, &["p50>+5%", "p99>+100us"]);
        println!("{text}");
        let first = "answer      B is slower: p50 +20.0 us, +39.2 % (95 % within";
        assert!(text.starts_with(first), "{text}");
        for words in [
            "A           5 runs: a-1 to a-5",
            "p50         51.0 us   (50.0 to 54.0 us)",
            "slower",
            "fail-if     p50>+5%: BROKEN, +20.0 us",
            "fail-if     p99>+100us: kept",
        ] {
            assert!(text.contains(words), "no {words} in {text}");
        }
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        assert!(!text.contains('\x1b'));
    }

    #[test]
    fn what_does_not_count_and_what_differs_is_named() {
        let (mut a, mut b) = (runs("a", 5, 50_000), runs("b", 6, 50_000));
        a.push(a[2].clone());
        b[1].run.verdict.outcome = Outcome::Invalid;
        b[2].run.verdict.outcome = Outcome::Suspect;
        for named in &mut b {
            named.run.plan.flows = 64;
            named.name.push('\x1b');
        }
        let text = report(&a, &b, &[]);
        for words in [
            "A           5 runs: a-1 to a-5",
            "without a-3: it is there already",
            "B           5 runs, 1 of them suspect: b-1? to b-6?",
            "without b-2?: its verdict is invalid",
            "plan: flows: A 2, B 64",
        ] {
            assert!(text.contains(words), "no {words} in {text}");
        }
    }

    #[test]
    fn what_was_merged_is_left_out_beside_its_runs_and_says_why() {
        let mut a = runs("a", 5, 50_000);
        let mut merged = a[0].clone();
        merged.name = "both".to_owned();
        merged.run.merged_from = Origin::all("kept.json", &a[0].run);
        a.push(merged);
        let text = report(&a, &runs("b", 5, 50_000), &[]);
        let words = "without both: it and another hold the same run, which counts once";
        assert!(text.contains(words), "{text}");
    }

    #[test]
    fn colours_are_for_terminals() {
        let (a, b) = (runs("a", 5, 50_000), runs("b", 5, 70_000));
        let text = text(&compare(&a, &b, &[]), Style::Colour);
        assert!(text.contains("\x1b[1;31mslower\x1b[0m"), "{text}");
    }

    #[test]
    fn what_is_lost_is_written_as_that() {
        let (a, b) = (runs("a", 5, 50_000), held_up("b", 5));
        let text = report(&a, &b, &[]);
        assert!(
            text.contains("+lost      ") && text.contains("+lost to +lost"),
            "{text}"
        );
    }
}
