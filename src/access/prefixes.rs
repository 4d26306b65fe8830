//! Networks that are answered and networks that are not. Pure.
//!
//! The longest prefix that an address is in decides. An address in none is answered unless
//! only what is allowed shall be. A prefix that is both is denied. An address of IPv4 in IPv6
//! is judged as IPv4.
//!
//! What was written is compiled once: prefixes lie within each other or apart, so they cut the
//! addresses into ranges with one verdict each. An address is in the last range that begins at or
//! before it, which a binary search finds.

use std::cmp::Reverse;
use std::fmt;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use super::Refusal;

/// Rules that are ready to be asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Prefixes {
    v4: Vec<(u32, Rule)>,
    v6: Vec<(u128, Rule)>,
    allowed: usize,
    denied: usize,
}

/// What is done with an address. Of two rules for one prefix, the later one here holds.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Rule {
    /// No prefix names it, but others are allowed.
    Leave,
    Allow,
    Deny,
}

/// All addresses of a prefix: the first, the last, and what is done with them.
type Span<Bits> = (Bits, Bits, Rule);

impl Prefixes {
    /// Compiles rules; their order makes no difference. `restricted` says whether only the allowed
    /// prefixes are answered, which may be none.
    #[must_use]
    pub fn new(allow: &[IpNet], deny: &[IpNet], restricted: bool) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        let allowed = allow.iter().map(|prefix| (prefix, Rule::Allow));
        let denied = deny.iter().map(|prefix| (prefix, Rule::Deny));
        for (prefix, rule) in allowed.chain(denied) {
            match canonical(*prefix) {
                IpNet::V4(net) => v4.push((net.network().into(), net.broadcast().into(), rule)),
                IpNet::V6(net) => v6.push((net.network().into(), net.broadcast().into(), rule)),
            }
        }
        let default = if restricted { Rule::Leave } else { Rule::Allow };
        Self {
            v4: ranges(v4, default, |bits: u32| bits.checked_add(1)),
            v6: ranges(v6, default, |bits: u128| bits.checked_add(1)),
            allowed: allow.len(),
            denied: deny.len(),
        }
    }

    /// Why an address gets no answer; `None` if it gets one.
    #[must_use]
    pub fn judge(&self, ip: IpAddr) -> Option<Refusal> {
        let rule = match ip.to_canonical() {
            IpAddr::V4(v4) => rule(&self.v4, u32::from(v4)),
            IpAddr::V6(v6) => rule(&self.v6, u128::from(v6)),
        };
        match rule {
            Rule::Allow => None,
            Rule::Deny => Some(Refusal::Denied),
            Rule::Leave => Some(Refusal::NotAllowed),
        }
    }
}

impl fmt::Display for Prefixes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (allowed, denied) = (self.allowed, self.denied);
        let plural = if denied == 1 { "" } else { "es" };
        write!(
            formatter,
            "{allowed} allowed and {denied} denied prefix{plural}"
        )
    }
}

/// A prefix of IPv4 in IPv6 as what it is.
fn canonical(prefix: IpNet) -> IpNet {
    if let IpNet::V6(net) = prefix
        && let Some(v4) = net.network().to_ipv4_mapped()
        && let Some(length) = net.prefix_len().checked_sub(96)
        && let Ok(net) = Ipv4Net::new(v4, length)
    {
        return net.into();
    }
    prefix
}

/// Cuts the addresses into ranges: where each begins, and what is done with it.
fn ranges<Bits: Copy + Default + Ord>(
    mut spans: Vec<Span<Bits>>,
    default: Rule,
    next: impl Fn(Bits) -> Option<Bits>,
) -> Vec<(Bits, Rule)> {
    // An outer prefix before those within it.
    spans.sort_unstable_by_key(|&(first, last, rule)| (first, Reverse(last), rule));
    let mut ranges = vec![(Bits::default(), default)];
    // The prefixes that the sweep is in, each within the one before it.
    let mut open: Vec<(Bits, Rule)> = Vec::new();
    let mut begin = |first: Bits, rule: Rule| match ranges.last_mut() {
        Some((begun, old)) if *begun == first => *old = rule,
        Some((_, old)) if *old == rule => {}
        _ => ranges.push((first, rule)),
    };
    let leave = |open: &mut Vec<(Bits, Rule)>, begin: &mut dyn FnMut(Bits, Rule)| {
        if let Some((last, _)) = open.pop()
            && let Some(first) = next(last)
        {
            begin(first, open.last().map_or(default, |(_, rule)| *rule));
        }
    };
    for (first, last, rule) in spans {
        while open.last().is_some_and(|(end, _)| *end < first) {
            leave(&mut open, &mut begin);
        }
        begin(first, rule);
        open.push((last, rule));
    }
    while !open.is_empty() {
        leave(&mut open, &mut begin);
    }
    ranges
}

