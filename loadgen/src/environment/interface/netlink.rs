//! Questions to the kernel about its network, and its answers (`netlink(7)`).
//!
//! The kernel has answered by the time that a question is sent, so that nothing ever waits.

use std::io;

use netlink_packet_core::{
    DefaultNla, Emitable, NLM_F_DUMP, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR, NetlinkBuffer,
    NetlinkHeader, NlasIterator,
};
use netlink_sys::protocols::{NETLINK_GENERIC, NETLINK_ROUTE};

use crate::host::Figure;

/// A connection to the kernel.
pub(super) struct Socket(netlink_sys::Socket);

/// What a question is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum About {
    /// One thing, and there is one answer.
    One,
    /// All things of a kind, with an answer for each.
    All,
}

impl Socket {
    /// For questions about routes, interfaces and queues (`rtnetlink(7)`).
    pub(super) fn routes() -> Figure<Self> {
        Self::open(NETLINK_ROUTE)
    }

    /// For questions to parts of the kernel that have a name
    /// (`Documentation/userspace-api/netlink/intro.rst`).
    pub(super) fn generic() -> Figure<Self> {
        Self::open(NETLINK_GENERIC)
    }

    fn open(protocol: isize) -> Figure<Self> {
        let open = || {
            let mut socket = netlink_sys::Socket::new(protocol)?;
            socket.bind_auto()?;
            socket.set_non_blocking(true)?;
            io::Result::Ok(Self(socket))
        };
        open().map_err(|error| format!("cannot ask the kernel by netlink: {error}"))
    }

    /// Asks a question of type `kind`: the header of its kind, then attributes. The answers come
    /// the same way.
    ///
    /// # Errors
    /// What the kernel said, or what went wrong.
    pub(super) fn ask(&mut self, kind: u16, about: About, question: &[u8]) -> Figure<Vec<Vec<u8>>> {
        let failed = |error: &io::Error| format!("the kernel did not answer by netlink: {error}");
        let message = message(kind, about, question);
        self.0.send(&message, 0).map_err(|error| failed(&error))?;
        let mut answers = Vec::new();
        for _ in 0..MOST_PIECES {
            let mut piece = Vec::with_capacity(PIECE);
            self.0.recv(&mut piece, 0).map_err(|error| failed(&error))?;
            let is_last = take_answers(&piece, &mut answers)?;
            if is_last || matches!(about, About::One) {
                return Ok(answers);
            }
        }
        Err("the answers of the kernel have no end".to_owned())
    }

    /// The same, of a question with one answer.
    pub(super) fn ask_one(&mut self, kind: u16, question: &[u8]) -> Figure<Vec<u8>> {
        let answers = self.ask(kind, About::One, question)?;
        let missing = || "the kernel gave an empty answer".to_owned();
        answers.into_iter().next().ok_or_else(missing)
    }
}

fn message(kind: u16, about: About, question: &[u8]) -> Vec<u8> {
    let mut header = NetlinkHeader::default();
    let mut message = vec![0; header.buffer_len()];
    message.extend_from_slice(question);
    header.length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    header.message_type = kind;
    header.flags = match about {
        About::One => NLM_F_REQUEST,
        About::All => NLM_F_REQUEST | NLM_F_DUMP,
    };
    header.emit(&mut message);
    message
}

/// Adds the answers in one piece of what the kernel says; returns whether it said that these are
/// all.
fn take_answers(mut piece: &[u8], answers: &mut Vec<Vec<u8>>) -> Figure<bool> {
    while !piece.is_empty() {
        let strange = |error| format!("the kernel gave a strange answer: {error}");
        let message = NetlinkBuffer::new_checked(piece).map_err(strange)?;
        match message.message_type() {
            NLMSG_DONE => return Ok(true),
            NLMSG_ERROR => return Err(refusal(message.payload())),
            _ => answers.push(message.payload().to_vec()),
        }
        // Messages begin at multiples of four bytes.
        let length = (message.length() as usize).next_multiple_of(4);
        piece = piece.get(length..).unwrap_or_default();
    }
    Ok(false)
}

