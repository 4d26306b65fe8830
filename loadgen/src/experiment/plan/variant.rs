//! What the programs are started with for a combination of levels.

use std::path::PathBuf;

use super::{Factor, FactorKind, Level, Plan, Program, Server, Setting};

impl Plan {
    /// The load generator, at a combination of levels: the number of the level of each factor.
    #[must_use]
    pub fn load_at(&self, levels: &[usize]) -> Program {
        let mut program = self.load.clone();
        for (factor, setting) in self.settings(levels) {
            match &factor.kind {
                FactorKind::LoadOption(flag) => program.add(flag, setting),
                FactorKind::LoadVariable(name) => program.set(name, setting),
                FactorKind::LoadProgram => program.path = path(setting),
                _ => {}
            }
        }
        program
    }

    /// The server that is started, at a combination of levels; `None` if it runs elsewhere.
    #[must_use]
    pub fn server_at(&self, levels: &[usize]) -> Option<Program> {
        let Server::Started { program, .. } = &self.server else {
            return None;
        };
        let mut program = program.clone();
        for (factor, setting) in self.settings(levels) {
            match &factor.kind {
                FactorKind::ServerOption(flag) => program.add(flag, setting),
                FactorKind::ServerVariable(name) => program.set(name, setting),
                FactorKind::ServerProgram => program.path = path(setting),
                _ => {}
            }
        }
        if program.options.iter().all(|(flag, _)| flag != LISTEN) {
            // A port that nobody else has, out of reach of other hosts.
            let anywhere = Setting::Values(vec!["127.0.0.1:0".to_owned()]);
            program.options.push((LISTEN.to_owned(), anywhere));
        }
        Some(program)
    }

    /// What each factor is set to; settings of the host may stay as they were found.
    fn settings<'a>(
        &'a self,
        levels: &'a [usize],
    ) -> impl Iterator<Item = (&'a Factor, &'a Setting)> {
        let set = self.factors.iter().zip(levels);
        set.filter_map(|(factor, level)| match factor.levels.get(*level)? {
            Level::To(setting) => Some((factor, setting)),
            Level::Present => None,
        })
    }
}

impl Program {
    fn add(&mut self, flag: &str, setting: &Setting) {
        self.options.push((flag.to_owned(), setting.clone()));
    }

    fn set(&mut self, name: &str, setting: &Setting) {
        if let Setting::Values(values) = setting {
            self.environment.push((name.to_owned(), values.join(",")));
        }
    }
}

fn path(setting: &Setting) -> Option<PathBuf> {
    match setting {
        Setting::Values(values) => values.first().map(PathBuf::from),
        Setting::On | Setting::Off => None,
    }
}

const LISTEN: &str = "listen";
