//! `docs/methodology.md` against the code that it describes.

use std::fs;
use std::path::Path;

use loadgen::measure::{Distribution, Fraction, Quantile};

const MANUAL: &str = include_str!("../../../docs/methodology.md");

/// A row of the table of constants: what is written, the name of the constant, and its file.
struct Row<'a> {
    value: &'a str,
    name: &'a str,
    file: &'a str,
}

fn rows() -> Vec<Row<'static>> {
    let (_, table) = MANUAL
        .split_once("\n## Constants\n")
        .expect("it has a table");
    let lines = table.lines().filter(|line| line.starts_with("| "));
    let lines = lines.filter(|line| !line.starts_with("| value"));
    let rows = lines.map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let (name, file) = cells[2]
            .split_once(" in ")
            .expect("a constant and its file");
        let bare = |quoted: &'static str| quoted.trim_matches('`');
        Row {
            value: cells[1],
            name: bare(name),
            file: bare(file),
        }
    });
    rows.collect()
}

/// A number as people write it: `1,000`, `99 %`, `5 ms`; times in nanoseconds.
fn as_written(value: &str) -> f64 {
    let (number, unit) = value.split_once(' ').unwrap_or((value, ""));
    let number = number.replace(',', "").parse::<f64>();
    let number = number.expect("a value begins with a number");
    let scale = match unit {
        "" | "%" => 1.0,
        "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        other => panic!("{other} is no unit that the table has"),
    };
    number * scale
}

/// A number as the code writes it: a literal, a power of two, a duration, or another constant.
fn in_code(source: &str, name: &str) -> Option<f64> {
    let definition = format!("const {name}: ");
    let (_, rest) = source.split_once(&definition)?;
    let (_, expression) = rest.split_once("= ")?;
    let (expression, _) = expression.split_once(';')?;
    let number = |text: &str| text.replace('_', "").parse::<f64>().ok();
    if let Some((base, exponent)) = expression.split_once(" << ") {
        return Some(number(base)? * number(exponent)?.exp2());
    }
    let Some(duration) = expression.strip_prefix("Duration::from_") else {
        return number(expression);
    };
    let (unit, count) = duration.split_once('(')?;
    let scale = match unit {
        "nanos" => 1.0,
        "micros" => 1e3,
        "millis" => 1e6,
        "secs" => 1e9,
        _ => return None,
    };
    let count = count.strip_suffix(')')?;
    Some(scale * number(count).or_else(|| in_file("measure/latency/distribution.rs", count))?)
}

fn in_file(file: &str, name: &str) -> Option<f64> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file);
    let source = fs::read_to_string(&path);
    let source = source.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    in_code(&source, name)
}

#[test]
fn every_constant_of_the_methodology_is_that_of_the_code() {
    let rows = rows();
    assert!(rows.len() > 20, "{} rows", rows.len());
    for Row { value, name, file } in rows {
        let found = in_file(file, name).unwrap_or_else(|| panic!("{file} has no {name}"));
        let written = as_written(value);
        let close = (found - written).abs() <= written.abs() * 1e-12;
        assert!(close, "{name} in {file} is {found}, and {value} is written");
    }
}

#[test]
fn the_files_that_the_methodology_names_exist() {
    let quoted = MANUAL.split('`').skip(1).step_by(2);
    let is_source = |name: &&str| Path::new(name).extension().is_some_and(|end| end == "rs");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for name in quoted.filter(is_source) {
        assert!(source.join(name).exists(), "{name}");
    }
}

#[test]
fn the_probes_that_quantiles_take_are_those_of_the_methodology() {
    for name in ["p50", "p90", "p99", "p99.9", "p99.99"] {
        let fraction: Fraction = name.parse().unwrap();
        let needed = fraction.smallest_population().to_string();
        let with_comma = match needed.len() {
            4.. => {
                let (thousands, rest) = needed.split_at(needed.len() - 3);
                format!("{thousands},{rest}")
            }
            _ => needed,
        };
        let written = MANUAL.split_whitespace().collect::<Vec<_>>().join(" ");
        let phrases = [
            format!("{with_comma} probes for {name}"),
            format!("{with_comma} for {name}"),
        ];
        let found = phrases.iter().any(|phrase| written.contains(phrase));
        assert!(found, "{with_comma} for {name}");
    }
}

#[test]
fn the_example_of_coordinated_omission_is_worked_out_rightly() {
    const MILLISECOND: u64 = 1_000_000;
    let mut closed = Distribution::new();
    closed.record_many(MILLISECOND / 10, 9_000);
    closed.record(1_000 * MILLISECOND);
    let mut open = Distribution::new();
    open.record_many(MILLISECOND / 10, 9_000);
    (1..=1_000).for_each(|waited| open.record(waited * MILLISECOND));
    let at = |times: &Distribution, name: &str| {
        let quantile = match name {
            "max" => times.largest(0),
            percentile => times.estimate(percentile.parse().unwrap(), 0).value,
        };
        let Quantile::Value(nanos) = quantile else {
            panic!("{quantile:?} at {name}");
        };
        // To the three digits of the table.
        let tenths = (nanos + MILLISECOND / 20) / (MILLISECOND / 10);
        match tenths {
            1 => "0.1 ms".to_owned(),
            10_000.. => "1,000 ms".to_owned(),
            tenths => format!("{} ms", tenths / 10),
        }
    };
    for name in ["p50", "p95", "p99", "p99.9", "max"] {
        let row = format!("| {name} | {} | {} |", at(&closed, name), at(&open, name));
        assert!(MANUAL.contains(&row), "{row}");
    }
    let probes = format!("| probes | {} | {} |", "9,001", "10,000");
    assert!(MANUAL.contains(&probes));
    assert_eq!((closed.count(), open.count()), (9_001, 10_000));
}
