//! Files that are set together, as those of all queues of an interface.
//!
//! Their values are one text: a single value if all have the same, or else `rx-0=3 rx-1=c`.

use std::path::PathBuf;

use super::kind::Refusal;
use super::{meaning, root};
use crate::host::Figure;

/// One of the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// What it is told apart by from the others; without spaces and `=`.
    pub(super) name: String,
    pub(super) path: PathBuf,
}

/// What each holds, in their order.
pub(super) fn read(places: &[Place]) -> Figure<Vec<String>> {
    places.iter().map(|place| root::read(&place.path)).collect()
}

/// Their values as one text.
pub(super) fn text(places: &[Place], values: &[String]) -> String {
    match values {
        [first, rest @ ..] if rest.iter().all(|value| value == first) => first.clone(),
        _ => each(places, values),
    }
}

/// Their values as one text, each with its name.
pub(super) fn each(places: &[Place], values: &[String]) -> String {
    let pairs = places.iter().zip(values);
    let pairs = pairs.map(|(place, value)| format!("{}={value}", place.name));
    pairs.collect::<Vec<_>>().join(" ")
}

/// What each place shall hold, of those that a text has a value for.
///
/// # Errors
/// Names that the text has and the host has not: the values of the others can still be set.
pub(super) fn values<'a>(
    places: &'a [Place],
    text: &str,
) -> (Vec<(&'a Place, String)>, Figure<()>) {
    if !text.contains('=') {
        let all = places.iter().map(|place| (place, text.to_owned()));
        return (all.collect(), Ok(()));
    }
    let mut wanted = Vec::new();
    let mut missing = Ok(());
    for pair in text.split_whitespace() {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match places.iter().find(|place| place.name == name) {
            Some(place) => wanted.push((place, value.to_owned())),
            None => missing = Err(format!("there is no {name}")),
        }
    }
    (wanted, missing)
}

/// Sets all of them, also after one that cannot be set, and looks whether they took.
pub(super) fn set(wanted: &[(&Place, String)]) -> Result<(), Refusal> {
    let mut result = Ok(());
    for (place, value) in wanted {
        let written = root::write(&place.path, value).map_err(Refusal::Cannot);
        result = result.and(written);
    }
    result?;
    let shown = wanted.iter().map(|(place, _)| root::read(&place.path));
    let shown = shown.collect::<Figure<Vec<_>>>()?;
    let mut pairs = wanted.iter().zip(&shown);
    if pairs.all(|((_, value), shown)| meaning::same(value, shown)) {
        return Ok(());
    }
    let places: Vec<Place> = wanted.iter().map(|(place, _)| (*place).clone()).collect();
    Err(Refusal::Shows(text(&places, &shown)))
}

/// Whether all of them may be set.
pub(super) fn may_write(places: &[Place]) -> Figure<()> {
    places
        .iter()
        .try_for_each(|place| root::may_write(&place.path))
}
