//! What the page brings along: scripts and styles, and the policy that lets in nothing else.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

/// In the order in which they run.
pub(super) const SCRIPTS: [&str; 2] = [
    include_str!("vendor/uPlot.iife.min.js"),
    include_str!("page.js"),
];

/// In the order in which they apply.
pub(super) const STYLES: [&str; 2] = [
    include_str!("vendor/uPlot.min.css"),
    include_str!("page.css"),
];

/// The content security policy: these scripts and styles, known by their hashes, and no network.
/// Even if text from a file came through as markup, a browser would not run it.
pub(super) fn policy() -> String {
    format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
        hashes(&SCRIPTS),
        hashes(&STYLES)
    )
}

fn hashes(texts: &[&str]) -> String {
    let hash = |text: &&str| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)));
    texts.iter().map(hash).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_that_of_the_standard() {
        // FIPS 180-4: "abc" is ba7816bf 8f01cfea 414140de 5dae2223 b00361a3 96177a9c ...
        let expected = "'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='";
        assert_eq!(hashes(&["abc"]), expected);
    }

    #[test]
    fn nothing_ends_the_element_that_it_stands_in() {
        for text in SCRIPTS.iter().chain(&STYLES) {
            assert!(!text.contains("</script") && !text.contains("</style"));
            // A browser reads CR LF as LF, and the hash would be another one.
            assert!(!text.contains('\r'));
        }
    }
}
