//! What the program may have of the machine.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use rustix::process::{Resource, getrlimit};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Reasons, files};
use crate::host::Figure;
use crate::host::cgroup::Groups;

/// What this program may have, and how it is scheduled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// The processor time that its control groups may have, in thousandths of a processor.
    pub cpu_thousandths: Option<Limit>,
    /// The memory that they may have.
    pub memory_bytes: Option<Limit>,
    /// The memory that it may lock.
    pub locked_memory_bytes: Option<Limit>,
    /// The files and sockets that it may have open.
    pub open_files: Option<Limit>,
    /// The highest priority of a thread that must not wait.
    pub realtime_priority: Option<Limit>,
    /// How it is scheduled: `other`, `fifo`, `round robin`, `batch`, `idle`, `deadline`.
    pub scheduling: Option<String>,
    /// How readily it makes room, from -20, never, to 19.
    pub niceness: Option<i64>,
    /// Its privileges, as a mask in hexadecimal. With some of them socket buffers may exceed the
    /// limits of the host.
    pub capabilities: Option<String>,
}

/// An upper bound, if there is one. In JSON a number or `"unlimited"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// So much and no more.
    At(u64),
    /// As much as there is.
    Unlimited,
}

impl Limits {
    pub(super) fn read(mut reasons: Reasons<'_>) -> Self {
        let stat = files::text("/proc/self/stat").and_then(|text| scheduling(&text));
        let (scheduling, niceness) = match stat {
            Ok((scheduling, niceness)) => (Ok(scheduling), Ok(niceness)),
            Err(reason) => (Err(reason.clone()), Err(reason)),
        };
        Self {
            cpu_thousandths: reasons.known("cpu_thousandths", tightest("cpu", cpu_limit)),
            memory_bytes: reasons.known("memory_bytes", tightest("memory", memory_limit)),
            locked_memory_bytes: reasons.known("locked_memory_bytes", Ok(of(Resource::Memlock))),
            open_files: reasons.known("open_files", Ok(of(Resource::Nofile))),
            realtime_priority: reasons.known("realtime_priority", Ok(of(Resource::Rtprio))),
            scheduling: reasons.known("scheduling", scheduling),
            niceness: reasons.known("niceness", niceness),
            capabilities: reasons.known("capabilities", capabilities()),
        }
    }
}

fn of(resource: Resource) -> Limit {
    getrlimit(resource)
        .current
        .map_or(Limit::Unlimited, Limit::At)
}

/// A group is bound by those above it too.
fn tightest(controller: &str, limit: fn(&Path) -> Option<Limit>) -> Figure<Limit> {
    let groups = Groups::of(controller)?;
    // The root of all groups has no limit, and no file for one.
    Ok(groups
        .each()
        .filter_map(limit)
        .min()
        .unwrap_or(Limit::Unlimited))
}

/// `cpu.max` in version 2, two files in version 1 (`Documentation/scheduler/sched-bwc.rst`).
fn cpu_limit(group: &Path) -> Option<Limit> {
    let second = files::text(group.join("cpu.max"));
    let text = second.or_else(|_first| {
        let quota = files::text(group.join("cpu.cfs_quota_us"))?;
        let period = files::text(group.join("cpu.cfs_period_us"))?;
        Figure::Ok(format!("{quota} {period}"))
    });
    parse_cpu_max(&text.ok()?)
}

/// `quota period`, in microseconds; the quota is `max`, in version 1 -1, if there is none.
fn parse_cpu_max(text: &str) -> Option<Limit> {
    let (quota, period) = text.trim().split_once(' ')?;
    if quota == "max" || quota == "-1" {
        return Some(Limit::Unlimited);
    }
    let (quota, period): (u64, u64) = (quota.parse().ok()?, period.parse().ok()?);
    let thousandths = quota.checked_mul(1_000)?.checked_div(period)?;
    Some(Limit::At(thousandths))
}

/// `memory.max` in version 2, `memory.limit_in_bytes` in version 1.
fn memory_limit(group: &Path) -> Option<Limit> {
    let second = files::text(group.join("memory.max"));
    let text = second.or_else(|_first| files::text(group.join("memory.limit_in_bytes")));
    parse_memory_max(&text.ok()?)
}

/// Version 1 writes the largest number of whole pages for none.
fn parse_memory_max(text: &str) -> Option<Limit> {
    match text.trim() {
        "max" => Some(Limit::Unlimited),
        number => match number.parse::<u64>().ok()? {
            bytes if bytes > i64::MAX as u64 - (1 << 20) => Some(Limit::Unlimited),
            bytes => Some(Limit::At(bytes)),
        },
    }
}

