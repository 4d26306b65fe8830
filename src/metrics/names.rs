//! Which metrics there are. What a name must look like is in the conventions of Prometheus: base
//! units at the end, `_total` behind them for what only ever grows.

use crate::access::Refusal;
use crate::stats::account::Account;
use crate::stats::faults::FaultAccount;

/// A family of metrics: what its members have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Family {
    /// Without prefix, unit and `_total`.
    pub(super) name: &'static str,
    /// Of its values; none if it counts events.
    pub(super) unit: Option<&'static str>,
    /// One sentence without its full stop.
    pub(super) help: &'static str,
}

/// Where a value stands in an account.
type Reading = fn(&Account) -> u64;

const fn family(name: &'static str, unit: Option<&'static str>, help: &'static str) -> Family {
    Family { name, unit, help }
}

/// What each worker counts.
pub(super) const COUNTERS: [(Family, Reading); 17] = [
    (
        family("received", DATAGRAMS, "Datagrams taken from the kernel"),
        |account| account.received,
    ),
    (
        family("received", BYTES, "Payload of the datagrams received"),
        |account| account.received_bytes,
    ),
    (
        family("echoed", DATAGRAMS, "Datagrams sent back"),
        |account| account.echoed,
    ),
    (
        family("echoed", BYTES, "Payload of the datagrams sent back"),
        |account| account.echoed_bytes,
    ),
    (
        family(
            "dropped",
            DATAGRAMS,
            "Datagrams given up because the kernel took no more replies",
        ),
        |account| account.dropped,
    ),
    (
        family(
            "kernel_dropped",
            DATAGRAMS,
            "Datagrams, or trains of them, that the kernel dropped because a receive buffer was full; not among those received",
        ),
        |account| account.kernel_drops,
    ),
    (
        family(
            "ignored_quit",
            DATAGRAMS,
            "Datagrams \"quit\" that ended nothing because of where they came from",
        ),
        |account| account.quit_ignored,
    ),
    (
        family(
            "asked_quit",
            DATAGRAMS,
            "Questions of somebody who wants to end the server by its key, which got their answer",
        ),
        |account| account.quit_asked,
    ),
    (
        family(
            "unproven_quit",
            DATAGRAMS,
            "Proofs of the key that did not hold (--quit-key)",
        ),
        |account| account.quit_unproven,
    ),
    (
        family(
            "gathered",
            DATAGRAMS,
            "Datagrams that left in one message with others that had not come with them",
        ),
        |account| account.gathered,
    ),
    (
        family("wakes", None, "Times that a worker was woken"),
        |account| account.wakes,
    ),
    (
        family("receive_calls", None, "System calls that received"),
        |account| account.receive_calls,
    ),
    (
        family("send_calls", None, "System calls that sent"),
        |account| account.send_calls,
    ),
    (
        family(
            "blocked_sends",
            None,
            "Times that the kernel took no more replies for the moment",
        ),
        |account| account.send_blocked,
    ),
    (
        family(
            "refused_trains",
            None,
            "Trains of datagrams that the kernel would not send as one, sent one by one then",
        ),
        |account| account.trains_refused,
    ),
    (
        family(
            "cut_turns",
            None,
            "Turns of a socket that ended because another one had to have its own",
        ),
        |account| account.budget_cuts,
    ),
    (
        family(
            "stalls",
            None,
            "Times that a worker stood still on purpose (--fault)",
        ),
        |account| account.faults.map_or(0, |faults| faults.stalls),
    ),
];

/// Bytes that wait in receive buffers.
pub(super) const QUEUE: Family = family(
    "receive_queue",
    BYTES,
    "Memory of what waits in the receive buffers, overhead included",
);

/// Datagrams without an answer, by reason.
pub(super) const REFUSED: Family = family(
    "refused",
    DATAGRAMS,
    "Datagrams left unanswered on purpose, by reason",
);

/// Every reason there is, also those that never came.
pub(super) fn refusals(account: &Account) -> impl Iterator<Item = (&'static str, u64)> {
    Refusal::ALL.into_iter().map(|reason| {
        let name = reason.name();
        (name, account.refused.get(name).copied().unwrap_or(0))
    })
}

/// Datagrams that could not be sent, by error.
pub(super) const FAILED: Family = family(
    "failed",
    DATAGRAMS,
    "Datagrams that the kernel would not send, by error",
);

/// Failed receive calls, by error.
pub(super) const RECEIVE_ERRORS: Family = family(
    "receive_errors",
    None,
    "Receive calls that failed, by error; no datagram is lost by them",
);

/// What went wrong on purpose, by fault.
pub(super) const FAULTS: Family = family(
    "faults",
    DATAGRAMS,
    "Datagrams that met a fault on purpose, by fault (--fault)",
);

/// Every fault that a datagram can meet.
pub(super) fn faults(faults: &FaultAccount) -> [(&'static str, u64); 7] {
    [
        ("dropped", faults.dropped_by_fault),
        ("duplicated", faults.duplicated),
        ("corrupted", faults.corrupted),
        ("reordered", faults.reordered),
        ("held in vain", faults.held_in_vain),
        ("delayed", faults.delayed),
        ("served", faults.served),
    ]
}

/// How much each receive call brought.
pub(super) const RECEIVED_A_CALL: Family = family(
    "receive_call",
    DATAGRAMS,
    "How many datagrams a receive call brought, if any",
);

/// How much each message carried.
pub(super) const SENT_A_MESSAGE: Family = family(
    "message",
    DATAGRAMS,
    "How many datagrams were sent in one message",
);

/// How long datagrams waited.
pub(super) const QUEUE_DELAY: Family = family(
    "queue_delay",
    SECONDS,
    "From the kernel's receive stamp to the reply, of each datagram or train (--timestamps)",
);

/// How long turns took.
pub(super) const SERVICE: Family = family(
    "service",
    SECONDS,
    "From what a receive call brought to the last reply to it, of each such turn (--timestamps)",
);

/// How many workers there are.
pub(super) const WORKERS: Family = family("workers", None, "Threads that answer");

/// Whether it has begun, and is not to end.
pub(super) const READY: Family = family(
    "ready",
    None,
    "1 once every worker has begun, 0 from the moment on that the server shall end",
);

/// What was to be logged and got lost.
pub(super) const UNWRITTEN: Family = family(
    "unwritten_log_lines",
    None,
    "Lines of the log that standard error did not take",
);

/// What this program is.
pub(super) const BUILD: Family = family("build", None, "What this program was built as");

const DATAGRAMS: Option<&str> = Some("datagrams");
const BYTES: Option<&str> = Some("bytes");
const SECONDS: Option<&str> = Some("seconds");
