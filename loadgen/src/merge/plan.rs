//! What was asked for, of all runs.

use std::collections::BTreeMap;

use super::{all, most, same, total};
use crate::rate::Rate;
use crate::results::{Load, Plan, Run};

/// What all runs have in common, rates, flows and threads added; the rest is that of the first.
pub(super) fn together(first: &Plan, runs: &[&Run]) -> Plan {
    let rate = rate(runs);
    let number = |figure: fn(&Plan) -> u16| {
        let all = runs.iter().map(|run| figure(&run.plan));
        all.fold(0, u16::saturating_add)
    };
    let common = |figure: fn(&Plan) -> Option<String>| {
        let all = all(runs, |run| figure(&run.plan))?;
        same(all.into_iter())
    };
    let smallest = runs.iter().map(|run| run.plan.smallest_size_bytes).min();
    let largest = runs.iter().map(|run| run.plan.largest_size_bytes).max();
    Plan {
        target: first.target,
        target_name: common(|plan| plan.target_name.clone()),
        run: None,
        embedded: first.embedded,
        load: first.load,
        rate_pps: rate.map(Rate::rounded),
        rate: rate.map(|rate| rate.to_string()),
        window: first.window,
        trains: first.trains,
        duration_ns: most(runs, |run| run.plan.duration_ns),
        warmup_ns: most(runs, |run| run.plan.warmup_ns),
        sizes: first.sizes.clone(),
        smallest_size_bytes: smallest.unwrap_or(0),
        largest_size_bytes: largest.unwrap_or(0),
        flows: number(|plan| plan.flows),
        threads: number(|plan| plan.threads),
        timeout_ns: first.timeout_ns,
        arrivals: first.arrivals.clone(),
        seed: first.seed,
        interval_ns: all(runs, |run| run.plan.interval_ns).and_then(|all| same(all.into_iter())),
        waiting: common(|plan| plan.waiting.clone()),
        pin: runs.iter().flat_map(|run| run.plan.pin.clone()).collect(),
        receive_buffer_bytes: all(runs, |run| run.plan.receive_buffer_bytes)
            .and_then(|all| same(all.into_iter())),
        timestamps: common(|plan| plan.timestamps.clone()),
        max_duration_ns: all(runs, |run| run.plan.max_duration_ns)
            .and_then(|all| all.into_iter().max()),
    }
}

/// What the runs do not have in common, though it bears on what was measured.
pub(super) fn differing(runs: &[&Run]) -> Vec<&'static str> {
    let plans = || runs.iter().map(|run| &run.plan);
    let judged = || runs.iter().copied();
    [
        ("target", same(plans().map(|plan| plan.target)).is_none()),
        ("load", same(plans().map(|plan| plan.load)).is_none()),
        ("window", same(plans().map(|plan| plan.window)).is_none()),
        (
            "arrivals",
            same(plans().map(|plan| &plan.arrivals)).is_none(),
        ),
        ("sizes", same(plans().map(|plan| &plan.sizes)).is_none()),
        (
            "timeout",
            same(plans().map(|plan| plan.timeout_ns)).is_none(),
        ),
        ("warmup", same(plans().map(|plan| plan.warmup_ns)).is_none()),
        ("trains", same(plans().map(|plan| plan.trains)).is_none()),
        ("waiting", same(plans().map(|plan| &plan.waiting)).is_none()),
        (
            "receive buffer",
            same(plans().map(|plan| plan.receive_buffer_bytes)).is_none(),
        ),
        (
            "timestamps",
            same(plans().map(|plan| &plan.timestamps)).is_none(),
        ),
        ("objectives", same(judged().map(objectives)).is_none()),
        (
            "goal",
            same(judged().map(|run| run.until.as_ref().map(|until| &until.goal))).is_none(),
        ),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}

/// What was asked of the server, as `--slo` takes it.
pub(super) fn objectives(run: &Run) -> Option<String> {
    let slo = run.slo.as_ref()?;
    let objectives = slo.objectives.iter();
    let objectives: Vec<&str> = objectives
        .map(|objective| objective.objective.as_str())
        .collect();
    Some(objectives.join(","))
}

/// Why probes were not sent, in all runs.
pub(super) fn by_name(runs: &[&Run]) -> BTreeMap<String, u64> {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for (name, probes) in runs.iter().flat_map(|run| &run.not_sent_by) {
        let sum = sums.entry(name.clone()).or_default();
        *sum = total(vec![*sum, *probes]);
    }
    sums
}

/// The rate of all of them together; `None` if any is a closed loop.
fn rate(runs: &[&Run]) -> Option<Rate> {
    let rates = all(runs, |run| {
        let rate: Rate = run.plan.rate.as_ref()?.parse().ok()?;
        (run.plan.load == Load::OpenLoop).then_some(rate.thousandths())
    })?;
    Rate::from_thousandths(total(rates))
}
