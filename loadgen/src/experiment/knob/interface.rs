//! What settings of a network interface have in common: its name, and who may change it.

use crate::environment::limits;
use crate::host::Figure;

/// The name, if it can be one (`dev_valid_name` of `net/core/dev.c`). It ends up in paths and among
/// arguments.
pub(super) fn checked(name: &str) -> Figure<&str> {
    let is_odd = |letter: char| letter == '/' || letter.is_whitespace() || letter.is_control();
    let is_name =
        (1..=15).contains(&name.len()) && !name.starts_with(['-', '.']) && !name.contains(is_odd);
    if is_name {
        Ok(name)
    } else {
        Err(format!("{name:?} is no name of an interface"))
    }
}

/// Whether this process may change the network: `CAP_NET_ADMIN`, bit 12
/// (`include/uapi/linux/capability.h`).
pub(super) fn may_be_changed() -> Figure<()> {
    let mask = limits::capabilities()?;
    let mask = u64::from_str_radix(mask.trim(), 16);
    let mask = mask.map_err(|_odd| "/proc/self/status has an odd CapEff".to_owned())?;
    if mask >> 12 & 1 == 1 {
        Ok(())
    } else {
        Err("that takes root, or CAP_NET_ADMIN".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_else() {
        for name in ["eth0", "eth0.1", "enp3s0f1np1", "wg-home"] {
            assert!(checked(name).is_ok(), "{name}");
        }
        for name in ["", "..", "a/b", "-K", "two words", "sixteen-letters-"] {
            assert!(checked(name).is_err(), "{name}");
        }
    }
}
