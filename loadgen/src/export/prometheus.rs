//! Metrics in the text format of Prometheus, for the textfile collector of `node_exporter`.
//!
//! Times are in seconds. A lost probe took for ever: it is in the bucket `+Inf` alone, and a quantile
//! among the lost is `+Inf`. What is unknown is left out.

use std::fmt::{self, Write};

use super::{ExportError, distribution};
use crate::decimal;
use crate::measure::{self, Quantile};
use crate::results::{Distribution, Run};
use crate::slo;
use crate::verdict::Outcome;

/// A run as metrics, each with its target.
///
/// # Errors
///
/// [`ExportError`] if a histogram of the run is broken.
pub fn text(run: &Run) -> Result<String, ExportError> {
    let mut page = Page {
        text: String::new(),
        target: escaped(&target(run)),
    };
    page.about(run);
    page.counts(run);
    page.quantiles(run);
    if let Some(histograms) = &run.histograms {
        let from_due = distribution(&histograms.from_due)?;
        let from_send = distribution(&histograms.from_send)?;
        let lost = run.counts.lost + run.counts.late;
        page.family(
            "loadgen_round_trip_seconds",
            "histogram",
            "Round trips from when a probe was due or sent; probes lost or late are in +Inf alone, \
             and not in the sum.",
        );
        page.histogram("due", &from_due, lost);
        page.histogram("send", &from_send, lost);
    }
    page.judgements(run);
    Ok(page.text)
}

/// As it was typed, which is the same from run to run where a server started here is not.
fn target(run: &Run) -> String {
    match &run.plan.target_name {
        _ if run.plan.embedded => "embedded".to_owned(),
        Some(name) => name.clone(),
        None => run.plan.target.to_string(),
    }
}

/// The text so far, and what every line of it is labelled with.
struct Page {
    text: String,
    target: String,
}

impl Page {
    fn about(&mut self, run: &Run) {
        // It may be another one than this, which shows a file.
        if let Some(builds) = &run.builds {
            self.family("loadgen_info", "gauge", "The program that measured.");
            let version = escaped(&builds.loadgen.version);
            self.sample("loadgen_info", &[("version", &version)], 1);
        }
        if let Some(began) = run.began_unix_ns {
            self.family(
                "loadgen_run_timestamp_seconds",
                "gauge",
                "When the measured window began, in seconds since 1970.",
            );
            self.sample("loadgen_run_timestamp_seconds", &[], seconds(began));
        }
        self.family(
            "loadgen_run_duration_seconds",
            "gauge",
            "How long the measured window was.",
        );
        self.sample("loadgen_run_duration_seconds", &[], seconds(run.window_ns));
    }

    fn counts(&mut self, run: &Run) {
        let counts = &run.counts;
        self.family(
            "loadgen_probes_total",
            "counter",
            "What became of the probes of the run, each in one state.",
        );
        for (state, count) in [
            ("received", counts.received),
            ("late", counts.late),
            ("under_way", counts.under_way()),
            ("lost", counts.lost),
            ("not_sent", counts.not_sent),
        ] {
            self.sample("loadgen_probes_total", &[("state", state)], count);
        }
        self.family(
            "loadgen_datagrams_total",
            "counter",
            "Datagrams of the run that were no sound first answer to a probe.",
        );
        for (kind, count) in [
            ("duplicated", counts.duplicated),
            ("corrupted", counts.corrupted),
            ("foreign", counts.foreign),
            ("stale", counts.stale),
        ] {
            self.sample("loadgen_datagrams_total", &[("kind", kind)], count);
        }
        self.family(
            "loadgen_reordered_total",
            "counter",
            "Answers of the run that were overtaken by the answer to a later probe.",
        );
        self.sample("loadgen_reordered_total", &[], counts.reordered);
        self.family(
            "loadgen_rate_probes_per_second",
            "gauge",
            "Probes a second that were scheduled, sent, and answered in time.",
        );
        let rates = &run.rate_pps;
        for (of, rate) in [
            ("scheduled", rates.scheduled),
            ("sent", rates.sent),
            ("received", rates.received),
        ] {
            self.sample("loadgen_rate_probes_per_second", &[("of", of)], rate);
        }
    }

