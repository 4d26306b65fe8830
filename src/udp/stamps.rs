//! Stamps of `SO_TIMESTAMPING`: when the kernel, or the device, handled a message.
//!
//! A received message brings its stamps along. Those of a message that was sent come back on the
//! error queue of its socket ([`StampBatch`](super::StampBatch)), each with the number of the message: only messages that asked for a
//! stamp ([`Message::stamped`](super::Message::stamped)) have one, and are counted 0, 1, 2, ...; a
//! train is one message. Until they are read they take room in the socket's receive buffer, at the
//! expense of datagrams, which no counter shows: ask for few, and read them often.

use super::cmsg;

/// What the control messages of one message say about when it was handled.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stamps {
    /// When the kernel took it from the device, or gave it to the device: nanoseconds of
    /// `CLOCK_REALTIME`.
    pub software: Option<u64>,
    /// When the device did: nanoseconds of the device's own clock.
    pub hardware: Option<u64>,
    /// The number of the message that was sent, modulo 2^32; `None` for a received one.
    pub message: Option<u32>,
}

/// Reads the stamps among the control messages in `bytes`, of a received message or of an entry of
/// the error queue. What is cut short or makes no sense is passed over.
#[must_use]
pub fn decode(bytes: &[u8]) -> Stamps {
    let mut stamps = Stamps::default();
    cmsg::for_each(bytes, |level, kind, data| match (level, kind) {
        (libc::SOL_SOCKET, libc::SCM_TIMESTAMPING) => {
            // `struct scm_timestamping` in include/uapi/linux/errqueue.h: three times, of which the
            // second is no longer used and a zero is none.
            if let Some([software, _, hardware]) = data.as_chunks::<16>().0.first_chunk() {
                stamps.software = nanos(software);
                stamps.hardware = nanos(hardware);
            }
        }
        (libc::IPPROTO_IP, libc::IP_RECVERR) | (libc::IPPROTO_IPV6, libc::IPV6_RECVERR) => {
            if let Some(error) = data.first_chunk::<16>() {
                stamps.message = message(error);
            }
        }
        _ => {}
    });
    stamps
}

/// Asks for a send stamp: writes the control message into `buffer` at `at`, behind those that are
/// there, and returns where it ends.
pub(super) fn encode_request(buffer: &mut cmsg::Buffer, at: usize) -> usize {
    // Where a device stamps, both clocks (`__sock_cmsg_send` in net/core/sock.c takes no other
    // flags than those of `SOF_TIMESTAMPING_TX_RECORD_MASK`).
    let flags = libc::SOF_TIMESTAMPING_TX_SOFTWARE | libc::SOF_TIMESTAMPING_TX_HARDWARE;
    let kind = (libc::SOL_SOCKET, libc::SO_TIMESTAMPING);
    cmsg::append(buffer, at, kind, &flags.to_ne_bytes())
}

/// A `struct timespec` in nanoseconds; `None` for zero and for what no clock shows.
fn nanos(time: &[u8; 16]) -> Option<u64> {
    let [seconds, below] = time.as_chunks::<8>().0.first_chunk()?;
    let whole = u64::from_ne_bytes(*seconds).checked_mul(1_000_000_000)?;
    let below = u64::from_ne_bytes(*below);
    let nanos = whole.checked_add(below)?;
    (below < 1_000_000_000 && nanos > 0).then_some(nanos)
}

/// The number in a `struct sock_extended_err` that tells of a message handed to the device.
fn message(error: &[u8; 16]) -> Option<u32> {
    let [_errno, _origin, info, data] = cmsg::words(error);
    let is_stamp = error[4] == libc::SO_EE_ORIGIN_TIMESTAMPING && info == SCM_TSTAMP_SND;
    is_stamp.then_some(data)
}

/// The stamp of the driver or the device, not of a queue on the way
/// (include/uapi/linux/errqueue.h).
const SCM_TSTAMP_SND: u32 = 0;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Control messages as the kernel writes them, the times first.
    fn written(times: [u64; 3], level: i32, kind: i32, error: [u8; 16]) -> (cmsg::Buffer, usize) {
        let mut data = [0; 48];
        for (time, nanos) in data.as_chunks_mut::<16>().0.iter_mut().zip(times) {
            time[..8].copy_from_slice(&(nanos / 1_000_000_000).to_ne_bytes());
            time[8..].copy_from_slice(&(nanos % 1_000_000_000).to_ne_bytes());
        }
        let mut buffer = cmsg::Buffer::zeroed();
        let kind_of_times = (libc::SOL_SOCKET, libc::SCM_TIMESTAMPING);
        let end = cmsg::append(&mut buffer, 0, kind_of_times, &data);
        let end = cmsg::append(&mut buffer, end, (level, kind), &error);
        (buffer, end)
    }

    fn error(origin: u8, info: u32, data: u32) -> [u8; 16] {
        let mut error = [0; 16];
        error[..4].copy_from_slice(&libc::ENOMSG.to_ne_bytes());
        error[4] = origin;
        error[8..12].copy_from_slice(&info.to_ne_bytes());
        error[12..].copy_from_slice(&data.to_ne_bytes());
        error
    }

    #[test]
    fn the_layout_is_the_one_of_the_c_library() {
        assert_eq!(size_of::<libc::sock_extended_err>(), 16);
        assert_eq!(size_of::<[libc::timespec; 3]>(), 48);
    }

    #[test]
    fn what_is_no_send_stamp_names_no_message() {
        for (origin, info) in [
            (libc::SO_EE_ORIGIN_ICMP, 0),
            (libc::SO_EE_ORIGIN_TIMESTAMPING, 1),
        ] {
            let (buffer, length) = written(
                [1; 3],
                libc::IPPROTO_IP,
                libc::IP_RECVERR,
                error(origin, info, 9),
            );
            assert_eq!(decode(&buffer.0[..length]).message, None);
        }
    }

    #[test]
    fn a_time_that_no_clock_shows_is_none() {
        let kind = (libc::SOL_SOCKET, libc::SCM_TIMESTAMPING);
        let mut buffer = cmsg::Buffer::zeroed();
        let end = cmsg::append(&mut buffer, 0, kind, &[0xFF; 48]);
        assert_eq!(decode(&buffer.0[..end]), Stamps::default());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_loop(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            let stamps = decode(&bytes);
            prop_assert_ne!(stamps.software, Some(0));
        }

        #[test]
        fn what_the_kernel_writes_is_read(
            software: u64, hardware: u64, message: u32, v6: bool, cut in 0usize..=96,
        ) {
            let (level, kind) = if v6 {
                (libc::IPPROTO_IPV6, libc::IPV6_RECVERR)
            } else {
                (libc::IPPROTO_IP, libc::IP_RECVERR)
            };
            let error = error(libc::SO_EE_ORIGIN_TIMESTAMPING, SCM_TSTAMP_SND, message);
            let (buffer, length) = written([software, 7, hardware], level, kind, error);
            let told = |nanos| Some(nanos).filter(|nanos| *nanos > 0);
            let whole = Stamps {
                software: told(software),
                hardware: told(hardware),
                message: Some(message),
            };
            prop_assert_eq!(decode(&buffer.0[..length]), whole);
            let part = decode(&buffer.0[..cut.min(length)]);
            prop_assert!(part.software.is_none() || part.software == whole.software);
            prop_assert!(part.message.is_none() || part.message == whole.message);
        }
    }
}
