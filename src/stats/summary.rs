//! The counters of all workers at one moment, as text or JSON.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::counters::{Counter, Counters, Errors};
use super::errno;
use super::faults::FaultAccount;
use super::queue::Queue;
use crate::access::Refusal;
use crate::figures::grouped;

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
    /// Those among them that did not fit into a slot.
    pub truncated: u64,
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
    /// Questions of somebody who wants to stop the server by its key, which got their answer.
    pub quit_asked: u64,
    /// Proofs of the key that did not hold, or came too often.
    pub quit_unproven: u64,
    /// Times that a worker was woken.
    pub wakes: u64,
    /// Calls that received.
    pub receive_calls: u64,
    /// Calls that sent.
    pub send_calls: u64,
    /// Times that the kernel took no more for the moment.
    pub send_blocked: u64,
    /// Datagrams sent together with others that did not come together with them.
    pub gathered: u64,
    /// Trains that the kernel refused, sent as single datagrams then.
    pub trains_refused: u64,
    /// Turns that ended because another socket had to have its own.
    pub budget_cuts: u64,
    /// Receive calls that failed, by error; no datagram is lost by them.
    pub receive_errors: BTreeMap<String, u64>,
    /// How many receive calls brought up to so many datagrams.
    pub received_a_call: BTreeMap<u64, u64>,
    /// How many messages had up to so many datagrams.
    pub segments_a_message: BTreeMap<u64, u64>,
    /// How many slots waited for up to so many nanoseconds from receive stamp to reply; empty
    /// without stamps.
    pub queue_delay_ns: BTreeMap<u64, u64>,
    /// The sum of those delays, in nanoseconds.
    pub queue_delay_sum_ns: u64,
    /// How many turns took up to so many nanoseconds, from what a receive call brought to its last reply;
    /// empty without stamps.
    pub service_ns: BTreeMap<u64, u64>,
    /// The sum of those times, in nanoseconds.
    pub service_sum_ns: u64,
    /// What went wrong on purpose; none without faults.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faults: Option<FaultAccount>,
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
    pub fn read(counters: &Counters, sockets: impl Iterator<Item = Queue>) -> Self {
        let refused = Refusal::ALL.iter().zip(&counters.refused);
        let mut account = Self {
            received: counters.received.read(),
            echoed: counters.echoed.read(),
            refused: refused
                .map(|(reason, counter)| (reason.name(), Counter::read(counter)))
                .filter(|(_, datagrams)| *datagrams > 0)
                .collect(),
            truncated: counters.refused_for(Refusal::Truncated),
            failed: by_name(&counters.unsendable),
            dropped: counters.dropped.read(),
            received_bytes: counters.received_bytes.read(),
            echoed_bytes: counters.echoed_bytes.read(),
            quit_ignored: counters.quit_ignored.read(),
            quit_asked: counters.quit_asked.read(),
            quit_unproven: counters.quit_unproven.read(),
            wakes: counters.wakes.read(),
            receive_calls: counters.receive_calls.read(),
            send_calls: counters.send_calls.read(),
            send_blocked: counters.send_blocked.read(),
            gathered: counters.gathered.read(),
            trains_refused: counters.trains_refused.read(),
            budget_cuts: counters.budget_cuts.read(),
            receive_errors: by_name(&counters.receive_errors),
            received_a_call: counters.received_a_call.read().collect(),
            segments_a_message: counters.segments_a_message.read().collect(),
            queue_delay_ns: counters.queue_delay.read().collect(),
            queue_delay_sum_ns: counters.queue_delay.sum_ns(),
            service_ns: counters.service.read().collect(),
            service_sum_ns: counters.service.sum_ns(),
            faults: counters.faults.get().map(FaultAccount::read),
            ..Self::default()
        };
        for queue in sockets {
            account.kernel_drops += queue.drops;
            account.queued_bytes += queue.bytes;
        }
        account
    }

    /// Received datagrams that are in no other count: 0 once the server has ended.
    #[must_use]
    pub fn unaccounted(&self) -> i128 {
        let refused: u64 = self.refused.values().sum();
        let failed: u64 = self.failed.values().sum();
        let on_purpose = self.faults.map_or(0, |faults| faults.dropped_by_fault);
        let known = [self.echoed, refused, failed, self.dropped, on_purpose];
        i128::from(self.received) - known.into_iter().map(i128::from).sum::<i128>()
    }

    fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.echoed += other.echoed;
        self.truncated += other.truncated;
        self.dropped += other.dropped;
        self.kernel_drops += other.kernel_drops;
        self.queued_bytes += other.queued_bytes;
        self.received_bytes += other.received_bytes;
        self.echoed_bytes += other.echoed_bytes;
        self.quit_ignored += other.quit_ignored;
        self.quit_asked += other.quit_asked;
        self.quit_unproven += other.quit_unproven;
        self.wakes += other.wakes;
        self.receive_calls += other.receive_calls;
        self.send_calls += other.send_calls;
        self.send_blocked += other.send_blocked;
        self.gathered += other.gathered;
        self.trains_refused += other.trains_refused;
        self.budget_cuts += other.budget_cuts;
        self.queue_delay_sum_ns += other.queue_delay_sum_ns;
        self.service_sum_ns += other.service_sum_ns;
        add_each(&mut self.refused, &other.refused);
        add_each(&mut self.failed, &other.failed);
        add_each(&mut self.receive_errors, &other.receive_errors);
        add_each(&mut self.received_a_call, &other.received_a_call);
        add_each(&mut self.segments_a_message, &other.segments_a_message);
        add_each(&mut self.queue_delay_ns, &other.queue_delay_ns);
        add_each(&mut self.service_ns, &other.service_ns);
        if let Some(faults) = &other.faults {
            self.faults.get_or_insert_default().add(faults);
        }
    }
}

