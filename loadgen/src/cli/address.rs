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
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_address_is_understood_as_it_is_written(bits: u128, port: u16) {
            let old = IpAddr::from(Ipv4Addr::from_bits(u32::try_from(bits >> 96).unwrap()));
            for ip in [old, IpAddr::from(Ipv6Addr::from_bits(bits))] {
                let address = SocketAddr::from((ip, port));
                prop_assert_eq!(resolve(&address.to_string()), Ok(address));
            }
        }

        // Without a colon, so that nobody is asked for the name.
        #[test]
        fn what_has_no_port_is_refused_by_name(text in "[^:]{0,40}") {
            let error = resolve(&text).unwrap_err();
            let told = format!("--target {text} leads nowhere");
            prop_assert!(error.contains(&told), "{}", error);
        }

        #[test]
        fn a_port_that_is_none_is_refused_by_name(port in "[^:]{0,8}") {
            prop_assume!(port.parse::<u16>().is_err());
            let text = format!("127.0.0.1:{port}");
            prop_assert!(resolve(&text).unwrap_err().contains(&text));
        }
    }

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
