//! Which network namespace a process is in.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;

use super::sys;

/// The cookie of this thread's network namespace: a number that no other namespace has or gets until the
/// kernel starts anew, unlike the inode of `/proc/self/ns/net`, which is used again.
///
/// # Errors
/// What the kernel said; before Linux 5.14, that it knows no such option (`ENOPROTOOPT`).
pub fn cookie() -> io::Result<u64> {
    // Any socket tells, and one of this kind can be had also where there is no IP.
    sys::network(UnixDatagram::unbound()?.as_fd())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_has_one_cookie() {
        match cookie() {
            Ok(first) => {
                assert_eq!(cookie().unwrap(), first);
                assert_ne!(first, 0);
            }
            // Before Linux 5.14.
            Err(error) => assert_eq!(error.raw_os_error(), Some(libc::ENOPROTOOPT), "{error}"),
        }
    }
}
