//! Everything at one moment, as Prometheus reads it.

use std::collections::BTreeMap;
use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, MetricEncoder, NoLabelSet, prometheus_protobuf, prometheus_text, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use thiserror::Error;

use super::histograms::{self, Scale};
use super::names::{self, Family};
use super::process::Usage;
use crate::stats::Summary;
use crate::stats::account::Account;

/// The formats that scrapers understand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// `OpenMetrics` 1.0.
    OpenMetrics,
    /// The older format of Prometheus, 0.0.4, which everything reads.
    Prometheus,
    /// That of Prometheus in protobuf, each family behind its length: the one with native histograms.
    Protobuf,
}

impl Format {
    /// Its media type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => prometheus_text::CONTENT_TYPE,
            Self::Protobuf => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; \
                 encoding=delimited"
            }
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
/// None that something in memory can cause.
pub fn write(moment: Moment, format: Format) -> Result<Vec<u8>, Unwritable> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(moment.usage));
    registry
        .sub_registry_with_prefix("echo_reactor")
        .register_collector(Box::new(moment));
    let mut page = String::new();
    match format {
        Format::OpenMetrics => text::encode(&mut page, &registry),
        Format::Prometheus => prometheus_text::encode(&mut page, &registry),
        Format::Protobuf => {
            let page = prometheus_protobuf::encode_to_vec(&registry);
            return page.map_err(|_error| Unwritable);
        }
    }
    .map_err(|_error| Unwritable)?;
    Ok(page.into_bytes())
}

/// The metrics could not be written down, which only a mistake of this program can cause.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Error)]
#[error("the metrics cannot be written down")]
pub struct Unwritable;

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
        page.queues(summary)?;
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

