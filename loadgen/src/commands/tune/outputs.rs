//! Where the answer of an experiment goes, besides its own directory.

use std::path::Path;

use crate::cli::exports::Exports;
use crate::cli::tune::Arguments;
use crate::commands::exports::one_place_each;
use crate::commands::{Failure, failed, page};
use crate::export::{csv, fragments};
use crate::output::Output;
use crate::results::Experiment;
use crate::results::read::Document;

/// Every place that was asked for, known to be writable before the first run.
pub(super) struct Outputs {
    json: Output,
    csv: Output,
    effects: Output,
    html: Output,
    sysctl: Output,
    shell: Output,
}

impl Outputs {
    pub(super) fn create(arguments: &Arguments) -> Result<Self, Failure> {
        let Arguments {
            json,
            csv,
            effects,
            html,
            sysctl,
            shell,
            ..
        } = arguments;
        let places: Vec<(&'static str, Option<&Path>)> = vec![
            ("--json", json.as_deref()),
            ("--csv", csv.as_deref()),
            ("--effects", effects.as_deref()),
            ("--html", html.as_deref()),
            ("--sysctl", sysctl.as_deref()),
            ("--shell", shell.as_deref()),
        ];
        one_place_each(&places, &Exports::default())?;
        let create = |flag, path: &Option<_>| Output::create(flag, path.as_deref()).map_err(failed);
        Ok(Self {
            json: create("--json", json)?,
            csv: create("--csv", csv)?,
            effects: create("--effects", effects)?,
            html: page::create(html.as_deref())?,
            sysctl: create("--sysctl", sysctl)?,
            shell: create("--shell", shell)?,
        })
    }

    /// Whether one of them is standard output.
    pub(super) fn take_stdout(&self) -> bool {
        let all = [
            &self.json,
            &self.csv,
            &self.effects,
            &self.html,
            &self.sysctl,
            &self.shell,
        ];
        all.iter().any(|output| output.is_stdout())
    }

    /// Writes all of them; one that fails keeps none of the others from being written.
    pub(super) fn write(&mut self, experiment: &Experiment) -> Result<(), Failure> {
        let page = crate::report::html::page(&[crate::report::html::Source {
            path: "experiment".into(),
            document: Document::Experiment(Box::new(experiment.clone())),
        }]);
        let written = [
            self.json.write(experiment),
            self.csv.write_text(&csv::experiment(experiment)),
            self.effects.write_text(&csv::effects(experiment)),
            self.html.write_text(&page),
            self.sysctl.write_text(&fragments::sysctl(experiment)),
            self.shell.write_text(&fragments::shell(experiment)),
        ];
        written
            .into_iter()
            .collect::<Result<(), _>>()
            .map_err(failed)
    }
}
