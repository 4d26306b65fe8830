//! What the kernel counts for the UDP sockets of this host: `/proc/net/udp` and `udp6`
//! (`net/ipv4/udp.c`, `net/ipv6/udp.c`).

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// One socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it is bound.
    pub local: SocketAddr,
    /// Datagrams dropped since it was opened, mostly because its receive buffer was full.
    pub drops: u64,
}

/// Drops of all sockets that receive what is sent to `target`: several may share the address, by
/// name or as the unspecified one. `None` if there is none, or if the tables cannot be read.
#[must_use]
pub fn drops_at(target: SocketAddr) -> Option<u64> {
    let tables = ["/proc/net/udp", "/proc/net/udp6"].map(fs::read_to_string);
    let texts = tables.iter().flatten();
    let rows = texts.flat_map(|text| text.lines().filter_map(row));
    sum(rows, target)
}

fn sum(rows: impl Iterator<Item = Row>, target: SocketAddr) -> Option<u64> {
    let meant = rows.filter(|row| receives(row.local, target));
    meant.map(|row| row.drops).reduce(u64::saturating_add)
}

/// Whether a socket that is bound to `local` may receive what is sent to `target`.
fn receives(local: SocketAddr, target: SocketAddr) -> bool {
    let (bound, meant) = (local.ip().to_canonical(), target.ip().to_canonical());
    let address = if meant.is_unspecified() {
        // Whoever sends there means this host.
        bound.is_unspecified() || bound.is_loopback()
    } else {
        // A socket of IPv6's unspecified address may take IPv4 as well.
        bound == meant || bound.is_unspecified() && (meant.is_ipv4() || bound.is_ipv6())
    };
    address && local.port() == target.port()
}

/// `  sl: local remote st queues timer retransmits uid timeout inode references pointer drops`.
#[must_use]
pub fn row(line: &str) -> Option<Row> {
    let mut columns = line.split_ascii_whitespace();
    let (address, port) = columns.nth(1)?.split_once(':')?;
    let local = SocketAddr::new(ip(address)?, u16::from_str_radix(port, 16).ok()?);
    let drops = columns.nth(10)?.parse().ok()?;
    Some(Row { local, drops })
}

/// One 32-bit word, or four, each as the host reads it from memory that holds the address in the
/// order of the network.
fn ip(text: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let digits = text.get(at * 8..at * 8 + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    match text.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let mut octets = [0; 16];
            for (at, octets) in octets.chunks_exact_mut(4).enumerate() {
                octets.copy_from_slice(&word(at)?);
            }
            Some(Ipv6Addr::from(octets).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(local: &str, drops: u64) -> String {
        format!(
            "  123: {local} 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        \
             0 4026 2 0000000000000000 {drops}"
        )
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn a_row_of_each_family_is_read() {
        let old = row(&line("0100007F:C357", 744)).unwrap();
        assert_eq!(old.local, "127.0.0.1:50007".parse().unwrap());
        assert_eq!(old.drops, 744);
        let new = row(&line("B80D0120000000000000000001000000:0050", 1)).unwrap();
        assert_eq!(new.local, "[2001:db8::1]:80".parse().unwrap());
    }

    #[test]
    fn the_heading_is_no_row() {
        let heading = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when \
                       retrnsmt   uid  timeout inode ref pointer drops            ";
        assert_eq!(row(heading), None);
    }

    #[test]
    fn every_socket_that_may_receive_counts_and_no_other() {
        let rows = [
            ("127.0.0.1:7", 1),
            ("127.0.0.1:7", 2),
            ("0.0.0.0:7", 4),
            ("[::]:7", 8),
            ("[::1]:7", 16),
            ("127.0.0.2:7", 32),
            ("127.0.0.1:8", 64),
        ];
        let rows = rows.map(|(local, drops)| Row {
            local: local.parse().unwrap(),
            drops,
        });
        let drops = |target: &str| sum(rows.into_iter(), target.parse().unwrap());
        assert_eq!(drops("127.0.0.1:7"), Some(1 + 2 + 4 + 8));
        assert_eq!(drops("[::1]:7"), Some(8 + 16));
        assert_eq!(drops("0.0.0.0:7"), Some(1 + 2 + 4 + 8 + 16 + 32));
        assert_eq!(drops("127.0.0.1:9"), None);
    }

    #[test]
    fn the_kernel_counts_for_a_socket_of_ours() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(socket) = std::net::UdpSocket::bind(address) else {
                continue;
            };
            assert_eq!(drops_at(socket.local_addr().unwrap()), Some(0));
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange(line in "([ 0-9A-Fa-f:\u{e9}]{0,60} ?){0,14}") {
            let _read: Option<Row> = row(&line);
        }
    }
}
