//! A selftest as text.

use super::table::cell;
use super::{GREEN, RED, Style, labelled, painted};
use crate::figures::{count, percent, time};
use crate::results::{Check, Distribution, Floor, Selftest};

/// The report of a selftest. Ends with a line break.
#[must_use]
pub fn text(selftest: &Selftest, style: Style) -> String {
    let mut lines: Vec<String> = selftest
        .checks
        .iter()
        .map(|check| line(check, style))
        .collect();
    lines.push(String::new());
    lines.extend(floor(&selftest.floor, selftest.passed));
    lines.push(String::new());
    let verdict = if selftest.passed {
        painted("passed", GREEN, style)
    } else {
        let word = painted("FAILED", RED, style);
        format!("{word}: do not trust measurements by this machine as it is now")
    };
    lines.push(labelled("selftest", &verdict));
    lines.join("\n") + "\n"
}

fn line(check: &Check, style: Style) -> String {
    let (word, colour) = if check.passed {
        ("ok    ", GREEN)
    } else {
        ("FAILED", RED)
    };
    let word = painted(word, colour, style);
    labelled(&check.name, &format!("{word}  {}", check.found))
}

fn floor(floor: &Floor, trusted: bool) -> Vec<String> {
    let labels = ["floor"].into_iter().chain(std::iter::repeat(""));
    let sentences = floor_sentences(floor, trusted);
    labels
        .zip(sentences)
        .map(|(label, sentence)| labelled(label, &sentence))
        .collect()
}

/// What the machine can do at best.
pub(super) fn floor_sentences(floor: &Floor, trusted: bool) -> [String; 5] {
    let pauses = &floor.pauses;
    let trip = |trip: &Distribution| format!("p50 {}, p99 {}", cell(trip.p50), cell(trip.p99));
    [
        format!(
            "round trip {} (one probe at a time, both sides spinning)",
            trip(&floor.ping_pong_ns)
        ),
        format!(
            "round trip {} (10,000/s, a server that sleeps)",
            trip(&floor.open_loop_ns)
        ),
        format!("{} answers/s at most", count(floor.most_pps)),
        format!(
            "{} pauses of {} or more in {}: {} of the time, the longest {}",
            count(pauses.number),
            time(pauses.threshold_ns),
            time(pauses.watched_ns),
            percent(pauses.total_ns, pauses.watched_ns),
            time(pauses.longest_ns)
        ),
        if trusted {
            "a result within twice these figures says more of this machine than of a server"
        } else {
            "these figures are as little to be trusted as the checks that failed"
        }
        .to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Pauses;
    use crate::results::tests::run;

    fn selftest(passed: bool) -> Selftest {
        let check = Check {
            name: "losses".to_owned(),
            passed,
            found: "with one in twenty lost, p90 is 21 us and p99 is lost".to_owned(),
        };
        let trips = run().rtt_ns.from_send;
        let floor = Floor {
            ping_pong_ns: trips,
            open_loop_ns: trips,
            most_pps: 4_000_000,
            pauses: Pauses {
                watched_ns: 2_000_000_000,
                threshold_ns: 10_000,
                number: 7,
                total_ns: 4_000_000,
                longest_ns: 3_100_000,
            },
        };
        Selftest::new(vec![check], floor)
    }

    #[test]
    fn a_passed_selftest_tells_the_floor() {
        let expected = "\
losses      ok      with one in twenty lost, p90 is 21 us and p99 is lost

floor       round trip p50 20.0 us, p99 20.0 us (one probe at a time, both sides spinning)
            round trip p50 20.0 us, p99 20.0 us (10,000/s, a server that sleeps)
            4,000,000 answers/s at most
            7 pauses of 10.0 us or more in 2.00 s: 0.2 % of the time, the longest 3.10 ms
            a result within twice these figures says more of this machine than of a server

selftest    passed
";
        assert_eq!(text(&selftest(true), Style::Plain), expected);
    }

    #[test]
    fn a_failed_check_fails_the_selftest() {
        let text = text(&selftest(false), Style::Plain);
        assert!(text.starts_with("losses      FAILED  with"), "{text}");
        assert!(
            text.contains("\nselftest    FAILED: do not trust"),
            "{text}"
        );
    }
}
