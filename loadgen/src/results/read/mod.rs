//! Reads result files back: whatever is wrong with one is said in a sentence that names the file,
//! the place and what was expected.

mod cause;
mod document;
mod experiment;
mod sound;
mod surroundings;
mod text;

pub use self::cause::{Cause, ReadError};
pub use self::document::{Document, document, parse, run};
pub use self::surroundings::{Surroundings, parse_surroundings, surroundings};
