//! A finished run as text.

use super::accounts::accounts;
use super::setting::setting;
use super::table::latencies;
use super::{GREEN, RED, Style, YELLOW, labelled, painted, time_split, verdict_word, wrapped};
use crate::results::{Run, Verdict};
use crate::slo;

/// The report of a run: what was run, how long answers took, what became of the probes, and
/// whether to believe it. Ends with a line break.
#[must_use]
pub fn text(run: &Run, style: Style) -> String {
    let mut judged = verdict(&run.verdict, style);
    judged.extend(objectives(run, style));
    if let Some(until) = &run.until {
        judged.extend(wrapped("until", &until.message));
    }
    let split = run.time_split.as_ref().map(time_split::lines);
    let paragraphs = [
        setting(run),
        latencies(run, style),
        split.unwrap_or_default(),
        accounts(run),
        judged,
    ];
    let written = paragraphs.iter().filter(|lines| !lines.is_empty());
    let written: Vec<String> = written.map(|lines| lines.join("\n") + "\n").collect();
    written.join("\n")
}

fn verdict(verdict: &Verdict, style: Style) -> Vec<String> {
    let (word, colour) = verdict_word(verdict.outcome);
    let mut lines = vec![labelled("verdict", &painted(word, colour, style))];
    for doubt in &verdict.doubts {
        lines.extend(wrapped("", &format!("{}: {}", doubt.code, doubt.message)));
    }
    lines
}

/// How the objectives came out.
pub(super) fn objectives_word(outcome: slo::Outcome) -> (&'static str, &'static str) {
    match outcome {
        slo::Outcome::Met => ("met", GREEN),
        slo::Outcome::Undecided => ("UNDECIDED", YELLOW),
        slo::Outcome::Missed => ("MISSED", RED),
    }
}

