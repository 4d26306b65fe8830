//! Ends and puts back, in this process or in one that comes later.

use super::entry::Entry;
use super::restore::Step;
use super::{Journal, Unrestored, ending, settle};
use crate::experiment::knob::Knob;
use crate::experiment::mark::Mark;

impl Journal {
    /// Ends what was started, puts back what is wanted, and tells what was done and what could not be.
    /// Programs that the journal does not name are looked for if `is_left` by another process.
    pub(super) fn go_back(
        &mut self,
        wanted: &dyn Fn(&Knob) -> bool,
        is_left: bool,
    ) -> (Vec<Step>, Vec<Unrestored>) {
        let mut steps = Vec::new();
        let mut unrestored = Vec::new();
        let mut entries = Vec::new();
        let recorded = std::mem::take(&mut self.record.processes);
        let marks = if is_left {
            self.record.marks()
        } else {
            Vec::new()
        };
        let ending = ending::end(&recorded, &marks);
        for (process, sentence) in ending.left {
            self.record.processes.push(process);
            let knob = None;
            unrestored.push(Unrestored { knob, sentence });
        }
        let gone = recorded
            .iter()
            .filter(|one| !self.record.processes.contains(one));
        entries.extend(gone.map(|process| Entry::Ended { pid: process.pid }));
        steps.extend(ending.ended.into_iter().map(Step::Ended));
        let mut open: Vec<(Knob, String)> = self.record.settings.clone();
        open.retain(|(knob, _)| wanted(knob));
        let mark = if open.is_empty() {
            self.mark.clone()
        } else {
            self.mark_of_back()
        };
        let became = settle::put_back(&mark, &open);
        let mut left = Vec::new();
        for ((knob, value), became) in open.into_iter().zip(became).rev() {
            match became {
                Ok(()) => {
                    entries.push(Entry::PutBack { knob: knob.clone() });
                    steps.push(Step::PutBack { knob, value });
                }
                Err(error) => {
                    left.push(knob.clone());
                    unrestored.push(Unrestored {
                        knob: Some(knob),
                        sentence: error.to_string(),
                    });
                }
            }
        }
        let settings = &mut self.record.settings;
        settings.retain(|(knob, _)| !wanted(knob) || left.contains(knob));
        entries.push(Entry::Restored { mark });
        if let Err(error) = self.close(&entries) {
            let sentence = format!("{error}: what is as it was still stands in the journal");
            unrestored.push(Unrestored {
                knob: None,
                sentence,
            });
        }
        (steps, unrestored)
    }

    /// What the commands carry that put something back: what these leave running, on purpose, is not ended
    /// by the next that puts something back, unless this one is broken off.
    fn mark_of_back(&mut self) -> Mark {
        let mark = Mark::draw();
        let entry = Entry::Restoring { mark: mark.clone() };
        let written = self.go_on().and_then(|pages| pages.append(&[&entry]));
        // On a full disk everything must go back all the same, and the old mark is known.
        written.map_or_else(|_unwritten| self.mark.clone(), |()| mark)
    }
}
