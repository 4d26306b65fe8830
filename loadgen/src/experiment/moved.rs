//! Whether an experiment that goes on is still where it began. Pure.

use crate::environment::Environment;
use crate::environment::difference::{Difference, Side, between};

/// What is not as it was when an experiment began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// It is a machine of another kind, or another kernel: its runs would not belong together.
    pub elsewhere: Vec<Difference>,
    /// Something that people should know of.
    pub changed: Vec<Difference>,
}

/// What lies between the host as it was when an experiment began and as it is now, with nothing set by
/// it at both times. What one of them does not tell is no difference, and neither is what it was doing.
#[must_use]
pub fn moved(then: &Environment, now: &Environment) -> Moved {
    let side = |environment| Side {
        environment,
        builds: None,
    };
    let known = |value: &Option<String>| {
        let value = value.as_deref();
        value.is_some_and(|value| !value.starts_with("unknown: "))
    };
    let differences = between(side(then), side(now)).into_iter();
    let differences = differences
        .filter(|one| !one.is_of_load())
        .filter(|one| known(&one.a) && known(&one.b));
    let (elsewhere, changed) = differences.partition(|one| is_of_machine(&one.name));
    Moved { elsewhere, changed }
}

/// Whether a figure says which machine it is and which kernel it runs, and nobody sets it meanwhile.
fn is_of_machine(name: &str) -> bool {
    MACHINE.contains(&name)
        || GROUPS.iter().any(|group| {
            name.strip_prefix(group)
                .is_some_and(|rest| rest.starts_with('.'))
        })
}

const MACHINE: [&str; 6] = [
    "kernel.release",
    "kernel.version",
    "kernel.clock_source",
    "processor.model",
    "processor.microcode",
    "processor.online",
];

const GROUPS: [&str; 2] = ["kernel.mitigations", "machine"];

/// `kernel.release was 6.1.0 when the experiment began and is 6.18.0 now`.
#[must_use]
pub fn told(difference: &Difference) -> String {
    let [then, now] =
        [&difference.a, &difference.b].map(|value| value.as_deref().unwrap_or("none"));
    format!(
        "{} was {then} when the experiment began and is {now} now",
        difference.name
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_where_it_was() {
        let here = Environment::read(None);
        assert_eq!(moved(&here, &here), Moved::default());
    }

    #[test]
    fn another_kernel_or_machine_is_elsewhere() {
        let then = Environment::read(None);
        let mut now = then.clone();
        now.kernel.release = Some("0.1".to_owned());
        now.processor.model = Some("an abacus".to_owned());
        now.sysctls
            .insert("kernel.made_up".to_owned(), "1".to_owned());
        let found = moved(&then, &now);
        let names = |list: &[Difference]| -> Vec<String> {
            list.iter().map(|one| one.name.clone()).collect()
        };
        assert_eq!(
            names(&found.elsewhere),
            ["kernel.release", "processor.model"]
        );
        // Nobody knows what it was.
        assert_eq!(names(&found.changed), [""; 0]);
        let sentence = told(&found.elsewhere[0]);
        assert!(sentence.starts_with("kernel.release was "), "{sentence}");
        assert!(sentence.ends_with(" and is 0.1 now"), "{sentence}");
    }

    #[test]
    fn what_people_may_have_set_meanwhile_is_told() {
        let mut then = Environment::read(None);
        let mut now = then.clone();
        for (environment, value) in [(&mut then, "1"), (&mut now, "2")] {
            let name = "kernel.made_up".to_owned();
            environment.sysctls.insert(name, value.to_owned());
        }
        now.load.cpu_use = Some(0.5);
        then.load.cpu_use = Some(0.25);
        let found = moved(&then, &now);
        assert_eq!(found.elsewhere, []);
        let names: Vec<&str> = found.changed.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["sysctls.kernel.made_up"]);
    }

    #[test]
    fn what_is_not_known_any_more_is_no_difference() {
        let mut then = Environment::read(None);
        then.kernel.release = Some("6.1".to_owned());
        let mut now = then.clone();
        now.kernel.release = None;
        now.unreadable
            .insert("kernel.release".to_owned(), "no right".to_owned());
        assert_eq!(moved(&then, &now), Moved::default());
    }
}
