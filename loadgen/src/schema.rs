//! The form of result files, as JSON Schema (draft 2020-12), made from the types themselves.

use clap::ValueEnum;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{Schema, SchemaGenerator};

use crate::results::{
    Comparison, DifferenceFile, EnvironmentFile, Experiment, HostFile, Run, Search, Selftest, Sweep,
};

/// A kind of result file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// One run, or runs that were put together
    Run,
    /// Runs at several rates
    Sweep,
    /// The search for a rate
    Search,
    /// What a machine can measure
    Selftest,
    /// How two sets of runs differ
    Compare,
    /// Which settings were tried, and which of them help
    Tune,
    /// Settings of a host, with what is proposed
    Host,
    /// What there is to know about a machine
    Environment,
    /// Where two machines differ
    EnvironmentDifference,
}

impl Kind {
    /// What a file of this kind holds when this program writes it: neither more nor less.
    #[must_use]
    pub fn schema(self) -> Schema {
        let generator = generator();
        match self {
            Self::Run => generator.into_root_schema_for::<Run>(),
            Self::Sweep => generator.into_root_schema_for::<Sweep>(),
            Self::Search => generator.into_root_schema_for::<Search>(),
            Self::Selftest => generator.into_root_schema_for::<Selftest>(),
            Self::Compare => generator.into_root_schema_for::<Comparison>(),
            Self::Tune => generator.into_root_schema_for::<Experiment>(),
            Self::Host => generator.into_root_schema_for::<HostFile>(),
            Self::Environment => generator.into_root_schema_for::<EnvironmentFile>(),
            Self::EnvironmentDifference => generator.into_root_schema_for::<DifferenceFile>(),
        }
    }

    /// The same as text, which ends with a line break.
    #[must_use]
    pub fn text(self) -> String {
        let schema = self.schema();
        format!("{:#}\n", schema.as_value())
    }
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12()
        // What is written, and not what is read, which may be older and have less.
        .for_serialize()
        .with_transform(RecursiveTransform(closed))
        .into_generator()
}

/// An object has the fields that are named, all of them, and no others.
fn closed(schema: &mut Schema) {
    // It says what is read in place of a field that is not there.
    schema.remove("default");
    if schema.get("properties").is_some() {
        schema.insert("additionalProperties".to_owned(), false.into());
    }
}
