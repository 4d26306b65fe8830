//! Everything at one moment, as Prometheus reads it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, MetricEncoder, NoLabelSet, prometheus_text, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::names::{self, Family};
use super::process::Usage;
use crate::stats::Summary;
use crate::stats::summary::Account;

/// The two text formats that scrapers understand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// `OpenMetrics` 1.0.
    OpenMetrics,
    /// The older format of Prometheus, 0.0.4, which everything reads.
    Prometheus,
}

impl Format {
    /// Its media type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => prometheus_text::CONTENT_TYPE,
        }
    }
}

/// All that a scrape tells.
#[derive(Clone, Debug)]
pub struct Moment {
    /// What the workers and the kernel counted.
    pub summary: Summary,
    /// Whether the server answers what comes.
    pub ready: bool,
    /// Lines of the log that got lost.
    pub unwritten: u64,
    /// What the system says of this process.
    pub usage: Usage,
}

/// Writes the moment down.
///
/// # Errors
/// None that a text in memory can cause.
pub fn write(moment: Moment, format: Format) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(moment.usage));
    registry
        .sub_registry_with_prefix("echo_reactor")
        .register_collector(Box::new(moment));
    let mut page = String::new();
    match format {
        Format::OpenMetrics => text::encode(&mut page, &registry)?,
        Format::Prometheus => prometheus_text::encode(&mut page, &registry)?,
    }
    Ok(page)
}

impl Collector for Moment {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(&mut encoder);
        let summary = &self.summary;
        page.info(names::BUILD, &[("version", crate::VERSION)])?;
        page.gauge(names::WORKERS, summary.workers.len() as u64)?;
        page.gauge(names::READY, u64::from(self.ready))?;
        page.counter(names::UNWRITTEN, self.unwritten)?;
        for (family, value) in names::COUNTERS {
            page.by_worker(family, MetricType::Counter, summary, |encoder, account| {
                count(encoder, value(account))
            })?;
        }
        page.by_worker(
            names::QUEUE,
            MetricType::Gauge,
            summary,
            |encoder, account| encoder.encode_gauge(&account.queued_bytes),
        )?;
        page.by_worker_and(names::REFUSED, "reason", summary, |account| {
            names::refusals(account).collect()
        })?;
        page.by_worker_and(names::FAILED, "error", summary, |account| {
            named(&account.failed)
        })?;
        page.by_worker_and(names::RECEIVE_ERRORS, "error", summary, |account| {
            named(&account.receive_errors)
        })?;
        page.by_worker_and(names::FAULTS, "fault", summary, |account| {
            let faults = account.faults.as_ref().map(names::faults);
            faults.into_iter().flatten().collect()
        })?;
        spreads(&mut page, summary)
    }
}

/// The three histograms, whose sums are known exactly.
fn spreads(page: &mut Page<'_, '_>, summary: &Summary) -> fmt::Result {
    let kind = MetricType::Histogram;
    page.by_worker(names::RECEIVED_A_CALL, kind, summary, |encoder, account| {
        let spread = (&account.received_a_call, RECEIVED_PLACES);
        histogram(encoder, account.received, 1, spread)
    })?;
    page.by_worker(names::SENT_A_MESSAGE, kind, summary, |encoder, account| {
        let copies = account.faults.map_or(0, |faults| faults.duplicated);
        let spread = (&account.segments_a_message, SENT_PLACES);
        histogram(encoder, account.echoed + copies, 1, spread)
    })?;
    page.by_worker(names::QUEUE_DELAY, kind, summary, |encoder, account| {
        if summary.total.queue_delay_ns.is_empty() {
            return Ok(());
        }
        let spread = (&account.queue_delay_ns, DELAY_PLACES);
        histogram(encoder, account.queue_delay_sum_ns, NANOS, spread)
    })
}

/// What the encoder makes of families.
pub(super) struct Page<'page, 'encoder>(pub(super) &'page mut DescriptorEncoder<'encoder>);

impl Page<'_, '_> {
    pub(super) fn gauge(&mut self, family: Family, value: u64) -> fmt::Result {
        self.of(family, MetricType::Gauge, |encoder| {
            encoder.encode_gauge(&value)
        })
    }

