//! What was run.

use super::wrapped;
use crate::figures::{count, rate, time};
use crate::results::{Plan, Run};

pub(super) fn setting(run: &Run) -> Vec<String> {
    let plan = &run.plan;
    let warmup = warmup(plan);
    let cut = if run.window_ns < plan.duration_ns {
        format!(", stopped before the {} asked for", time(plan.duration_ns))
    } else {
        String::new()
    };
    let mut lines = wrapped("target", &target(plan));
    lines.extend(wrapped(
        "load",
        &format!(
            "{} of {} for {} after {warmup}{cut}{}",
            load(plan),
            sizes(plan),
            time(run.window_ns),
            seed(run),
        ),
    ));
    lines.extend(wrapped(
        "from",
        &format!(
            "{}, {}, timeout {}{}",
            number_of(plan.flows, "flow"),
            number_of(plan.threads, "thread"),
            time(plan.timeout_ns),
            trains(run),
        ),
    ));
    lines
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

fn number_of(number: u16, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", count(number.into()))
}
