//! What rows of every kind have in common.

use crate::measure::Quantile;
use crate::verdict::Outcome;

/// A line of names, and one a row.
pub(super) fn text(header: &[String], rows: &[Vec<String>]) -> String {
    let lines = std::iter::once(header).chain(rows.iter().map(Vec::as_slice));
    lines.map(record).collect()
}

fn record(fields: &[String]) -> String {
    let fields: Vec<String> = fields.iter().map(|text| field(text)).collect();
    fields.join(",") + "\r\n"
}

/// A field in quotes if it needs them: a file may hold any text in place of a rate.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

pub(super) fn quantile(quantile: Quantile) -> String {
    match quantile {
        Quantile::Value(nanos) => nanos.to_string(),
        Quantile::Lost => "lost".to_owned(),
        Quantile::TooFew => String::new(),
    }
}

pub(super) fn verdict(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Valid => "valid",
        Outcome::Suspect => "suspect",
        Outcome::Invalid => "invalid",
    }
}

/// What a reader makes of one record.
#[cfg(test)]
pub(super) fn read(record: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut letters = record.strip_suffix("\r\n").unwrap().chars().peekable();
    while let Some(letter) = letters.next() {
        let field = fields.last_mut().unwrap();
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => field.extend(letters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            letter => field.push(letter),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_read_as_it_was_written(fields in proptest::collection::vec(".*", 1..5)) {
            prop_assert_eq!(read(&record(&fields)), fields);
        }
    }
}