fn rule<Bits: Copy + Ord>(ranges: &[(Bits, Rule)], address: Bits) -> Rule {
    let behind = ranges.partition_point(|(first, _)| *first <= address);
    // The first range begins at the first address of all.
    ranges[behind.max(1) - 1].1
}

/// A prefix as it is written: `192.0.2.0/24`, `2001:db8::/32`, or a single address.
///
/// # Errors
/// What was expected, as the rest of a sentence that names the text.
pub fn parse(text: &str) -> Result<IpNet, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.into());
    }
    let prefix: IpNet = text.parse().map_err(|_no_prefix| {
        "is no prefix or address, as in 192.0.2.0/24, 2001:db8::/32 or 192.0.2.1".to_owned()
    })?;
    let whole = prefix.trunc();
    if whole == prefix {
        return Ok(prefix);
    }
    let one = prefix.addr();
    Err(format!(
        "has bits set behind the prefix; write {whole} for the network, or {one} for the address"
    ))
}

/// The prefixes of a file: one a line, with comments from `#` on.
///
/// # Errors
/// The first line that is not understood.
pub fn parse_list(text: &str) -> Result<Vec<IpNet>, Flaw> {
    let mut prefixes = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let code = line.split_once('#').map_or(line, |(code, _)| code).trim();
        if code.is_empty() {
            continue;
        }
        let prefix = parse(code).map_err(|wrong| Flaw {
            line: number,
            sentence: format!("{code:?} {wrong}"),
        })?;
        prefixes.push(prefix);
    }
    Ok(prefixes)
}

