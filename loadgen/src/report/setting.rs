//! What was run.

use super::wrapped;
use crate::figures::{count, rate, time};
use crate::results::{Plan, Run};

pub(super) fn setting(run: &Run) -> Vec<String> {
    let parts = described(run);
    let lines = parts.iter().map(|(label, text)| wrapped(label, text));
    lines.flatten().collect()
}

/// What was run, each part with its label.
pub(super) fn described(run: &Run) -> Vec<(&'static str, String)> {
    let plan = &run.plan;
    let warmup = warmup(plan);
    let cut = if run.window_ns < plan.duration_ns {
        format!(", stopped before the {} asked for", time(plan.duration_ns))
    } else {
        String::new()
    };
    let merged = run.merged_from.iter().map(|origin| origin.file.as_str());
    let merged = merged.collect::<Vec<_>>().join(", ");
    let mut parts = Vec::new();
    if !merged.is_empty() {
        parts.push(("merged from", merged));
    }
    parts.extend([
        ("target", target(plan)),
        (
            "load",
            format!(
                "{} of {} for {} after {warmup}{cut}{}",
                load(plan),
                sizes(plan),
                time(run.window_ns),
                seed(run),
            ),
        ),
        (
            "from",
            format!(
                "{}, {}, timeout {}{}",
                number_of(plan.flows, "flow"),
                number_of(plan.threads, "thread"),
                time(plan.timeout_ns),
                trains(run),
            ),
        ),
    ]);
    parts
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
            ", {} of up to {} probes",
            number_of(trains, "train"),
            count(run.longest_train)
        ),
    }
}

fn load(plan: &Plan) -> String {
    let typed = plan.rate.as_ref();
    let typed = typed.map(|typed| typed.parse().map_or_else(|_not_a_rate| typed.clone(), rate));
    // Rates were whole numbers before they were told to the last digit.
    match (typed.or_else(|| plan.rate_pps.map(count)), plan.window) {
        (Some(rate), _) => match plan.arrivals.as_str() {
            "constant" => format!("{rate} probes/s"),
            arrivals => format!("{rate} probes/s ({arrivals})"),
        },
        (None, window) => {
            let window = number_of(window.unwrap_or_default(), "probe");
            format!("closed loop, {window} outstanding a flow,")
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

fn number_of(number: impl Into<u64>, thing: &str) -> String {
    let number = number.into();
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", count(number))
}