    fn quantiles(&mut self, run: &Run) {
        let name = "loadgen_round_trip_quantile_seconds";
        self.family(
            name,
            "gauge",
            "Quantiles of the round trips of all probes sent, from when they were due or sent; \
             +Inf among the lost.",
        );
        for (clock, times) in [
            ("due", &run.rtt_ns.from_due),
            ("send", &run.rtt_ns.from_send),
        ] {
            self.quantiles_of(name, &[("clock", clock)], times);
        }
        let name = "loadgen_lateness_quantile_seconds";
        self.family(name, "gauge", "Quantiles of how late probes were sent.");
        self.quantiles_of(name, &[], &run.lateness_ns);
    }

    fn quantiles_of(&mut self, name: &str, labels: &[(&str, &str)], times: &Distribution) {
        for (quantile, value) in [
            ("0.5", times.p50),
            ("0.9", times.p90),
            ("0.99", times.p99),
            ("0.999", times.p99_9),
            ("0.9999", times.p99_99),
            ("1", times.max),
        ] {
            let value = match value {
                Quantile::Value(nanos) => seconds(nanos),
                Quantile::Lost => "+Inf".to_owned(),
                Quantile::TooFew => continue,
            };
            let labels = [labels, &[("quantile", quantile)]].concat();
            self.sample(name, &labels, value);
        }
    }

    fn histogram(&mut self, clock: &str, times: &measure::Distribution, lost: u64) {
        let name = "loadgen_round_trip_seconds";
        let total = times.count() + lost;
        for bound in bounds() {
            let below = times.histogram().count_between(0, below(times, bound));
            let bucket = format!("{name}_bucket");
            let labels = [("clock", clock), ("le", &seconds(bound))];
            self.sample(&bucket, &labels, below);
        }
        let labels = [("clock", clock), ("le", "+Inf")];
        self.sample(&format!("{name}_bucket"), &labels, total);
        let sum = wide_seconds(times.exact().sum);
        self.sample(&format!("{name}_sum"), &[("clock", clock)], sum);
        self.sample(&format!("{name}_count"), &[("clock", clock)], total);
    }

    fn judgements(&mut self, run: &Run) {
        self.family(
            "loadgen_verdict",
            "gauge",
            "Whether to believe the run: 1 for the outcome that it has.",
        );
        for (word, outcome) in [
            ("valid", Outcome::Valid),
            ("suspect", Outcome::Suspect),
            ("invalid", Outcome::Invalid),
        ] {
            let is = u64::from(run.verdict.outcome == outcome);
            self.sample("loadgen_verdict", &[("outcome", word)], is);
        }
        let Some(slo) = &run.slo else { return };
        self.family(
            "loadgen_slo",
            "gauge",
            "Whether the server does what it shall: 1 for the outcome that it has.",
        );
        for (word, outcome) in [
            ("met", slo::Outcome::Met),
            ("undecided", slo::Outcome::Undecided),
            ("missed", slo::Outcome::Missed),
        ] {
            let is = u64::from(slo.outcome == outcome);
            self.sample("loadgen_slo", &[("outcome", word)], is);
        }
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.write(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl fmt::Display) {
        let target = self.target.clone();
        self.write(format_args!("{name}{{target=\"{target}\""));
        for (label, text) in labels {
            self.write(format_args!(",{label}=\"{text}\""));
        }
        self.write(format_args!("}} {value}\n"));
    }

    fn write(&mut self, text: fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _written = self.text.write_fmt(text);
    }
}

/// A label's value as the format wants it.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    text.replace('\n', "\\n")
}

/// Upper ends of the buckets in nanoseconds: 1, 2 and 5 of each power of ten from 1 us to 10 s.
fn bounds() -> impl Iterator<Item = u64> {
    let powers = (3..10).map(|power| 10_u64.pow(power));
    let within = powers.flat_map(|power| [power, 2 * power, 5 * power]);
    within.chain([10_000_000_000])
}

