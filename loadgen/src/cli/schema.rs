//! The form of result files, as it was typed.

use clap::Args;

use crate::schema::Kind;

/// The flags of `loadgen schema`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Arguments {
    /// Which file
    #[arg(value_name = "KIND", value_enum, default_value_t = Kind::Run)]
    pub kind: Kind,
}
