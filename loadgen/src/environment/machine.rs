//! What kind of machine it is, real or not.

use serde::{Deserialize, Serialize};

use super::{Reasons, files};
use crate::host::Figure;

/// The machine, or what plays one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Whether the processor says that it runs under a hypervisor. Only those of x86 do.
    pub hypervisor: Option<bool>,
    /// The hypervisor's name, where it gives one to the kernel.
    pub hypervisor_name: Option<String>,
    /// Who made the machine.
    pub vendor: Option<String>,
    /// What its maker calls it.
    pub product: Option<String>,
}

impl Machine {
    pub(super) fn read(mut reasons: Reasons<'_>) -> Self {
        let hypervisor = files::text("/proc/cpuinfo").and_then(|text| hypervisor(&text));
        let name = files::text("/sys/hypervisor/type");
        let vendor = files::text("/sys/class/dmi/id/sys_vendor");
        let product = files::text("/sys/class/dmi/id/product_name");
        Self {
            hypervisor: reasons.known("hypervisor", hypervisor),
            hypervisor_name: reasons.known("hypervisor_name", name),
            vendor: reasons.known("vendor", vendor),
            product: reasons.known("product", product),
        }
    }
}

/// The flag that hypervisors set (`X86_FEATURE_HYPERVISOR`).
fn hypervisor(cpuinfo: &str) -> Figure<bool> {
    let flags = files::field(cpuinfo, "flags").ok_or("/proc/cpuinfo has no flags")?;
    Ok(flags.split_whitespace().any(|flag| flag == "hypervisor"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hypervisor_is_a_flag_among_others() {
        assert_eq!(hypervisor("flags\t\t: fpu hypervisor lahf_lm\n"), Ok(true));
        assert_eq!(hypervisor("flags\t\t: fpu hypervisors\n"), Ok(false));
        assert!(hypervisor("Features\t: fp asimd\n").is_err());
    }
}
