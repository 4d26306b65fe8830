//! Where the time went, as a table.

use super::labelled;
use crate::figures::{count, percent, time};
use crate::results::{At, Clock, Row, TimeSplit};

/// The table, and what it is made of.
pub(super) fn lines(split: &TimeSplit) -> Vec<String> {
    let mut lines = match &split.withheld {
        Some(reason) => vec![format!("where the time went: not shown, since {reason}")],
        None => table(split),
    };
    lines.push(labelled("samples", &samples(split)));
    lines
}

/// The parts that are told apart.
pub(super) fn parts(split: &TimeSplit) -> impl Iterator<Item = &'static Part> {
    // Nothing lies between kernel and device where the device stamps nothing.
    let shown = |part: &&Part| part.clock.is_none_or(|clock| clock == split.clock);
    PARTS.iter().filter(shown)
}

fn table(split: &TimeSplit) -> Vec<String> {
    let mut lines = vec![row(
        "where the time went",
        &At::ALL.map(|at| name(at).to_owned()),
    )];
    for part in parts(split) {
        let cell = |at| {
            let row = split.row(at);
            row.map_or_else(|| "n/a".to_owned(), |row| time((part.of)(row)))
        };
        lines.push(row(part.name, &At::ALL.map(cell)));
    }
    let unknown = At::ALL.iter().filter(|at| split.row(**at).is_none());
    let needs: Vec<String> = unknown
        .map(|at| {
            format!(
                "{} (needs {} samples)",
                name(*at),
                count(at.smallest_population())
            )
        })
        .collect();
    if !needs.is_empty() {
        lines.push(labelled("n/a", &needs.join(", ")));
    }
    lines
}

pub(super) fn samples(split: &TimeSplit) -> String {
    let clock = match split.clock {
        Clock::Software => "the kernel",
        Clock::Hardware => "kernel and device",
    };
    let left_out = [
        (split.stepped, "left out as the wall clock was stepped"),
        (split.negative, "left out as a part was negative"),
        (split.skipped, "not taken as too many were outstanding"),
    ];
    let left_out = left_out.iter().filter(|(samples, _)| *samples > 0);
    let left_out: Vec<String> = left_out
        .map(|(samples, why)| format!(", {} {why}", count(*samples)))
        .collect();
    format!(
        "{} of {} sampled answers have all stamps of {clock} ({}){}",
        count(split.complete),
        count(split.sampled),
        percent(split.complete, split.sampled),
        left_out.concat(),
    )
}

/// One line of the table.
pub(super) struct Part {
    pub(super) name: &'static str,
    /// In a result file.
    pub(super) field: &'static str,
    pub(super) of: fn(&Row) -> u64,
    /// The clock with which alone it is shown.
    clock: Option<Clock>,
}

const PARTS: [Part; 6] = [
    Part {
        name: "schedule lag",
        field: "lag_ns",
        of: |row| row.lag_ns,
        clock: None,
    },
    Part {
        name: "send call to kernel",
        field: "send_ns",
        of: |row| row.send_ns,
        clock: None,
    },
    Part {
        name: "kernel to device, both ways",
        field: "device_ns",
        of: |row| row.device_ns,
        clock: Some(Clock::Hardware),
    },
    Part {
        name: "kernel to kernel",
        field: "path_ns",
        of: |row| row.path_ns,
        clock: Some(Clock::Software),
    },
    Part {
        name: "device to device",
        field: "path_ns",
        of: |row| row.path_ns,
        clock: Some(Clock::Hardware),
    },
    Part {
        name: "kernel to read",
        field: "read_ns",
        of: |row| row.read_ns,
        clock: None,
    },
];

pub(super) fn name(at: At) -> &'static str {
    match at {
        At::P50 => "p50",
        At::P90 => "p90",
        At::P99 => "p99",
        At::P99_9 => "p99.9",
        At::SlowestThousandth => "slowest 0.1 %",
    }
}

fn row(name: &str, cells: &[String; 5]) -> String {
    let [p50, p90, p99, p99_9, slowest] = cells;
    format!("{name:<27}{p50:>9}{p90:>9}{p99:>9}{p99_9:>9}{slowest:>15}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::time_split;

    #[test]
    fn a_table_says_where_the_time_went_and_what_it_is_made_of() {
        let expected = "\
where the time went              p50      p90      p99    p99.9  slowest 0.1 %
schedule lag                  500 ns  1.00 us  2.00 ms      n/a            n/a
send call to kernel          2.00 us  2.00 us  2.00 us      n/a            n/a
kernel to kernel             30.0 us  30.0 us  30.0 us      n/a            n/a
kernel to read               4.00 us  4.00 us  4.00 us      n/a            n/a
n/a         p99.9 (needs 2,995 samples), slowest 0.1 % (needs 2,995 samples)
samples     299 of 300 sampled answers have all stamps of the kernel (99.667 %)";
        assert_eq!(lines(&time_split()).join("\n"), expected);
    }

    #[test]
    fn what_was_left_out_is_told() {
        let split = TimeSplit {
            stepped: 1,
            negative: 2,
            skipped: 3,
            ..time_split()
        };
        let expected = "(99.667 %), 1 left out as the wall clock was stepped, 2 left out as a part \
                        was negative, 3 not taken as too many were outstanding";
        assert!(lines(&split).last().unwrap().ends_with(expected));
    }

    #[test]
    fn a_device_that_stamps_has_lines_of_its_own() {
        let split = TimeSplit {
            clock: Clock::Hardware,
            ..time_split()
        };
        let text = lines(&split).join("\n");
        assert!(
            text.contains("\nkernel to device, both ways     0 ns"),
            "{text}"
        );
        assert!(text.contains("\ndevice to device "), "{text}");
        assert!(!text.contains("\nkernel to kernel "), "{text}");
    }

    #[test]
    fn a_table_that_cannot_be_trusted_is_not_shown() {
        let split = TimeSplit {
            rows: Vec::new(),
            withheld: Some("most stamps are missing".to_owned()),
            ..time_split()
        };
        let lines = lines(&split);
        assert_eq!(
            lines[0],
            "where the time went: not shown, since most stamps are missing"
        );
        assert_eq!(lines.len(), 2);
    }
}
