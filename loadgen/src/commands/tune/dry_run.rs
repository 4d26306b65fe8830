//! What an experiment would do.

use std::path::Path;
use std::time::Duration;

use humantime::format_duration;

use super::needs;
use crate::experiment::design::Design;
use crate::experiment::design::order::order;
use crate::experiment::plan::{Blocks, Level, Plan, Program, Server, Times, Wanted, arguments};
use crate::experiment::record;
use crate::experiment::steps::{Action, Step, Steps};
use crate::experiment::trial::PATIENCE;
use crate::report::prose;
use crate::results::Experiment;

/// From where an experiment begins, or goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begins<'a> {
    /// What its order starts from.
    pub(super) seed: Seed,
    /// Where its runs are kept.
    pub(super) directory: &'a Path,
    /// What it goes on with.
    pub(super) begun: Option<&'a Experiment>,
}

impl Begins<'_> {
    /// The variants of a block that are still to be run, in their order.
    fn order(&self, plan: &Plan, design: &Design, block: u32) -> Vec<usize> {
        let is_due = |variant: &usize| {
            self.begun.is_none_or(|begun| {
                let (attempts, counts) = record::attempts(begun, block, *variant);
                !counts && attempts <= plan.retries
            })
        };
        let all = order(self.seed.number(), block, design.variants.len());
        all.into_iter().filter(is_due).collect()
    }

    /// How many blocks are sure to be there in the end.
    fn sure(&self, plan: &Plan) -> u32 {
        match plan.blocks {
            Blocks::Fixed(blocks) => blocks,
            Blocks::Until { least, .. } => self.begun.map_or(0, |begun| begun.blocks).max(least),
        }
    }

    /// How much time was spent before.
    fn spent(&self) -> Duration {
        let spent = self.begun.and_then(|begun| begun.spent_ns);
        Duration::from_nanos(spent.unwrap_or(0))
    }
}

/// It as text, which ends with a line break.
///
/// # Errors
/// A sentence on options of the load that are not understood.
pub(super) fn text(plan: &Plan, design: &Design, begins: Begins<'_>) -> Result<String, String> {
    let steps = Steps::new(plan, &design.variants)?;
    let order = |block| begins.order(plan, design, block);
    let left: Vec<Step> = steps.of_blocks(begins.sure(plan), order).collect();
    let mut lines = summary(plan, design, begins);
    lines.extend(prose("takes", &takes(plan, &steps, &left, begins)));
    lines.extend(prose("order", &begins.seed.told()));
    lines.extend(before(plan, &steps));
    lines.extend(blocks(plan, design, &left));
    lines.extend(more_blocks(plan, &steps, begins));
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
    /// The experiment began with it.
    Kept(u64),
}

impl Seed {
    fn number(self) -> u64 {
        match self {
            Self::Given(seed) | Self::Drawn(seed) | Self::Kept(seed) => seed,
        }
    }

    fn told(self) -> String {
        match self {
            Self::Given(seed) => format!("from seed {seed}"),
            Self::Kept(seed) => format!("from seed {seed}, with which it began"),
            Self::Drawn(seed) => format!(
                "from seed {seed}, which was drawn for this: --seed {seed} runs in the same, and without \
                 it each experiment has its own"
            ),
        }
    }
}

/// What it is about.
fn summary(plan: &Plan, design: &Design, begins: Begins<'_>) -> Vec<String> {
    let mut lines = prose("plan", &plan.name);
    let sentences = [("question", &plan.question), ("known", &plan.known)];
    for (label, sentence) in sentences {
        lines.extend(sentence.iter().flat_map(|sentence| prose(label, sentence)));
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
            let levels: Vec<String> = factor
                .levels
                .iter()
                .map(|level| factor.called(level))
                .collect();
            let what = factor.kind.what();
            format!("{}: {what} at {}", factor.name, levels.join(", "))
        }),
    ));
    lines.extend(prose("design", &layout(plan, design)));
    lines.extend(prose("judged by", &plan.judge));
    let directory = begins.directory.display();
    let there = match begins.begun.map(|begun| begun.runs.len()) {
        None => directory.to_string(),
        Some(1) => format!("{directory}, where 1 is already"),
        Some(runs) => format!("{directory}, where {runs} are already"),
    };
    lines.extend(prose("runs in", &there));
    lines
}

