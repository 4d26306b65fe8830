//! Where two environments differ. Pure.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Environment;
use super::build::Builds;
use super::flat::{self, Named, Shown};

/// A figure that two sides have differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// Its dotted name. A name in a list has the list's before it.
    pub name: String,
    /// What it is on the first side, or why that is unknown; null if there is none.
    pub a: Option<String>,
    /// The same of the second side.
    pub b: Option<String>,
}

impl Difference {
    /// Whether it tells of what the machine was doing, and not of what it is.
    #[must_use]
    pub fn is_of_load(&self) -> bool {
        self.name.starts_with("load.")
    }
}

/// One side of a comparison.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The machine.
    pub environment: &'a Environment,
    /// The programs, if they are known.
    pub builds: Option<&'a Builds>,
}

/// Where two sides differ, by name; what the machines were doing stands last. What neither side
/// knows is no difference.
#[must_use]
pub fn between(a: Side<'_>, b: Side<'_>) -> Vec<Difference> {
    among(&[a], &[b])
}

/// The same of sides of several members each. A figure that is not the same everywhere is told with
/// all the values that it has on each side, whether or not these are those of the other side too.
#[must_use]
pub fn among(a: &[Side<'_>], b: &[Side<'_>]) -> Vec<Difference> {
    let (a, b) = (united(a), united(b));
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let nothing = Values::from([None]);
    let mut differences: Vec<Difference> = names
        .into_iter()
        .map(|name| {
            (
                name,
                [&a, &b].map(|side| side.get(name).unwrap_or(&nothing)),
            )
        })
        .filter(|(_, [a, b])| are_different(a, b))
        .map(|(name, [a, b])| Difference {
            name: name.clone(),
            a: told(a),
            b: told(b),
        })
        .collect();
    differences.sort_by_key(Difference::is_of_load);
    differences
}

type Figures = BTreeMap<String, Result<String, String>>;

/// All that a figure is on a side; `None` stands for members that have none.
type Values = BTreeSet<Option<Result<String, String>>>;

