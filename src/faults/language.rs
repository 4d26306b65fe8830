//! A plan of faults as text: `drop=1%,delay=500us,stall=100ms@2s,service=exp:50us,seed=7`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Faults, Service, Share, Stall};

/// Parses a plan: parts of the form `KEY=VALUE` between commas, in any order. What is displayed
/// reads as the same plan again.
///
/// # Errors
/// Names the part that is wrong, and what would be right.
pub fn parse(text: &str) -> Result<Faults, Mistake> {
    let mut faults = Faults {
        drop: None,
        duplicate: None,
        corrupt: None,
        reorder: None,
        delay: None,
        stalls: Vec::new(),
        service: None,
        panic_after: None,
        seed: SEED,
    };
    let mut seen = Vec::new();
    for part in text.split(',').map(str::trim) {
        let key = take(&mut faults, part)?;
        if seen.contains(&key) && key != "stall" {
            return Err(Mistake::new(part, "is there twice; leave one out"));
        }
        seen.push(key);
    }
    faults.stalls.sort_unstable_by_key(|stall| stall.begin);
    check(&faults, text)?;
    Ok(faults)
}

/// What is wrong with a plan.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("'{part}' {reason}")]
pub struct Mistake {
    /// The part that is wrong.
    pub part: String,
    /// What is wrong with it, as a phrase.
    pub reason: String,
}

impl Mistake {
    fn new(part: &str, reason: &str) -> Self {
        Self {
            part: part.to_owned(),
            reason: reason.to_owned(),
        }
    }
}

/// Puts one part into the plan; gives its key.
fn take<'text>(faults: &mut Faults, part: &'text str) -> Result<&'text str, Mistake> {
    let (key, value) = part
        .split_once('=')
        .ok_or_else(|| Mistake::new(part, "is not KEY=VALUE, as in drop=1% or delay=500us"))?;
    match key {
        "drop" => faults.drop = Some(share(part, value)?),
        "duplicate" => faults.duplicate = Some(share(part, value)?),
        "corrupt" => faults.corrupt = Some(share(part, value)?),
        "reorder" => faults.reorder = Some(share(part, value)?),
        "delay" => faults.delay = Some(positive_time(part, value)?),
        "stall" => faults.stalls.push(stall(part, value)?),
        "service" => faults.service = Some(service(part, value)?),
        "panic-after" => {
            let wrong =
                |_error| Mistake::new(part, "needs a number of datagrams, as in panic-after=1000");
            faults.panic_after = Some(value.parse().map_err(wrong)?);
        }
        "seed" => {
            let wrong =
                |_error| Mistake::new(part, "needs a whole number below 2^64, as in seed=7");
            faults.seed = value.parse().map_err(wrong)?;
        }
        _ => {
            return Err(Mistake::new(
                part,
                "is no fault: there are drop, duplicate, corrupt, reorder, delay, stall, service, \
                 panic-after and seed",
            ));
        }
    }
    Ok(key)
}

fn share(part: &str, value: &str) -> Result<Share, Mistake> {
    value.parse().map_err(|reason| Mistake::new(part, reason))
}

fn stall(part: &str, value: &str) -> Result<Stall, Mistake> {
    let (length, begin) = value.split_once('@').ok_or_else(|| {
        Mistake::new(
            part,
            "does not say when it begins: stall=100ms@2s stalls for 100ms from 2s on",
        )
    })?;
    Ok(Stall {
        length: positive_time(part, length)?,
        begin: time(part, begin)?,
    })
}

fn service(part: &str, value: &str) -> Result<Service, Mistake> {
    if let Some(value) = value.strip_prefix("fixed:") {
        Ok(Service::Fixed(positive_time(part, value)?))
    } else if let Some(value) = value.strip_prefix("exp:") {
        Ok(Service::Exponential(positive_time(part, value)?))
    } else {
        Err(Mistake::new(
            part,
            "is neither service=fixed:TIME nor service=exp:TIME, as in service=exp:50us",
        ))
    }
}

fn positive_time(part: &str, value: &str) -> Result<Duration, Mistake> {
    match time(part, value)? {
        Duration::ZERO => Err(Mistake::new(part, "lasts no time at all; leave it out")),
        time => Ok(time),
    }
}

fn time(part: &str, value: &str) -> Result<Duration, Mistake> {
    let time = humantime::parse_duration(value).map_err(|_error| {
        let reason = format!("has no time in '{value}', as in 50us, 1ms or 2s");
        Mistake::new(part, &reason)
    })?;
    if time > LONGEST {
        return Err(Mistake::new(part, "is longer than a day"));
    }
    Ok(time)
}

