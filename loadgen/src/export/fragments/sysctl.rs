//! A file for `sysctl.d`.

use super::choice::{How, about, by_hand, choices};
use super::comment::{comment, header};
use crate::results::Experiment;

/// The settings of the kernel that won, as a file for `/etc/sysctl.d`. Ends with a line break.
#[must_use]
pub fn sysctl(experiment: &Experiment) -> String {
    let mut text = header(
        experiment,
        "For /etc/sysctl.d, from where every start of the host and sysctl --system read it.",
    );
    let choices = choices(experiment).unwrap_or_default();
    let mut others = false;
    for choice in &choices {
        match choice.how {
            How::Sysctl(name) => {
                text.push('\n');
                text.push_str(&about(choice));
                text.extend([name, " = ", choice.level.trim(), "\n"]);
            }
            How::Shell(_) => others = true,
            How::Argument | How::Refused | How::Nothing => {}
        }
    }
    if others {
        text.push('\n');
        let more = "More of what won is no sysctl: loadgen report --shell FILE writes all of it.";
        text.push_str(&comment(more));
    }
    text + &by_hand(&choices)
}
