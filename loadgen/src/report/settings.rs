//! Settings of the host as text.

use super::environment::{aligned, table};
use super::printable;
use crate::figures::count;
use crate::results::{HostFile, HostSetting};

/// All settings: those that should be changed first, those that the host lacks last. Ends with a line
/// break.
#[must_use]
pub fn text(file: &HostFile) -> String {
    let mut lines = Vec::new();
    for (title, belongs) in GROUPS {
        let settings: Vec<&HostSetting> = file.settings.iter().filter(|one| belongs(one)).collect();
        if settings.is_empty() {
            continue;
        }
        lines.push((*title).to_owned());
        for setting in settings {
            lines.extend(table(&[(setting.name.clone(), value(setting))]));
            let reason = setting.missing.as_ref().unwrap_or(&setting.why);
            lines.extend(aligned(&[(String::new(), printable(reason))], INDENT));
        }
        lines.push(String::new());
    }
    lines.join("\n").trim_end().to_owned() + "\n"
}

fn value(setting: &HostSetting) -> String {
    match (&setting.present, &setting.proposed) {
        (Some(present), Some(proposed)) if setting.is_as_proposed == Some(false) => {
            let (present, proposed) = (shown(setting, present), shown(setting, proposed));
            format!("{present}, proposed {proposed}")
        }
        (Some(present), _) => shown(setting, present),
        (None, _) => "unknown".to_owned(),
    }
}

/// A value with its unit, and states in words.
fn shown(setting: &HostSetting, value: &str) -> String {
    if setting.name == "idle_limit" {
        return idle_states(value).unwrap_or_else(|| value.to_owned());
    }
    let unit = UNITS.iter().find(|(name, _)| *name == setting.name);
    match (value.parse(), unit) {
        (Ok(number), Some((_, unit))) => format!("{} {unit}", count(number)),
        _ => value.to_owned(),
    }
}

/// Which of the states are disabled, as in `state0=0 state1=1`; `None` if it is nothing like that.
fn idle_states(value: &str) -> Option<String> {
    let states: Option<Vec<(&str, &str)>> = value
        .split_whitespace()
        .map(|state| state.split_once('='))
        .collect();
    let states = states.filter(|states| !states.is_empty())?;
    let disabled: Vec<&str> = states
        .iter()
        .filter(|(_, switch)| *switch != "0")
        .map(|(name, _)| *name)
        .collect();
    Some(if disabled.is_empty() {
        "none, all states are used".to_owned()
    } else {
        format!("{} not used", disabled.join(", "))
    })
}

/// What the numbers of settings are of, where that is not how often.
const UNITS: &[(&str, &str)] = &[
    ("busy_poll", "us"),
    ("busy_read", "us"),
    ("rmem_max", "bytes"),
    ("rmem_default", "bytes"),
    ("wmem_max", "bytes"),
    ("wmem_default", "bytes"),
    ("netdev_budget", "packets"),
    ("netdev_budget_usecs", "us"),
    ("netdev_max_backlog", "packets"),
    ("rps_sock_flow_entries", "flows"),
    ("stat_interval", "s"),
    ("timer_slack", "ns"),
    ("rx-usecs", "us"),
    ("tx-usecs", "us"),
    ("rx-ring", "packets"),
];

type Group = (&'static str, fn(&HostSetting) -> bool);

/// In the order in which they are shown.
const GROUPS: &[Group] = &[
    ("could be better", |one| one.is_as_proposed == Some(false)),
    ("as proposed", |one| {
        one.is_as_proposed == Some(true) && one.proposed.is_some()
    }),
    ("for you to judge", |one| {
        one.present.is_some() && one.proposed.is_none()
    }),
    ("not to be had on this host", |one| one.present.is_none()),
];

/// Where sentences begin.
const INDENT: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::HostSchema;

    fn setting(name: &str, present: Option<&str>, proposed: Option<&str>) -> HostSetting {
        HostSetting {
            name: name.to_owned(),
            setting: format!("sysctl {name}"),
            present: present.map(str::to_owned),
            proposed: proposed.map(str::to_owned),
            is_as_proposed: present.map(|present| proposed.is_none_or(|one| one == present)),
            why: "It matters.".to_owned(),
            missing: present.is_none().then(|| "There is none.".to_owned()),
        }
    }

    #[test]
    fn values_are_shown_with_their_units() {
        let of = |name, present| value(&setting(name, Some(present), Some("16777216")));
        assert_eq!(
            of("rmem_max", "4194304"),
            "4,194,304 bytes, proposed 16,777,216 bytes"
        );
        let of = |name, present| value(&setting(name, Some(present), None));
        assert_eq!(of("timer_slack", "50000"), "50,000 ns");
        assert_eq!(of("queueing", "fq limit 1000"), "fq limit 1000");
        assert_eq!(
            of("idle_limit", "state0=0 state1=0"),
            "none, all states are used"
        );
        assert_eq!(
            of("idle_limit", "state0=0 cpu1/state1=1 state2=1"),
            "cpu1/state1, state2 not used"
        );
    }

    #[test]
    fn every_unit_is_of_a_setting_that_there_is() {
        let known = crate::proposals::all(Some("lo"));
        for (name, _) in UNITS {
            assert!(
                known.iter().any(|proposal| proposal.name == *name),
                "{name}"
            );
        }
    }

    #[test]
    fn every_setting_stands_where_a_person_looks_for_it() {
        let file = HostFile {
            schema: HostSchema::Host1,
            settings: vec![
                setting("good", Some("1"), Some("1")),
                setting("poor", Some("0"), Some("1")),
                setting("open", Some("7"), None),
                setting("none", None, Some("1")),
            ],
        };
        assert_eq!(
            text(&file),
            "could be better\n  poor  0, proposed 1\n      It matters.\n\n\
             as proposed\n  good  1\n      It matters.\n\n\
             for you to judge\n  open  7\n      It matters.\n\n\
             not to be had on this host\n  none  unknown\n      There is none.\n"
        );
    }
}
