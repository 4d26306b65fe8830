//! What the errors of sends mean, and what to do about each.

use std::io;

/// What an error of a send asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// The call was interrupted before it did anything.
    Again,
    /// The error may be that of an older datagram, come back by ICMP: this one was not looked at.
    AgainOnce,
    /// There is no room; there will be.
    Wait,
    /// This one message cannot be sent.
    Skip,
    /// Nothing can be sent, and trying again would not end.
    Broken,
}

/// Says what an error of a send asks for.
#[must_use]
pub fn step(error: &io::Error) -> Step {
    match error.raw_os_error() {
        Some(libc::EINTR) => Step::Again,
        Some(libc::EAGAIN) => Step::Wait,
        Some(libc::ECONNREFUSED | libc::EHOSTUNREACH | libc::ENETUNREACH) => Step::AgainOnce,
        Some(libc::EBADF | libc::ENOTSOCK | libc::EFAULT) => Step::Broken,
        // EINVAL, EMSGSIZE, EACCES, EPERM, ENOBUFS and whatever else a peer, a route, a filter or
        // a device may cause.
        _ => Step::Skip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_peer_may_cause_never_ends_a_server() {
        for errno in 1..134 {
            let broken = step(&io::Error::from_raw_os_error(errno)) == Step::Broken;
            let own_fault = [libc::EBADF, libc::ENOTSOCK, libc::EFAULT].contains(&errno);
            assert_eq!(broken, own_fault, "errno {errno}");
        }
    }

    #[test]
    fn an_interrupted_call_is_made_again_and_a_full_buffer_waits() {
        assert_eq!(
            step(&io::Error::from_raw_os_error(libc::EINTR)),
            Step::Again
        );
        assert_eq!(
            step(&io::Error::from_raw_os_error(libc::EAGAIN)),
            Step::Wait
        );
    }
}
