//! A finished run as text.

use super::{BOLD, GREEN, RED, Style, YELLOW, labelled, painted, time_split, verdict_word};
use crate::figures::{count, percent, percentage, rate, time};
use crate::measure::{Edge, Fraction, Quantile};
use crate::results::{Distribution, Gaps, Host, Intervals, Known, LostBy, Plan, Run, Verdict};
use crate::slo;

/// The report of a run: what was run, how long answers took, what became of the probes, and
/// whether to believe it. Ends with a line break.
#[must_use]
pub fn text(run: &Run, style: Style) -> String {
    let mut judged = verdict(&run.verdict, style);
    judged.extend(objectives(run, style));
    judged.extend(
        run.until
            .as_ref()
            .map(|until| labelled("until", &until.message)),
    );
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

fn setting(run: &Run) -> Vec<String> {
    let plan = &run.plan;
    let warmup = warmup(plan);
    let cut = if run.window_ns < plan.duration_ns {
        format!(", stopped before the {} asked for", time(plan.duration_ns))
    } else {
        String::new()
    };
    vec![
        labelled("target", &target(plan)),
        labelled(
            "load",
            &format!(
                "{} of {} for {} after {warmup}{cut}{}",
                load(plan),
                sizes(plan),
                time(run.window_ns),
                seed(run),
            ),
        ),
        labelled(
            "from",
            &format!(
                "{}, {}, timeout {}{}",
                number_of(plan.flows, "flow"),
                number_of(plan.threads, "thread"),
                time(plan.timeout_ns),
                trains(run),
            ),
        ),
    ]
}

/// How long was sent without measuring.
pub(super) fn warmup(plan: &Plan) -> String {
    match plan.warmup_ns {
        0 => "no warm-up".to_owned(),
        nanos => format!("{} of warm-up", time(nanos)),
    }
}

/// The server that was measured.
pub(super) fn target(plan: &Plan) -> String {
    let whose = if plan.embedded {
        " (embedded server, in this very process)"
    } else {
        ""
    };
    format!("{}{whose}", plan.target)
}

fn trains(run: &Run) -> String {
    match run.trains {
        0 => String::new(),
        trains => format!(
            ", {} trains of up to {} probes",
            count(trains),
            count(run.longest_train)
        ),
    }
}

fn load(plan: &Plan) -> String {
    match (&plan.rate, plan.window) {
        (Some(typed), _) => {
            let rate = typed.parse().map_or_else(|_not_a_rate| typed.clone(), rate);
            match plan.arrivals.as_str() {
                "constant" => format!("{rate} probes/s"),
                arrivals => format!("{rate} probes/s ({arrivals})"),
            }
        }
        (None, window) => {
            let window = count(window.unwrap_or_default().into());
            format!("closed loop, {window} probes outstanding a flow,")
        }
    }
}

pub(super) fn sizes(plan: &Plan) -> String {
    let (smallest, largest) = (plan.smallest_size_bytes, plan.largest_size_bytes);
    if smallest == largest {
        return format!("{} bytes", count(largest.into()));
    }
    let bounds = format!(
        "{} to {} bytes",
        count(smallest.into()),
        count(largest.into())
    );
    // A range says no more than its bounds.
    if are_drawn(&plan.sizes) && !plan.sizes.contains("..") {
        format!("{bounds} ({})", plan.sizes)
    } else {
        bounds
    }
}

/// What repeats the run, if anything about it is random: which probes are sampled is.
fn seed(run: &Run) -> String {
    let plan = &run.plan;
    if plan.arrivals == "poisson" || are_drawn(&plan.sizes) || run.time_split.is_some() {
        format!(", seed {}", plan.seed)
    } else {
        String::new()
    }
}

/// Whether sizes are more than one number.
fn are_drawn(sizes: &str) -> bool {
    sizes.parse::<u16>().is_err()
}

fn latencies(run: &Run, style: Style) -> Vec<String> {
    let rows = [
        ("from due", &run.rtt_ns.from_due),
        ("from send", &run.rtt_ns.from_send),
        ("lateness", &run.lateness_ns),
    ];
    let header = COLUMNS.map(|column| column.name.to_owned());
    let mut lines = vec![row("round trip", &header)];
    for (name, distribution) in rows {
        let cells = COLUMNS.map(|column| cell((column.of)(distribution)));
        lines.push(row(name, &cells));
    }
    // The headline: what a user of the service would have waited, and how sure that is.
    lines[1] = painted(&lines[1], BOLD, style);
    lines.splice(2..2, bounds(rows[0].1));
    let distributions = rows.map(|(_, distribution)| distribution);
    lines.extend(legend(&distributions));
    lines
}

/// The rows of the intervals, if any quantile has one.
fn bounds(distribution: &Distribution) -> Vec<String> {
    let ends = COLUMNS.map(|column| (column.interval)(&distribution.intervals));
    if ends.iter().all(Option::is_none) {
        return Vec::new();
    }
    let bound = |name, end: usize| {
        let cells = ends.map(|ends| ends.map_or(String::new(), |ends| cell(ends[end].into())));
        row(name, &cells).trim_end().to_owned()
    };
    vec![bound(" 95 % from", 0), bound("        to", 1)]
}

/// What the words in place of a number mean, if there are any.
fn legend(distributions: &[&Distribution]) -> Vec<String> {
    let any = |of: fn(&Distribution) -> Quantile, quantile| {
        distributions.iter().any(|one| of(one) == quantile)
    };
    let mut lines = Vec::new();
    if COLUMNS.iter().any(|column| any(column.of, Quantile::Lost)) {
        let meaning = "the rank falls among probes that were sent and had no answer in time";
        lines.push(labelled("lost", meaning));
    }
    let needs: Vec<String> = COLUMNS
        .iter()
        .filter(|column| any(column.of, Quantile::TooFew))
        .filter_map(|column| Some((column.name, column.fraction?)))
        .map(|(name, fraction)| {
            format!(
                "{name} (needs {} answers)",
                count(fraction.smallest_population())
            )
        })
        .collect();
    if !needs.is_empty() {
        lines.push(labelled("n/a", &needs.join(", ")));
    }
    lines
}

/// What the system complained of, if it did.
fn faults(run: &Run) -> String {
    let faults = [
        (run.own_drops, "dropped by our own full buffers"),
        (run.unreachable, "port unreachable"),
        (run.receive_errors, "receive errors"),
    ];
    let told = faults.iter().filter(|(times, _)| *times > 0);
    let told: Vec<String> = told
        .map(|(times, what)| format!(", {} {what}", count(*times)))
        .collect();
    told.concat()
}

fn accounts(run: &Run) -> Vec<String> {
    let counts = &run.counts;
    let reasons: Vec<String> = run
        .not_sent_by
        .iter()
        .map(|(reason, probes)| format!("{reason} {}", count(*probes)))
        .collect();
    let reasons = match reasons.as_slice() {
        [] => String::new(),
        reasons => format!(" ({})", reasons.join(", ")),
    };
    let mut lines = vec![
        labelled(
            "probes",
            &format!(
                "{} scheduled, {} sent, {} not sent{reasons}",
                count(counts.scheduled),
                count(counts.sent),
                count(counts.not_sent),
            ),
        ),
        labelled(
            "answers",
            &format!(
                "{} in time ({}), {} late, {} lost ({})",
                count(counts.received),
                percent(counts.received, counts.sent),
                count(counts.late),
                count(counts.lost),
                percent(counts.lost, counts.sent),
            ),
        ),
        labelled(
            "path",
            &format!(
                "{} reordered, {} duplicated, {} corrupted, {} foreign, {} stale{}",
                count(counts.reordered),
                count(counts.duplicated),
                count(counts.corrupted),
                count(counts.foreign),
                count(counts.stale),
                faults(run),
            ),
        ),
        labelled(
            "rate",
            &format!(
                "{}/s scheduled, {}/s sent, {}/s answered in time",
                count(run.rate_pps.scheduled),
                count(run.rate_pps.sent),
                count(run.rate_pps.received),
            ),
        ),
    ];
    if counts.lost > 0 {
        // After the line that says how many they are.
        lines.insert(2, labelled("lost at", &lost_by(&run.lost_by)));
    }
    lines.extend(run.gaps_ns.as_ref().and_then(gaps));
    lines.push(labelled("host", &host(&run.host)));
    lines
}

fn lost_by(lost: &LostBy) -> String {
    let rest = match lost.server_known {
        Known::Embedded => "path",
        // The server itself may have lost some, which only it could tell.
        Known::Unknown | Known::SameHost => "path or server",
    };
    let raw = &lost.raw;
    let own_socket = (lost.own_socket > 0).then_some(lost.own_socket);
    let places = [
        ("own sockets", own_socket, Some(raw.own_socket)),
        ("server's socket", lost.server_socket, raw.server_socket),
        ("server", lost.server, raw.server),
        (rest, Some(lost.path), None),
    ];
    let places = places
        .iter()
        .filter_map(|(place, probes, drops)| Some((place, (*probes)?, *drops)));
    let places: Vec<String> = places
        .map(|(place, probes, drops)| {
            // Duplicates and strangers' datagrams are dropped too, and are no lost probes.
            let beyond = drops.filter(|drops| *drops > probes);
            let beyond = beyond.map(|drops| format!(" ({} drops counted)", count(drops)));
            format!("{place} {}{}", count(probes), beyond.unwrap_or_default())
        })
        .collect();
    places.join(", ")
}

fn host(host: &Host) -> String {
    let counted =
        |number: Option<u64>, what: &str| number.map(|number| format!("{} {what}", count(number)));
    let unless_zero = |number: Option<u64>| number.filter(|number| *number > 0);
    let told = [
        host.stolen_share
            .map(|stolen| format!("{} of the time stolen", percentage(stolen))),
        counted(host.involuntary_switches, "involuntary switches"),
        host.run_queue_wait_ns
            .map(|nanos| format!("waited {} for a CPU", time(nanos))),
        host.cpu_time_ns
            .map(|nanos| format!("used {} of CPU", time(nanos))),
        unless_zero(host.throttled_ns).map(|nanos| format!("throttled for {}", time(nanos))),
        unless_zero(host.too_hot).map(|times| format!("{times} times too hot")),
    ];
    let told: Vec<String> = told.into_iter().flatten().collect();
    if told.is_empty() {
        return "unknown".to_owned();
    }
    told.join(", ")
}

/// How evenly, or unevenly, probes left; nothing if there was no gap.
fn gaps(gaps: &Gaps) -> Option<String> {
    let distance = gaps.distance?;
    let of = |distribution: &Distribution| {
        let (p50, p99) = (cell(distribution.p50), cell(distribution.p99));
        format!("p50 {p50} p99 {p99}")
    };
    let text = format!(
        "intended {}, achieved {}, distance {distance:.2}",
        of(&gaps.intended),
        of(&gaps.achieved),
    );
    Some(labelled("gaps", &text))
}

fn verdict(verdict: &Verdict, style: Style) -> Vec<String> {
    let (word, colour) = verdict_word(verdict.outcome);
    let mut lines = vec![labelled("verdict", &painted(word, colour, style))];
    for doubt in &verdict.doubts {
        lines.push(labelled("", &format!("{}: {}", doubt.code, doubt.message)));
    }
    lines
}

fn objectives(run: &Run, style: Style) -> Vec<String> {
    let Some(slo) = &run.slo else {
        return Vec::new();
    };
    let (word, colour) = match slo.outcome {
        slo::Outcome::Met => ("met", GREEN),
        slo::Outcome::Undecided => ("UNDECIDED", YELLOW),
        slo::Outcome::Missed => ("MISSED", RED),
    };
    let mut lines = vec![labelled("slo", &painted(word, colour, style))];
    for objective in &slo.objectives {
        lines.push(labelled("", &objective.message));
    }
    lines
}

/// One column of the table.
#[derive(Clone, Copy)]
struct Column {
    name: &'static str,
    of: fn(&Distribution) -> Quantile,
    /// `None` for the maximum, which takes but one value.
    fraction: Option<Fraction>,
    interval: fn(&Intervals) -> Option<[Edge; 2]>,
}

const COLUMNS: [Column; 6] = [
    Column {
        name: "p50",
        of: |distribution| distribution.p50,
        fraction: Some(Fraction::P50),
        interval: |intervals| intervals.p50,
    },
    Column {
        name: "p90",
        of: |distribution| distribution.p90,
        fraction: Some(Fraction::P90),
        interval: |intervals| intervals.p90,
    },
    Column {
        name: "p99",
        of: |distribution| distribution.p99,
        fraction: Some(Fraction::P99),
        interval: |intervals| intervals.p99,
    },
    Column {
        name: "p99.9",
        of: |distribution| distribution.p99_9,
        fraction: Some(Fraction::P99_9),
        interval: |intervals| intervals.p99_9,
    },
    Column {
        name: "p99.99",
        of: |distribution| distribution.p99_99,
        fraction: Some(Fraction::P99_99),
        interval: |intervals| intervals.p99_99,
    },
    Column {
        name: "max",
        of: |distribution| distribution.max,
        fraction: None,
        interval: |_intervals| None,
    },
];

pub(super) fn cell(quantile: Quantile) -> String {
    match quantile {
        Quantile::Value(nanos) => time(nanos),
        Quantile::Lost => "lost".to_owned(),
        Quantile::TooFew => "n/a".to_owned(),
    }
}

fn row(name: &str, cells: &[String]) -> String {
    let cells = cells.iter().map(|cell| format!("{cell:>9}"));
    format!("{name:<10}{}", cells.collect::<String>())
}

fn number_of(number: u16, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", count(number.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::TimeSplit;
    use crate::results::Doubt;
    use crate::results::tests::{asked, run};
    use crate::verdict::Outcome;

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
gaps        intended p50 100 us p99 100 us, achieved p50 100 us p99 100 us, distance 0.00
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
        let mut run = run();
        run.verdict.outcome = Outcome::Invalid;
        run.verdict.doubts.push(Doubt {
            code: "rate_missed".to_owned(),
            message: "Lower --rate.".to_owned(),
            outcome: Outcome::Invalid,
            measured: 1.0,
            limit: 2.0,
            unit: "probes".to_owned(),
        });
        let text = text(&run, Style::Plain);
        let expected = "verdict     INVALID\n            rate_missed: Lower --rate.\n";
        assert!(text.ends_with(expected), "{text}");
    }

    #[test]
    fn what_the_host_did_is_one_line() {
        let mut run = run();
        run.host.stolen_share = Some(0.003);
        run.host.involuntary_switches = Some(1_200);
        run.host.run_queue_wait_ns = Some(2_000_000);
        run.host.throttled_ns = Some(0);
        run.host.too_hot = Some(2);
        let text = text(&run, Style::Plain);
        let line = "\nhost        0.3 % of the time stolen, 1,200 involuntary switches, waited \
                    2.00 ms for a CPU, 2 times too hot\n";
        assert!(text.contains(line), "{text}");
    }

    #[test]
    fn where_probes_were_lost_is_told_only_if_some_were() {
        let mut run = run();
        run.lost_by.server_known = Known::Embedded;
        run.lost_by.own_socket = 1;
        run.lost_by.server = Some(0);
        run.lost_by.path = 0;
        let places = "lost at     own sockets 1, server's socket 1, server 0, path 0\n";
        assert!(text(&run, Style::Plain).contains(places));
        run.counts.lost = 0;
        assert!(!text(&run, Style::Plain).contains("lost at"));
    }

    #[test]
    fn drops_beyond_the_lost_probes_are_told_beside_them() {
        let mut run = run();
        run.lost_by.raw.server_socket = Some(1_300);
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
                        100 ms after no warm-up, seed 1\n";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn a_range_is_told_by_its_bounds() {
        let mut run = run();
        run.plan.sizes = "64..1472".to_owned();
        (run.plan.smallest_size_bytes, run.plan.largest_size_bytes) = (64, 1_472);
        let text = text(&run, Style::Plain);
        let expected = "load        10,000 probes/s of 64 to 1,472 bytes for 100 ms after no \
                        warm-up, seed 1\n";
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
