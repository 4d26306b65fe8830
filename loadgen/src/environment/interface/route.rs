//! Which interface leads to the target, and what the kernel tells of every interface
//! (`rtnetlink(7)`; numbers from `include/uapi/linux/rtnetlink.h` and `if_link.h`).

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::netlink::{About, Socket, attribute, attributes, find, number, text};
use crate::host::Figure;

/// What the kernel tells of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) name: String,
    pub(super) kind: Figure<String>,
    pub(super) mtu: Figure<u32>,
    pub(super) queue_length: Figure<u32>,
}

/// The index of the interface by which a datagram to `target` leaves. Of several routes with equal
/// rights it is one.
///
/// The address that a socket gets would not tell: what a host sends to its own address goes by the
/// loopback interface.
pub(super) fn towards(socket: &mut Socket, target: SocketAddr) -> Figure<u32> {
    // A datagram to nowhere in particular stays on the host.
    let (family, address, bits) = match target.ip() {
        IpAddr::V4(address) if address.is_unspecified() => v4(Ipv4Addr::LOCALHOST),
        IpAddr::V4(address) => v4(address),
        IpAddr::V6(address) if address.is_unspecified() => v6(Ipv6Addr::LOCALHOST),
        IpAddr::V6(address) => v6(address),
    };
    let mut question = vec![0; ROUTE_HEADER];
    question[0] = family;
    question[1] = bits;
    question.extend(attribute(RTA_DST, &address));
    // The same address of a link can stand behind several interfaces: then the scope names one.
    if let SocketAddr::V6(target) = target
        && target.scope_id() != 0
    {
        question.extend(attribute(RTA_OIF, &target.scope_id().to_ne_bytes()));
    }
    let answer = socket.ask_one(RTM_GETROUTE, &question)?;
    let index = find(&attributes(&answer, ROUTE_HEADER), RTA_OIF).and_then(number);
    index.ok_or_else(|| format!("the route to {} leads by no interface", target.ip()))
}

fn v4(address: Ipv4Addr) -> (u8, Vec<u8>, u8) {
    (AF_INET, address.octets().to_vec(), 32)
}

fn v6(address: Ipv6Addr) -> (u8, Vec<u8>, u8) {
    (AF_INET6, address.octets().to_vec(), 128)
}

/// What the kernel tells of the interface `index`.
pub(super) fn link(socket: &mut Socket, index: u32) -> Figure<Link> {
    let mut question = vec![0; LINK_HEADER];
    question[4..8].copy_from_slice(&index.to_ne_bytes());
    let answer = socket.ask_one(RTM_GETLINK, &question)?;
    parse_link(&answer)
}

fn parse_link(answer: &[u8]) -> Figure<Link> {
    let told = attributes(answer, LINK_HEADER);
    let figure = |kind, name: &str| {
        let value = find(&told, kind).and_then(number);
        value.ok_or_else(|| format!("the kernel tells no {name}"))
    };
    let info = find(&told, IFLA_LINKINFO).map(|info| attributes(info, 0));
    let kind = info.and_then(|info| find(&info, IFLA_INFO_KIND)).map(text);
    Ok(Link {
        name: find(&told, IFLA_IFNAME)
            .map(text)
            .ok_or("the interface has no name")?,
        kind: kind.ok_or_else(|| "the kernel names none: lo or a piece of hardware".to_owned()),
        mtu: figure(IFLA_MTU, "MTU"),
        queue_length: figure(IFLA_TXQLEN, "length of the transmit queue"),
    })
}

/// The queueing disciplines of the interface `index`: `mq, 4 fq_codel`.
pub(super) fn queueing(socket: &mut Socket, index: u32) -> Figure<String> {
    let mut question = vec![0; DISCIPLINE_HEADER];
    question[4..8].copy_from_slice(&index.to_ne_bytes());
    let answers = socket.ask(RTM_GETQDISC, About::All, &question)?;
    let named = sum_up(
        answers
            .iter()
            .filter_map(|answer| discipline(answer, index)),
    );
    named.ok_or_else(|| "the kernel names no queueing discipline".to_owned())
}