/// What is done before the first block.
fn before(plan: &Plan, steps: &Steps<'_>) -> Vec<String> {
    let lines = steps.back().rev().map(|factor| {
        let what = plan.factors[factor].kind.what();
        prose("  read", &format!("{what} ({AT_ONCE})"))
    });
    headed(
        "First; each is written down, and looked at whether it can go back there:",
        lines.flatten().collect(),
    )
}

/// Every step of every block that is sure to be run, each block with when it begins.
fn blocks(plan: &Plan, design: &Design, left: &[Step]) -> Vec<String> {
    let of = match plan.blocks {
        Blocks::Fixed(blocks) => format!(" of {blocks}"),
        Blocks::Until { .. } => String::new(),
    };
    let mut lines = Vec::new();
    let mut told = None;
    let mut passed = Times::NONE;
    for step in left {
        if told != Some(step.block) {
            told = Some(step.block);
            lines.push(String::new());
            lines.push(format!("Block {}{of}, after {passed}:", step.block + 1));
        }
        passed = passed.and(step.takes);
        lines.extend(wrapped_step(plan, design, step));
    }
    if left.is_empty() {
        lines.push(String::new());
        lines.push("All runs that are sure to be wanted are there.".to_owned());
    }
    lines
}

/// What comes after the blocks that are sure to be run, where their number is open.
fn more_blocks(plan: &Plan, steps: &Steps<'_>, begins: Begins<'_>) -> Vec<String> {
    let Blocks::Until { goal, within, .. } = plan.blocks else {
        return Vec::new();
    };
    let within = format_duration(within.saturating_sub(begins.spent()));
    let more = format!(
        "More blocks of {} each, until {goal}; none begins after {within}.",
        steps.block()
    );
    vec![String::new(), more]
}

/// What is done after the last block, however the experiment ends.
fn afterwards(plan: &Plan, steps: &Steps<'_>) -> Vec<String> {
    let lines = steps.back().map(|factor| {
        let what = plan.factors[factor].kind.what();
        prose("  put back", &format!("{what} ({AT_ONCE})"))
    });
    headed("In the end:", lines.flatten().collect())
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
    let each = format!("{} runs each, the reference twice", design.variants.len());
    match plan.blocks {
        Blocks::Fixed(blocks) => format!("{kind}, {blocks} blocks of {each}"),
        Blocks::Until {
            goal,
            within,
            least,
        } => format!(
            "{kind}, blocks of {each}; {least} of them or more, until {goal} is reached, for {} at \
             most",
            format_duration(within)
        ),
    }
}

fn takes(plan: &Plan, steps: &Steps<'_>, left: &[Step], begins: Begins<'_>) -> String {
    let block = steps.block();
    let sure = left
        .iter()
        .fold(Times::NONE, |sum, step| sum.and(step.takes));
    let total = match plan.blocks {
        _ if begins.begun.is_none() => steps.total(),
        Blocks::Fixed(_) => sure,
        Blocks::Until { within, .. } => {
            let within = within.saturating_sub(begins.spent());
            Times {
                least: sure.least.min(within),
                most: block.most.map(|most| within.saturating_add(most)),
            }
        }
    };
    let total = match begins.begun {
        Some(_) => format!("{total} more"),
        None => total.to_string(),
    };
    let repeated = match plan.retries {
        0 => "",
        _ => ", and runs that prove nothing are made again",
    };
    format!("{total}, {block} a block; what is done at once comes besides{repeated}")
}

fn wrapped_step(plan: &Plan, design: &Design, step: &Step) -> Vec<String> {
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
                    prose("  set", &format!("{what} to {setting} ({AT_ONCE})"))
                }
                _ => prose("  put back", &format!("{what} ({AT_ONCE})")),
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
            prose("  start", &format!("{started} ({AT_ONCE}, {most} at most)"))
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
            prose("  load", &format!("{load}{target} ({})", step.takes))
        }
        Action::Stop => {
            let most = format_duration(PATIENCE);
            prose(
                "  stop",
                &format!("the server ({AT_ONCE}, or killed after {most})"),
            )
        }
        Action::Pause => {
            let time = step.takes.most.unwrap_or(Duration::ZERO);
            prose("  pause", &format_duration(time).to_string())
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
        .flat_map(|(label, text)| prose(label, &text))
        .collect()
}
