//! What the kernel can do with trains: datagrams of one flow and one size that pass through its
//! stack as one.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use super::message::Message;
use super::outbox::Outbox;
use super::socket::{Socket, SocketOptions};

/// The most datagrams that the kernel takes as one message (`UDP_SEGMENT`), found out by sending
/// some to ourselves; `None` if it does not cut messages at all.
///
/// Linux takes 64 since 4.18 and 128 since 6.9 (`UDP_MAX_SEGMENTS` in `include/linux/udp.h`), and
/// both numbers were ported back to older kernels, so that a version says nothing.
#[must_use]
pub fn most_segments() -> Option<u32> {
    // Nothing leaves the host, and a host without a loopback interface gets the safe answer.
    let own = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let Ok(target) = Socket::bind(own, &SocketOptions::default()) else {
        return Some(SAFE);
    };
    let Ok(sender) = Socket::connect(target.local_address(), &SocketOptions::default()) else {
        return Some(SAFE);
    };
    [MOST, SAFE]
        .into_iter()
        .find(|segments| is_taken(&sender, *segments))
}

/// Whether an error says that a train was refused for being one: the device or a transformation
/// on the way cannot cut it, or its datagrams do not fit the path.
#[must_use]
pub fn is_refusal(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EIO | libc::EINVAL | libc::EMSGSIZE)
    )
}

fn is_taken(sender: &Socket, segments: u32) -> bool {
    let payload = [0; MOST as usize];
    let mut outbox = Outbox::new(1, 1);
    let mut round = outbox.round();
    let train = Message {
        segment: Some(1),
        ..Message::default()
    };
    round.push(&train, &payload[..segments as usize]) && round.send(sender).is_ok()
}

const MOST: u32 = 128;
const SAFE: u32 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_takes_what_it_said() {
        let segments = most_segments().expect("every Linux since 4.18 cuts messages");
        assert!([MOST, SAFE].contains(&segments));
    }
}
