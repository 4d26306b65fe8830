//! What one worker did, read off its counters and its sockets, or the sum over all of them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::counters::{Counter, Counters, Errors};
use super::errno;
use super::faults::FaultAccount;
use super::queue::Queue;
use crate::access::Refusal;

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
    /// Proofs of the key that did not hold.
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

    /// Adds what another worker did.
    pub(super) fn add(&mut self, other: &Self) {
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
        // Days of lasting overload come to 2^64 nanoseconds, and must not come to a panic.
        self.queue_delay_sum_ns = self
            .queue_delay_sum_ns
            .saturating_add(other.queue_delay_sum_ns);
        self.service_sum_ns = self.service_sum_ns.saturating_add(other.service_sum_ns);
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

fn by_name(errors: &Errors) -> BTreeMap<String, u64> {
    errors
        .read()
        .map(|(errno, number)| (errno::name(errno).into_owned(), number))
        .collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::io;

    /// Counters of a worker that answered most of what it received.
    pub(in crate::stats) fn worked() -> Counters {
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

    /// What the kernel counted beside them.
    pub(in crate::stats) fn queue() -> Queue {
        Queue {
            bytes: 0,
            drops: 12,
        }
    }

    #[test]
    fn delays_that_add_up_to_more_than_a_number_holds_add_up_to_the_most_that_it_holds() {
        let mut sum = Account {
            queue_delay_sum_ns: u64::MAX - 1,
            service_sum_ns: u64::MAX,
            ..Account::default()
        };
        sum.add(&sum.clone());
        assert_eq!(sum.queue_delay_sum_ns, u64::MAX);
        assert_eq!(sum.service_sum_ns, u64::MAX);
    }

    #[test]
    fn every_received_datagram_is_accounted_for_once() {
        let account = Account::read(&worked(), [queue()].into_iter());
        assert_eq!(account.unaccounted(), 0);
        assert_eq!(account.kernel_drops, 12);
    }
}
