//! What stands below the flags in the help of a command, and in its manual page: what the exit codes
//! mean, and examples.

use echo_reactor::manual::Appendix;

/// That of a command, or of a run for no name. One that does nothing special has the usual exit codes,
/// and no examples.
#[must_use]
pub fn of(command: &str) -> Appendix {
    let known = ALL.iter().find(|(name, _)| *name == command);
    known.map_or(
        Appendix {
            exit_codes: USUAL,
            examples: &[],
        },
        |(_, appendix)| *appendix,
    )
}

/// Every command that has something to say.
const ALL: &[(&str, Appendix)] = &[
    (
        "",
        Appendix {
            exit_codes: &[
                (0, "the run is good, or its objectives cannot be decided"),
                (1, "it failed"),
                (2, "wrong use"),
                (3, "the run is not to be trusted: the verdict is INVALID"),
                (4, "an objective of --slo is missed"),
            ],
            examples: &[
                (
                    "loadgen --rate 100k",
                    "measure an echo server in this very process for ten seconds",
                ),
                (
                    "loadgen --rate 250k --target 127.0.0.1:50007 --json result.json",
                    "measure another one, and keep the result",
                ),
                (
                    "loadgen --rate 50k --arrivals poisson --slo 'p99<1ms,loss<0.1%'",
                    "as independent users send: is the service as it shall be?",
                ),
            ],
        },
    ),
    (
        "ping",
        Appendix {
            exit_codes: &[
                (0, "there was an answer"),
                (1, "there was none, or it failed"),
                (2, "wrong use"),
            ],
            examples: &[
                (
                    "loadgen ping --count 5 --target 127.0.0.1:50007",
                    "five texts, a second apart",
                ),
                (
                    "loadgen ping --quit --target 127.0.0.1:50007",
                    "stop an echo-reactor on this host",
                ),
            ],
        },
    ),
    (
        "sweep",
        Appendix {
            exit_codes: &[
                (0, "at least one of the runs is good"),
                (1, "it failed"),
                (2, "wrong use"),
                (3, "no run is to be trusted, or the sweep was cut short"),
                (4, "no run meets the objectives of --slo"),
            ],
            examples: &[(
                "loadgen sweep --from 10k --to 1M --steps 12 --target 127.0.0.1:50007",
                "twelve rates, up and down again",
            )],
        },
    ),
    (
        "search",
        Appendix {
            exit_codes: &[
                (0, "there is an answer"),
                (1, "it failed"),
                (2, "wrong use"),
                (3, "no trial is to be trusted, or the search was cut short"),
                (4, "not even the lowest rate meets the objectives"),
            ],
            examples: &[(
                "loadgen search --slo 'p99<1ms,loss<0.1%' --target 127.0.0.1:50007",
                "the highest rate between 1k and 1M that is good enough",
            )],
        },
    ),
    (
        "tune",
        Appendix {
            exit_codes: &[
                (0, "done, whatever the answer"),
                (1, "it failed, or the host lacks what the plan needs"),
                (2, "wrong use, or a plan that makes no sense"),
                (3, "cut short, or no run is to be trusted"),
            ],
            examples: &[
                (
                    "loadgen tune scripts/tune/reactor-waiting.toml --dry-run",
                    "what would be done, step by step, and how long it takes",
                ),
                (
                    "loadgen tune scripts/tune/two-builds.toml --set old=OLD --set new=NEW",
                    "which of two builds of the server is faster?",
                ),
                (
                    "loadgen tune --restore",
                    "put back what an experiment that was killed has left changed",
                ),
            ],
        },
    ),
    (
        "selftest",
        Appendix {
            exit_codes: &[
                (0, "every check passed"),
                (1, "it could not be carried out"),
                (2, "wrong use"),
                (3, "a check failed, or it was cut short"),
            ],
            examples: &[("loadgen selftest", "within a minute")],
        },
    ),
    (
        "environment",
        Appendix {
            exit_codes: &[
                (0, "done, whether or not the files of --diff differ"),
                (1, "a file cannot be read, or it failed"),
                (2, "wrong use"),
            ],
            examples: &[
                (
                    "loadgen environment --json here.json",
                    "what there is to know about this machine, to be kept",
                ),
                (
                    "loadgen environment --diff here.json result.json",
                    "what was changed since, or is another machine?",
                ),
            ],
        },
    ),
    (
        "host",
        Appendix {
            exit_codes: &[
                (0, "done"),
                (1, "a setting could not be set or put back, or it failed"),
                (2, "wrong use"),
            ],
            examples: &[
                (
                    "loadgen host --interface eth0",
                    "what is set, what should be, and why",
                ),
                ("loadgen host apply busy_poll busy_read", "set two of them"),
                ("loadgen host restore", "put back what was set"),
            ],
        },
    ),
    (
        "compare",
        Appendix {
            exit_codes: &[
                (0, "compared, whatever the answer; no bound is broken"),
                (1, "a file cannot be read, or it failed"),
                (2, "wrong use"),
                (
                    3,
                    "too few runs to tell, or to tell of a bound of --fail-if",
                ),
                (4, "a bound of --fail-if is broken"),
            ],
            examples: &[
                (
                    "loadgen compare old-*.json --with new-*.json",
                    "are the new runs different from the old ones?",
                ),
                (
                    "loadgen compare old-*.json --with new-*.json --fail-if 'p99>+5%'",
                    "fail if they are surely slower, by more than that",
                ),
            ],
        },
    ),
    (
        "report",
        Appendix {
            exit_codes: USUAL,
            examples: &[
                (
                    "loadgen report result.json",
                    "what the run printed, once more",
                ),
                (
                    "loadgen report result.json --csv result.csv",
                    "a row an interval, for a spreadsheet",
                ),
                (
                    "loadgen report tuned.json --sysctl 90-tuned.conf",
                    "what won a tuning experiment, for /etc/sysctl.d",
                ),
            ],
        },
    ),
    (
        "merge",
        Appendix {
            exit_codes: &[
                (0, "the runs together are good"),
                (1, "it failed"),
                (2, "wrong use"),
                (3, "one of the runs is not to be trusted"),
                (
                    4,
                    "an objective of all runs is missed by all of them together",
                ),
            ],
            examples: &[(
                "loadgen merge one.json other.json --json both.json",
                "two processes or hosts that measured side by side",
            )],
        },
    ),
    (
        "schema",
        Appendix {
            exit_codes: USUAL,
            examples: &[(
                "loadgen schema run > run.schema.json",
                "what a result holds, for a validator",
            )],
        },
    ),
    (
        "man",
        Appendix {
            exit_codes: USUAL,
            examples: &[
                ("loadgen man | man -l -", "read the page of loadgen"),
                (
                    "loadgen man --dir /usr/local/share/man/man1",
                    "install a page of every command",
                ),
            ],
        },
    ),
    (
        "completions",
        Appendix {
            exit_codes: USUAL,
            examples: &[(
                "loadgen completions bash > /etc/bash_completion.d/loadgen",
                "for everybody's next bash",
            )],
        },
    ),
];

