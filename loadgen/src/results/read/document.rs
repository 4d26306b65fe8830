//! Results of all kinds.

use std::path::Path;

use super::cause::{Cause, ReadError};
use super::experiment::astray;
use super::sound::{can_be_counted, follow_each_other};
use super::text::{is_newer, json, schema, text};
use crate::results::{Comparison, Experiment, Run, Search, Selftest, Sweep};

/// What a result file holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Document {
    /// One run.
    Run(Box<Run>),
    /// Runs at several rates.
    Sweep(Box<Sweep>),
    /// The search for a rate.
    Search(Box<Search>),
    /// What a machine can measure.
    Selftest(Box<Selftest>),
    /// Two sets of runs, compared.
    Comparison(Box<Comparison>),
    /// Settings that were tried.
    Experiment(Box<Experiment>),
}

impl Document {
    /// What it is, for people.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Run(_) => "a run",
            Self::Sweep(_) => "a sweep",
            Self::Search(_) => "a search",
            Self::Selftest(_) => "a selftest",
            Self::Comparison(_) => "a comparison",
            Self::Experiment(_) => "a tuning experiment",
        }
    }

    fn runs_mut(&mut self) -> Box<dyn Iterator<Item = &mut Run> + '_> {
        match self {
            Self::Run(run) => Box::new(std::iter::once(run.as_mut())),
            Self::Sweep(sweep) => Box::new(sweep.trials.iter_mut().map(|trial| &mut trial.run)),
            Self::Search(search) => Box::new(search.trials.iter_mut().map(|trial| &mut trial.run)),
            Self::Selftest(_) | Self::Comparison(_) | Self::Experiment(_) => {
                Box::new(std::iter::empty())
            }
        }
    }
}

/// Reads a result file of any kind.
///
/// # Errors
///
/// [`ReadError`], which names the file.
pub fn document(path: &Path) -> Result<Document, ReadError> {
    let failure = |cause| ReadError {
        path: path.to_owned(),
        cause,
    };
    let text = text(path).map_err(|source| failure(Cause::Unreadable(source)))?;
    parse(&text).map_err(failure)
}

/// Reads the file of a run.
///
/// # Errors
///
/// [`ReadError`], which names the file.
pub fn run(path: &Path) -> Result<Run, ReadError> {
    match document(path)? {
        Document::Run(run) => Ok(*run),
        other => Err(ReadError {
            path: path.to_owned(),
            cause: Cause::Kind {
                found: other.kind(),
                wanted: "a run",
            },
        }),
    }
}

/// Reads the text of a result file of any kind.
///
/// # Errors
///
/// What is wrong with it.
pub fn parse(text: &[u8]) -> Result<Document, Cause> {
    let schema = schema(text)?;
    let mut document = match schema.as_str() {
        "loadgen/run/1" => json(text).map(|run| Document::Run(Box::new(run))),
        "loadgen/sweep/1" => json(text).map(|sweep| Document::Sweep(Box::new(sweep))),
        "loadgen/search/1" => json(text).map(|search| Document::Search(Box::new(search))),
        "loadgen/selftest/1" => json(text).map(|selftest| Document::Selftest(Box::new(selftest))),
        "loadgen/compare/1" => json(text).map(|one| Document::Comparison(Box::new(one))),
        "loadgen/tune/1" => json(text).map(|one| Document::Experiment(Box::new(one))),
        other if is_newer(other) => Err(Cause::Newer(schema)),
        other => Err(Cause::Foreign(format!("its \"schema\" is {other:?}"))),
    }?;
    for run in document.runs_mut() {
        if !can_be_counted(run) {
            return Err(Cause::Counts);
        }
        if !follow_each_other(&run.intervals) {
            return Err(Cause::Rows);
        }
        run.plan.complete();
    }
    if let Document::Experiment(experiment) = &document {
        astray(experiment).map_err(Cause::Astray)?;
    }
    Ok(document)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::results::tests::run;

    fn refusal(text: &str) -> String {
        parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_run_is_read_as_it_was_written() {
        let text = serde_json::to_vec(&run()).unwrap();
        assert_eq!(parse(&text).unwrap(), Document::Run(Box::new(run())));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_in_a_sentence() {
        let whole = serde_json::to_string_pretty(&run()).unwrap();
        assert!(refusal("  \n").starts_with("it is empty"));
        assert!(refusal(&whole[..whole.len() / 2]).starts_with("it ends too early, at line"));
        assert!(refusal("{}").contains("no \"schema\""));
        assert!(refusal("[1]").contains("it is JSON, but no object"));
        let nested = "[".repeat(100_000);
        assert!(refusal(&nested).starts_with("it ends too early"));
        assert!(refusal(&(nested + &"]".repeat(100_000))).contains("no object"));
        assert!(refusal("{\"schema\": 1}").contains("expected a string"));
        assert!(refusal(&r#"{"a":"#.repeat(100_000)).starts_with("it ends too early"));
        assert!(
            refusal("hello").starts_with("line 1, column 1: it is no JSON there (expected value)")
        );
        assert!(refusal(r#"{"schema": "iperf"}"#).contains("its \"schema\" is \"iperf\""));
        assert!(refusal(r#"{"schema": "loadgen/run/2"}"#).contains("use a newer one"));
        assert!(refusal(r#"{"schema": "loadgen/run/0"}"#).contains("no result of loadgen"));
        let many = whole.replacen("\"sent\": 993", "\"sent\": 18446744073709551615", 1);
        assert_eq!(refusal(&many), "it counts more than a run can send");
        let wrong = whole.replacen("\"window_ns\": 100000000", "\"window_ns\": -1", 1);
        assert!(
            refusal(&wrong).contains("expected u64"),
            "{}",
            refusal(&wrong)
        );
    }

    #[test]
    fn a_file_that_is_cut_anywhere_is_said_to_end_too_early() {
        let whole = serde_json::to_vec(&run()).unwrap();
        let numbers =
            br#"{"schema": "loadgen/run/1", "a": [-1.5e-3, 2E+7, true, null, "x\\u00e9"]}"#;
        for text in [&whole[..], numbers] {
            // The heads of a long text, which has thousands of numbers alike, but none of the short.
            for end in (0..text.len()).filter(|end| {
                end % 7 == 0 || text.len() < 1_000 || !text[*end - 1].is_ascii_alphanumeric()
            }) {
                let refused = parse(&text[..end]).unwrap_err();
                let told = matches!(refused, Cause::Cut { .. } | Cause::Empty);
                assert!(told, "cut at {end}: {refused}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(bytes: Vec<u8>) {
            let _parsed: Result<Document, Cause> = parse(&bytes);
        }

        #[test]
        fn a_file_that_is_damaged_anywhere_is_refused_or_read(at in 0.0..1.0_f64, byte: u8) {
            let mut text = serde_json::to_vec(&run()).unwrap();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a place in a short text"
            )]
            let place = (at * text.len() as f64) as usize;
            text[place] = byte;
            let _parsed: Result<Document, Cause> = parse(&text);
        }
    }
}
