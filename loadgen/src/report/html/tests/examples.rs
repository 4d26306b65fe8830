//! Results for pages, and pages of them.

use crate::measure::{self, Compressed, Quantile};
use crate::report::html::{Source, page};
use crate::results::read::Document;
use crate::results::tests::run;
use crate::results::{Encoded, Period, PeriodRoundTrips, Run, Spread, SweepTrial};
use crate::sweep::Direction;

pub(super) fn source(name: &str, run: Run) -> Source {
    Source {
        path: name.into(),
        document: Document::Run(Box::new(run)),
    }
}

pub(super) fn page_of(run: Run) -> String {
    page(&[source("run.json", run)])
}

/// Seconds of 10,000 probes.
pub(super) fn rows(seconds: u64) -> Vec<Period> {
    let spread = |nanos: u64| Spread {
        p50: Quantile::Value(nanos),
        p90: Quantile::Value(nanos * 2),
        p99: Quantile::Value(nanos * 3),
        p99_9: Quantile::TooFew,
        max: Quantile::Lost,
    };
    let mut histogram = measure::Distribution::new();
    histogram.record_many(20_000, 9_990);
    let row = |second: u64| Period {
        from_ns: second * 1_000_000_000,
        to_ns: (second + 1) * 1_000_000_000,
        sent: 9_995,
        not_sent: 5,
        received: 9_990,
        lost: 5,
        duplicated: 0,
        reordered: 0,
        corrupted: 0,
        foreign: 0,
        stale: 0,
        rtt_ns: PeriodRoundTrips {
            from_due: spread(20_000 + second),
            from_send: spread(19_000),
        },
        lateness_ns: spread(700),
        histogram: Encoded::from(&Compressed::of(histogram.histogram())),
    };
    (0..seconds).map(row).collect()
}

pub(super) fn trial(direction: Direction, rate: &str, median: u64) -> SweepTrial {
    let mut run = run();
    run.plan.rate = Some(rate.to_owned());
    run.rtt_ns.from_due.p50 = Quantile::Value(median);
    SweepTrial { direction, run }
}
