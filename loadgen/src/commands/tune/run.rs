//! The experiment itself: everything is checked, run, put back and told.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::go_on;
use super::outputs::Outputs;
use super::rights;
use super::show::Show;
use crate::cli::address;
use crate::cli::tune::Arguments;
use crate::commands::{Failure, NOT_TO_BE_TRUSTED, failed, print, remark, say, style};
use crate::environment::Environment;
use crate::environment::difference::Difference;
use crate::experiment::design::Design;
use crate::experiment::folder::Folder;
use crate::experiment::host::Host;
use crate::experiment::journal::{self, Journal, Unrestored};
use crate::experiment::moved::{self, Moved, moved};
use crate::experiment::plan::{Plan, Server};
use crate::experiment::programs::Programs;
use crate::experiment::record;
use crate::experiment::runner::Runner;
use crate::experiment::steps::Steps;
use crate::report;
use crate::results::{Experiment, ExperimentEnd};

pub(super) fn run(
    arguments: &Arguments,
    directory: &Path,
    plan: &Plan,
    design: &Design,
) -> Result<u8, Failure> {
    let mut outputs = Outputs::create(arguments)?;
    let stop = watch_signals()?;
    let state = super::state(arguments)?;
    // First, since what an earlier one has left changed must not be taken for what was found.
    let journal = Journal::begin(&state, &plan.name).map_err(failed)?;
    let mut host = prepared(plan, journal, &state)?;
    remark(host.remarks());
    let fresh = begin(plan, design, &host, arguments.seed);
    let opened = if arguments.resume {
        resume(arguments, directory, plan, &fresh)
    } else {
        Folder::create(directory, plan)
            .map(|folder| (folder, fresh))
            .map_err(failed)
    };
    let (folder, experiment) = opened?;
    let mut show = Show::new(&experiment, usual(plan, design), arguments.quiet);
    let runner = Runner {
        plan,
        design,
        host: &mut host,
        folder: &folder,
        experiment,
        stop: &stop,
        audience: &mut show,
        programs: Programs::default(),
        counted: Instant::now(),
    };
    let (experiment, kept) = runner.run();
    let unrestored = host.put_back();
    show.end();
    // The answer is told wherever it can be, whatever becomes of the other places.
    let written = outputs.write(&experiment);
    let told = tell(arguments, &outputs, &experiment);
    let told = with_all_failures(told, [kept.map_err(failed), written]);
    all_is_back(&state, &unrestored, &told)?;
    told
}

/// The exit code, or all that went wrong as one sentence.
fn with_all_failures(
    told: Result<u8, Failure>,
    others: [Result<(), Failure>; 2],
) -> Result<u8, Failure> {
    let others = others.into_iter().filter_map(Result::err);
    others.fold(told, |told, other| match told {
        Ok(_) => Err(other),
        // What ended the experiment may be in the way of keeping it, too.
        Err(first) if first.sentence.contains(&other.sentence) => Err(first),
        Err(first) => Err(failed(format_args!(
            "{}; {}",
            first.sentence, other.sentence
        ))),
    })
}

/// One that nobody chose.
pub(super) fn draw_seed() -> u64 {
    crate::cli::run::random()
}

/// Everything as it is before the first run.
fn begin(plan: &Plan, design: &Design, host: &Host, seed: Option<u64>) -> Experiment {
    let seed = seed.or(plan.seed).unwrap_or_else(draw_seed);
    let factors = plan.factors.iter().enumerate();
    let factors = factors.map(|(number, factor)| record::described(factor, host.before(number)));
    let mut experiment = record::begin(plan, design, factors.collect(), seed);
    let target = match &plan.server {
        Server::Elsewhere { target } => Some(target),
        Server::Started { target, .. } => target.as_ref(),
    };
    // A name that nobody knows is told by the first run.
    let target = target.and_then(|target| address::resolve(target).ok());
    experiment.environment = Some(Environment::read(target));
    experiment
}

/// The settings of the host, of which none was changed yet, and each has taken the value that it has. Nothing
/// is left behind if it fails.
fn prepared(plan: &Plan, mut journal: Journal, state: &Path) -> Result<Host, Failure> {
    if let Err(failure) = rights::check(plan, journal.mark()) {
        // There is nothing in it.
        let _nothing: Vec<Unrestored> = journal.put_back();
        return Err(failure);
    }
    let mut host = Host::of(plan, journal).map_err(failed)?;
    if let Err(failure) = rights::check_way_back(plan, &host) {
        // A value that was taken for another one has changed the setting all the same.
        let unrestored = host.put_back();
        let told = Err(failure);
        all_is_back(state, &unrestored, &told)?;
        told?;
    }
    Ok(host)
}