/// What no part tells alone.
fn check(faults: &Faults, text: &str) -> Result<(), Mistake> {
    let shares: Vec<(&str, Share)> = named_shares(faults).collect();
    if shares.is_empty()
        && faults.delay.is_none()
        && faults.stalls.is_empty()
        && faults.service.is_none()
        && faults.panic_after.is_none()
    {
        let reason = "names no fault, as in drop=1% or delay=500us";
        return Err(Mistake::new(text.trim(), reason));
    }
    let sum: u64 = shares.iter().map(|(_, s)| u64::from(s.billionths())).sum();
    if sum > Share::WHOLE.into() {
        let parts: Vec<_> = shares.iter().map(|(key, s)| format!("{key}={s}")).collect();
        let reason = "make more than 100% together, but a datagram meets one of them at most";
        return Err(Mistake::new(&parts.join(","), reason));
    }
    let overlap = faults
        .stalls
        .windows(2)
        .find(|pair| pair[1].begin < pair[0].end());
    if let Some([before, after]) = overlap {
        let reason = format!("begins before stall={before} is over");
        return Err(Mistake::new(&format!("stall={after}"), &reason));
    }
    Ok(())
}

fn named_shares(faults: &Faults) -> impl Iterator<Item = (&'static str, Share)> {
    let shares = faults.shares().into_iter();
    shares.filter_map(|(fate, share)| Some((fate.key()?, share?)))
}

impl FromStr for Faults {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        parse(text)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, share) in named_shares(self) {
            write!(formatter, "{key}={share},")?;
        }
        if let Some(delay) = self.delay {
            write!(formatter, "delay={},", Time(delay))?;
        }
        for stall in &self.stalls {
            write!(formatter, "stall={stall},")?;
        }
        if let Some(service) = self.service {
            write!(formatter, "service={service},")?;
        }
        if let Some(datagrams) = self.panic_after {
            write!(formatter, "panic-after={datagrams},")?;
        }
        write!(formatter, "seed={}", self.seed)
    }
}

impl fmt::Display for Stall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}", Time(self.length), Time(self.begin))
    }
}

impl fmt::Display for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(time) => write!(formatter, "fixed:{}", Time(*time)),
            Self::Exponential(mean) => write!(formatter, "exp:{}", Time(*mean)),
        }
    }
}

/// A time as one number with its largest unit that leaves no rest.
struct Time(Duration);

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        let units = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")];
        let unit = units
            .into_iter()
            .find(|(unit, _)| nanos.is_multiple_of(*unit));
        let (unit, name) = unit.unwrap_or((1, "ns"));
        write!(formatter, "{}{name}", nanos / unit)
    }
}

/// The seed of those who name none.
const SEED: u64 = 1;

