//! What an experiment would do.

use std::path::Path;
use std::time::Duration;

use humantime::format_duration;

use super::needs;
use crate::experiment::design::Design;
use crate::experiment::design::order::order;
use crate::experiment::plan::{Blocks, Level, Plan, Program, Server, Wanted, arguments};
use crate::experiment::steps::{Action, Step, Steps};
use crate::experiment::trial::PATIENCE;
use crate::report::wrapped;

/// It as text, which ends with a line break; its order is that of `seed`.
///
/// # Errors
/// A sentence on options of the load that are not understood.
pub(super) fn text(
    plan: &Plan,
    design: &Design,
    seed: Seed,
    directory: &Path,
) -> Result<String, String> {
    let steps = Steps::new(plan, &design.variants)?;
    let mut lines = summary(plan, design, directory);
    lines.extend(wrapped("takes", &takes(plan, &steps)));
    lines.extend(wrapped("order", &seed.told()));
    lines.extend(before(plan, &steps));
    lines.extend(blocks(plan, design, &steps, seed.number()));
    lines.extend(afterwards(plan, &steps));
    Ok(lines.join("\n") + "\n")
}

/// Where the order of the runs starts from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seed {
    /// The plan or the command line has it.
    Given(u64),
    /// An experiment without `--seed` will have another one.
    Drawn(u64),
}

impl Seed {
    fn number(self) -> u64 {
        match self {
            Self::Given(seed) | Self::Drawn(seed) => seed,
        }
    }

    fn told(self) -> String {
        match self {
            Self::Given(seed) => format!("from seed {seed}"),
            Self::Drawn(seed) => format!(
                "from seed {seed}, which was drawn for this: --seed {seed} runs in the same, and without \
                 it each experiment has its own"
            ),
        }
    }
}

/// What it is about.
fn summary(plan: &Plan, design: &Design, directory: &Path) -> Vec<String> {
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
        needs::all(plan).iter().map(|need| match needs::lack(need) {
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
    lines
}

/// What is done before the first block.
fn before(plan: &Plan, steps: &Steps<'_>) -> Vec<String> {
    let lines = steps.back().rev().map(|factor| {
        let what = plan.factors[factor].kind.what();
        row("  read", &format!("{what} ({AT_ONCE})"))
    });
    headed(
        "First; each is written down, and looked at whether it can go back there:",
        lines.collect(),
    )
}

/// Every step of every block that is sure to be run, each block with when it begins.
fn blocks(plan: &Plan, design: &Design, steps: &Steps<'_>, seed: u64) -> Vec<String> {
    let (sure, of) = match plan.blocks {
        Blocks::Fixed(blocks) => (blocks, format!(" of {blocks}")),
        Blocks::Until { least, .. } => (least, String::new()),
    };
    let order = |block| order(seed, block, design.variants.len());
    let mut lines = Vec::new();
    let mut told = None;
    for step in steps.of_blocks(sure, order) {
        if told != Some(step.block) {
            told = Some(step.block);
            let begins = steps.block().times(step.block);
            lines.push(String::new());
            lines.push(format!("Block {}{of}, after {begins}:", step.block + 1));
        }
        lines.push(line(plan, design, &step));
    }
    if let Blocks::Until { goal, within, .. } = plan.blocks {
        let within = format_duration(within);
        lines.push(String::new());
        lines.push(format!(
            "More blocks of {} each, until {goal}; none begins after {within}.",
            steps.block()
        ));
    }
    lines
}

/// What is done after the last block, however the experiment ends.
fn afterwards(plan: &Plan, steps: &Steps<'_>) -> Vec<String> {
    let lines = steps.back().map(|factor| {
        let what = plan.factors[factor].kind.what();
        row("  put back", &format!("{what} ({AT_ONCE})"))
    });
    headed("In the end:", lines.collect())
}

/// Lines under a heading, or nothing.
fn headed(heading: &str, lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() {
        return lines;
    }
    let heading = [String::new(), heading.to_owned()];
    heading.into_iter().chain(lines).collect()
}

/// How long a step takes that takes no second.
const AT_ONCE: &str = "at once";

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
    format!("{total}, {block} a block; what is done at once comes besides{repeated}")
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
                Some(Level::To(setting)) => {
                    row("  set", &format!("{what} to {setting} ({AT_ONCE})"))
                }
                _ => row("  put back", &format!("{what} ({AT_ONCE})")),
            }
        }
        Action::Start => {
            let server = plan.server_at(levels).unwrap_or_default();
            let most = match &plan.server {
                Server::Started { ready_within, .. } => *ready_within,
                Server::Elsewhere { .. } => Duration::ZERO,
            };
            let most = format_duration(most);
            let started = command("echo-reactor", &server);
            row(
                "  start",
                &format!("{started} ({AT_ONCE}, or within {most})"),
            )
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
        Action::Stop => {
            let most = format_duration(PATIENCE);
            row(
                "  stop",
                &format!("the server ({AT_ONCE}, or killed after {most})"),
            )
        }
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
