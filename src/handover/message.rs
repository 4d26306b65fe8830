//! What the processes say to each other. Pure.
//!
//! ```text
//! server              starter                successor
//!   | Order::Start       |                      |
//!   |------------------->| starts it            |
//!   |     Report::Started|--------------------->|
//!   |<-------------------|                      |
//!   | Legacy, and the sockets in messages of Files
//!   |------------------------------------------>| opens what it needs besides,
//!   |                                Word::Ready| and reads
//!   |<------------------------------------------|
//!   | Word::Yours                               |
//!   |------------------------------------------>|
//!   |                                 Word::Mine|
//!   |<------------------------------------------|
//!   | stops to read      |                      |
//!   | Order::Settled     |                      |
//!   |------------------->|                      |
//!   | Word::Alone                               |
//!   |------------------------------------------>| announces itself
//!   | Word::Quit, if somebody has ended the server meanwhile
//!   |------------------------------------------>|
//!   | closes its sockets                        |
//!   | Word::Parted                              |
//!   |------------------------------------------>| closes those that are too many
//! ```

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// What concerns one attempt to replace a server. They are counted, so that what is said late of one
/// that is over is not taken for the next one's.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub(super) struct About<T> {
    pub(super) attempt: u64,
    pub(super) what: T,
}

/// From a server to its starter.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub(super) enum Order {
    /// Start the program; its standard input comes along.
    Start,
    /// The one that was started goes on by itself.
    Settled,
    /// The one that was started shall end at once.
    GiveUp,
}

/// From a starter to its server.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub(super) enum Report {
    /// It runs.
    Started {
        /// The number of its process.
        process: u32,
    },
    /// It could not be started.
    NotStarted {
        /// Why not.
        reason: String,
    },
    /// It has ended before it was settled.
    Ended {
        /// With what code or signal.
        how: String,
        /// The last line that it wrote to standard error, if any.
        words: Option<String>,
    },
}

/// From a server to its successor, at the beginning.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub(super) struct Legacy {
    /// [`PROTOCOL`].
    pub(super) protocol: u32,
    /// The sockets of each address.
    pub(super) groups: Vec<Inherited>,
    /// Whether a service manager has opened them, and keeps them open.
    pub(super) from_manager: bool,
    /// Whether the port for metrics comes along, behind the sockets, and before standard error.
    pub(super) metrics: bool,
}

/// The sockets of an address, in the order in which the kernel knows them.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub(super) struct Inherited {
    pub(super) address: SocketAddr,
    pub(super) sockets: usize,
    /// Whether trains come in as one. What is queued stays as it was queued.
    pub(super) receive_offload: bool,
    /// Whether each datagram says where it was sent to. The same.
    pub(super) packet_info: bool,
}

/// A part of the files that were announced.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub(super) struct Files {
    pub(super) files: usize,
}

/// Between a server and its successor, later.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub(super) enum Word {
    /// From the successor: every worker reads.
    Ready,
    /// From the server: it will stop to read when it has heard that this has come.
    Yours,
    /// From the successor: it has come.
    Mine,
    /// From the server: it reads no more.
    Alone,
    /// From the server: somebody has ended it while it went. From the successor, in the place of `Ready`:
    /// somebody's `quit` came to it.
    Quit,
    /// From the server: its sockets are closed.
    Parted,
}

impl Legacy {
    /// How many files come along; `None` if no server hands over what is described here. Whoever is
    /// taken over from may be seized, and the one who takes over not be confined yet.
    pub(super) fn files(&self) -> Option<usize> {
        let mut files = usize::from(self.metrics) + 1;
        for group in &self.groups {
            if group.sockets == 0 {
                return None;
            }
            files = files.checked_add(group.sockets)?;
        }
        (!self.groups.is_empty() && files <= MOST_FILES).then_some(files)
    }
}

/// More than any process may have open by default (`fs.nr_open`).
const MOST_FILES: usize = 1 << 20;

/// What is understood here; a successor of another kind ends with a word about it.
pub(super) const PROTOCOL: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn legacy(sockets: &[usize], metrics: bool) -> Legacy {
        let group = |sockets: &usize| Inherited {
            address: SocketAddr::from(([127, 0, 0, 1], 50_007)),
            sockets: *sockets,
            receive_offload: true,
            packet_info: false,
        };
        Legacy {
            protocol: PROTOCOL,
            groups: sockets.iter().map(group).collect(),
            from_manager: false,
            metrics,
        }
    }

    #[test]
    fn what_no_server_hands_over_is_known() {
        assert_eq!(legacy(&[2, 4], true).files(), Some(8));
        assert_eq!(legacy(&[1], false).files(), Some(2));
        for impossible in [
            &[][..],
            &[0],
            &[2, 0],
            &[usize::MAX],
            &[usize::MAX, 2],
            &[1 << 20],
        ] {
            assert_eq!(legacy(impossible, true).files(), None, "{impossible:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_understood_or_refused(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            sockets in proptest::collection::vec(any::<usize>(), 0..4), metrics: bool,
            place in 0_usize..400, byte: u8,
        ) {
            let _word: serde_json::Result<Word> = serde_json::from_slice(&bytes);
            let _order: serde_json::Result<About<Order>> = serde_json::from_slice(&bytes);
            let described = legacy(&sockets, metrics);
            let mut text = serde_json::to_vec(&described).unwrap();
            prop_assert_eq!(&serde_json::from_slice::<Legacy>(&text).unwrap(), &described);
            let place = place % text.len();
            text[place] = byte;
            if let Ok(legacy) = serde_json::from_slice::<Legacy>(&text) {
                prop_assert!(legacy.files().is_none_or(|files| files > legacy.groups.len()));
            }
        }
    }
}