const USUAL: &[(u8, &str)] = &[(0, "done"), (1, "it failed"), (2, "wrong use")];

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_example_is_understood() {
        for (line, _) in ALL.iter().flat_map(|(_, appendix)| appendix.examples) {
            // What the shell does with the rest is its own business.
            let typed = line.split(['|', '>']).next().unwrap_or_default();
            let typed = line_of(line, typed).split_whitespace();
            let typed = typed.map(|word| word.trim_matches('\''));
            let understood = Cli::try_parse_from(typed);
            assert!(understood.is_ok(), "{line}: {understood:?}");
        }
    }

    /// A quoted objective has signs in it that mean something else outside of quotes.
    fn line_of<'a>(line: &'a str, before_the_first_sign: &'a str) -> &'a str {
        if line.contains('\'') {
            line
        } else {
            before_the_first_sign
        }
    }

    #[test]
    fn every_command_that_shows_results_has_examples() {
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            let is_shown = name != "help" && !command.is_hide_set();
            assert!(!is_shown || !of(name).examples.is_empty(), "{name}");
        }
    }

    #[test]
    fn each_belongs_to_a_command_and_its_examples_too() {
        let command = Cli::command();
        for (name, appendix) in ALL {
            assert!(
                name.is_empty() || command.find_subcommand(name).is_some(),
                "{name}"
            );
            let beginning = format!("loadgen {name}");
            for (line, _) in appendix.examples {
                assert!(line.starts_with(beginning.trim_end()), "{line}");
            }
        }
    }
}
