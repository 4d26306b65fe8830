//! Settings of the machine.

use std::fs;

use super::{Proposal, Wanted, What};
use crate::environment::files;
use crate::experiment::knob::Knob;
use crate::host::Figure;

/// All of them.
pub(super) fn proposals() -> Vec<Proposal> {
    let mut all: Vec<Proposal> = SYSCTLS
        .iter()
        .map(|(sysctl, wanted, why)| {
            let name = sysctl.rsplit('.').next().unwrap_or(sysctl);
            Proposal::of(name, Knob::Sysctl((*sysctl).to_owned()), *wanted, why)
        })
        .collect();
    all.extend([
        Proposal::of(
            "governor",
            Knob::Governor("all".to_owned()),
            Wanted::Value("performance"),
            "A processor that has to speed up first answers late.",
        ),
        Proposal::of(
            "idle_limit",
            Knob::IdleLimit("all".to_owned()),
            Wanted::Anything,
            "Waking up from a deep sleep takes up to hundreds of microseconds; a limit costs power.",
        ),
        Proposal::of(
            "threads_of_a_core",
            Knob::File("/sys/devices/system/cpu/smt/control".into()),
            Wanted::Anything,
            "A neighbour on the same core takes half of it: pin to different cores, or switch it off.",
        ),
        Proposal::of(
            "huge_pages",
            Knob::File("/sys/kernel/mm/transparent_hugepage/enabled".into()),
            Wanted::OneOf(&["madvise", "never"]),
            "Memory that is put together for everybody pauses programs that did not ask for it.",
        ),
        Proposal {
            name: "irqbalance",
            what: What::Fact("the program irqbalance", irqbalance()),
            wanted: Wanted::Anything,
            why: "It moves interrupts between processors while you measure: stop it, and pin them.",
        },
        Proposal {
            name: "timer_slack",
            what: What::Fact("timer slack of this process in ns", files::text("/proc/self/timerslack_ns")),
            wanted: Wanted::Anything,
            why: "Every sleep of a program may last longer by this; each program has its own.",
        },
    ]);
    all
}

/// Whether it runs.
fn irqbalance() -> Figure<String> {
    let entries = fs::read_dir("/proc").map_err(|error| format!("cannot read /proc: {error}"))?;
    let mut names = entries
        .flatten()
        .filter_map(|entry| files::text(entry.path().join("comm")).ok());
    let runs = names.any(|name| name == "irqbalance");
    Ok(if runs { "running" } else { "not running" }.to_owned())
}

const SYSCTLS: [(&str, Wanted, &str); 15] = [
    (
        "net.core.busy_poll",
        Wanted::Value("50"),
        "A program that waits by poll looks at the device itself, for so many microseconds.",
    ),
    (
        "net.core.busy_read",
        Wanted::Value("50"),
        "A program that waits in a read looks at the device itself, for so many microseconds.",
    ),
    (
        "net.core.rmem_max",
        Wanted::AtLeast(16 << 20),
        "Datagrams that come while a program is held up wait here, or are lost.",
    ),
    (
        "net.core.rmem_default",
        Wanted::AtLeast(1 << 20),
        "Programs that ask for no room get this much.",
    ),
    (
        "net.core.wmem_max",
        Wanted::AtLeast(16 << 20),
        "Datagrams wait here for the device; a send that finds no room waits or fails.",
    ),
    (
        "net.core.wmem_default",
        Wanted::AtLeast(1 << 20),
        "Programs that ask for no room get this much.",
    ),
    (
        "net.core.netdev_budget",
        Wanted::AtLeast(600),
        "So many packets are taken before other work gets a turn; the rest waits for it.",
    ),
    (
        "net.core.netdev_budget_usecs",
        Wanted::AtLeast(8_000),
        "So long packets are taken before other work gets a turn; the rest waits for it.",
    ),
    (
        "net.core.netdev_max_backlog",
        Wanted::AtLeast(10_000),
        "Packets that are handed to another processor wait here, or are dropped.",
    ),
    (
        "net.core.rps_sock_flow_entries",
        Wanted::Anything,
        "With it packets go to the processor where they are read; it takes flows per queue too.",
    ),
    (
        "kernel.nmi_watchdog",
        Wanted::Value("0"),
        "The watchdog interrupts every processor now and then.",
    ),
    (
        "kernel.numa_balancing",
        Wanted::Value("0"),
        "Memory that is moved between nodes is not to be had meanwhile.",
    ),
    (
        "kernel.timer_migration",
        Wanted::Value("0"),
        "Timers stay on the processor of the thread that waits for them.",
    ),
    (
        "vm.stat_interval",
        Wanted::AtLeast(10),
        "Every so many seconds a processor stops to add up its statistics.",
    ),
    (
        "vm.swappiness",
        Wanted::Value("1"),
        "A page that was moved to a disk takes milliseconds to come back.",
    ),
];
