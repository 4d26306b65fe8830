//! What else was different between the sides, so that it may be what made the difference.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::sides::{Named, is_same};
use crate::environment::difference::{self, Side};
use crate::figures::{count, time};
use crate::results::Difference;

/// Where the runs were not asked to do the same, those of one side among themselves included.
///
/// Every field of a plan is looked at, whichever there are, but for those that differ by nature (the
/// target, the seed) and those that follow from others or change nothing of what is measured.
pub(super) fn plan_differences(a: &[&Named], b: &[&Named]) -> Vec<Difference> {
    let (a, b) = (plans(a), plans(b));
    let names: BTreeSet<&String> = a.iter().chain(&b).flat_map(Map::keys).collect();
    let names = names
        .into_iter()
        .filter(|name| !BESIDE_THE_POINT.contains(&name.as_str()));
    names
        .filter_map(|name| plan_difference(name, &a, &b))
        .collect()
}

/// Where the runs were not all made on one machine with the same programs, as far as their files
/// tell, those of one side among themselves included. What machines were doing differs from run to
/// run.
pub(super) fn environment_differences(a: &[&Named], b: &[&Named]) -> Vec<Difference> {
    let (a, b) = (surroundings(a), surroundings(b));
    if a.is_empty() || b.is_empty() {
        return Vec::new();
    }
    let shown = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
    let found = difference::among(&a, &b).into_iter();
    let found = found.filter(|difference| !difference.is_of_load());
    found
        .map(|found| Difference {
            name: found.name,
            a: shown(found.a),
            b: shown(found.b),
        })
        .collect()
}

/// What speaks against comparing these runs, as sentences.
pub(super) fn warnings(a: &[&Named], b: &[&Named]) -> Vec<String> {
    let found = [shared(a, b), merged(a, b), windows(a, b), order(a, b)];
    found.into_iter().flatten().collect()
}

fn surroundings<'a>(side: &[&'a Named]) -> Vec<Side<'a>> {
    let known = side.iter().filter_map(|named| {
        Some(Side {
            environment: named.run.environment.as_ref()?,
            builds: named.run.builds.as_ref(),
        })
    });
    known.collect()
}

fn plans(side: &[&Named]) -> Vec<Map<String, Value>> {
    let plans = side
        .iter()
        .map(|named| serde_json::to_value(&named.run.plan));
    let object = |plan| match plan {
        Ok(Value::Object(fields)) => Some(fields),
        _ => None,
    };
    plans.filter_map(object).collect()
}

fn plan_difference(
    name: &str,
    a: &[Map<String, Value>],
    b: &[Map<String, Value>],
) -> Option<Difference> {
    let values = |side: &[Map<String, Value>]| -> BTreeSet<String> {
        let values = side.iter().map(|plan| plan.get(name));
        values.map(|value| written(name, value)).collect()
    };
    let (a, b) = (values(a), values(b));
    if a.union(&b).count() < 2 {
        return None;
    }
    let listed = |values: BTreeSet<String>| values.into_iter().collect::<Vec<_>>().join(", ");
    let name = name.trim_end_matches("_ns").replace('_', " ");
    Some(Difference {
        name,
        a: listed(a),
        b: listed(b),
    })
}

fn written(name: &str, value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "none".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => match number.as_u64() {
            Some(nanos) if name.ends_with("_ns") => time(nanos),
            Some(number) => count(number),
            None => number.to_string(),
        },
        Some(other) => other.to_string(),
    }
}

/// A run of both sides pulls them together.
fn shared(a: &[&Named], b: &[&Named]) -> Option<String> {
    let on_both = |named: &&&Named| b.iter().any(|other| is_same(&other.run, &named.run));
    let shared: Vec<&str> = a
        .iter()
        .filter(on_both)
        .map(|named| named.name.as_str())
        .collect();
    let verb = match shared.len() {
        0 => return None,
        1 => "is",
        _ => "are",
    };
    Some(format!(
        "{} {verb} on both sides, which makes these look more alike than they are",
        shared.join(", ")
    ))
}

/// Runs that were put together have one value among them where each would have its own.
fn merged(a: &[&Named], b: &[&Named]) -> Option<String> {
    let held = |named: &&&Named| !named.run.merged_from.is_empty();
    let merged: Vec<&str> = a
        .iter()
        .chain(b)
        .filter(held)
        .map(|named| named.name.as_str())
        .collect();
    let verb = match merged.len() {
        0 => return None,
        1 => "holds runs that were put together, and counts",
        _ => "hold runs that were put together, and count each",
    };
    Some(format!(
        "{} {verb} as one run: compare the results of the runs themselves if there are any",
        merged.join(", ")
    ))
}

/// A quantile of a longer run is known better, and one far out in the tail lies elsewhere.
fn windows(a: &[&Named], b: &[&Named]) -> Option<String> {
    let windows = || a.iter().chain(b).map(|named| named.run.window_ns);
    let (shortest, longest) = (windows().min()?, windows().max()?);
    (u128::from(longest) * 100 > u128::from(shortest) * WINDOWS_PERCENT).then(|| {
        format!(
            "the runs measured for different times, from {} to {}, and tails are longer in \
             longer runs",
            time(shortest),
            time(longest)
        )
    })
}

/// What changed in the course of time looks like a difference if the sides did not take turns.
fn order(a: &[&Named], b: &[&Named]) -> Option<String> {
    let times = |side: &[&Named]| -> Option<Vec<u64>> {
        let began = |named: &&Named| named.run.began_unix_ns;
        side.iter().map(began).collect()
    };
    let (a, b) = (times(a)?, times(b)?);
    let apart = |first: &[u64], second: &[u64]| first.iter().max() < second.iter().min();
    let (first, second) = if apart(&a, &b) {
        ("A", "B")
    } else if apart(&b, &a) {
        ("B", "A")
    } else {
        return None;
    };
    Some(format!(
        "all runs of {first} were made before those of {second}, so that whatever changed \
         meanwhile is in the difference: let them take turns"
    ))
}

/// `rate` and `sizes` say more than what is derived from them.
const BESIDE_THE_POINT: [&str; 8] = [
    "target",
    "target_name",
    "run",
    "seed",
    "interval_ns",
    "rate_pps",
    "smallest_size_bytes",
    "largest_size_bytes",
];

/// The longest window in percent of the shortest from which on they differ.
const WINDOWS_PERCENT: u128 = 105;
