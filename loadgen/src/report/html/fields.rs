//! Whatever a part of a file holds, as nested lists: a field that nobody here knows is shown too.

use std::time::{Duration, UNIX_EPOCH};

use maud::{Markup, html};
use serde_json::{Map, Value};

use crate::figures::{count, time};

/// A value and all that is in it.
pub(super) fn fields(value: &Value) -> Markup {
    match value {
        Value::Object(object) => list(object),
        Value::Array(items) => array(items),
        simple => html! { (plain("", simple)) },
    }
}

fn list(object: &Map<String, Value>) -> Markup {
    html! {
        dl.fields {
            @for (name, value) in object {
                dt { (words(name)) }
                @if is_simple(value) { dd { (plain(name, value)) } }
                @else { dd.nested { (fields(value)) } }
            }
        }
    }
}

fn array(items: &[Value]) -> Markup {
    if let Some(columns) = columns(items) {
        return table(items, &columns);
    }
    html! {
        @if items.is_empty() { "none" }
        @else if items.iter().all(is_simple) {
            @for (index, item) in items.iter().enumerate() {
                @if index > 0 { ", " }
                (plain("", item))
            }
        } @else {
            ol { @for item in items { li { (fields(item)) } } }
        }
    }
}

/// The fields that the items have in common, if they make a table.
fn columns(items: &[Value]) -> Option<Vec<&String>> {
    let first: Vec<&String> = items.first()?.as_object()?.keys().collect();
    let fits = |item: &Value| {
        item.as_object().is_some_and(|object| {
            object.keys().eq(first.iter().copied()) && object.values().all(is_simple)
        })
    };
    items.iter().all(fits).then_some(first)
}

fn table(items: &[Value], columns: &[&String]) -> Markup {
    html! {
        div.scroll tabindex="0" {
            table {
                thead { tr { @for column in columns { th scope="col" { (words(column)) } } } }
                tbody {
                    @for item in items {
                        tr { @for column in columns { td { (plain(column, &item[column.as_str()])) } } }
                    }
                }
            }
        }
    }
}

fn is_simple(value: &Value) -> bool {
    match value {
        Value::Object(_) => false,
        Value::Array(items) => items.is_empty(),
        _ => true,
    }
}

/// The name of a field without the unit that its value is written with.
fn words(name: &str) -> String {
    let unit = [UNIX, NANOS, BYTES, RATE]
        .iter()
        .find_map(|unit| name.strip_suffix(unit));
    unit.unwrap_or(name).replace('_', " ")
}

/// A single value, in the unit that its name ends in.
fn plain(name: &str, value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => "none".to_owned(),
        Value::Number(number) => number
            .as_u64()
            .map_or_else(|| number.to_string(), |number| whole(name, number)),
    }
}

fn whole(name: &str, number: u64) -> String {
    if name.ends_with(UNIX) {
        let date = UNIX_EPOCH.checked_add(Duration::from_nanos(number));
        return date.map_or_else(
            || number.to_string(),
            |date| humantime::format_rfc3339_millis(date).to_string(),
        );
    }
    if name.ends_with(NANOS) {
        return time(number);
    }
    if name.ends_with(BYTES) {
        return format!("{} bytes", count(number));
    }
    if name.ends_with(RATE) {
        return format!("{}/s", count(number));
    }
    // Numbers that name something are not counted.
    let names = ["seed", "run", "pid", "port", "id", "version"];
    if names.contains(&name) {
        return number.to_string();
    }
    count(number)
}

const UNIX: &str = "_unix_ns";
const NANOS: &str = "_ns";
const BYTES: &str = "_bytes";
const RATE: &str = "_pps";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_tell_units_and_values_have_them() {
        let value = json!({
            "timeout_ns": 1_000_000, "buffer_bytes": 4_096, "rate_pps": 12_000, "trains": false,
            "began_unix_ns": 1_700_000_000_000_000_000_u64, "cpu_model": "a < b", "seed": 123_456,
            "server": null,
        });
        let text = fields(&value).into_string();
        for expected in [
            "<dt>timeout</dt><dd>1.00 ms</dd>",
            "<dt>buffer</dt><dd>4,096 bytes</dd>",
            "<dt>rate</dt><dd>12,000/s</dd>",
            "<dt>trains</dt><dd>no</dd>",
            "<dt>began</dt><dd>2023-11-14T22:13:20.000Z</dd>",
            "<dt>cpu model</dt><dd>a &lt; b</dd>",
            "<dt>seed</dt><dd>123456</dd>",
            "<dt>server</dt><dd>-</dd>",
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
    }

    #[test]
    fn what_is_alike_is_a_table_and_the_rest_is_nested() {
        let alike = fields(&json!([{ "flow": 0, "sent": 5 }, { "flow": 1, "sent": 6 }]));
        let text = alike.into_string();
        assert!(text.contains("<th scope=\"col\">sent</th>"), "{text}");
        assert!(text.contains("<td>1</td><td>6</td>"), "{text}");
        let nested = fields(&json!({ "a": { "b": [1, 2], "c": [] } })).into_string();
        assert!(
            nested.contains("<dd class=\"nested\">1, 2</dd>"),
            "{nested}"
        );
        assert!(nested.contains("<dt>c</dt><dd>none</dd>"), "{nested}");
    }
}
