//! The text of a plan with its variables filled in.
//!
//! `[variables]` gives names their values, which `--set` replaces. `${name}` stands for the value in
//! any string but those of `[variables]`; `$${` stands for `${` itself, as commands of a shell want it.

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::wrong::{Placed, Wrong, known, list};

/// Reads the text and fills in its variables.
pub(super) fn fill_in<'a>(
    text: &'a str,
    set: &[(String, String)],
) -> Result<Spanned<DeTable<'a>>, Wrong> {
    if text.len() > LARGEST {
        return Err(Wrong::anywhere(format_args!(
            "a plan has up to 1 MiB, and this one has {} bytes",
            text.len()
        )));
    }
    let mut document = DeTable::parse(text).map_err(|error| Wrong::of_toml(&error))?;
    let variables = variables(document.get_ref(), set)?;
    for (key, value) in document.get_mut().iter_mut() {
        if key.get_ref() != KEY {
            fill(value, &variables)?;
        }
    }
    Ok(document)
}

/// Every variable with its value.
fn variables(table: &DeTable<'_>, set: &[(String, String)]) -> Result<Vec<Variable>, Wrong> {
    let mut variables = match table.get(KEY) {
        Some(there) => defaults(there)?,
        None => Vec::new(),
    };
    for (number, (name, value)) in set.iter().enumerate() {
        if set[..number].iter().any(|(other, _)| other == name) {
            return Err(Wrong::anywhere(format_args!(
                "--set {name} is given twice: leave one out"
            )));
        }
        let Some(variable) = variables.iter_mut().find(|there| there.name == *name) else {
            let place = format!("--set {name}");
            return Err(Wrong::anywhere(no_variable(&place, name, &variables)));
        };
        variable.value.clone_from(value);
    }
    Ok(variables)
}

struct Variable {
    name: String,
    value: String,
}

fn defaults(there: &Spanned<DeValue<'_>>) -> Result<Vec<Variable>, Wrong> {
    let table = there
        .get_ref()
        .as_table()
        .ok_or_else(|| there.wrong("variables is a table, as in [variables]"))?;
    let one = |(name, value): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| {
        let name = name.get_ref();
        if !is_name(name) {
            return Err(value.wrong(format_args!(
                "'{name}' is no name of a variable, which has letters, digits, _ and - alone"
            )));
        }
        let value = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.to_string(),
            _ => {
                return Err(value.wrong(format_args!(
                    "the variable '{name}' is a string or a number"
                )));
            }
        };
        Ok(Variable {
            name: name.to_string(),
            value,
        })
    };
    table.iter().map(one).collect()
}

/// Fills in the strings of a value. Fractions become strings, so that they stay what they are.
fn fill(value: &mut Spanned<DeValue<'_>>, variables: &[Variable]) -> Result<(), Wrong> {
    let span = value.span();
    match value.get_mut() {
        DeValue::String(text) if text.contains('$') => {
            *text = filled(text, variables)
                .map_err(|sentence| Wrong::at(&span, sentence))?
                .into();
        }
        DeValue::Float(number) => {
            let written = number.as_str().replace('_', "");
            if written.contains(['i', 'n']) {
                return Err(Wrong::at(
                    &span,
                    format_args!("'{written}' is no number that could be set"),
                ));
            }
            *value.get_mut() = DeValue::String(written.into());
        }
        DeValue::Array(values) => {
            for value in values.iter_mut() {
                fill(value, variables)?;
            }
        }
        DeValue::Table(table) => {
            for (_, value) in table.iter_mut() {
                fill(value, variables)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn filled(text: &str, variables: &[Variable]) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, from) = rest.split_at(at);
        let from = &from["${".len()..];
        if let Some(before) = before.strip_suffix('$') {
            filled.extend([before, "${"]);
            rest = from;
            continue;
        }
        let Some((name, after)) = from.split_once('}') else {
            return Err(format!(
                "'{text}' has a ${{ without its }}; $${{ stands for ${{ itself"
            ));
        };
        let Some(variable) = variables.iter().find(|there| there.name == name) else {
            let place = format!("${{{name}}}");
            return Err(no_variable(&place, name, variables));
        };
        filled.extend([before, &variable.value]);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn no_variable(place: &str, name: &str, variables: &[Variable]) -> String {
    let names: Vec<&str> = variables.iter().map(|there| there.name.as_str()).collect();
    let there = if names.is_empty() {
        format!("[variables] has {}", list(&names))
    } else {
        known(name, &names)
    };
    format!("{place}: the plan has no variable '{name}': {there}")
}

fn is_name(name: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    !name.is_empty() && name.chars().all(fits)
}

const KEY: &str = "variables";

/// In bytes: far more than anybody writes.
const LARGEST: usize = 1 << 20;