/// The histograms, whose sums are known exactly.
fn spreads(page: &mut Page<'_, '_>, summary: &Summary) -> fmt::Result {
    let kind = MetricType::Histogram;
    let received = Scale::datagrams(MOST_RECEIVED);
    page.by_worker(names::RECEIVED_A_CALL, kind, summary, |encoder, account| {
        let (spread, sum) = (&account.received_a_call, account.received);
        histograms::encode(encoder, spread, sum, &received)
    })?;
    let sent = Scale::datagrams(MOST_SENT);
    page.by_worker(names::SENT_A_MESSAGE, kind, summary, |encoder, account| {
        let copies = account.faults.map_or(0, |faults| faults.duplicated);
        let (spread, sum) = (&account.segments_a_message, account.echoed + copies);
        histograms::encode(encoder, spread, sum, &sent)
    })?;
    let seconds = Scale::seconds();
    page.by_worker(names::QUEUE_DELAY, kind, summary, |encoder, account| {
        if summary.total.queue_delay_ns.is_empty() {
            return Ok(());
        }
        let (spread, sum) = (&account.queue_delay_ns, account.queue_delay_sum_ns);
        histograms::encode(encoder, spread, sum, &seconds)
    })?;
    page.by_worker(names::SERVICE, kind, summary, |encoder, account| {
        if summary.total.service_ns.is_empty() {
            return Ok(());
        }
        let (spread, sum) = (&account.service_ns, account.service_sum_ns);
        histograms::encode(encoder, spread, sum, &seconds)
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
            for (worker, account) in named_workers(summary) {
                let labels = [("worker", worker.as_str())];
                value(&mut encoder.encode_family(&labels)?, account)?;
            }
            Ok(())
        })
    }

    /// What waits for each worker. What former ones left went with their sockets.
    fn queues(&mut self, summary: &Summary) -> fmt::Result {
        self.of(names::QUEUE, MetricType::Gauge, |encoder| {
            for (worker, account) in summary.workers.iter().enumerate() {
                let labels = [("worker", worker)];
                let mut encoder = encoder.encode_family(&labels)?;
                encoder.encode_gauge(&account.queued_bytes)?;
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
            for (worker, account) in named_workers(summary) {
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

/// The account of each worker with its number, and that of those that a replacement had too many: what
/// they counted must not vanish from sums, nor stand still where a worker is looked for.
fn named_workers(summary: &Summary) -> impl Iterator<Item = (String, &Account)> {
    let workers = summary.workers.iter().enumerate();
    let workers = workers.map(|(number, account)| (number.to_string(), account));
    let retired = summary.retired.iter();
    workers.chain(retired.map(|account| ("retired".to_owned(), account)))
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

/// 1,024 trains of 128 in a call.
const MOST_RECEIVED: u32 = 131_072;

/// The segments of a train.
const MOST_SENT: u32 = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::encoding::prometheus_protobuf::prometheus_data_model::MetricFamily;
    use prost::Message;

    fn moment(account: Account) -> Moment {
        Moment {
            summary: Summary::new(vec![account.clone(), account], 0),
            ready: true,
            unwritten: 3,
            usage: Usage::default(),
        }
    }

    fn page_of(account: Account, format: Format) -> String {
        String::from_utf8(write(moment(account), format).unwrap()).unwrap()
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
            received_a_call: [(1, 2), (8, 10), (128, 1)].into(),
            echoed: 168,
            refused: [("truncated", 2)].into(),
            failed: [("EPERM".to_owned(), 4)].into(),
            queue_delay_ns: [(954, 2), (1_908, 1)].into(),
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
    fn former_workers_are_counted_and_not_among_those_that_answer() {
        let mut moment = moment(busy());
        moment.summary.add_retired(&[busy(), busy()]);
        let page = write(moment, Format::Prometheus).unwrap();
        assert_lines(
            &String::from_utf8(page).unwrap(),
            &[
                "echo_reactor_workers 2",
                "echo_reactor_received_datagrams_total{worker=\"1\"} 170",
                "echo_reactor_received_datagrams_total{worker=\"retired\"} 340",
                "echo_reactor_failed_datagrams_total{worker=\"retired\",error=\"EPERM\"} 8",
            ],
        );
    }

    #[test]
    fn a_histogram_has_all_its_buckets_and_its_exact_sum() {
        assert_lines(
            &page_of(busy(), Format::OpenMetrics),
            &[
                "# UNIT echo_reactor_queue_delay_seconds seconds",
                "echo_reactor_receive_call_datagrams_sum{worker=\"0\"} 170.0",
                "echo_reactor_receive_call_datagrams_count{worker=\"0\"} 13",
                "echo_reactor_receive_call_datagrams_bucket{le=\"4.0\",worker=\"0\"} 2",
                "echo_reactor_receive_call_datagrams_bucket{le=\"8.0\",worker=\"0\"} 12",
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
        assert!(page.contains("# TYPE echo_reactor_service_seconds histogram"));
        assert!(!page.contains("echo_reactor_service_seconds_count"));
    }

    #[test]
    fn the_protobuf_form_has_the_native_buckets_beside_the_classic_ones() {
        let moment = moment(busy());
        let page = write(moment, Format::Protobuf).unwrap();
        let mut rest = page.as_slice();
        let mut families = Vec::new();
        while !rest.is_empty() {
            families.push(MetricFamily::decode_length_delimited(&mut rest).unwrap());
        }
        let of = |name: &str| {
            let mut found = families.iter().filter(|family| family.name == name);
            found.next().unwrap().metric[0].histogram.clone().unwrap()
        };
        let calls = of("echo_reactor_receive_call_datagrams");
        assert_eq!((calls.schema, calls.sample_count), (0, 13));
        // 2 of up to 1, 10 of up to 8, 1 of up to 128.
        let spans = calls.positive_span.iter();
        let spans: Vec<_> = spans.map(|span| (span.offset, span.length)).collect();
        assert_eq!(spans, [(0, 1), (2, 1), (3, 1)]);
        assert_eq!(calls.positive_delta, [2, 8, -9]);
        assert_eq!(calls.bucket.len(), 19);
        let delays = of("echo_reactor_queue_delay_seconds");
        // Up to 2^-20 s and 2^-19 s.
        assert_eq!(delays.positive_span[0].offset, -20);
        assert_eq!(delays.positive_delta, [2, -1]);
    }
}
