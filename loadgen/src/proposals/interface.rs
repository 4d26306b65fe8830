//! Settings of a network interface.

use super::{Proposal, Wanted};
use crate::experiment::knob::{EthtoolGroup, Knob};

/// Those of the interface `name`.
pub(super) fn proposals(name: &str) -> Vec<Proposal> {
    let mut all = of_driver(name);
    all.extend(of_queues(name));
    all
}

/// What its driver does.
fn of_driver(name: &str) -> Vec<Proposal> {
    let ethtool = |group, parameter: &str| Knob::Ethtool {
        interface: name.to_owned(),
        group,
        parameter: parameter.to_owned(),
    };
    let (coalesce, offload) = (EthtoolGroup::Coalesce, EthtoolGroup::Offload);
    vec![
        Proposal::of(
            "adaptive-rx",
            ethtool(coalesce, "adaptive-rx"),
            Wanted::Value("off"),
            "The driver makes interrupts wait longer or shorter by what it sees: runs differ.",
        ),
        Proposal::of(
            "rx-usecs",
            ethtool(coalesce, "rx-usecs"),
            Wanted::Value("0"),
            "An interrupt waits so many microseconds for more packets, and the first packet with it.",
        ),
        Proposal::of(
            "tx-usecs",
            ethtool(coalesce, "tx-usecs"),
            Wanted::Anything,
            "So late the memory of sent packets is given back; it bounds what can be on its way.",
        ),
        Proposal::of(
            "rx-ring",
            ethtool(EthtoolGroup::Ring, "rx"),
            Wanted::Anything,
            "A short ring loses bursts, a long one lets them wait and leaves the processor's cache.",
        ),
        Proposal::of(
            "combined-channels",
            ethtool(EthtoolGroup::Channels, "combined"),
            Wanted::Anything,
            "One queue for each processor that handles packets is the usual aim.",
        ),
        Proposal::of(
            "gro",
            ethtool(offload, "gro"),
            Wanted::Anything,
            "Packets of a flow are joined: it saves time under load, and may hold a packet back.",
        ),
        Proposal::of(
            "gso",
            ethtool(offload, "gso"),
            Wanted::Anything,
            "Trains of datagrams go down the stack as one: without it each pays for itself.",
        ),
    ]
}

/// What the kernel does with its queues.
fn of_queues(name: &str) -> Vec<Proposal> {
    vec![
        Proposal::of(
            "receive-steering",
            Knob::ReceiveSteering(name.to_owned()),
            Wanted::Anything,
            "Packets are handed to these processors; it helps a device with fewer queues than those.",
        ),
        Proposal::of(
            "transmit-steering",
            Knob::TransmitSteering(name.to_owned()),
            Wanted::Anything,
            "Each processor sends by a queue of its own, if it is named here.",
        ),
        Proposal::of(
            "flow-steering",
            Knob::FlowSteering(name.to_owned()),
            Wanted::Anything,
            "So many flows are remembered with the processor that reads them.",
        ),
        Proposal::of(
            "queueing",
            Knob::Queueing(name.to_owned()),
            Wanted::Anything,
            "A discipline can delay, pace and drop what is sent.",
        ),
    ]
}
