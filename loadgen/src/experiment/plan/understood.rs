//! Whether the programs take what they would be started with.

use clap::Parser;
use clap::error::ErrorKind;
use echo_reactor::Config;
use std::net::{Ipv4Addr, SocketAddr};
use toml::Spanned;

use super::blocks::MOST_VARIANTS;
use super::wrong::{Placed, Wrong};
use super::{Factor, FactorKind, Plan, Program, Times, Wanted, arguments, typed};
use crate::cli::arrivals::Spacing;
use crate::cli::{Cli, run};
use crate::plan;

/// Whether they do at the reference, and at each level of each of their factors; where factors are
/// varied together, in every combination.
pub(super) fn in_every_variant(
    plan: &Plan,
    places: &[Spanned<typed::Factor>],
    options: &Places,
) -> Result<(), Wrong> {
    for side in [Side::Load, Side::Server] {
        let reference = vec![0; plan.factors.len()];
        side.check(plan, &reference)
            .map_err(|sentence| at_reference(plan, side, &sentence, (places, options)))?;
        for levels in side.combinations(plan) {
            side.check(plan, &levels)
                .map_err(|sentence| at_levels(plan, &levels, &sentence, places))?;
        }
    }
    Ok(())
}

/// At the reference, where a level may be as wrong as an option that is fixed.
fn at_reference(
    plan: &Plan,
    side: Side,
    sentence: &str,
    (places, options): (&[Spanned<typed::Factor>], &Places),
) -> Wrong {
    let words = sentence.split(|letter: char| letter != '-' && !letter.is_alphanumeric());
    let mut flags = words.filter_map(|word| word.strip_prefix("--"));
    let varied = flags.clone().find_map(|flag| {
        let mut factors = plan.factors.iter().zip(places);
        factors.find(|(factor, _)| side.flag(factor) == Some(flag))
    });
    let options = options.of_side(side);
    let typed = flags.find_map(|flag| options.iter().find(|option| option.get_ref() == flag));
    if let Some((factor, place)) = varied {
        let (name, level) = (&factor.name, &factor.levels[0]);
        return place.wrong(format_args!("factor '{name}' at {level}: {sentence}"));
    }
    let sentence = format!("the options of {}: {sentence}", side.section());
    // They do not go together: the first of them stands for all.
    match typed.or(options.first()) {
        Some(option) => option.wrong(sentence),
        None => Wrong::anywhere(sentence),
    }
}

/// The options of the programs, each where it was typed.
pub(super) struct Places {
    load: Vec<Spanned<String>>,
    server: Vec<Spanned<String>>,
}

impl Places {
    pub(super) fn of(typed: &typed::Typed) -> Self {
        let names =
            |options: &typed::Named| options.0.iter().map(|(name, _)| name.clone()).collect();
        Self {
            load: names(&typed.load.options),
            server: typed.server.options.as_ref().map_or_else(Vec::new, names),
        }
    }

    fn of_side(&self, side: Side) -> &[Spanned<String>] {
        match side {
            Side::Load => &self.load,
            Side::Server => &self.server,
        }
    }
}

/// At other levels than those of the reference.
fn at_levels(
    plan: &Plan,
    levels: &[usize],
    sentence: &str,
    places: &[Spanned<typed::Factor>],
) -> Wrong {
    let all = plan.factors.iter().zip(levels).zip(places);
    let changed: Vec<_> = all.filter(|((_, level), _)| **level > 0).collect();
    let words: Vec<String> = changed
        .iter()
        .map(|((factor, level), _)| format!("'{}' at {}", factor.name, factor.levels[**level]))
        .collect();
    let sentence = format!("factor {}: {sentence}", words.join(" and "));
    match changed.first() {
        Some((_, place)) => place.wrong(sentence),
        None => Wrong::anywhere(sentence),
    }
}

/// Which of the programs.
#[derive(Clone, Copy)]
enum Side {
    Load,
    Server,
}

impl Side {
    /// Those of another build are its own business, but for how long it runs.
    fn check(self, plan: &Plan, levels: &[usize]) -> Result<(), String> {
        match self {
            Self::Load => {
                let program = plan.load_at(levels);
                match program.path {
                    Some(_) => Times::of(&program).map(drop),
                    None => load(&program),
                }
            }
            Self::Server => match plan.server_at(levels) {
                Some(program) if program.path.is_none() => server(&program),
                _ => Ok(()),
            },
        }
    }

    /// The flag of this program that a factor sets.
    fn flag(self, factor: &Factor) -> Option<&str> {
        match (self, &factor.kind) {
            (Self::Load, FactorKind::LoadOption(flag))
            | (Self::Server, FactorKind::ServerOption(flag)) => Some(flag),
            _ => None,
        }
    }

    fn section(self) -> &'static str {
        match self {
            Self::Load => "[load]",
            Self::Server => "[server]",
        }
    }

    /// All levels that differ from the reference in a flag of this program.
    fn combinations(self, plan: &Plan) -> Vec<Vec<usize>> {
        let counts: Vec<usize> = plan
            .factors
            .iter()
            .map(|factor| match self.flag(factor) {
                Some(_) => factor.levels.len(),
                None => 1,
            })
            .collect();
        let all = counts.iter().copied().fold(1, usize::saturating_mul);
        let mut combinations = vec![vec![0; counts.len()]];
        let together = plan.design != Wanted::OneFactor && all <= MOST_VARIANTS;
        for (factor, count) in counts.into_iter().enumerate() {
            let known = if together { combinations.len() } else { 1 };
            for level in 1..count {
                for known in 0..known {
                    let mut levels = combinations[known].clone();
                    levels[factor] = level;
                    combinations.push(levels);
                }
            }
        }
        combinations.split_off(1)
    }
}

impl Program {
    /// What a load generator like this one reads from its options.
    ///
    /// # Errors
    ///
    /// What it does not understand, as a sentence that names the flag.
    pub fn understood(&self) -> Result<run::Arguments, String> {
        let cli = Cli::try_parse_from(command_line("loadgen", self));
        cli.map(|cli| cli.run).map_err(|error| complaint(&error))
    }
}

/// Whether it makes a run of them.
fn load(program: &Program) -> Result<(), String> {
    let arguments = program.understood()?;
    // What a file asks for is not known before it is read.
    if matches!(arguments.arrivals, Spacing::Replay(_)) {
        return Ok(());
    }
    let somewhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let choices = arguments
        .choices(somewhere)
        .map_err(|error| error.to_string())?;
    let run = plan::Plan::new(choices);
    run.map(drop).map_err(|error| error.to_string())
}

/// Whether an echo-reactor like that of this build takes its options.
fn server(program: &Program) -> Result<(), String> {
    let cli = echo_reactor::cli::Cli::try_parse_from(command_line("echo-reactor", program));
    let config = Config::try_from(&cli.map_err(|error| complaint(&error))?);
    config.map(drop).map_err(|error| error.to_string())
}

fn command_line(name: &str, program: &Program) -> impl Iterator<Item = String> {
    [name.to_owned()]
        .into_iter()
        .chain(arguments(&program.options))
}

/// What is wrong, on one line and without how the program is used.
fn complaint(error: &clap::Error) -> String {
    let shown = [ErrorKind::DisplayHelp, ErrorKind::DisplayVersion];
    if shown.contains(&error.kind()) {
        return "there is no run with --help or --version".to_owned();
    }
    let text = error.to_string();
    let lines = text
        .lines()
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    let sentence = words.join(" ").replace(" tip: ", ": ");
    match sentence.strip_prefix("error: ") {
        Some(sentence) => sentence.to_owned(),
        None => sentence,
    }
}
