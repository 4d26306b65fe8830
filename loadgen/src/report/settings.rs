//! Settings of the host as text.

use super::environment::{aligned, table};
use super::printable;
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
            format!("{present}, proposed {proposed}")
        }
        (Some(present), _) => present.clone(),
        (None, _) => "unknown".to_owned(),
    }
}

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