/// The experiment in the directory, if it is the one that would begin now.
fn resume(
    arguments: &Arguments,
    path: &Path,
    plan: &Plan,
    fresh: &Experiment,
) -> Result<(Folder, Experiment), Failure> {
    let (folder, begun) = go_on::open(arguments, path, plan)?;
    if !record::are_alike(&begun, fresh) {
        return Err(failed(format_args!(
            "the experiment in {} has other variants than its plan: name another directory with --dir",
            path.display()
        )));
    }
    check_place(&begun, fresh)?;
    for (then, now) in begun.factors.iter().zip(&fresh.factors) {
        if let (Some(was), Some(is)) = (&then.before, &now.before)
            && was != is
        {
            return Err(failed(format_args!(
                "{} was {was} when the experiment began and is {is} now, so that its runs would not \
                 belong together: set it to {was}, or begin anew in another directory (--dir)",
                then.what
            )));
        }
    }
    Ok((folder, begun))
}

/// Whether it is still the same machine with the same kernel.
fn check_place(begun: &Experiment, fresh: &Experiment) -> Result<(), Failure> {
    let (Some(then), Some(now)) = (&begun.environment, &fresh.environment) else {
        return Ok(());
    };
    let Moved { elsewhere, changed } = moved(then, now);
    let sentences = |list: &[Difference]| list.iter().map(moved::told).collect::<Vec<_>>();
    if !elsewhere.is_empty() {
        return Err(failed(format_args!(
            "{}, so that its runs would not belong together: go on where it began, or begin anew in \
             another directory (--dir)",
            sentences(&elsewhere).join("; ")
        )));
    }
    remark(&sentences(&changed));
    Ok(())
}

/// How long a run takes by the plan.
fn usual(plan: &Plan, design: &Design) -> Duration {
    let runs = u32::try_from(design.variants.len()).unwrap_or(u32::MAX);
    let block = Steps::new(plan, &design.variants).map(|steps| steps.block());
    block.map_or(Duration::ZERO, |block| block.least / runs.max(1))
}

fn tell(arguments: &Arguments, outputs: &Outputs, experiment: &Experiment) -> Result<u8, Failure> {
    if !arguments.quiet && !outputs.take_stdout() {
        print(&report::tune::text(experiment, style()))?;
    }
    let counts = experiment.runs.iter().any(|run| run.left_out.is_none());
    match experiment.ended {
        ExperimentEnd::Failed => Err(failed(format_args!(
            "{}; once that is mended, `{}` goes on",
            experiment
                .why
                .as_deref()
                .unwrap_or_default()
                .trim_end_matches('.'),
            go_on::command(arguments)
        ))),
        ExperimentEnd::Stopped => {
            let command = go_on::command(arguments);
            say(&format!("a signal ended it: `{command}` goes on with it"));
            Ok(NOT_TO_BE_TRUSTED)
        }
        ExperimentEnd::Complete | ExperimentEnd::TimeUp if counts => Ok(0),
        _ => Ok(NOT_TO_BE_TRUSTED),
    }
}

/// A machine that is left changed is worse than anything else.
fn all_is_back(
    state: &Path,
    unrestored: &[Unrestored],
    told: &Result<u8, Failure>,
) -> Result<(), Failure> {
    if unrestored.is_empty() {
        return Ok(());
    }
    let mut sentences: Vec<String> = unrestored.iter().map(ToString::to_string).collect();
    sentences.extend(told.as_ref().err().map(|failure| failure.sentence.clone()));
    Err(failed(format_args!(
        "this host is left changed, and `{}` tries again to put it back: {}",
        journal::restore_command(state),
        sentences.join("; ")
    )))
}

/// However often they come, everything is put back before the program ends. A terminal that is closed
/// counts too.
fn watch_signals() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .map_err(|error| failed(format_args!("cannot take signals: {error}")))?;
    }
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_goes_wrong_is_told_once() {
        let sentence = |told, others| with_all_failures(told, others).unwrap_err().sentence;
        let wrong = |reason: &str| Err(failed(reason));
        assert!(matches!(with_all_failures(Ok(3), [Ok(()), Ok(())]), Ok(3)));
        assert_eq!(sentence(Ok(0), [Ok(()), wrong("b")]), "b");
        let all = Err(failed("a full disk"));
        assert_eq!(
            sentence(all, [wrong("full disk"), wrong("b")]),
            "a full disk; b"
        );
    }
}