    pub(super) fn seconds(&mut self, family: Family, value: f64) -> fmt::Result {
        self.of(family, MetricType::Gauge, |encoder| {
            encoder.encode_gauge(&value)
        })
    }

    pub(super) fn seconds_so_far(&mut self, family: Family, value: f64) -> fmt::Result {
        self.of(family, MetricType::Counter, |encoder| {
            encoder.encode_counter::<NoLabelSet, f64, f64>(&value, None)
        })
    }

    fn counter(&mut self, family: Family, value: u64) -> fmt::Result {
        self.of(family, MetricType::Counter, |encoder| count(encoder, value))
    }

    fn info(&mut self, family: Family, labels: &[(&str, &str)]) -> fmt::Result {
        self.of(family, MetricType::Info, |encoder| {
            encoder.encode_info(&labels)
        })
    }

    fn by_worker(
        &mut self,
        family: Family,
        kind: MetricType,
        summary: &Summary,
        mut value: impl FnMut(&mut MetricEncoder<'_>, &Account) -> fmt::Result,
    ) -> fmt::Result {
        self.of(family, kind, |encoder| {
            for (worker, account) in summary.workers.iter().enumerate() {
                let labels = [("worker", worker)];
                value(&mut encoder.encode_family(&labels)?, account)?;
            }
            Ok(())
        })
    }

    /// Counters of each worker by a further label.
    fn by_worker_and<'account>(
        &mut self,
        family: Family,
        label: &str,
        summary: &'account Summary,
        values: impl Fn(&'account Account) -> Vec<(&'account str, u64)>,
    ) -> fmt::Result {
        self.of(family, MetricType::Counter, |encoder| {
            for (worker, account) in summary.workers.iter().enumerate() {
                let worker = worker.to_string();
                for (name, number) in values(account) {
                    let labels = [("worker", worker.as_str()), (label, name)];
                    count(&mut encoder.encode_family(&labels)?, number)?;
                }
            }
            Ok(())
        })
    }

    fn of(
        &mut self,
        family: Family,
        kind: MetricType,
        values: impl FnOnce(&mut MetricEncoder<'_>) -> fmt::Result,
    ) -> fmt::Result {
        let unit = family.unit.map(|unit| Unit::Other(unit.to_owned()));
        let (name, help) = (family.name, family.help);
        values(&mut self.0.encode_descriptor(name, help, unit.as_ref(), kind)?)
    }
}

fn count(encoder: &mut MetricEncoder<'_>, number: u64) -> fmt::Result {
    encoder.encode_counter::<NoLabelSet, u64, f64>(&number, None)
}

fn named(numbers: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    let numbers = numbers.iter();
    numbers
        .map(|(name, number)| (name.as_str(), *number))
        .collect()
}

/// A histogram with the same buckets always: those of the places. Values above the last of them
/// are in the bucket without end alone.
fn histogram(
    encoder: &mut MetricEncoder<'_>,
    sum: u64,
    divisor: u32,
    (spread, places): (&BTreeMap<u64, u64>, RangeInclusive<u32>),
) -> fmt::Result {
    let mut counted = 0;
    let mut buckets = Vec::with_capacity(places.clone().count() + 1);
    for place in places {
        let bound = (1_u64 << place) - 1;
        let below: u64 = spread.range(..=bound).map(|(_, number)| number).sum();
        buckets.push((value(bound, divisor), below - counted));
        counted = below;
    }
    let all: u64 = spread.values().sum();
    buckets.push((f64::INFINITY, all - counted));
    encoder.encode_histogram::<NoLabelSet>(value(sum, divisor), all, &buckets, None)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the formats know no other number, and 53 bits of it are kept"
)]
fn value(number: u64, divisor: u32) -> f64 {
    number as f64 / f64::from(divisor)
}

/// In a second.
const NANOS: u32 = 1_000_000_000;

/// Up to 131,071 datagrams a call: 1,024 trains of 128.
const RECEIVED_PLACES: RangeInclusive<u32> = 1..=17;

/// Up to 127 datagrams a message, and the whole 128.
const SENT_PLACES: RangeInclusive<u32> = 1..=8;

