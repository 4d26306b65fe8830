//! The names of the errors that sends and receives meet.

use std::borrow::Cow;

/// The symbol of `errno` as `errno(3)` has it, or its number.
#[must_use]
pub fn name(errno: i32) -> Cow<'static, str> {
    let symbol = NAMES.iter().find(|(known, _)| *known == errno);
    match symbol {
        Some((_, symbol)) => Cow::Borrowed(symbol),
        None => Cow::Owned(format!("errno {errno}")),
    }
}

const NAMES: [(i32, &str); 22] = [
    (0, "other"),
    (libc::EPERM, "EPERM"),
    (libc::EINTR, "EINTR"),
    (libc::EIO, "EIO"),
    (libc::EBADF, "EBADF"),
    (libc::EAGAIN, "EAGAIN"),
    (libc::ENOMEM, "ENOMEM"),
    (libc::EACCES, "EACCES"),
    (libc::ENODEV, "ENODEV"),
    (libc::EINVAL, "EINVAL"),
    (libc::EPIPE, "EPIPE"),
    (libc::EMSGSIZE, "EMSGSIZE"),
    (libc::EOPNOTSUPP, "EOPNOTSUPP"),
    (libc::EAFNOSUPPORT, "EAFNOSUPPORT"),
    (libc::EADDRNOTAVAIL, "EADDRNOTAVAIL"),
    (libc::ENETDOWN, "ENETDOWN"),
    (libc::ENETUNREACH, "ENETUNREACH"),
    (libc::ENOBUFS, "ENOBUFS"),
    (libc::ETIMEDOUT, "ETIMEDOUT"),
    (libc::ECONNREFUSED, "ECONNREFUSED"),
    (libc::EHOSTDOWN, "EHOSTDOWN"),
    (libc::EHOSTUNREACH, "EHOSTUNREACH"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_error_has_its_symbol_and_an_unknown_one_its_number() {
        assert_eq!(name(libc::EINVAL), "EINVAL");
        assert_eq!(name(133), "errno 133");
    }
}
