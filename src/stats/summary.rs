//! The counters of all workers at one moment, as text or JSON.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::account::Account;
use crate::figures::{grouped, time};

/// What a server did: in all, and worker by worker.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The sum over all workers.
    pub total: Account,
    /// Worker by worker, in order.
    pub workers: Vec<Account>,
    /// What former workers did that a replacement had too many, in all; none if there were no such.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired: Option<Account>,
    /// Datagrams that `--log-datagrams` did not print.
    pub unlogged: u64,
}

impl Summary {
    /// Adds up what the workers did.
    #[must_use]
    pub fn new(workers: Vec<Account>, unlogged: u64) -> Self {
        let mut total = Account::default();
        for worker in &workers {
            total.add(worker);
        }
        Self {
            total,
            workers,
            retired: None,
            unlogged,
        }
    }

    /// Adds what workers did that are no more.
    pub(crate) fn add_retired(&mut self, accounts: &[Account]) {
        for account in accounts {
            self.total.add(account);
            self.retired.get_or_insert_default().add(account);
        }
    }
}

impl Summary {
    fn table(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "\nworker        received   share          echoed   refused    failed   dropped  kernel drops"
        )?;
        let named = self.workers.iter().enumerate();
        let named = named.map(|(number, worker)| (number.to_string(), worker));
        let retired = self
            .retired
            .iter()
            .map(|account| ("former".to_owned(), account));
        for (name, worker) in named.chain(retired) {
            writeln!(
                formatter,
                "{name:>6} {:>15} {:>5} % {:>15} {:>9} {:>9} {:>9} {:>13}",
                grouped(worker.received),
                worker.received * 100 / self.total.received.max(1),
                grouped(worker.echoed),
                grouped(worker.refused.values().sum()),
                grouped(worker.failed.values().sum()),
                grouped(worker.dropped),
                grouped(worker.kernel_drops),
            )?;
        }
        let received: u64 = self.workers.iter().map(|worker| worker.received).sum();
        let most = self.workers.iter().map(|worker| worker.received).max();
        let even = received / (self.workers.len() as u64).max(1);
        let skew = most.unwrap_or(0) * 100 / even.max(1);
        writeln!(
            formatter,
            "skew: the busiest worker received {skew} % of an even share"
        )
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = &self.total;
        line(
            formatter,
            "received",
            total.received,
            &bytes(total.received_bytes),
        )?;
        line(
            formatter,
            "echoed",
            total.echoed,
            &bytes(total.echoed_bytes),
        )?;
        let refused = listed(total.refused.iter());
        line(formatter, "refused", total.refused.values().sum(), &refused)?;
        let failed = listed(total.failed.iter());
        line(
            formatter,
            "failed to send",
            total.failed.values().sum(),
            &failed,
        )?;
        line(formatter, "dropped", total.dropped, "")?;
        let cause = "receive buffer full";
        line(formatter, "kernel drops", total.kernel_drops, cause)?;
        line(formatter, "truncated", total.truncated, "")?;
        exceptions(formatter, total, self.unlogged)?;
        if let Some(faults) = total.faults {
            write!(formatter, "\n{faults}")?;
        }
        calls(formatter, total)?;
        if self.workers.len() > 1 || self.retired.is_some() {
            self.table(formatter)?;
        }
        Ok(())
    }
}

/// What a summary tells only where it happened.
fn exceptions(formatter: &mut fmt::Formatter<'_>, total: &Account, unlogged: u64) -> fmt::Result {
    for (name, amount, note) in [
        (
            "left in queue",
            total.queued_bytes,
            "bytes of memory, unread when it ended",
        ),
        (
            "quit ignored",
            total.quit_ignored,
            "not by the loopback interface (--quit)",
        ),
        ("quit asked", total.quit_asked, "answered with a nonce"),
        (
            "quit unproven",
            total.quit_unproven,
            "not by this key (--quit-key)",
        ),
        (
            "not printed",
            unlogged,
            "--log-datagrams had to leave them out",
        ),
    ] {
        if amount > 0 {
            line(formatter, name, amount, note)?;
        }
    }
    Ok(())
}

fn line(formatter: &mut fmt::Formatter<'_>, name: &str, number: u64, note: &str) -> fmt::Result {
    let text = format!("{name:<14} {:>15}  {note}", grouped(number));
    writeln!(formatter, "{}", text.trim_end())
}

/// How the work was done.
fn calls(formatter: &mut fmt::Formatter<'_>, total: &Account) -> fmt::Result {
    writeln!(formatter)?;
    for (name, number, note) in [
        ("wakes", total.wakes, String::new()),
        (
            "receive calls",
            total.receive_calls,
            spread("datagrams", &total.received_a_call, u64::to_string),
        ),
        (
            "send calls",
            total.send_calls,
            spread(
                "datagrams a message",
                &total.segments_a_message,
                u64::to_string,
            ),
        ),
    ] {
        line(formatter, name, number, &note)?;
    }
    for (name, number, note) in [
        (
            "gathered",
            total.gathered,
            "datagrams that left with others",
        ),
        ("trains refused", total.trains_refused, "sent one by one"),
        (
            "send blocked",
            total.send_blocked,
            "times that a send buffer was full",
        ),
        (
            "turns cut",
            total.budget_cuts,
            "to let the other sockets have theirs",
        ),
    ] {
        if number > 0 {
            line(formatter, name, number, note)?;
        }
    }
    for (name, what, places) in [
        ("stamped", "queue delay", &total.queue_delay_ns),
        ("timed turns", "service", &total.service_ns),
    ] {
        if !places.is_empty() {
            line(
                formatter,
                name,
                places.values().sum(),
                &spread(what, places, |nanos| time(*nanos)),
            )?;
        }
    }
    Ok(())
}

