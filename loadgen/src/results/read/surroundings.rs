//! What files keep of the machines that they were made on.

use std::path::Path;

use super::cause::{Cause, ReadError};
use super::document::{Document, parse};
use super::text::{json, schema, text};
use crate::environment::Environment;
use crate::environment::build::Builds;
use crate::results::EnvironmentFile;

/// What a file keeps of the machine that it was made on.
#[derive(Clone, Debug, PartialEq)]
pub struct Surroundings {
    /// The machine.
    pub environment: Environment,
    /// The programs, if they are known.
    pub builds: Option<Builds>,
}

/// Reads what the file of a run or of an environment alone keeps of the machine.
///
/// # Errors
///
/// [`ReadError`], which names the file.
pub fn surroundings(path: &Path) -> Result<Surroundings, ReadError> {
    let failure = |cause| ReadError {
        path: path.to_owned(),
        cause,
    };
    let text = text(path).map_err(|source| failure(Cause::Unreadable(source)))?;
    parse_surroundings(&text).map_err(failure)
}

/// Reads what the text of a file keeps of the machine.
///
/// # Errors
///
/// What is wrong with it.
pub fn parse_surroundings(text: &[u8]) -> Result<Surroundings, Cause> {
    if schema(text)? == "loadgen/environment/1" {
        let file: EnvironmentFile = json(text)?;
        return Ok(Surroundings {
            environment: file.environment,
            builds: Some(file.builds),
        });
    }
    match parse(text)? {
        Document::Run(run) => Ok(Surroundings {
            environment: run.environment.ok_or(Cause::NoEnvironment)?,
            builds: run.builds,
        }),
        other => Err(Cause::Kind {
            found: other.kind(),
            wanted: "a run or an environment",
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::results::tests::run;
    use crate::results::{EnvironmentSchema, Sweep};

    #[test]
    fn what_is_wrong_with_an_environment_is_said_in_the_same_words() {
        let environment = Environment::read(None);
        let builds = Builds::read(false);
        let file = EnvironmentFile {
            schema: EnvironmentSchema::Environment1,
            environment: environment.clone(),
            builds: builds.clone(),
        };
        let mut run = run();
        let refusal = |text: &str| {
            let refused = parse_surroundings(text.as_bytes()).unwrap_err();
            refused.to_string()
        };
        let alone = serde_json::to_string(&run).unwrap();
        assert!(refusal(&alone).starts_with("it holds no environment"));
        run.environment = Some(environment.clone());
        run.builds = Some(builds.clone());
        let kept = Surroundings {
            environment,
            builds: Some(builds),
        };
        for text in [
            serde_json::to_string(&file).unwrap(),
            serde_json::to_string(&run).unwrap(),
        ] {
            assert_eq!(parse_surroundings(text.as_bytes()).unwrap(), kept);
            assert!(refusal(&text[..text.len() / 2]).starts_with("it ends too early"));
            let newer = refusal(&text.replacen("/1\"", "/2\"", 1));
            assert!(newer.contains("use a newer one"), "{newer}");
        }
        assert!(refusal("").starts_with("it is empty"));
        assert!(refusal(r#"{"schema": "loadgen/environment/1"}"#).contains("`environment`"));
        let sweep = serde_json::to_string(&Sweep::new(Vec::new(), 2)).unwrap();
        let words = "it holds a sweep, where a run or an environment was expected";
        assert_eq!(refusal(&sweep), words);
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(bytes: Vec<u8>) {
            let _parsed: Result<Surroundings, Cause> = parse_surroundings(&bytes);
        }
    }
}
