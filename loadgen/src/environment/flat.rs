//! Data as names and values. Pure.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::Environment;
use crate::figures::count;

/// A figure under its dotted name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// As in `kernel.release`.
    pub name: String,
    /// What it is, or why that is unknown.
    pub value: Result<Shown, String>,
}

/// A figure as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// One value.
    One(String),
    /// Names in a list, whose order says nothing.
    Many(Vec<String>),
}

/// All figures of an environment, sorted by name.
#[must_use]
pub fn figures(environment: &Environment) -> Vec<Named> {
    let mut all = named("", environment, &environment.unreadable);
    all.retain(|figure| !figure.name.starts_with("unreadable."));
    all
}

/// All figures of `data`, under names that begin with `group`, sorted. What is null is unknown for
/// the reason that its name has in `reasons`.
#[must_use]
pub fn named(group: &str, data: &impl Serialize, reasons: &BTreeMap<String, String>) -> Vec<Named> {
    // Data that cannot be a value, for want of names that are texts, has no figures.
    let value = serde_json::to_value(data).unwrap_or_default();
    let mut all = Vec::new();
    flatten(group.to_owned(), &value, reasons, &mut all);
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

fn flatten(name: String, value: &Value, reasons: &BTreeMap<String, String>, all: &mut Vec<Named>) {
    let value = match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                let name = match name.as_str() {
                    "" => field.clone(),
                    group => format!("{group}.{field}"),
                };
                flatten(name, value, reasons, all);
            }
            return;
        }
        Value::Null => Err(reasons
            .get(&name)
            .map_or("not known", String::as_str)
            .to_owned()),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            Ok(Shown::Many(items.iter().map(text).collect()))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(text).collect();
            Ok(Shown::One(items.join(" ")))
        }
        one => Ok(Shown::One(text(one))),
    };
    all.push(Named { name, value });
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.as_u64().map_or_else(|| other.to_string(), count),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn data_become_names_and_values() {
        let data = json!({
            "group": {"number": 12_345, "flag": false, "text": "a b", "share": 0.5},
            "list": ["b", "a"],
            "numbers": [1, 2.5],
            "unknown": null,
        });
        let reasons = BTreeMap::from([("x.unknown".to_owned(), "a reason".to_owned())]);
        let one = |name: &str, text: &str| Named {
            name: format!("x.{name}"),
            value: Ok(Shown::One(text.to_owned())),
        };
        let expected = [
            one("group.flag", "no"),
            one("group.number", "12,345"),
            one("group.share", "0.5"),
            one("group.text", "a b"),
            Named {
                name: "x.list".to_owned(),
                value: Ok(Shown::Many(vec!["b".to_owned(), "a".to_owned()])),
            },
            one("numbers", "1 2.5"),
            Named {
                name: "x.unknown".to_owned(),
                value: Err("a reason".to_owned()),
            },
        ];
        assert_eq!(named("x", &data, &reasons), expected);
    }
}