/// A histogram in one line: the highest value of each place and its share.
fn spread(what: &str, places: &BTreeMap<u64, u64>, shown: impl Fn(&u64) -> String) -> String {
    let sum: u64 = places.values().sum();
    let parts: Vec<String> = places
        .iter()
        .map(|(highest, number)| {
            let permille = (u128::from(*number) * 1_000).div_ceil(u128::from(sum.max(1)));
            format!("<={} {}.{} %", shown(highest), permille / 10, permille % 10)
        })
        .collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!("{what}: {}", parts.join(", "))
    }
}

fn listed<'a, N: fmt::Display + 'a>(parts: impl Iterator<Item = (N, &'a u64)>) -> String {
    let parts: Vec<_> = parts
        .map(|(name, number)| format!("{name}: {}", grouped(*number)))
        .collect();
    parts.join(", ")
}

/// Bytes of payload with a unit of 1,000.
fn bytes(number: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits of it are shown")]
    let mut value = number as f64;
    let mut units = ["B", "kB", "MB", "GB", "TB", "PB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    for larger in units {
        if value < 1_000.0 {
            break;
        }
        value /= 1_000.0;
        unit = larger;
    }
    if unit == "B" {
        format!("{number} B of payload")
    } else {
        format!("{value:.1} {unit} of payload")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::account::tests::{queue, worked};

    #[test]
    fn one_worker_reads_as_a_short_list() {
        let account = Account::read(&worked(), [queue()].into_iter());
        let text = Summary::new(vec![account], 0).to_string();
        assert_eq!(
            text,
            "\
received             1,234,567  79.0 MB of payload
echoed               1,234,560  79.0 MB of payload
refused                      4  source port 0: 4
failed to send               3  EACCES: 3
dropped                      0
kernel drops                12  receive buffer full
truncated                    0

wakes                        0
receive calls                0
send calls                   0
"
        );
    }

    #[test]
    fn faults_on_purpose_are_told_and_accounted_for() {
        let counters = worked();
        counters.received.add(5);
        let faults = counters.faults.get_or_init(Default::default);
        faults.dropped_by_fault.add(5);
        faults.duplicated.add(2);
        let account = Account::read(&counters, [queue()].into_iter());
        assert_eq!(account.unaccounted(), 0);
        let summary = Summary::new(vec![account.clone(), account], 0);
        assert_eq!(summary.total.unaccounted(), 0);
        let text = summary.to_string();
        assert!(
            text.contains("\nnot answered                10\n"),
            "{text}"
        );
        assert!(
            text.contains("\nduplicated                   4  "),
            "{text}"
        );
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(json["total"]["faults"]["dropped_by_fault"], 10);
        assert_eq!(json["workers"][1]["faults"]["duplicated"], 2);
        let none = serde_json::to_value(Account::read(&worked(), [].into_iter())).unwrap();
        assert!(none.get("faults").is_none(), "{none}");
    }

    #[test]
    fn the_total_is_the_sum_of_the_workers() {
        let one = Account::read(&worked(), [queue()].into_iter());
        let summary = Summary::new(vec![one.clone(), one.clone(), one], 0);
        assert_eq!(summary.total.received, 3 * 1_234_567);
        assert_eq!(summary.total.failed["EACCES"], 9);
        assert_eq!(summary.total.unaccounted(), 0);
        assert_eq!(summary.to_string().lines().count(), 7 + 4 + 2 + 3 + 1);
    }

    #[test]
    fn former_workers_are_in_the_total_and_no_workers_any_more() {
        let one = Account::read(&worked(), [queue()].into_iter());
        let mut summary = Summary::new(vec![one.clone()], 0);
        summary.add_retired(&[one.clone(), one]);
        assert_eq!(summary.total.received, 3 * 1_234_567);
        assert_eq!(summary.total.unaccounted(), 0);
        let text = summary.to_string();
        assert!(text.contains("\nformer       2,469,134    66 %"), "{text}");
        assert!(text.contains("received 100 % of an even share"), "{text}");
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(json["retired"]["received"], 2 * 1_234_567);
        assert_eq!(json["workers"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn times_have_units() {
        let counters = worked();
        counters.queue_delay.note(100_000);
        let account = Account::read(&counters, [queue()].into_iter());
        let text = Summary::new(vec![account], 0).to_string();
        let line = "\nstamped                      1  queue delay: <=122 us 100.0 %\n";
        assert!(text.contains(line), "{text}");
    }

    #[test]
    fn the_json_form_has_the_same_numbers() {
        let account = Account::read(&worked(), [queue()].into_iter());
        let json = serde_json::to_value(Summary::new(vec![account], 5)).unwrap();
        assert_eq!(json["total"]["received"], 1_234_567);
        assert_eq!(json["total"]["refused"]["source port 0"], 4);
        assert_eq!(json["workers"][0]["failed"]["EACCES"], 3);
        assert_eq!(json["unlogged"], 5);
    }
}