fn objectives(run: &Run, style: Style) -> Vec<String> {
    let Some(slo) = &run.slo else {
        return Vec::new();
    };
    let (word, colour) = objectives_word(slo.outcome);
    let mut lines = vec![labelled("slo", &painted(word, colour, style))];
    for objective in &slo.objectives {
        lines.extend(wrapped("", &objective.message));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Quantile;
    use crate::measure::TimeSplit;
    use crate::results::tests::{asked, doubted, run};
    use crate::results::{Distribution, Known};

    #[test]
    fn a_run_fits_one_glance() {
        let expected = "\
target      127.0.0.1:50007 (embedded server, in this very process)
load        10,000 probes/s of 64 bytes for 100 ms after no warm-up
from        2 flows, 1 thread, timeout 1.00 s

round trip      p50      p90      p99    p99.9   p99.99      max
from due    21.0 us  21.0 us  21.0 us      n/a      n/a     lost
 95 % from  21.0 us  21.0 us  21.0 us
        to  21.0 us  21.0 us     lost
from send   20.0 us  20.0 us  20.0 us      n/a      n/a     lost
lateness    1.00 us  1.00 us  1.00 us      n/a      n/a  1.00 us
lost        the rank falls among probes that were sent and had no answer in time
n/a         p99.9 (needs 2,995 answers), p99.99 (needs 29,956 answers)

probes      1,000 scheduled, 993 sent, 7 not sent (behind 7)
answers     989 in time (99.597 %), 2 late, 2 lost (0.201 %)
lost at     server's socket 1, path or server 1
path        2 reordered, 1 duplicated, 0 corrupted, 0 foreign, 0 stale
rate        10,000/s scheduled, 9,930/s sent, 9,890/s answered in time
gaps        intended p50 100 us p99 100 us, achieved p50 100 us p99 100 us,
            distance 0.00
host        unknown

verdict     valid
";
        assert_eq!(text(&run(), Style::Plain), expected);
    }

    #[test]
    fn what_was_asked_for_is_answered_below_the_verdict() {
        let text = text(&asked(), Style::Plain);
        let expected = "
verdict     valid
slo         MISSED
            p50 < 25 us: met, 21.0 us (95 % within 21.0 to 21.0 us)
            max <= 1 s: missed, lost
            loss < 1 %: undecided, 0.403 % (95 % within 0.11 to 1.03 %)
until       p90 +-5 %: reached after 100 ms (p90 21.0 us +-0 %)
";
        assert!(text.ends_with(expected), "{text}");
    }

    #[test]
    fn a_doubt_is_shown_with_its_advice() {
        let text = text(&doubted(run()), Style::Plain);
        let expected = "verdict     INVALID\n            rate_missed: Lower --rate.\n";
        assert!(text.ends_with(expected), "{text}");
    }

    #[test]
    fn what_the_host_did_fits_eighty_columns() {
        let mut run = run();
        run.host.stolen_share = Some(0.003);
        run.host.involuntary_switches = Some(1_200);
        run.host.run_queue_wait_ns = Some(2_000_000);
        run.host.throttled_ns = Some(0);
        run.host.too_hot = Some(2);
        let text = text(&run, Style::Plain);
        let line = "\nhost        0.3 % of the time stolen, 1,200 involuntary switches,\n            \
                    waited 2.00 ms for a CPU, 2 times too hot\n";
        assert!(text.contains(line), "{text}");
    }

    #[test]
    fn where_probes_were_lost_is_told_only_if_some_were() {
        let mut run = run();
        run.lost_by.as_mut().unwrap().server_known = Known::Embedded;
        run.lost_by.as_mut().unwrap().own_socket = 1;
        run.lost_by.as_mut().unwrap().server = Some(0);
        run.lost_by.as_mut().unwrap().path = 0;
        let places = "lost at     own sockets 1, server's socket 1, server 0, path 0\n";
        assert!(text(&run, Style::Plain).contains(places));
        run.counts.lost = 0;
        assert!(!text(&run, Style::Plain).contains("lost at"));
    }

    #[test]
    fn drops_beyond_the_lost_probes_are_told_beside_them() {
        let mut run = run();
        run.lost_by.as_mut().unwrap().raw.server_socket = Some(1_300);
        let places = "lost at     server's socket 1 (1,300 drops counted), path or server 1\n";
        assert!(text(&run, Style::Plain).contains(places));
    }

    #[test]
    fn a_sample_is_random_too() {
        let mut run = run();
        run.time_split = Some((&TimeSplit::default()).into());
        let text = text(&run, Style::Plain);
        assert!(text.contains("after no warm-up, seed 1\n"), "{text}");
    }

    #[test]
    fn what_is_random_is_named_with_its_seed() {
        let mut run = run();
        run.plan.arrivals = "poisson".to_owned();
        run.plan.sizes = "imix".to_owned();
        (run.plan.smallest_size_bytes, run.plan.largest_size_bytes) = (40, 1_472);
        let text = text(&run, Style::Plain);
        let expected = "load        10,000 probes/s (poisson) of 40 to 1,472 bytes (imix) for \
                        100 ms\n            after no warm-up, seed 1\n";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn a_range_is_told_by_its_bounds() {
        let mut run = run();
        run.plan.sizes = "64..1472".to_owned();
        (run.plan.smallest_size_bytes, run.plan.largest_size_bytes) = (64, 1_472);
        let text = text(&run, Style::Plain);
        let expected = "load        10,000 probes/s of 64 to 1,472 bytes for 100 ms after no \
                        warm-up,\n            seed 1\n";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn a_closed_loop_has_no_gaps() {
        let mut run = run();
        run.gaps_ns = None;
        assert!(!text(&run, Style::Plain).contains("gaps"));
    }

    #[test]
    fn colours_change_nothing_else() {
        let coloured = text(&run(), Style::Colour);
        assert!(coloured.contains("verdict     \x1b[32mvalid\x1b[0m\n"));
        assert!(coloured.contains("\n\x1b[1mfrom due    21.0 us"));
        let stripped = coloured
            .replace("\x1b[0m", "")
            .replace("\x1b[1m", "")
            .replace("\x1b[32m", "");
        assert_eq!(stripped, text(&run(), Style::Plain));
    }

    #[test]
    fn a_complete_run_needs_no_legend() {
        let mut run = run();
        let complete = Distribution {
            p99: Quantile::Value(21_000),
            p99_9: Quantile::Value(51_000_000),
            p99_99: Quantile::Value(99_500_000),
            max: Quantile::Value(1_000_000_000),
            ..run.rtt_ns.from_due
        };
        run.rtt_ns.from_due = complete;
        run.rtt_ns.from_send = complete;
        run.lateness_ns = complete;
        run.plan.embedded = false;
        let text = text(&run, Style::Plain);
        assert!(text.starts_with("target      127.0.0.1:50007\n"));
        let row = "from due    21.0 us  21.0 us  21.0 us  51.0 ms  99.5 ms   1.00 s\n";
        assert!(text.contains(row), "{text}");
        assert!(
            !text.contains("n/a") && !text.contains("\nlost  "),
            "{text}"
        );
    }
}
