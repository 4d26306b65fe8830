//! What `ethtool` prints. Pure.

/// The parameters in force that `ethtool -c`, `-g` and `-l` print, under the names that it takes:
/// `rx-usecs`, `adaptive-rx`, `rx-mini`, `combined`. What a driver does not have is left out.
pub(super) fn parameters(text: &str) -> Vec<(String, String)> {
    // Most drivers tell the most there could be first.
    let mark = "Current hardware settings:";
    let current = text.split_once(mark).map_or(text, |(_, current)| current);
    let mut all = Vec::new();
    for line in current.lines() {
        // `Adaptive RX: off  TX: off`.
        if let Some(rest) = line.strip_prefix("Adaptive RX:") {
            let (receive, transmit) = rest.split_once("TX:").unwrap_or((rest, ""));
            all.push(("adaptive-rx".to_owned(), receive.trim().to_owned()));
            all.push(("adaptive-tx".to_owned(), transmit.trim().to_owned()));
        } else if let Some((name, value)) = line.split_once(':') {
            let name = name.trim().to_lowercase().replace(' ', "-");
            all.push((name, value.trim().to_owned()));
        }
    }
    all.retain(|(_, value)| !value.is_empty() && value != "n/a");
    all
}

/// One feature of `ethtool -k`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Feature {
    pub(super) name: String,
    /// `on` or `off`, and what was asked for in brackets where that differs: `off(on)`.
    pub(super) state: String,
    /// Whether nobody can change it.
    pub(super) is_fixed: bool,
}

/// The features that a name of `ethtool -K` stands for: a group those under it, or itself.
pub(super) fn features(text: &str, parameter: &str) -> Vec<Feature> {
    let short = SHORT.iter().find(|(short, _)| *short == parameter);
    let long = short.map_or(parameter, |(_, long)| long);
    let mut lines = text.lines().skip_while(|line| {
        let name = line.split_once(':').map(|(name, _)| name.trim());
        name != Some(long)
    });
    let Some(first) = lines.next() else {
        return Vec::new();
    };
    let is_in_group = |line: &&str| !first.starts_with('\t') && line.starts_with('\t');
    let group: Vec<Feature> = lines.take_while(is_in_group).filter_map(feature).collect();
    if group.is_empty() {
        feature(first).into_iter().collect()
    } else {
        group
    }
}

/// `generic-receive-offload: off [requested on]`.
fn feature(line: &str) -> Option<Feature> {
    let (name, rest) = line.trim().split_once(':')?;
    let mut words = rest.split_whitespace();
    let state = words.next().filter(|word| ["on", "off"].contains(word))?;
    let remark = words.collect::<Vec<_>>().join(" ");
    let state = match remark.as_str() {
        "[requested on]" => format!("{state}(on)"),
        "[requested off]" => format!("{state}(off)"),
        _ => state.to_owned(),
    };
    Some(Feature {
        name: name.to_owned(),
        state,
        is_fixed: remark == "[fixed]",
    })
}

/// As `ethtool(8)` takes them, and as it prints them.
const SHORT: [(&str, &str); 12] = [
    ("rx", "rx-checksumming"),
    ("tx", "tx-checksumming"),
    ("sg", "scatter-gather"),
    ("tso", "tcp-segmentation-offload"),
    ("ufo", "udp-fragmentation-offload"),
    ("gso", "generic-segmentation-offload"),
    ("gro", "generic-receive-offload"),
    ("lro", "large-receive-offload"),
    ("rxvlan", "rx-vlan-offload"),
    ("txvlan", "tx-vlan-offload"),
    ("ntuple", "ntuple-filters"),
    ("rxhash", "receive-hashing"),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FEATURES: &str = "Features for a0:\nrx-checksumming: on\ntx-checksumming: on\n\
        \ttx-checksum-ipv4: off [fixed]\n\ttx-checksum-sctp: on\n\ttx-other: off [requested on]\n\
        generic-receive-offload: off\nrx-gro-hw: off [fixed]\n";

    fn told(parameter: &str) -> Vec<(String, String, bool)> {
        let all = features(FEATURES, parameter).into_iter();
        all.map(|one| (one.name, one.state, one.is_fixed)).collect()
    }

    fn row(name: &str, state: &str, is_fixed: bool) -> (String, String, bool) {
        (name.to_owned(), state.to_owned(), is_fixed)
    }

    #[test]
    fn a_short_name_means_one_feature_or_all_of_its_group() {
        assert_eq!(told("gro"), [row("generic-receive-offload", "off", false)]);
        assert_eq!(
            told("tx"),
            [
                row("tx-checksum-ipv4", "off", true),
                row("tx-checksum-sctp", "on", false),
                row("tx-other", "off(on)", false),
            ]
        );
        assert_eq!(
            told("tx-checksum-sctp"),
            [row("tx-checksum-sctp", "on", false)]
        );
        assert_eq!(told("rx-gro-hw"), [row("rx-gro-hw", "off", true)]);
        assert_eq!(told("none-such"), []);
    }

    #[test]
    fn parameters_in_force_have_the_names_that_are_typed() {
        let rings = "Ring parameters for a0:\nPre-set maximums:\nRX:\t\t4096\nTX:\t4096\n\
            Current hardware settings:\nRX:\t\t256\nRX Mini:\tn/a\nTX:\t512\n";
        let named = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            let pairs = pairs.iter();
            pairs
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        assert_eq!(parameters(rings), named(&[("rx", "256"), ("tx", "512")]));
        let coalescing = "Coalesce parameters for a0:\nAdaptive RX: on  TX: n/a\nrx-usecs: 3\n\
            rx-frames:\tn/a\n\ntx-usecs:\t0\n";
        assert_eq!(
            parameters(coalescing),
            named(&[("adaptive-rx", "on"), ("rx-usecs", "3"), ("tx-usecs", "0")])
        );
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "(\t?[a-zA-Z: \\[\\]]{0,20}\n){0,6}|.{0,40}", name in ".{0,9}") {
            let _all: (Vec<Feature>, Vec<(String, String)>) = (features(&text, &name), parameters(&text));
        }
    }
}
