//! How an experiment goes, on a bar while it lasts.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use humantime::format_duration;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::commands::say;
use crate::experiment::record::Place;
use crate::experiment::runner::Audience;
use crate::report::harmless;
use crate::results::Experiment;

/// A bar on a terminal, and what must be said below it; anywhere else what must be said alone.
pub(super) struct Show {
    bar: ProgressBar,
    /// How long a run may take, as the plan has it.
    usual: Duration,
    /// When the first run of this process began, and how many runs there were then.
    first: Option<(Instant, usize)>,
}

impl Show {
    /// For an experiment of which each run takes about so long.
    pub(super) fn new(experiment: &Experiment, usual: Duration, quiet: bool) -> Self {
        let target = if quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let (length, template) = match experiment.blocks_planned {
            Some(_) => (Some(1), "{bar:20} {msg}"),
            None => (None, "{spinner} {msg}, {elapsed} so far"),
        };
        let bar = ProgressBar::with_draw_target(length, target);
        // The template is right, or the tests would have shown it.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message("it begins");
        bar.enable_steady_tick(REDRAWN);
        Self {
            bar,
            usual,
            first: None,
        }
    }

    /// Takes the bar away.
    pub(super) fn end(self) {
        self.bar.finish_and_clear();
    }

    /// How long a run takes, as far as it is known.
    fn each(&mut self, runs: usize) -> Duration {
        let (began, before) = *self.first.get_or_insert_with(|| (Instant::now(), runs));
        match u32::try_from(runs.saturating_sub(before)) {
            Ok(made @ 1..) => began.elapsed() / made,
            _ => self.usual,
        }
    }
}

impl Audience for Show {
    fn begins(&mut self, experiment: &Experiment, place: Place) {
        let each = self.each(experiment.runs.len());
        let course = Course::of(experiment, place);
        if let Some(all) = course.all {
            self.bar.set_length(all);
        }
        self.bar.set_position(course.number);
        let told = course.told(experiment, place, each);
        self.bar.set_message(harmless(&told).into_owned());
    }

    fn hears(&mut self, sentence: &str) {
        self.bar.suspend(|| say(sentence));
    }
}

/// How far an experiment is. A run that is made again is the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Course {
    /// Which one runs, from 1.
    number: u64,
    /// How many there will be, but for those of variants that were given up; `None` if that is open.
    all: Option<u64>,
}

impl Course {
    fn of(experiment: &Experiment, place: Place) -> Self {
        let runs = experiment.runs.iter();
        let there: BTreeSet<(u32, usize)> =
            runs.map(|run| (run.block, run.variant as usize)).collect();
        let is_again = there.contains(&(place.block, place.variant));
        let all = experiment.blocks_planned.map(|blocks| {
            let variants = experiment.variants.iter().enumerate();
            let running = variants.filter(|(_, variant)| variant.stopped.is_none());
            let missing = running.map(|(number, _)| {
                let made = there.iter().filter(|(_, variant)| *variant == number);
                u64::from(blocks).saturating_sub(made.count() as u64)
            });
            there.len() as u64 + missing.sum::<u64>()
        });
        Self {
            number: there.len() as u64 + u64::from(!is_again),
            all,
        }
    }

    fn told(self, experiment: &Experiment, place: Place, each: Duration) -> String {
        let name = &experiment.variants[place.variant].name;
        let again = if place.attempt > 0 { ", again" } else { "" };
        let (of, left) = match self.all {
            Some(all) => {
                let runs = u32::try_from(all.saturating_sub(self.number) + 1).unwrap_or(u32::MAX);
                let left = each.saturating_mul(runs).as_secs();
                let left = format_duration(Duration::from_secs(left.max(1)));
                (format!(" of {all}"), format!(", about {left} left"))
            }
            None => (String::new(), String::new()),
        };
        let (number, block) = (self.number, place.block + 1);
        format!("run {number}{of}, block {block}: {name}{again}{left}")
    }
}

/// Rarely, since a run is being measured.
const REDRAWN: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::examples::factorial;

    fn place(block: u32, variant: usize, attempt: u32) -> Place {
        Place {
            block,
            variant,
            attempt,
        }
    }

    /// After the first two blocks of seven, with seven variants each.
    fn underway() -> Experiment {
        let mut made = factorial();
        made.runs.retain(|run| run.block < 2);
        made.blocks_planned = Some(7);
        for variant in &mut made.variants {
            variant.stopped = None;
        }
        made
    }

    #[test]
    fn runs_are_counted_up_to_their_number_and_those_made_again_once() {
        let mut made = underway();
        assert_eq!(made.variants.len(), 7);
        let told = |made: &Experiment, place| {
            Course::of(made, place).told(made, place, Duration::from_secs(3))
        };
        let first = told(&made, place(2, 0, 0));
        assert_eq!(first, "run 15 of 49, block 3: reference, about 1m 45s left");
        let mut last = made.runs[0].clone();
        (last.block, last.variant) = (6, 0);
        made.runs.push(last);
        let again = Course::of(&made, place(6, 0, 1));
        assert_eq!((again.number, again.all), (15, Some(49)));
        assert!(told(&made, place(6, 0, 1)).contains("reference, again, about"));
    }

    #[test]
    fn runs_of_a_variant_that_was_given_up_are_not_waited_for() {
        let mut made = underway();
        made.variants[1].stopped = Some("it crashed".to_owned());
        assert_eq!(Course::of(&made, place(2, 0, 0)).all, Some(49 - 5));
    }

    #[test]
    fn where_the_number_of_blocks_is_open_nothing_is_said_of_what_is_left() {
        let mut made = underway();
        made.blocks_planned = None;
        let place = place(2, 0, 0);
        let told = Course::of(&made, place).told(&made, place, Duration::ZERO);
        assert_eq!(told, "run 15, block 3: reference");
    }
}
