//! Puts several settings back, of which one may change another.
//!
//! `net.ipv4.ip_forward` changes the forwarding of every interface, and a setting may be refused as long as
//! another one is what it is. So what went back is looked at again until all of it stays, and what did not
//! is tried again once another setting has gone back since, and never just in hope: a command that hangs
//! takes its time at each try.

use crate::experiment::knob::{Knob, KnobError, same};
use crate::experiment::mark::Mark;

/// Puts settings back from the last to the first. Returns what became of each, in their own order.
pub(super) fn put_back(mark: &Mark, settings: &[(Knob, String)]) -> Vec<Result<(), KnobError>> {
    let open = settings.iter().map(|(knob, before)| Open {
        knob,
        before,
        became: None,
        may_try: true,
    });
    let mut open: Vec<Open<'_>> = open.collect();
    for _round in 0..ROUNDS + open.len() {
        let mut is_settled = true;
        for index in (0..open.len()).rev() {
            match open[index].put_back(mark) {
                Done::Nothing => continue,
                Done::Again => {}
                Done::WentBack => open.iter_mut().for_each(|one| one.may_try = true),
            }
            is_settled = false;
        }
        if is_settled {
            break;
        }
    }
    let became = open.into_iter().map(|one| one.look(mark));
    became.collect()
}

/// A setting that is not known to be back.
struct Open<'a> {
    knob: &'a Knob,
    before: &'a str,
    /// What the last try came to; `None` before the first.
    became: Option<Result<(), KnobError>>,
    /// Whether another one has gone back since that failed.
    may_try: bool,
}

/// What was done to a setting.
enum Done {
    /// It shows what it was, or there is no sense in trying.
    Nothing,
    /// It was tried, and failed or had gone back before: two that contradict each other do so in every
    /// round, which is no reason to try what failed again.
    Again,
    /// It went back, and had not before.
    WentBack,
}

impl Open<'_> {
    fn put_back(&mut self, mark: &Mark) -> Done {
        let failed_before = matches!(self.became, Some(Err(_)));
        if failed_before && !self.may_try {
            return Done::Nothing;
        }
        let knob = self.knob.marked(mark);
        let had_gone_back = matches!(self.became, Some(Ok(())));
        // What it was set to may be shown in another form.
        let is_back = if had_gone_back {
            knob.is_back(self.before)
        } else {
            knob.read().map(|present| present == self.before)
        };
        if is_back.unwrap_or(false) {
            self.became = Some(Ok(()));
            return Done::Nothing;
        }
        let became = knob.put_back(self.before);
        let done = if became.is_ok() && !had_gone_back {
            Done::WentBack
        } else {
            Done::Again
        };
        self.may_try = false;
        self.became = Some(became);
        done
    }

    /// What became of it in the end: others may have changed it since, or set it right.
    fn look(self, mark: &Mark) -> Result<(), KnobError> {
        let became = self.became.unwrap_or(Ok(()));
        match self.knob.marked(mark).read() {
            Ok(found) if same(self.before, &found) => Ok(()),
            Ok(found) if became.is_ok() => Err(KnobError::NotTaken {
                knob: self.knob.to_string(),
                wanted: self.before.to_owned(),
                found,
            }),
            Ok(_) | Err(_) => became,
        }
    }
}

/// How often settings that change each other are gone through, besides once for each that has to wait
/// for another one.
const ROUNDS: usize = 8;
