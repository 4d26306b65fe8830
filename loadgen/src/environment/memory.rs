//! The memory.

use serde::{Deserialize, Serialize};

use super::{Reasons, files};
use crate::host::Figure;

/// The memory of the machine. What is free of it stands with the load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// All of it.
    pub total_bytes: Option<u64>,
    /// Room for what is moved out of it.
    pub swap_bytes: Option<u64>,
    /// Who gets huge pages: `always`, `madvise`, `never`.
    pub huge_pages: Option<String>,
    /// How hard the kernel tries to make them.
    pub huge_page_defrag: Option<String>,
}

impl Memory {
    pub(super) fn read(mut reasons: Reasons<'_>) -> Self {
        let text = files::text("/proc/meminfo");
        let bytes = |name| text.clone().and_then(|text| bytes(&text, name));
        Self {
            total_bytes: reasons.known("total_bytes", bytes("MemTotal")),
            swap_bytes: reasons.known("swap_bytes", bytes("SwapTotal")),
            huge_pages: reasons.known("huge_pages", huge_pages("enabled")),
            huge_page_defrag: reasons.known("huge_page_defrag", huge_pages("defrag")),
        }
    }
}

/// One figure of `/proc/meminfo`: `MemTotal: 24576 kB`.
pub(super) fn bytes(text: &str, name: &str) -> Figure<u64> {
    let missing = || format!("/proc/meminfo has no {name}");
    let value = files::field(text, name).ok_or_else(missing)?;
    let kibibytes = value
        .strip_suffix(" kB")
        .and_then(|number| number.parse::<u64>().ok());
    kibibytes
        .and_then(|number| number.checked_mul(1024))
        .ok_or_else(|| format!("/proc/meminfo says of {name}: {value:?}"))
}

/// `Documentation/admin-guide/mm/transhuge.rst`.
fn huge_pages(file: &str) -> Figure<String> {
    let path = format!("/sys/kernel/mm/transparent_hugepage/{file}");
    let text = files::text(&path)?;
    let chosen = files::chosen(&text).map(str::to_owned);
    chosen.ok_or_else(|| format!("{path} names no choice: {text:?}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn memory_is_told_in_bytes() {
        let text = "MemTotal:       24576 kB\nMemFree: 1 kB\nHugePages_Total:       0\n";
        assert_eq!(bytes(text, "MemTotal"), Ok(24_576 * 1024));
        assert!(bytes(text, "SwapTotal").unwrap_err().contains("SwapTotal"));
        assert!(bytes(text, "HugePages_Total").is_err());
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "(MemTotal:? *[0-9]{0,22}( kB)?\n|.{0,20}\n){0,4}") {
            let _read: Figure<u64> = bytes(&text, "MemTotal");
        }
    }
}