/// What is wrong with a file of prefixes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Flaw {
    /// Counted from 1.
    pub line: usize,
    /// What stands there, and what was expected.
    pub sentence: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn list(text: &str) -> Vec<IpNet> {
        parse_list(&text.replace(' ', "\n")).unwrap()
    }

    fn judged(allow: &str, deny: &str, ip: &str) -> Option<Refusal> {
        Prefixes::new(&list(allow), &list(deny), !allow.is_empty()).judge(ip.parse().unwrap())
    }

    #[test]
    fn one_prefix_is_no_plural() {
        let told = |deny: &str| Prefixes::new(&list("::/0"), &list(deny), true).to_string();
        assert_eq!(told("10.0.0.1"), "1 allowed and 1 denied prefix");
        assert_eq!(told(""), "1 allowed and 0 denied prefixes");
    }

    #[test]
    fn without_allowed_prefixes_all_but_the_denied_are_answered() {
        assert_eq!(judged("", "10.0.0.0/8", "10.1.2.3"), Some(Refusal::Denied));
        assert_eq!(judged("", "10.0.0.0/8", "11.0.0.0"), None);
        assert_eq!(judged("", "10.0.0.0/8", "fd00::1"), None);
    }

    #[test]
    fn with_allowed_prefixes_all_others_are_refused() {
        let (allow, left) = ("10.0.0.0/8 fd00::/8", Some(Refusal::NotAllowed));
        assert_eq!(judged(allow, "", "10.255.255.255"), None);
        assert_eq!(judged(allow, "", "fdff::1"), None);
        assert_eq!(judged(allow, "", "9.255.255.255"), left);
        assert_eq!(judged(allow, "", "::1"), left);
        assert_eq!(judged("10.0.0.0/8", "", "fd00::1"), left);
    }

    #[test]
    fn the_longest_prefix_decides() {
        let (allow, deny) = ("10.0.0.0/8 10.1.2.3", "10.1.0.0/16");
        assert_eq!(judged(allow, deny, "10.2.0.0"), None);
        assert_eq!(judged(allow, deny, "10.1.2.2"), Some(Refusal::Denied));
        assert_eq!(judged(allow, deny, "10.1.2.3"), None);
        assert_eq!(judged(allow, deny, "10.1.2.4"), Some(Refusal::Denied));
        let both = judged("10.0.0.0/8", "10.0.0.0/8", "10.1.2.3");
        assert_eq!(both, Some(Refusal::Denied));
    }

    #[test]
    fn ipv4_in_ipv6_is_ipv4() {
        for deny in ["10.0.0.0/8", "::ffff:10.0.0.0/104"] {
            for ip in ["10.1.2.3", "::ffff:10.1.2.3"] {
                assert_eq!(judged("", deny, ip), Some(Refusal::Denied), "{deny} {ip}");
            }
        }
        assert_eq!(judged("", "::/0", "::ffff:10.1.2.3"), None);
    }

    #[test]
    fn a_file_has_a_prefix_a_line_and_comments() {
        let text = "# ours\n10.0.0.0/8\n\n  2001:db8::/32   # documentation\r\n192.0.2.1#one\n";
        let prefixes = ["10.0.0.0/8", "2001:db8::/32", "192.0.2.1/32"];
        let written: Vec<_> = prefixes.map(|prefix| prefix.parse().unwrap()).into();
        assert_eq!(parse_list(text), Ok(written));
    }

    #[test]
    fn a_line_that_is_wrong_is_named_with_what_was_expected() {
        let flaw = parse_list("10.0.0.0/8\n10.0.0.1/8\n").unwrap_err();
        assert_eq!(flaw.line, 2);
        assert!(flaw.sentence.contains("write 10.0.0.0/8"), "{flaw:?}");
        let flaw = parse_list("10.0.0.0/33").unwrap_err();
        assert!(flaw.sentence.contains("as in 192.0.2.0/24"), "{flaw:?}");
    }

    /// Prefixes of a few short stems, so that they lie within each other.
    fn prefix() -> impl Strategy<Value = IpNet> {
        let v4 = (any::<u32>(), 0u8..=32).prop_map(|(bits, length)| {
            let ip = Ipv4Addr::from(bits & 0xe000_0007);
            IpNet::new(ip.into(), length).unwrap().trunc()
        });
        let v6 = (any::<u128>(), 0u8..=128).prop_map(|(bits, length)| {
            let ip = Ipv6Addr::from(bits & (7 << 125 | 7));
            IpNet::new(ip.into(), length).unwrap().trunc()
        });
        prop_oneof![v4, v6]
    }

    /// The same without any thought.
    fn naive(allow: &[IpNet], deny: &[IpNet], ip: IpAddr) -> Option<Refusal> {
        let ip = ip.to_canonical();
        let length = |prefixes: &[IpNet]| {
            let around = prefixes.iter().filter(|prefix| prefix.contains(&ip));
            around
                .map(|prefix| i32::from(prefix.prefix_len()))
                .max()
                .unwrap_or(-1)
        };
        let (allowed, denied) = (length(allow), length(deny));
        if denied >= 0 && denied >= allowed {
            Some(Refusal::Denied)
        } else if allowed < 0 && !allow.is_empty() {
            Some(Refusal::NotAllowed)
        } else {
            None
        }
    }

    proptest! {
        #[test]
        fn an_address_is_judged_by_the_longest_prefix_around_it(
            allow in proptest::collection::vec(prefix(), 0..12),
            deny in proptest::collection::vec(prefix(), 0..12),
            others in proptest::collection::vec(any::<u128>(), 8),
        ) {
            let prefixes = Prefixes::new(&allow, &deny, !allow.is_empty());
            let edges = allow.iter().chain(&deny).flat_map(|prefix| [prefix.network(), prefix.broadcast()]);
            let around = edges.flat_map(|ip| match ip {
                IpAddr::V4(ip) => {
                    let bits = u32::from(ip);
                    [bits.wrapping_sub(1), bits, bits.wrapping_add(1)].map(|bits| IpAddr::from(Ipv4Addr::from(bits)))
                }
                IpAddr::V6(ip) => {
                    let bits = u128::from(ip);
                    [bits.wrapping_sub(1), bits, bits.wrapping_add(1)].map(|bits| IpAddr::from(Ipv6Addr::from(bits)))
                }
            });
            let others = others.into_iter().map(|bits| IpAddr::from(Ipv6Addr::from(bits)));
            for ip in around.chain(others) {
                prop_assert_eq!(prefixes.judge(ip), naive(&allow, &deny, ip), "{}", ip);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "(?s).{0,80}") {
            if let Ok(prefixes) = parse_list(&text) {
                let _compiled = Prefixes::new(&prefixes, &[], true);
            }
        }
    }
}
