//! What an experiment would do.

use std::path::Path;
use std::time::Duration;

use humantime::format_duration;

use super::needs;
use crate::experiment::design::Design;
use crate::experiment::design::order::order;
use crate::experiment::plan::{Blocks, Level, Plan, Program, Server, Wanted, arguments};
use crate::experiment::steps::{Action, Step, Steps};
use crate::report::wrapped;

/// It as text, which ends with a line break.
///
/// # Errors
/// A sentence on options of the load that are not understood.
pub(super) fn text(
    plan: &Plan,
    design: &Design,
    seed: Option<u64>,
    directory: &Path,
) -> Result<String, String> {
    let steps = Steps::new(plan, &design.variants)?;
    let mut lines = vec![row("plan", &plan.name)];
    let sentences = [("question", &plan.question), ("known", &plan.known)];
    for (label, sentence) in sentences {
        lines.extend(
            sentence
                .iter()
                .flat_map(|sentence| wrapped(label, sentence)),
        );
    }
    lines.extend(under(
        "needs",
        plan.needs.iter().map(|need| match needs::lack(need) {
            Some(reason) => format!("{need}, which is missing: {reason}"),
            None => format!("{need}, which is there"),
        }),
    ));
    lines.extend(under(
        "factors",
        plan.factors.iter().map(|factor| {
            let levels: Vec<String> = factor.levels.iter().map(ToString::to_string).collect();
            let what = factor.kind.what();
            format!("{}: {what} at {}", factor.name, levels.join(", "))
        }),
    ));
    lines.extend(wrapped("design", &layout(plan, design)));
    lines.push(row("judged by", &plan.judge));
    lines.push(row("runs in", &directory.display().to_string()));
    lines.extend(wrapped("takes", &takes(plan, &steps)));
    lines.push(String::new());
    lines.push(heading(seed).to_owned());
    let order = |block| order(seed.unwrap_or_default(), block, design.variants.len());
    for step in steps.of_blocks(1, order) {
        lines.push(line(plan, design, &step));
    }
    Ok(lines.join("\n") + "\n")
}

fn layout(plan: &Plan, design: &Design) -> String {
    let kind = match plan.design {
        Wanted::OneFactor => "one factor at a time".to_owned(),
        Wanted::Factorial => "every combination".to_owned(),
        Wanted::Fraction { halvings } => {
            format!("1/{} of the combinations", 1_u64 << halvings.min(63))
        }
    };
    let blocks = match plan.blocks {
        Blocks::Fixed(blocks) => format!("{blocks} blocks"),
        Blocks::Until {
            goal,
            within,
            least,
        } => format!(
            "{least} blocks or more, until {goal} or for {}",
            format_duration(within)
        ),
    };
    format!(
        "{kind}, {blocks} of {} runs each, the reference twice",
        design.variants.len()
    )
}

fn takes(plan: &Plan, steps: &Steps<'_>) -> String {
    let total = steps.total();
    let block = steps.block();
    let repeated = match plan.retries {
        0 => "",
        _ => ", and runs that prove nothing are made again",
    };
    format!("{total}, {block} a block; programs start and stop besides{repeated}")
}

fn heading(seed: Option<u64>) -> &'static str {
    match seed {
        Some(_) => "The first block, step by step; each block has an order of its own:",
        None => {
            "A block, step by step; each has an order of its own, drawn anew each time (no seed):"
        }
    }
}

fn line(plan: &Plan, design: &Design, step: &Step) -> String {
    let levels = design
        .variants
        .get(step.variant)
        .map_or(&[][..], |variant| &variant.levels);
    match step.action {
        Action::Set { factor, level } => {
            let factor = plan.factors.get(factor);
            let what = factor.map_or(String::new(), |factor| factor.kind.what());
            match factor.and_then(|factor| factor.levels.get(level)) {
                Some(Level::To(setting)) => row("  set", &format!("{what} to {setting}")),
                _ => row("  put back", &what),
            }
        }
        Action::Start => {
            let server = plan.server_at(levels).unwrap_or_default();
            row("  start", &command("echo-reactor", &server))
        }
        Action::Load => {
            let load = command("loadgen", &plan.load_at(levels));
            let target = match &plan.server {
                Server::Elsewhere { target }
                | Server::Started {
                    target: Some(target),
                    ..
                } => format!(" --target={target}"),
                Server::Started { target: None, .. } => String::new(),
            };
            row("  load", &format!("{load}{target} ({})", step.takes))
        }
        Action::Stop => "  stop".to_owned(),
        Action::Pause => {
            let time = step.takes.most.unwrap_or(Duration::ZERO);
            row("  pause", &format_duration(time).to_string())
        }
    }
}

/// As a shell would be told, but for quotes.
fn command(name: &str, program: &Program) -> String {
    let environment = program.environment.iter();
    let environment = environment.map(|(name, value)| format!("{name}={value}"));
    let path = match &program.path {
        Some(path) => path.display().to_string(),
        None => name.to_owned(),
    };
    let words = environment
        .chain(program.wrapper.iter().cloned())
        .chain([path])
        .chain(arguments(&program.options));
    words.collect::<Vec<_>>().join(" ")
}

/// Several under one label.
fn under(label: &str, rows: impl Iterator<Item = String>) -> Vec<String> {
    let labels = [label].into_iter().chain(std::iter::repeat(""));
    labels
        .zip(rows)
        .map(|(label, text)| row(label, &text))
        .collect()
}

fn row(label: &str, text: &str) -> String {
    format!("{label:<12}{text}")
}
