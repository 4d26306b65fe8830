//! What is known of a run that is not over: the rows up to now, and their sum.

use crate::host::Host;
use crate::losses::{Losses, Server};
use crate::measure::{Measured, Series};
use crate::plan::Plan;
use crate::results::{About, Ended, Findings, Run};
use crate::verdict;

/// What is known of a run that is not over.
pub struct Known<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) series: &'a Series,
    pub(crate) about: &'a About,
}

impl Known<'_> {
    /// It as a result that says that the run is not over.
    #[must_use]
    pub fn run(&self) -> Run {
        let Self {
            plan,
            series,
            about,
        } = *self;
        let known = series.reached().since(plan.measured_from());
        let findings = Findings {
            about: about.clone(),
            ended: Ended::Unfinished,
            host: Host::unknown(NOT_OVER),
            losses: Losses::attribute(0, 0, Server::Unknown),
            verdict: verdict::unfinished(known, plan.longest()),
        };
        let measured = Measured {
            latency: series.total().clone(),
            rows: series.rows().to_vec(),
            flows: vec![series.tally().into()],
            ..Measured::default()
        };
        Run {
            flows: Vec::new(),
            gaps_ns: None,
            slo: None,
            own_drops: None,
            lost_by: None,
            ..Run::new(plan, known, &measured, &findings)
        }
    }
}

const NOT_OVER: &str = "the run is not over";