/// From a microsecond to 8.6 seconds.
const DELAY_PLACES: RangeInclusive<u32> = 10..=33;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn page_of(account: Account, format: Format) -> String {
        let moment = Moment {
            summary: Summary::new(vec![account.clone(), account], 0),
            ready: true,
            unwritten: 3,
            usage: Usage::default(),
        };
        write(moment, format).unwrap()
    }

    #[track_caller]
    fn assert_lines(page: &str, lines: &[&str]) {
        for line in lines {
            let found = page.lines().any(|other| other == *line);
            assert!(found, "{line} is not in:\n{page}");
        }
    }

    fn busy() -> Account {
        Account {
            received: 170,
            received_a_call: [(1, 2), (7, 10), (127, 1)].into(),
            echoed: 168,
            refused: [("truncated", 2)].into(),
            failed: [("EPERM".to_owned(), 4)].into(),
            queue_delay_ns: [(1_023, 2), (2_047, 1)].into(),
            queue_delay_sum_ns: 3_500,
            ..Account::default()
        }
    }

    #[test]
    fn every_worker_has_its_counters_in_both_formats() {
        for format in [Format::OpenMetrics, Format::Prometheus] {
            assert_lines(
                &page_of(busy(), format),
                &[
                    "echo_reactor_received_datagrams_total{worker=\"0\"} 170",
                    "echo_reactor_echoed_datagrams_total{worker=\"1\"} 168",
                    "echo_reactor_refused_datagrams_total{worker=\"1\",reason=\"truncated\"} 2",
                    "echo_reactor_refused_datagrams_total{worker=\"0\",reason=\"source port 0\"} 0",
                    "echo_reactor_failed_datagrams_total{worker=\"0\",error=\"EPERM\"} 4",
                    "echo_reactor_unwritten_log_lines_total 3",
                    "echo_reactor_workers 2",
                    "echo_reactor_ready 1",
                ],
            );
        }
    }

    #[test]
    fn a_histogram_has_all_its_buckets_and_its_exact_sum() {
        assert_lines(
            &page_of(busy(), Format::OpenMetrics),
            &[
                "# UNIT echo_reactor_queue_delay_seconds seconds",
                "echo_reactor_receive_call_datagrams_sum{worker=\"0\"} 170.0",
                "echo_reactor_receive_call_datagrams_count{worker=\"0\"} 13",
                "echo_reactor_receive_call_datagrams_bucket{le=\"3.0\",worker=\"0\"} 2",
                "echo_reactor_receive_call_datagrams_bucket{le=\"7.0\",worker=\"0\"} 12",
                "echo_reactor_receive_call_datagrams_bucket{le=\"+Inf\",worker=\"0\"} 13",
                "echo_reactor_queue_delay_seconds_sum{worker=\"1\"} 0.0000035",
                "echo_reactor_queue_delay_seconds_count{worker=\"1\"} 3",
            ],
        );
    }

    #[test]
    fn without_stamps_there_are_no_queue_delays() {
        let page = page_of(Account::default(), Format::OpenMetrics);
        assert!(page.contains("# TYPE echo_reactor_queue_delay_seconds histogram"));
        assert!(!page.contains("echo_reactor_queue_delay_seconds_count"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn buckets_only_grow_and_the_last_has_all(
            places in proptest::collection::btree_map(0_u32..40, 0_u64..1_000, 0..10)
        ) {
            let spread = places.iter().map(|(place, number)| ((1 << place) - 1, *number));
            let account = Account {
                queue_delay_ns: std::iter::once((0, 1)).chain(spread).collect(),
                ..Account::default()
            };
            let all: u64 = account.queue_delay_ns.values().sum();
            let page = page_of(account, Format::Prometheus);
            let lines = page.lines().filter(|line| {
                line.starts_with("echo_reactor_queue_delay_seconds_bucket")
                    && line.contains("worker=\"0\"")
            });
            let numbers: Vec<u64> =
                lines.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect();
            prop_assert!(numbers.is_sorted());
            prop_assert_eq!(numbers.len(), DELAY_PLACES.count() + 1);
            prop_assert_eq!(numbers.last(), Some(&all));
        }
    }
}
