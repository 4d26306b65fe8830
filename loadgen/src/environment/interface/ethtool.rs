//! What the driver of an interface tells (`Documentation/networking/ethtool-netlink.rst`; numbers
//! from `include/uapi/linux/ethtool_netlink.h`).

use std::collections::BTreeMap;

use super::netlink::{Socket, attribute, attributes, find, number, text};
use crate::host::Figure;

/// What the driver of an interface tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ethtool {
    pub(super) channels: Figure<BTreeMap<String, u32>>,
    pub(super) rings: Figure<BTreeMap<String, u32>>,
    pub(super) coalescing: Figure<BTreeMap<String, u32>>,
    pub(super) offloads: Figure<Vec<String>>,
}

impl Ethtool {
    /// Asks about the interface `index`.
    pub(super) fn ask(index: u32) -> Self {
        let mut told = Socket::generic().and_then(|mut socket| {
            let family = family(&mut socket)?;
            Ok((socket, family))
        });
        let mut ask = |command| {
            let (socket, family) = told.as_mut().map_err(|reason| reason.clone())?;
            socket.ask_one(*family, &question(command, index))
        };
        Self {
            channels: ask(CHANNELS_GET).and_then(|answer| numbers(&answer, &CHANNELS)),
            rings: ask(RINGS_GET).and_then(|answer| numbers(&answer, &RINGS)),
            coalescing: ask(COALESCE_GET).and_then(|answer| numbers(&answer, &COALESCING)),
            offloads: ask(FEATURES_GET).map(|answer| active(&answer)),
        }
    }
}

/// The number that the kernel has for this part of itself
/// (`include/uapi/linux/genetlink.h`).
fn family(socket: &mut Socket) -> Figure<u16> {
    let mut question = vec![CTRL_CMD_GETFAMILY, 1, 0, 0];
    question.extend(attribute(CTRL_ATTR_FAMILY_NAME, b"ethtool\0"));
    let answer = socket
        .ask_one(GENL_ID_CTRL, &question)
        .map_err(|reason| format!("this kernel has no ethtool by netlink: {reason}"))?;
    let told = attributes(&answer, GENERIC_HEADER);
    let id = find(&told, CTRL_ATTR_FAMILY_ID).and_then(|value| value.first_chunk());
    let id = id.map(|bytes| u16::from_ne_bytes(*bytes));
    id.ok_or_else(|| "the kernel gives ethtool no number".to_owned())
}

fn question(command: u8, index: u32) -> Vec<u8> {
    let device = attribute(HEADER_DEV_INDEX, &index.to_ne_bytes());
    let mut question = vec![command, 1, 0, 0];
    question.extend(attribute(HEADER | NESTED, &device));
    question
}

/// The figures of an answer that have names here.
fn numbers(answer: &[u8], names: &[(u16, &str)]) -> Figure<BTreeMap<String, u32>> {
    let told = attributes(answer, GENERIC_HEADER);
    let figures: BTreeMap<String, u32> = names
        .iter()
        .filter_map(|(kind, name)| {
            let figure = find(&told, *kind).and_then(number)?;
            Some(((*name).to_owned(), figure))
        })
        .collect();
    if figures.is_empty() {
        return Err("the driver tells nothing of it".to_owned());
    }
    Ok(figures)
}

/// The names of what is switched on: without a mask, the kernel lists those bits alone that are
/// set.
fn active(answer: &[u8]) -> Vec<String> {
    let told = attributes(answer, GENERIC_HEADER);
    let bits = find(&told, FEATURES_ACTIVE).map(|set| attributes(set, 0));
    let bits = bits.and_then(|set| find(&set, BITSET_BITS));
    let bits = bits.map(|bits| attributes(bits, 0)).unwrap_or_default();
    let listed = bits.into_iter().filter(|(kind, _)| *kind == BITS_BIT);
    let mut names: Vec<String> = listed
        .filter_map(|(_, bit)| find(&attributes(bit, 0), BIT_NAME).map(text))
        .collect();
    names.sort_unstable();
    names
}

const GENL_ID_CTRL: u16 = 16;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;

/// Bytes of `struct genlmsghdr`.
const GENERIC_HEADER: usize = 4;

/// `NLA_F_NESTED`: the value is attributes.
const NESTED: u16 = 0x8000;

const FEATURES_GET: u8 = 11;
const RINGS_GET: u8 = 15;
const CHANNELS_GET: u8 = 17;
const COALESCE_GET: u8 = 19;

/// In every question.
const HEADER: u16 = 1;
const HEADER_DEV_INDEX: u16 = 1;

const FEATURES_ACTIVE: u16 = 4;
const BITSET_BITS: u16 = 3;
const BITS_BIT: u16 = 1;
const BIT_NAME: u16 = 2;

const RINGS: [(u16, &str); 8] = [
    (2, "rx_max"),
    (5, "tx_max"),
    (6, "rx"),
    (9, "tx"),
    (10, "rx_buffer_bytes"),
    (11, "tcp_data_split"),
    (12, "completion_bytes"),
    (13, "tx_push"),
];

const CHANNELS: [(u16, &str); 8] = [
    (2, "rx_max"),
    (3, "tx_max"),
    (4, "other_max"),
    (5, "combined_max"),
    (6, "rx"),
    (7, "tx"),
    (8, "other"),
    (9, "combined"),
];

const COALESCING: [(u16, &str); 10] = [
    (2, "rx_usecs"),
    (3, "rx_frames"),
    (4, "rx_usecs_irq"),
    (5, "rx_frames_irq"),
    (6, "tx_usecs"),
    (7, "tx_frames"),
    (8, "tx_usecs_irq"),
    (9, "tx_frames_irq"),
    (11, "adaptive_rx"),
    (12, "adaptive_tx"),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(attributes: &[Vec<u8>]) -> Vec<u8> {
        [vec![0; GENERIC_HEADER], attributes.concat()].concat()
    }

    #[test]
    fn figures_of_one_byte_and_of_four_have_their_names() {
        let told = answer(&[
            attribute(1, b"header"),
            attribute(2, &300_u32.to_ne_bytes()),
            attribute(11, &[1]),
        ]);
        let figures = numbers(&told, &COALESCING).unwrap();
        let expected = [("adaptive_rx", 1), ("rx_usecs", 300)];
        assert_eq!(
            figures,
            expected
                .map(|(name, figure)| (name.to_owned(), figure))
                .into()
        );
        assert!(numbers(&answer(&[]), &COALESCING).is_err());
    }

    #[test]
    fn what_is_switched_on_is_named_in_order() {
        let bit = |name: &[u8]| attribute(BITS_BIT | NESTED, &attribute(BIT_NAME, name));
        let bits = [bit(b"tx-udp-segmentation\0"), bit(b"rx-gro\0")].concat();
        let set = attribute(BITSET_BITS | NESTED, &bits);
        let told = answer(&[attribute(FEATURES_ACTIVE | NESTED, &set)]);
        assert_eq!(active(&told), ["rx-gro", "tx-udp-segmentation"]);
        assert_eq!(active(&answer(&[])), [""; 0]);
    }

    #[test]
    fn the_loopback_interface_has_no_rings_and_the_kernel_says_so() {
        let told = Ethtool::ask(1);
        let reason = told.rings.unwrap_err();
        assert!(reason.contains("the kernel"), "{reason}");
    }

    proptest! {
        #[test]
        fn no_answer_is_too_strange(bytes: Vec<u8>) {
            let _figures: Figure<BTreeMap<String, u32>> = numbers(&bytes, &RINGS);
            let _names: Vec<String> = active(&bytes);
        }
    }
}
