//! Where lost probes died.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::losses::{Losses, Server};

/// Where lost probes died; `own_socket`, `server_socket`, `server` and `path` add up to the lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LostBy {
    /// Answers that the generator's own sockets had no room for.
    pub own_socket: u64,
    /// Probes that the server's sockets had no room for; null if nobody knows.
    pub server_socket: Option<u64>,
    /// Probes that the server received and did not answer, or not soundly; null if only it knows.
    pub server: Option<u64>,
    /// All others: on the path, or in a server of which nothing is known.
    pub path: u64,
    /// Where the counts of the server come from.
    pub server_known: Known,
    /// What the counts said, which may be more than was lost: duplicates, strangers and the last
    /// moments of the warm-up are in them.
    pub raw: RawDrops,
}

/// Where the counts of the server come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Known {
    /// From the server itself, which ran in the generator's process.
    Embedded,
    /// From the kernel of the generator's host, where the server ran.
    #[serde(rename = "same host")]
    SameHost,
    /// From nowhere.
    Unknown,
}

/// Counts over the measured window as they were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RawDrops {
    /// Drops of the generator's own sockets.
    pub own_socket: u64,
    /// Drops of the server's sockets.
    pub server_socket: Option<u64>,
    /// Datagrams that the server refused, could not send or dropped, or corrupted on purpose.
    pub server: Option<u64>,
}

impl From<&Losses> for LostBy {
    fn from(losses: &Losses) -> Self {
        let (server_known, socket, discarded) = match losses.server_drops {
            Server::Embedded { socket, discarded } => {
                (Known::Embedded, Some(socket), Some(discarded))
            }
            Server::SameHost { socket } => (Known::SameHost, Some(socket), None),
            Server::Unknown => (Known::Unknown, None, None),
        };
        Self {
            own_socket: losses.own_socket,
            server_socket: losses.server_socket,
            server: losses.server,
            path: losses.path,
            server_known,
            raw: RawDrops {
                own_socket: losses.own_drops,
                server_socket: socket,
                server: discarded,
            },
        }
    }
}
