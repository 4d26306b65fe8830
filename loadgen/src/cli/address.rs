//! Host names and addresses of targets.

use std::net::{SocketAddr, ToSocketAddrs};

/// Finds the address of `HOST:PORT`: a name, an IPv4 address, or an IPv6 address in brackets. Of
/// several addresses the first is taken, as the system's resolver orders them.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn resolve(target: &str) -> Result<SocketAddr, String> {
    let mut found = target
        .to_socket_addrs()
        .map_err(|error| format!("--target {target} leads nowhere: {error}; it should be HOST:PORT, as in 127.0.0.1:50007 or [::1]:50007"))?;
    found
        .next()
        .ok_or_else(|| format!("--target {target} leads nowhere: the name has no address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_both_families_are_found() {
        for address in ["127.0.0.1:50007", "[::1]:50007"] {
            assert_eq!(resolve(address).unwrap().to_string(), address);
        }
        assert!(resolve("localhost:50007").unwrap().ip().is_loopback());
    }

    #[test]
    fn what_is_no_address_is_named_with_an_example_of_one() {
        let error = resolve("127.0.0.1").unwrap_err();
        assert!(
            error.contains("--target 127.0.0.1 leads nowhere"),
            "{error}"
        );
        assert!(error.contains("127.0.0.1:50007"), "{error}");
    }
}