/// Fields 19 and 41 of `/proc/self/stat` (`proc_pid_stat(5)`); the second is a name, in brackets,
/// that may hold anything.
fn scheduling(text: &str) -> Figure<(String, i64)> {
    let after_name = text.rsplit_once(')').map(|(_, rest)| rest);
    let mut fields = after_name.unwrap_or_default().split_ascii_whitespace();
    // The first of these is field 3.
    let niceness = fields.nth(16).and_then(|field| field.parse().ok());
    let policy = fields.nth(21).and_then(|field| field.parse::<usize>().ok());
    let (Some(niceness), Some(policy)) = (niceness, policy) else {
        return Err("/proc/self/stat has fewer fields than it should".to_owned());
    };
    let name = POLICIES.get(policy).copied().flatten();
    Ok((
        name.map_or_else(|| policy.to_string(), str::to_owned),
        niceness,
    ))
}

pub(crate) fn capabilities() -> Figure<String> {
    let text = files::text("/proc/self/status")?;
    let mask = files::field(&text, "CapEff").map(str::to_owned);
    mask.ok_or_else(|| "/proc/self/status has no CapEff".to_owned())
}

/// By their numbers in `include/uapi/linux/sched.h`.
const POLICIES: [Option<&str>; 7] = [
    Some("other"),
    Some("fifo"),
    Some("round robin"),
    Some("batch"),
    None,
    Some("idle"),
    Some("deadline"),
];

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(most) => write!(formatter, "{most}"),
            Self::Unlimited => formatter.write_str(UNLIMITED),
        }
    }
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::At(most) => serializer.serialize_u64(*most),
            Self::Unlimited => serializer.serialize_str(UNLIMITED),
        }
    }
}

impl JsonSchema for Limit {
    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An upper bound, if there is one.",
            "anyOf": [{ "type": "integer", "minimum": 0 }, { "const": UNLIMITED }],
        })
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u64),
            Word(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(most) => Ok(Self::At(most)),
            Written::Word(word) if word == UNLIMITED => Ok(Self::Unlimited),
            Written::Word(word) => Err(de::Error::custom(format_args!(
                "'{word}' is neither a number nor \"{UNLIMITED}\""
            ))),
        }
    }
}

const UNLIMITED: &str = "unlimited";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_quota_is_told_in_thousandths_of_a_processor() {
        assert_eq!(parse_cpu_max("150000 100000\n"), Some(Limit::At(1_500)));
        for none in ["max 100000", "-1 100000"] {
            assert_eq!(parse_cpu_max(none), Some(Limit::Unlimited));
        }
        assert_eq!(parse_cpu_max("150000 0"), None);
    }

    #[test]
    fn the_largest_number_of_pages_is_no_limit() {
        for none in ["max\n", "9223372036854771712\n"] {
            assert_eq!(parse_memory_max(none), Some(Limit::Unlimited));
        }
        assert_eq!(parse_memory_max("4096\n"), Some(Limit::At(4096)));
    }

    #[test]
    fn a_limit_is_tighter_than_none() {
        assert!(Limit::At(u64::MAX) < Limit::Unlimited);
    }

    #[test]
    fn policy_and_niceness_are_found_behind_any_name() {
        let before = "1 (a) b) R 0 1 1 0 -1 4194304 1 0 0 0 0 0 0 0 -61 -5 1 0 5 1 1 1";
        let after = "0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 1 0 0";
        let text = format!("{before} {after}");
        assert_eq!(scheduling(&text), Ok(("fifo".to_owned(), -5)));
        assert!(scheduling("1 (name) R").is_err());
    }

    #[test]
    fn this_program_is_scheduled_like_others() {
        let text = std::fs::read_to_string("/proc/self/stat").unwrap();
        let (_policy, niceness) = scheduling(&text).unwrap();
        assert!((-20..=19).contains(&niceness));
    }

    proptest! {
        #[test]
        fn a_limit_comes_back(most: u64) {
            for limit in [Limit::At(most), Limit::Unlimited] {
                let text = serde_json::to_string(&limit).unwrap();
                prop_assert_eq!(serde_json::from_str::<Limit>(&text).unwrap(), limit);
            }
        }

        #[test]
        fn no_text_is_too_strange(text in "(max|-?[0-9]{0,21}|[()a ]{0,4}){0,60}") {
            let _limits: (Option<Limit>, Option<Limit>) =
                (parse_cpu_max(&text), parse_memory_max(&text));
            let _scheduling: Figure<(String, i64)> = scheduling(&text);
        }
    }
}