/// An error begins with its number, negated.
fn refusal(payload: &[u8]) -> String {
    let number = payload
        .first_chunk()
        .map_or(0, |bytes| i32::from_ne_bytes(*bytes));
    let error = io::Error::from_raw_os_error(number.saturating_neg());
    format!("the kernel says: {error}")
}

/// Bytes of an attribute, as part of a question.
pub(super) fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let attribute = DefaultNla::new(kind, value.to_vec());
    let mut bytes = vec![0; attribute.buffer_len()];
    attribute.emit(&mut bytes);
    bytes
}

/// The attributes in an answer, behind `header` bytes: their kinds and values. What cannot be
/// understood ends them.
pub(super) fn attributes(answer: &[u8], header: usize) -> Vec<(u16, &[u8])> {
    let bytes = answer.get(header..).unwrap_or_default();
    let mut found = Vec::new();
    let mut rest = bytes;
    for attribute in NlasIterator::new(bytes).map_while(Result::ok) {
        let length = usize::from(attribute.length());
        let value = rest.get(HEADER..length).unwrap_or_default();
        found.push((attribute.kind(), value));
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

/// The value of the first attribute of a kind.
pub(super) fn find<'a>(attributes: &[(u16, &'a [u8])], kind: u16) -> Option<&'a [u8]> {
    let mut attributes = attributes.iter();
    attributes
        .find(|(other, _)| *other == kind)
        .map(|(_, value)| *value)
}

/// A value of four bytes, or of one.
pub(super) fn number(value: &[u8]) -> Option<u32> {
    match value {
        [byte] => Some(u32::from(*byte)),
        _ => value.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes)),
    }
}

/// A value that is a text, which ends with a zero.
pub(super) fn text(value: &[u8]) -> String {
    let end = value.iter().position(|byte| *byte == 0);
    String::from_utf8_lossy(&value[..end.unwrap_or(value.len())]).into_owned()
}

/// Bytes of an attribute before its value.
const HEADER: usize = netlink_packet_core::NLA_HEADER_SIZE;

/// Bytes of the largest piece of an answer (`NLMSG_GOODSIZE` is a page, dumps take up to 32 KiB).
const PIECE: usize = 64 << 10;

/// Enough for tens of thousands of queues.
const MOST_PIECES: usize = 1_024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_error_is_told_as_the_system_does() {
        let message = message(NLMSG_ERROR, About::One, &(-19_i32).to_ne_bytes());
        let refused = take_answers(&message, &mut Vec::new()).unwrap_err();
        assert!(refused.contains("No such device"), "{refused}");
    }

    #[test]
    fn answers_end_where_the_kernel_says_so() {
        let mut piece = message(20, About::All, b"first");
        piece.resize(piece.len().next_multiple_of(4), 0);
        piece.extend(message(20, About::All, b"next"));
        let mut answers = Vec::new();
        assert_eq!(take_answers(&piece, &mut answers), Ok(false));
        assert_eq!(answers, [b"first".to_vec(), b"next".to_vec()]);
        piece.extend(message(NLMSG_DONE, About::All, &[0; 4]));
        assert_eq!(take_answers(&piece, &mut answers), Ok(true));
    }

    #[test]
    fn a_thing_that_does_not_exist_is_refused_by_the_kernel() {
        let mut socket = Socket::routes().unwrap();
        let refused = super::super::route::link(&mut socket, u32::MAX >> 1);
        assert!(refused.unwrap_err().contains("the kernel says"));
    }

    proptest! {
        #[test]
        fn attributes_come_back(
            all in proptest::collection::vec((1..100_u16, ".{0,9}"), 0..5), header in 0..9_usize,
        ) {
            let mut bytes = vec![7; header];
            for (kind, value) in &all {
                bytes.extend(attribute(*kind, value.as_bytes()));
            }
            let found = attributes(&bytes, header);
            let expected: Vec<(u16, &[u8])> =
                all.iter().map(|(kind, value)| (*kind, value.as_bytes())).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn no_answer_is_too_strange(bytes: Vec<u8>, header in 0..9_usize) {
            let _found: Vec<(u16, &[u8])> = attributes(&bytes, header);
            let _answers: Figure<bool> = take_answers(&bytes, &mut Vec::new());
            let _value: (Option<u32>, String) = (number(&bytes), text(&bytes));
        }
    }
}
