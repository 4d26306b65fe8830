//! The counters of all workers at one moment, as text or JSON.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::counters::{Counter, Counters, Errors};
use super::errno;
use crate::access::Refusal;
use crate::figures::grouped;
use crate::udp::socket::Memory;

/// What a server did: in all, and worker by worker.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The sum over all workers.
    pub total: Account,
    /// Worker by worker, in order.
    pub workers: Vec<Account>,
    /// Datagrams that `--log-datagrams` did not print.
    pub unlogged: u64,
}

/// What one worker did, or all of them. Datagrams unless said otherwise.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Account {
    /// Taken from the kernel.
    pub received: u64,
    /// Sent back.
    pub echoed: u64,
    /// Left unanswered on purpose, by reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// Not sent because the kernel refused, by error.
    pub failed: BTreeMap<String, u64>,
    /// Given up because the kernel took no more.
    pub dropped: u64,
    /// Dropped by the kernel because a receive buffer was full; not among `received`.
    pub kernel_drops: u64,
    /// Bytes still queued in receive buffers, overhead included; not among `received`.
    pub queued_bytes: u64,
    /// Bytes of payload received.
    pub received_bytes: u64,
    /// Bytes of payload sent back.
    pub echoed_bytes: u64,
    /// Datagrams `quit` that did not count because of where they came from.
    pub quit_ignored: u64,
    /// Times that a worker was woken.
    pub wakes: u64,
    /// Calls that received.
    pub receive_calls: u64,
    /// Calls that sent.
    pub send_calls: u64,
    /// Times that the kernel took no more for the moment.
    pub send_blocked: u64,
    /// Receive calls that failed, by error; no datagram is lost by them.
    pub receive_errors: BTreeMap<String, u64>,
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
            unlogged,
        }
    }
}

impl Account {
    /// Reads what a worker counted, and what the kernel counted for its sockets.
    #[must_use]
    pub fn read(counters: &Counters, sockets: impl Iterator<Item = Memory>) -> Self {
        let refused = Refusal::ALL.iter().zip(&counters.refused);
        let mut account = Self {
            received: counters.received.read(),
            echoed: counters.echoed.read(),
            refused: refused
                .map(|(reason, counter)| (reason.name(), Counter::read(counter)))
                .filter(|(_, datagrams)| *datagrams > 0)
                .collect(),
            failed: by_name(&counters.unsendable),
            dropped: counters.dropped.read(),
            received_bytes: counters.received_bytes.read(),
            echoed_bytes: counters.echoed_bytes.read(),
            quit_ignored: counters.quit_ignored.read(),
            wakes: counters.wakes.read(),
            receive_calls: counters.receive_calls.read(),
            send_calls: counters.send_calls.read(),
            send_blocked: counters.send_blocked.read(),
            receive_errors: by_name(&counters.receive_errors),
            ..Self::default()
        };
        for memory in sockets {
            account.kernel_drops += u64::from(memory.drops);
            account.queued_bytes += u64::from(memory.queued);
        }
        account
    }

    /// Received datagrams that are in no other count: 0 once the server has ended.
    #[must_use]
    pub fn unaccounted(&self) -> i128 {
        let refused: u64 = self.refused.values().sum();
        let failed: u64 = self.failed.values().sum();
        let known = [self.echoed, refused, failed, self.dropped];
        i128::from(self.received) - known.into_iter().map(i128::from).sum::<i128>()
    }

    fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.echoed += other.echoed;
        self.dropped += other.dropped;
        self.kernel_drops += other.kernel_drops;
        self.queued_bytes += other.queued_bytes;
        self.received_bytes += other.received_bytes;
        self.echoed_bytes += other.echoed_bytes;
        self.quit_ignored += other.quit_ignored;
        self.wakes += other.wakes;
        self.receive_calls += other.receive_calls;
        self.send_calls += other.send_calls;
        self.send_blocked += other.send_blocked;
        for (reason, datagrams) in &other.refused {
            *self.refused.entry(reason).or_default() += datagrams;
        }
        for (error, datagrams) in &other.failed {
            *self.failed.entry(error.clone()).or_default() += datagrams;
        }
        for (error, calls) in &other.receive_errors {
            *self.receive_errors.entry(error.clone()).or_default() += calls;
        }
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
            (
                "not printed",
                self.unlogged,
                "--log-datagrams had to leave them out",
            ),
        ] {
            if amount > 0 {
                line(formatter, name, amount, note)?;
            }
        }
        if !total.receive_errors.is_empty() {
            let sum = total.receive_errors.values().sum();
            line(
                formatter,
                "receive errors",
                sum,
                &listed(total.receive_errors.iter()),
            )?;
        }
        if self.workers.len() > 1 {
            table(formatter, &self.workers)?;
        }
        Ok(())
    }
}

fn line(formatter: &mut fmt::Formatter<'_>, name: &str, number: u64, note: &str) -> fmt::Result {
    let text = format!("{name:<14} {:>15}  {note}", grouped(number));
    writeln!(formatter, "{}", text.trim_end())
}

fn table(formatter: &mut fmt::Formatter<'_>, workers: &[Account]) -> fmt::Result {
    writeln!(
        formatter,
        "\nworker        received          echoed   refused    failed   dropped  kernel drops"
    )?;
    for (index, worker) in workers.iter().enumerate() {
        writeln!(
            formatter,
            "{index:>6} {:>15} {:>15} {:>9} {:>9} {:>9} {:>13}",
            grouped(worker.received),
            grouped(worker.echoed),
            grouped(worker.refused.values().sum()),
            grouped(worker.failed.values().sum()),
            grouped(worker.dropped),
            grouped(worker.kernel_drops),
        )?;
    }
    Ok(())
}

fn by_name(errors: &Errors) -> BTreeMap<String, u64> {
    errors
        .read()
        .map(|(errno, number)| (errno::name(errno).into_owned(), number))
        .collect()
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
    use std::io;

    fn worked() -> Counters {
        let counters = Counters::default();
        counters.received.add(1_234_567);
        counters.received_bytes.add(79_012_288);
        counters.echoed.add(1_234_560);
        counters.echoed_bytes.add(79_011_840);
        counters.refuse(Refusal::SourcePortZero, 4);
        counters
            .unsendable
            .add(&io::Error::from_raw_os_error(libc::EACCES), 3);
        counters
    }

    fn memory() -> Memory {
        Memory {
            queued: 0,
            drops: 12,
        }
    }

    #[test]
    fn every_received_datagram_is_accounted_for_once() {
        let account = Account::read(&worked(), [memory()].into_iter());
        assert_eq!(account.unaccounted(), 0);
        assert_eq!(account.kernel_drops, 12);
    }

    #[test]
    fn one_worker_reads_as_a_short_list() {
        let account = Account::read(&worked(), [memory()].into_iter());
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
"
        );
    }

    #[test]
    fn the_total_is_the_sum_of_the_workers() {
        let one = Account::read(&worked(), [memory()].into_iter());
        let summary = Summary::new(vec![one.clone(), one.clone(), one], 0);
        assert_eq!(summary.total.received, 3 * 1_234_567);
        assert_eq!(summary.total.failed["EACCES"], 9);
        assert_eq!(summary.total.unaccounted(), 0);
        assert_eq!(summary.to_string().lines().count(), 6 + 2 + 3);
    }

    #[test]
    fn the_json_form_has_the_same_numbers() {
        let account = Account::read(&worked(), [memory()].into_iter());
        let json = serde_json::to_value(Summary::new(vec![account], 5)).unwrap();
        assert_eq!(json["total"]["received"], 1_234_567);
        assert_eq!(json["total"]["refused"]["source port 0"], 4);
        assert_eq!(json["workers"][0]["failed"]["EACCES"], 3);
        assert_eq!(json["unlogged"], 5);
    }
}
