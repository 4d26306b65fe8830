//! How an experiment goes, on a bar while it lasts.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::commands::say;
use crate::experiment::record::Place;
use crate::experiment::runner::Audience;
use crate::report::harmless;
use crate::results::Experiment;

/// A bar on a terminal, and what must be said below it; anywhere else what must be said alone.
pub(super) struct Show {
    bar: ProgressBar,
}

impl Show {
    /// For about so many runs.
    pub(super) fn new(runs: Option<u64>, quiet: bool) -> Self {
        let target = if quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(runs, target);
        let template = match runs {
            Some(_) => "{bar:20} run {pos} of {len}, {msg}, {eta} left",
            None => "{spinner} run {pos}, {msg}, {elapsed} so far",
        };
        // The template is right, or the tests would have shown it.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(REDRAWN);
        Self { bar }
    }

    /// Takes the bar away.
    pub(super) fn end(self) {
        self.bar.finish_and_clear();
    }
}

impl Audience for Show {
    fn begins(&mut self, experiment: &Experiment, place: Place) {
        let name = &experiment.variants[place.variant].name;
        let again = if place.attempt > 0 { ", again" } else { "" };
        self.bar.set_position(experiment.runs.len() as u64 + 1);
        self.bar.set_message(
            harmless(&format!("block {}: {name}{again}", place.block + 1)).into_owned(),
        );
    }

    fn hears(&mut self, sentence: &str) {
        self.bar.suspend(|| say(sentence));
    }
}

/// Rarely, since a run is being measured.
const REDRAWN: Duration = Duration::from_millis(500);