fn united(side: &[Side<'_>]) -> BTreeMap<String, Values> {
    let mut united: BTreeMap<String, (usize, Values)> = BTreeMap::new();
    for member in side {
        for (name, value) in figures(*member) {
            let (members, values) = united.entry(name).or_default();
            *members += 1;
            values.insert(Some(value));
        }
    }
    let complete = |(name, (members, mut values)): (String, (usize, Values))| {
        if members < side.len() {
            values.insert(None);
        }
        (name, values)
    };
    united.into_iter().map(complete).collect()
}

/// Whether there is more than one value; that something is unknown is one, whatever the reasons.
fn are_different(a: &Values, b: &Values) -> bool {
    let known = |value: &Option<Result<String, String>>| match value {
        Some(Err(_reason)) => Some(Err(())),
        Some(Ok(value)) => Some(Ok(value.clone())),
        None => None,
    };
    let values: BTreeSet<_> = a.iter().chain(b).map(known).collect();
    values.len() > 1
}

/// `None` if no member of the side has the figure.
fn told(values: &Values) -> Option<String> {
    if values.iter().all(Option::is_none) {
        return None;
    }
    let written = values.iter().map(|value| match value {
        None => "none".to_owned(),
        Some(Ok(value)) => value.clone(),
        Some(Err(reason)) => format!("unknown: {reason}"),
    });
    let mut listed: Vec<String> = written.take(MOST_VALUES).collect();
    if values.len() > MOST_VALUES {
        listed.push(format!("and {} more", values.len() - MOST_VALUES));
    }
    Some(listed.join(", "))
}

/// As many as a reader takes in.
const MOST_VALUES: usize = 8;

/// A list becomes a figure for each of its names, so that a long one differs only in what differs.
fn figures(side: Side<'_>) -> Figures {
    let mut all = flat::figures(side.environment);
    if let Some(builds) = side.builds {
        all.extend(flat::named("builds", builds, &BTreeMap::new()));
    }
    let mut figures = Figures::new();
    for Named { name, value } in all {
        match value {
            Ok(Shown::One(text)) => {
                figures.insert(name, Ok(text));
            }
            Ok(Shown::Many(items)) => {
                let items = items.into_iter();
                figures.extend(items.map(|item| (format!("{name}.{item}"), Ok("yes".to_owned()))));
            }
            Err(reason) => {
                figures.insert(name, Err(reason));
            }
        }
    }
    figures
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn here() -> Environment {
        Environment::read(None)
    }

    fn differences(a: &Environment, b: &Environment) -> Vec<Difference> {
        let side = |environment| Side {
            environment,
            builds: None,
        };
        between(side(a), side(b))
    }

    #[test]
    fn an_environment_does_not_differ_from_itself() {
        let here = here();
        assert_eq!(differences(&here, &here), []);
    }

    #[test]
    fn what_was_changed_is_told_and_nothing_else() {
        let a = here();
        let mut b = a.clone();
        b.kernel.release = Some("1.2.3".to_owned());
        b.kernel.clock_sources = Some(vec!["tsc".to_owned()]);
        b.sysctls.insert("net.core.new".to_owned(), "1".to_owned());
        b.load.at_start.running = Some(12_345);
        let mut a = a;
        a.kernel.release = Some("1.2.2".to_owned());
        a.kernel.clock_sources = Some(vec!["hpet".to_owned(), "tsc".to_owned()]);
        a.load.at_start.running = None;
        let found = differences(&a, &b);
        let told = found.iter().map(|difference| {
            let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "-".to_owned());
            let (a, b) = (side(&difference.a), side(&difference.b));
            format!("{} {a} {b}", difference.name)
        });
        let expected = [
            "kernel.clock_sources.hpet yes -",
            "kernel.release 1.2.2 1.2.3",
            "sysctls.net.core.new - 1",
            "load.at_start.running unknown: not known 12,345",
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_neither_side_knows_is_no_difference() {
        let mut a = here();
        let mut b = a.clone();
        for (side, reason) in [(&mut a, "one reason"), (&mut b, "another")] {
            side.kernel.release = None;
            side.unreadable
                .insert("kernel.release".to_owned(), reason.to_owned());
        }
        assert_eq!(differences(&a, &b), []);
    }

    #[test]
    fn every_member_of_a_side_counts() {
        let a = here();
        let mut b = a.clone();
        b.kernel.release = Some("1.2.3".to_owned());
        b.sysctls.insert("net.core.new".to_owned(), "1".to_owned());
        let mut release = |release: &str| {
            b.kernel.release = Some(release.to_owned());
            b.clone()
        };
        let others: Vec<Environment> = (0..9)
            .map(|number| release(&format!("1.{number}")))
            .collect();
        let sides = |all: &[&Environment]| -> Vec<Difference> {
            let all = all.iter().map(|environment| Side {
                environment,
                builds: None,
            });
            let all: Vec<Side<'_>> = all.collect();
            among(&all[..2], &all[2..])
        };
        assert_eq!(sides(&[&a, &a, &a, &a]), []);
        // The same on both sides, and yet not the same everywhere.
        let found = sides(&[&others[0], &a, &a, &others[0]]);
        let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["kernel.release", "sysctls.net.core.new"]);
        assert_eq!(found[1].a.as_deref(), Some("none, 1"));
        assert_eq!(found[0].a, found[0].b);
        let mut all = vec![&a, &a];
        all.extend(&others);
        let found = &sides(&all)[0];
        assert_eq!(found.a, a.kernel.release);
        let listed = found.b.as_deref().unwrap();
        assert!(
            listed.starts_with("1.0, 1.1, ") && listed.ends_with("1.7, and 1 more"),
            "{listed}"
        );
    }

    proptest! {
        #[test]
        fn sides_changed_over_are_differences_changed_over(
            a in proptest::collection::btree_map("[a-c]", "[0-1]", 0..4),
            b in proptest::collection::btree_map("[a-c]", "[0-1]", 0..4),
        ) {
            let here = here();
            let (one, other) = (
                Environment { sysctls: a.clone(), ..here.clone() },
                Environment { sysctls: b.clone(), ..here },
            );
            let there = differences(&one, &other);
            let back = differences(&other, &one);
            let turned: Vec<Difference> = back
                .into_iter()
                .map(|difference| Difference { a: difference.b, b: difference.a, ..difference })
                .collect();
            prop_assert_eq!(&there, &turned);
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            let differ = names.into_iter().filter(|name| a.get(*name) != b.get(*name));
            prop_assert_eq!(there.len(), differ.count());
        }
    }
}