/// No time is longer: a day.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::num::NonZeroU64;

    #[test]
    fn every_fault_has_its_word() {
        let text = "drop=1%,duplicate=2.5%,corrupt=0.1%,reorder=100%,delay=500us,\
                    stall=100ms@2s,stall=1s@5s,service=exp:50us,panic-after=1000,seed=7";
        let faults = parse(&text.replace("100%", "90%")).unwrap();
        assert_eq!(faults.delay, Some(Duration::from_micros(500)));
        let mean = Duration::from_micros(50);
        assert_eq!(faults.service, Some(Service::Exponential(mean)));
        assert_eq!(faults.seed, 7);
        assert_eq!(faults.stalls.len(), 2);
        assert_eq!(faults.to_string(), text.replace("100%", "90%"));
    }

    #[test]
    fn order_and_space_between_parts_mean_nothing() {
        let plan = parse("drop=1%,stall=1ms@1s,stall=1ms@2s").unwrap();
        assert_eq!(
            parse(" stall=1ms@2s, stall=1ms@1s , drop=1%"),
            Ok(plan.clone())
        );
        assert_eq!(plan.to_string(), "drop=1%,stall=1ms@1s,stall=1ms@2s,seed=1");
    }

    #[test]
    fn stalls_may_follow_each_other_without_a_gap() {
        assert!(parse("stall=1s@0s,stall=1s@1s").is_ok());
    }

    #[test]
    fn every_mistake_names_the_part_that_is_wrong() {
        for (text, part, reason) in [
            ("", "", "is not KEY=VALUE"),
            ("drop=1%,", "", "is not KEY=VALUE"),
            ("drop", "drop", "is not KEY=VALUE"),
            ("drop=1%,lose=1%", "lose=1%", "is no fault: there are drop"),
            ("Drop=1%", "Drop=1%", "is no fault"),
            ("delay=1ms,drop=1", "drop=1", "has no percent sign"),
            ("drop=0%", "drop=0%", "is out of range"),
            ("corrupt=101%", "corrupt=101%", "is out of range"),
            ("reorder=x%", "reorder=x%", "is not a percentage"),
            ("drop=1%,drop=2%", "drop=2%", "is there twice"),
            ("seed=1,drop=1%,seed=1", "seed=1", "is there twice"),
            (
                "drop=60%,delay=1ms,reorder=40.1%",
                "drop=60%,reorder=40.1%",
                "make more than 100% together",
            ),
            ("delay=500", "delay=500", "has no time in '500'"),
            ("delay=", "delay=", "has no time in ''"),
            ("delay=0ms", "delay=0ms", "lasts no time"),
            ("delay=25h", "delay=25h", "is longer than a day"),
            ("stall=100ms", "stall=100ms", "does not say when it begins"),
            ("stall=0s@1s", "stall=0s@1s", "lasts no time"),
            ("stall=1s@x", "stall=1s@x", "has no time in 'x'"),
            ("stall=1s@1s@1s", "stall=1s@1s@1s", "has no time in '1s@1s'"),
            (
                "stall=2s@1s,stall=1s@2s",
                "stall=1s@2s",
                "begins before stall=2s@1s",
            ),
            (
                "service=50us",
                "service=50us",
                "is neither service=fixed:TIME",
            ),
            ("service=exp:", "service=exp:", "has no time in ''"),
            ("service=fixed:0us", "service=fixed:0us", "lasts no time"),
            (
                "panic-after=0",
                "panic-after=0",
                "needs a number of datagrams",
            ),
            (
                "panic-after=1s",
                "panic-after=1s",
                "needs a number of datagrams",
            ),
            ("seed=-1,drop=1%", "seed=-1", "needs a whole number"),
            ("seed=3", "seed=3", "names no fault"),
        ] {
            let mistake = parse(text).unwrap_err();
            assert_eq!(mistake.part, part, "{text}");
            assert!(mistake.reason.starts_with(reason), "{text}: {mistake}");
        }
    }

    /// Pieces of plans, right and wrong, so that a random text gets past the first part.
    const PIECES: &str = "(drop|duplicate|corrupt|reorder|delay|stall|service|panic-after|seed|fixed|exp|[=,%@:. ]\
                          |[0-9]{1,22}|ns|us|ms|s|h|\\PC){0,20}";

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _read: Result<Faults, Mistake> = parse(&text);
        }

        #[test]
        fn whatever_is_understood_reads_the_same_when_written(text in PIECES) {
            if let Ok(faults) = parse(&text) {
                prop_assert_eq!(parse(&faults.to_string()), Ok(faults));
            }
        }

        #[test]
        fn what_is_written_reads_as_the_same(
            shares in proptest::array::uniform4(proptest::option::of(1..=Share::WHOLE / 4)),
            delay in proptest::option::of(1..86_400_000_000_000_u64),
            stalls in proptest::collection::vec((1..1_000_000_000_u64, 0..1_000_000_000_u64), 0..4),
            service in proptest::option::of((any::<bool>(), 1..86_400_000_000_000_u64)),
            panic_after: Option<NonZeroU64>,
            seed: u64,
        ) {
            let share = |index: usize| shares[index].and_then(Share::from_billionths);
            let mut after = Duration::ZERO;
            let stalls = stalls.into_iter().map(|(length, gap)| {
                let length = Duration::from_nanos(length);
                let stall = Stall { length, begin: after + Duration::from_nanos(gap) };
                after = stall.end();
                stall
            });
            let faults = Faults {
                drop: share(0),
                duplicate: share(1),
                corrupt: share(2),
                reorder: share(3),
                // So that there is one fault in any case.
                delay: Some(Duration::from_nanos(delay.unwrap_or(1))),
                stalls: stalls.collect(),
                service: service.map(|(fixed, nanos)| {
                    let time = Duration::from_nanos(nanos);
                    if fixed { Service::Fixed(time) } else { Service::Exponential(time) }
                }),
                panic_after,
                seed,
            };
            prop_assert_eq!(parse(&faults.to_string()), Ok(faults));
        }

        #[test]
        fn a_wrong_part_is_found_wherever_it_stands(before in 0..3_usize, wrong in "[a-z]{1,8}=[!-+]{1,3}") {
            let mut parts = vec!["drop=1%", "delay=1ms", "seed=3"];
            parts.insert(before, &wrong);
            prop_assert_eq!(parse(&parts.join(",")).unwrap_err().part, wrong);
        }
    }
}