fn add_each<K: Clone + Ord>(sums: &mut BTreeMap<K, u64>, other: &BTreeMap<K, u64>) {
    for (key, number) in other {
        *sums.entry(key.clone()).or_default() += number;
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
        if self.workers.len() > 1 {
            table(formatter, &self.workers)?;
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
            "not by this key, or too often (--quit-key)",
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
            spread("datagrams", &total.received_a_call),
        ),
        (
            "send calls",
            total.send_calls,
            spread("datagrams a message", &total.segments_a_message),
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
        ("stamped", "ns of queue delay", &total.queue_delay_ns),
        ("timed turns", "ns of service", &total.service_ns),
    ] {
        if !places.is_empty() {
            line(
                formatter,
                name,
                places.values().sum(),
                &spread(what, places),
            )?;
        }
    }
    Ok(())
}

/// A histogram in one line: the highest value of each place and its share.
fn spread(what: &str, places: &BTreeMap<u64, u64>) -> String {
    let sum: u64 = places.values().sum();
    let parts: Vec<String> = places
        .iter()
        .map(|(highest, number)| {
            let permille = (u128::from(*number) * 1_000).div_ceil(u128::from(sum.max(1)));
            format!("<={highest} {}.{} %", permille / 10, permille % 10)
        })
        .collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!("{what}: {}", parts.join(", "))
    }
}

fn table(formatter: &mut fmt::Formatter<'_>, workers: &[Account]) -> fmt::Result {
    let received: u64 = workers.iter().map(|worker| worker.received).sum();
    writeln!(
        formatter,
        "\nworker        received   share          echoed   refused    failed   dropped  kernel drops"
    )?;
    for (index, worker) in workers.iter().enumerate() {
        writeln!(
            formatter,
            "{index:>6} {:>15} {:>5} % {:>15} {:>9} {:>9} {:>9} {:>13}",
            grouped(worker.received),
            worker.received * 100 / received.max(1),
            grouped(worker.echoed),
            grouped(worker.refused.values().sum()),
            grouped(worker.failed.values().sum()),
            grouped(worker.dropped),
            grouped(worker.kernel_drops),
        )?;
    }
    let most = workers.iter().map(|worker| worker.received).max();
    let even = received / (workers.len() as u64).max(1);
    let skew = most.unwrap_or(0) * 100 / even.max(1);
    writeln!(
        formatter,
        "skew: the busiest worker received {skew} % of an even share"
    )
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

    fn queue() -> Queue {
        Queue {
            bytes: 0,
            drops: 12,
        }
    }

    #[test]
    fn every_received_datagram_is_accounted_for_once() {
        let account = Account::read(&worked(), [queue()].into_iter());
        assert_eq!(account.unaccounted(), 0);
        assert_eq!(account.kernel_drops, 12);
    }

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
    fn the_json_form_has_the_same_numbers() {
        let account = Account::read(&worked(), [queue()].into_iter());
        let json = serde_json::to_value(Summary::new(vec![account], 5)).unwrap();
        assert_eq!(json["total"]["received"], 1_234_567);
        assert_eq!(json["total"]["refused"]["source port 0"], 4);
        assert_eq!(json["workers"][0]["failed"]["EACCES"], 3);
        assert_eq!(json["unlogged"], 5);
    }
}
