//! A script for a shell.

use super::choice::{How, about, by_hand, choices};
use super::comment::header;
use crate::results::Experiment;

/// All settings of the host that won, as a script for `/bin/sh`. Ends with a line break.
#[must_use]
pub fn shell(experiment: &Experiment) -> String {
    let mut text = String::from("#!/bin/sh\n");
    text.push_str(&header(
        experiment,
        "Run it as root, and only when you have read it: its lines are those of the result file. It \
         lasts until the host is started anew.",
    ));
    text.push_str("set -eu\n");
    let choices = choices(experiment).unwrap_or_default();
    for choice in &choices {
        let line = match choice.how {
            How::Sysctl(name) => {
                let set = format!("{name}={}", choice.level.trim());
                format!("sysctl -w {}", quoted(&set))
            }
            How::Shell(line) => line.to_owned(),
            How::Argument | How::Refused | How::Nothing => continue,
        };
        text.extend(["\n", &about(choice), &line, "\n"]);
    }
    text + &by_hand(&choices)
}

/// One word for a shell, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
