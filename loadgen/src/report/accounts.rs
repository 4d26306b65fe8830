//! What became of the probes, how they left, and what the host did meanwhile.

use super::table::cell;
use super::wrapped;
use crate::figures::{count, percent, percentage, time};
use crate::results::{Distribution, Gaps, Host, Known, LostBy, Run};

/// What the system complained of, if it did.
fn faults(run: &Run) -> String {
    let faults = [
        (
            run.own_drops.unwrap_or(0),
            "dropped by our own full buffers",
        ),
        (run.unreachable, "port unreachable"),
        (run.receive_errors, "receive errors"),
    ];
    let told = faults.iter().filter(|(times, _)| *times > 0);
    let told: Vec<String> = told
        .map(|(times, what)| format!(", {} {what}", count(*times)))
        .collect();
    // The figures beside them are of the window alone.
    if !told.is_empty() && run.plan.warmup_ns > 0 {
        return told.concat() + " (with the warm-up)";
    }
    told.concat()
}

pub(super) fn accounts(run: &Run) -> Vec<String> {
    let counts = &run.counts;
    let reasons: Vec<String> = run
        .not_sent_by
        .iter()
        .map(|(reason, probes)| format!("{reason} {}", count(*probes)))
        .collect();
    let reasons = match reasons.as_slice() {
        [] => String::new(),
        reasons => format!(" ({})", reasons.join(", ")),
    };
    let mut lines = wrapped(
        "probes",
        &format!(
            "{} scheduled, {} sent, {} not sent{reasons}",
            count(counts.scheduled),
            count(counts.sent),
            count(counts.not_sent),
        ),
    );
    lines.extend(answers(run));
    lines.extend(wrapped(
        "path",
        &format!(
            "{} reordered, {} duplicated, {} corrupted, {} foreign, {} stale{}",
            count(counts.reordered),
            count(counts.duplicated),
            count(counts.corrupted),
            count(counts.foreign),
            count(counts.stale),
            faults(run),
        ),
    ));
    lines.extend(wrapped(
        "rate",
        &format!(
            "{}/s scheduled, {}/s sent, {}/s answered in time",
            count(run.rate_pps.scheduled),
            count(run.rate_pps.sent),
            count(run.rate_pps.received),
        ),
    ));
    let gaps = run.gaps_ns.as_ref().and_then(gaps);
    lines.extend(gaps.map_or(Vec::new(), |gaps| wrapped("gaps", &gaps)));
    lines.extend(wrapped("host", &host(&run.host)));
    lines
}

/// How many there were, and where those were lost that there were not.
fn answers(run: &Run) -> Vec<String> {
    let counts = &run.counts;
    let under_way = match counts.under_way() {
        0 => String::new(),
        probes => format!(", {} under way", count(probes)),
    };
    let mut lines = wrapped(
        "answers",
        &format!(
            "{} in time ({}), {} late, {} lost ({}){under_way}",
            count(counts.received),
            percent(counts.received, counts.sent),
            count(counts.late),
            count(counts.lost),
            percent(counts.lost, counts.sent),
        ),
    );
    if let Some(places) = run.lost_by.as_ref().filter(|_places| counts.lost > 0) {
        lines.extend(wrapped("lost at", &lost_by(places)));
    }
    lines
}

/// Where the probes died that died nowhere else.
pub(super) fn elsewhere(lost: &LostBy) -> &'static str {
    match lost.server_known {
        Known::Embedded => "path",
        // The server itself may have lost some, which only it could tell.
        Known::Unknown | Known::SameHost => "path or server",
    }
}

fn lost_by(lost: &LostBy) -> String {
    let rest = elsewhere(lost);
    let raw = &lost.raw;
    let own_socket = (lost.own_socket > 0).then_some(lost.own_socket);
    let places = [
        ("own sockets", own_socket, Some(raw.own_socket)),
        ("server's socket", lost.server_socket, raw.server_socket),
        ("server", lost.server, raw.server),
        (rest, Some(lost.path), None),
    ];
    let places = places
        .iter()
        .filter_map(|(place, probes, drops)| Some((place, (*probes)?, *drops)));
    let places: Vec<String> = places
        .map(|(place, probes, drops)| {
            // Duplicates and strangers' datagrams are dropped too, and are no lost probes.
            let beyond = drops.filter(|drops| *drops > probes);
            let beyond = beyond.map(|drops| format!(" ({} drops counted)", count(drops)));
            format!("{place} {}{}", count(probes), beyond.unwrap_or_default())
        })
        .collect();
    places.join(", ")
}

pub(super) fn host(host: &Host) -> String {
    let counted =
        |number: Option<u64>, what: &str| number.map(|number| format!("{} {what}", count(number)));
    let unless_zero = |number: Option<u64>| number.filter(|number| *number > 0);
    let told = [
        host.stolen_share
            .map(|stolen| format!("{} of the time stolen", percentage(stolen))),
        counted(host.involuntary_switches, "involuntary switches"),
        host.run_queue_wait_ns
            .map(|nanos| format!("waited {} for a CPU", time(nanos))),
        host.cpu_time_ns
            .map(|nanos| format!("used {} of CPU", time(nanos))),
        unless_zero(host.throttled_ns).map(|nanos| format!("throttled for {}", time(nanos))),
        unless_zero(host.too_hot).map(|times| format!("{times} times too hot")),
    ];
    let told: Vec<String> = told.into_iter().flatten().collect();
    if told.is_empty() {
        return "unknown".to_owned();
    }
    told.join(", ")
}

/// How evenly, or unevenly, probes left; nothing if there was no gap.
pub(super) fn gaps(gaps: &Gaps) -> Option<String> {
    let distance = gaps.distance?;
    let of = |distribution: &Distribution| {
        let (p50, p99) = (cell(distribution.p50), cell(distribution.p99));
        format!("p50 {p50} p99 {p99}")
    };
    Some(format!(
        "intended {}, achieved {}, distance {distance:.2}",
        of(&gaps.intended),
        of(&gaps.achieved),
    ))
}
