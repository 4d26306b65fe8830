//! What went wrong on purpose.

use std::fmt;

use serde::Serialize;

use super::counters::Counter;
use crate::figures::grouped;

/// What one worker did wrong on purpose so far. Datagrams unless said otherwise.
#[derive(Debug, Default)]
pub struct FaultCounters {
    /// Not answered.
    pub dropped_by_fault: Counter,
    /// Copies sent, beside those that are echoed.
    pub duplicated: Counter,
    /// Echoed with a flipped bit.
    pub corrupted: Counter,
    /// Echoed after another one had overtaken them.
    pub reordered: Counter,
    /// Echoed in their turn, since nothing came that could overtake them.
    pub held_in_vain: Counter,
    /// Echoed after their delay.
    pub delayed: Counter,
    /// That took the time of the server.
    pub served: Counter,
    /// Times that the worker did nothing.
    pub stalls: Counter,
}

/// The same at one moment, of one worker or of all.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct FaultAccount {
    /// Not answered.
    pub dropped_by_fault: u64,
    /// Copies sent, beside those that are echoed.
    pub duplicated: u64,
    /// Echoed with a flipped bit.
    pub corrupted: u64,
    /// Echoed after another one had overtaken them.
    pub reordered: u64,
    /// Echoed in their turn, since nothing came that could overtake them.
    pub held_in_vain: u64,
    /// Echoed after their delay.
    pub delayed: u64,
    /// That took the time of the server.
    pub served: u64,
    /// Times that a worker did nothing.
    pub stalls: u64,
}

impl FaultAccount {
    pub(super) fn read(counters: &FaultCounters) -> Self {
        Self {
            dropped_by_fault: counters.dropped_by_fault.read(),
            duplicated: counters.duplicated.read(),
            corrupted: counters.corrupted.read(),
            reordered: counters.reordered.read(),
            held_in_vain: counters.held_in_vain.read(),
            delayed: counters.delayed.read(),
            served: counters.served.read(),
            stalls: counters.stalls.read(),
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.dropped_by_fault += other.dropped_by_fault;
        self.duplicated += other.duplicated;
        self.corrupted += other.corrupted;
        self.reordered += other.reordered;
        self.held_in_vain += other.held_in_vain;
        self.delayed += other.delayed;
        self.served += other.served;
        self.stalls += other.stalls;
    }
}

impl fmt::Display for FaultAccount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "faults on purpose (--fault)")?;
        for (name, number, note) in [
            ("not answered", self.dropped_by_fault, ""),
            ("duplicated", self.duplicated, "copies beside those echoed"),
            ("corrupted", self.corrupted, ""),
            ("reordered", self.reordered, ""),
            ("held in vain", self.held_in_vain, "nothing overtook them"),
            ("delayed", self.delayed, ""),
            ("served", self.served, ""),
            ("stalls", self.stalls, ""),
        ] {
            let text = format!("{name:<14} {:>15}  {note}", grouped(number));
            writeln!(formatter, "{}", text.trim_end())?;
        }
        Ok(())
    }
}