/// Its name, and whether it stands at the root. Kernels that do not filter tell those of all
/// interfaces. What sorts incoming packets (`ingress`, `clsact`) is one too, and no queue.
fn discipline(answer: &[u8], index: u32) -> Option<(bool, String)> {
    let word = |at: usize| answer.get(at..at + 4).and_then(number);
    let (of, parent) = (word(4)?, word(12)?);
    let told = attributes(answer, DISCIPLINE_HEADER);
    let name = find(&told, TCA_KIND).map(text)?;
    (of == index && parent != TC_H_INGRESS).then_some((parent == TC_H_ROOT, name))
}

fn sum_up(disciplines: impl Iterator<Item = (bool, String)>) -> Option<String> {
    let (roots, others): (Vec<_>, Vec<_>) = disciplines.partition(|(is_root, _)| *is_root);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, name) in others {
        *counts.entry(name).or_default() += 1;
    }
    let roots = roots.into_iter().map(|(_, name)| name);
    let others = counts
        .into_iter()
        .map(|(name, count)| format!("{count} {name}"));
    let all: Vec<String> = roots.chain(others).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

const RTM_GETLINK: u16 = 18;
const RTM_GETROUTE: u16 = 26;
const RTM_GETQDISC: u16 = 38;

/// Bytes of `struct rtmsg`, `struct ifinfomsg` and `struct tcmsg`.
const ROUTE_HEADER: usize = 12;
const LINK_HEADER: usize = 16;
const DISCIPLINE_HEADER: usize = 20;

const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_TXQLEN: u16 = 13;
const IFLA_LINKINFO: u16 = 18;
const IFLA_INFO_KIND: u16 = 1;
const TCA_KIND: u16 = 1;
const TC_H_ROOT: u32 = 0xffff_ffff;
const TC_H_INGRESS: u32 = 0xffff_fff1;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_loopback_interface_leads_to_the_host_itself() {
        let mut socket = Socket::routes().unwrap();
        for target in ["127.0.0.1:1", "127.9.9.9:1", "0.0.0.0:1"] {
            let index = towards(&mut socket, target.parse().unwrap()).unwrap();
            let link = link(&mut socket, index).unwrap();
            assert_eq!(link.name, "lo", "{target}");
            assert!(link.mtu.unwrap() >= 1_280);
            assert!(queueing(&mut socket, index).is_ok());
        }
    }

    #[test]
    fn disciplines_under_the_root_are_counted() {
        let named = |is_root, name: &str| (is_root, name.to_owned());
        let many = [named(false, "fq"), named(true, "mq"), named(false, "fq")];
        assert_eq!(sum_up(many.into_iter()).unwrap(), "mq, 2 fq");
        assert_eq!(
            sum_up([named(true, "noqueue")].into_iter()).unwrap(),
            "noqueue"
        );
        assert_eq!(sum_up([].into_iter()), None);
    }

    #[test]
    fn disciplines_of_other_interfaces_and_of_incoming_packets_do_not_count() {
        let told = |index: u32, parent: u32| {
            let mut answer = vec![0; DISCIPLINE_HEADER];
            answer[4..8].copy_from_slice(&index.to_ne_bytes());
            answer[12..16].copy_from_slice(&parent.to_ne_bytes());
            answer.extend(attribute(TCA_KIND, b"fq\0"));
            discipline(&answer, 4)
        };
        assert_eq!(told(4, TC_H_ROOT), Some((true, "fq".to_owned())));
        assert_eq!(told(4, 1), Some((false, "fq".to_owned())));
        assert_eq!(told(3, TC_H_ROOT), None);
        assert_eq!(told(4, TC_H_INGRESS), None);
    }

    proptest! {
        #[test]
        fn no_answer_is_too_strange(bytes: Vec<u8>) {
            let _link: Figure<Link> = parse_link(&bytes);
            let _discipline: Option<(bool, String)> = discipline(&bytes, 0);
        }
    }
}