/// The highest value of those that surely are no larger than a bound: what a histogram does not tell
/// from larger ones counts one bucket higher.
fn below(times: &measure::Distribution, bound: u64) -> u64 {
    let histogram = times.histogram();
    if histogram.highest_equivalent(bound) == bound {
        bound
    } else {
        histogram.lowest_equivalent(bound).saturating_sub(1)
    }
}

fn seconds(nanos: u64) -> String {
    decimal::written(nanos, 9)
}

/// The same for a sum of times.
fn wide_seconds(nanos: u128) -> String {
    format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::build::Builds;
    use crate::results::tests::{asked, run};

    fn has(text: &str, line: &str) {
        assert!(
            text.lines().any(|found| found == line),
            "no {line} in {text}"
        );
    }

    #[test]
    fn every_probe_is_in_one_state() {
        let text = text(&run()).unwrap();
        for (state, count) in [("received", 989), ("late", 2), ("lost", 2), ("not_sent", 7)] {
            let labels = format!("target=\"embedded\",state=\"{state}\"");
            has(&text, &format!("loadgen_probes_total{{{labels}}} {count}"));
        }
        has(&text, "# TYPE loadgen_probes_total counter");
    }

    #[test]
    fn the_lost_are_infinitely_late() {
        let text = text(&run()).unwrap();
        let due = "target=\"embedded\",clock=\"due\"";
        for (le, count) in [("0.00002", 0), ("0.00005", 989), ("10", 989), ("+Inf", 993)] {
            let bucket = format!("loadgen_round_trip_seconds_bucket{{{due},le=\"{le}\"}} {count}");
            has(&text, &bucket);
        }
        has(
            &text,
            &format!("loadgen_round_trip_seconds_count{{{due}}} 993"),
        );
        has(
            &text,
            &format!("loadgen_round_trip_seconds_sum{{{due}}} 0.020769000"),
        );
        let quantile = |quantile, value| {
            let labels = format!("{due},quantile=\"{quantile}\"");
            format!("loadgen_round_trip_quantile_seconds{{{labels}}} {value}")
        };
        has(&text, &quantile("0.99", "0.000021"));
        has(&text, &quantile("1", "+Inf"));
        assert!(!text.contains("quantile=\"0.9999\""), "{text}");
    }

    #[test]
    fn one_outcome_of_each_judgement_is_the_one() {
        let text = text(&asked()).unwrap();
        has(
            &text,
            "loadgen_verdict{target=\"embedded\",outcome=\"valid\"} 1",
        );
        has(
            &text,
            "loadgen_verdict{target=\"embedded\",outcome=\"invalid\"} 0",
        );
        has(
            &text,
            "loadgen_slo{target=\"embedded\",outcome=\"missed\"} 1",
        );
    }

    #[test]
    fn a_label_holds_any_name() {
        let mut run = run();
        run.plan.embedded = false;
        run.plan.target_name = Some("a\\b\"c\nd".to_owned());
        let text = text(&run).unwrap();
        assert!(text.contains("target=\"a\\\\b\\\"c\\nd\""), "{text}");
    }

    #[test]
    fn the_version_is_that_of_the_program_that_measured() {
        let mut run = run();
        let mut builds = Builds::read(false);
        builds.loadgen.version = "0.0.1\"".to_owned();
        run.builds = Some(builds);
        has(
            &text(&run).unwrap(),
            "loadgen_info{target=\"embedded\",version=\"0.0.1\\\"\"} 1",
        );
        run.builds = None;
        let text = text(&run).unwrap();
        assert!(!text.contains("loadgen_info"), "{text}");
    }

    #[test]
    fn a_run_without_histograms_has_the_rest() {
        let mut run = run();
        run.histograms = None;
        let text = text(&run).unwrap();
        assert!(
            !text.contains("_bucket") && text.contains("_quantile_seconds"),
            "{text}"
        );
    }
}
