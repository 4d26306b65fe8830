//! The settings of the kernel that datagrams feel (`Documentation/admin-guide/sysctl`,
//! `Documentation/networking/ip-sysctl.rst`).

use std::collections::BTreeMap;

use super::{Reasons, files};

/// The settings by their names. Columns of numbers are apart by one space.
pub(super) fn read(mut reasons: Reasons<'_>) -> BTreeMap<String, String> {
    let read = NAMES.iter().filter_map(|name| {
        let path = format!("/proc/sys/{}", name.replace('.', "/"));
        let value = files::text(path).map(|text| one_spaced(&text));
        let value = reasons.known(name, value)?;
        Some(((*name).to_owned(), value))
    });
    read.collect()
}

fn one_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

const NAMES: [&str; 36] = [
    // How long a processor stays with one device, and how much it takes from it.
    "net.core.busy_poll",
    "net.core.busy_read",
    "net.core.dev_weight",
    "net.core.netdev_budget",
    "net.core.netdev_budget_usecs",
    "net.core.netdev_max_backlog",
    "net.core.gro_normal_batch",
    "net.core.skb_defer_max",
    // Which processor handles a datagram.
    "net.core.rps_sock_flow_entries",
    "net.core.flow_limit_table_len",
    // Room for datagrams.
    "net.core.rmem_default",
    "net.core.rmem_max",
    "net.core.wmem_default",
    "net.core.wmem_max",
    "net.core.optmem_max",
    "net.ipv4.udp_mem",
    "net.ipv4.udp_rmem_min",
    "net.ipv4.udp_wmem_min",
    // What becomes of them on their way.
    "net.core.default_qdisc",
    "net.core.netdev_tstamp_prequeue",
    "net.core.bpf_jit_enable",
    "net.ipv4.ip_early_demux",
    "net.ipv4.udp_early_demux",
    "net.ipv4.udp_hash_entries",
    "net.ipv4.udp_child_hash_entries",
    "net.ipv4.udp_l3mdev_accept",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.conf.all.rp_filter",
    "net.netfilter.nf_conntrack_max",
    // Who runs when, and what interrupts it.
    "kernel.nmi_watchdog",
    "kernel.numa_balancing",
    "kernel.sched_autogroup_enabled",
    "kernel.sched_rt_runtime_us",
    "kernel.timer_migration",
    "vm.stat_interval",
    "vm.swappiness",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_apart_by_one_space() {
        assert_eq!(
            one_spaced("571392\t761856\t1142784\n"),
            "571392 761856 1142784"
        );
    }

    #[test]
    fn every_setting_is_known_or_has_a_reason() {
        let mut unreadable = BTreeMap::new();
        let settings = read(Reasons::new(&mut unreadable));
        assert_eq!(settings.len() + unreadable.len(), NAMES.len());
        assert!(settings.contains_key("vm.swappiness"));
    }
}
