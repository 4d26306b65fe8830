//! The root queueing discipline of an interface, by `tc(8)`.
//!
//! What the kernel has set up itself has the handle `0:`, and comes back when the root is deleted. One
//! that somebody has set has classes, filters and state that cannot be put back as they were: an
//! interface with such a one is left alone.

use super::kind::{Kind, Refusal};
use super::root::Root;
use super::{amount, interface, shell};
use crate::host::Figure;

/// That of an interface.
pub(super) struct Queueing<'a> {
    pub(super) root: &'a Root,
    pub(super) interface: &'a str,
}

impl Queueing<'_> {
    fn shown(&self) -> Figure<Vec<Discipline>> {
        let interface = interface::checked(self.interface)?;
        self.root
            .run(&["tc", "qdisc", "show", "dev", interface])
            .map(|text| disciplines(&text))
    }

    fn present(&self) -> Figure<Discipline> {
        let root = self.shown()?.into_iter().find(|one| one.is_root);
        root.ok_or_else(|| format!("tc tells no queueing discipline of {}", self.interface))
    }

    fn command<'a>(&'a self, verb: &'a str, words: &[&'a str]) -> Vec<&'a str> {
        let mut command = vec!["tc", "qdisc", verb, "dev", self.interface, "root"];
        command.extend(words);
        command
    }

    fn delete(&self) -> Figure<()> {
        self.root.run(&self.command("del", &[])).map(|_printed| ())
    }

    /// Back to what the kernel sets up, which should be of kind `kind`.
    fn to_default(&self, kind: &str) -> Result<(), Refusal> {
        let present = self.present()?;
        if present.is_default() && present.kind == kind {
            return Ok(());
        }
        if present.is_default() {
            // Set up while another kind was the default; it is set up anew behind another one.
            self.root.run(&self.command("add", &["pfifo"]))?;
        }
        self.delete()?;
        let present = self.present()?;
        if present.is_default() && (kind.is_empty() || present.kind == kind) {
            Ok(())
        } else {
            Err(Refusal::Shows(present.text()))
        }
    }
}

impl Kind for Queueing<'_> {
    fn read(&self) -> Figure<String> {
        let of_others = self.shown()?.into_iter().find(|one| !one.is_default());
        if let Some(one) = of_others {
            let (kind, handle, interface) = (one.kind, one.handle, self.interface);
            return Err(format!(
                "somebody has set {kind} {handle} on {interface}, which could not be put back as it is: \
                 tc qdisc del dev {interface} root removes it"
            ));
        }
        self.present().map(|root| root.text())
    }

    fn shown(&self) -> Figure<String> {
        self.present().map(|root| root.text())
    }

    fn set(&self, value: &str) -> Result<(), Refusal> {
        let words = words(value)?;
        if let ["default", rest @ ..] = words.as_slice() {
            return self.to_default(rest.first().unwrap_or(&""));
        }
        // What is there already would keep the options that are not named.
        if !self.present()?.is_default() {
            self.delete()?;
        }
        self.root.run(&self.command("replace", &words))?;
        let present = self.present()?;
        if present.is(&words) {
            Ok(())
        } else {
            Err(Refusal::Shows(present.text()))
        }
    }

    fn may_change(&self) -> Figure<()> {
        self.read()?;
        interface::may_be_changed()
    }

    fn shell(&self, level: &str) -> Figure<String> {
        interface::checked(self.interface)?;
        let words = words(level)?;
        Ok(shell::line(match words.as_slice() {
            ["default", ..] => self.command("del", &[]),
            words => self.command("replace", words),
        }))
    }
}

/// A kind and its options; none of the words is an option of `tc` itself.
fn words(value: &str) -> Figure<Vec<&str>> {
    let words: Vec<&str> = value.split_whitespace().collect();
    if words.is_empty() || words.iter().any(|word| word.starts_with('-')) {
        return Err(format!("{value:?} is no queueing discipline"));
    }
    Ok(words)
}

/// A line of `tc qdisc show`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Discipline {
    kind: String,
    handle: String,
    is_root: bool,
    /// What follows: `limit 77p`.
    options: Vec<String>,
}

impl Discipline {
    fn is_default(&self) -> bool {
        self.handle == "0:"
    }

    fn text(&self) -> String {
        if self.is_default() {
            format!("default {}", self.kind)
        } else {
            let kind = [self.kind.as_str()].into_iter();
            let words = kind.chain(self.options.iter().map(String::as_str));
            words.collect::<Vec<_>>().join(" ")
        }
    }

    /// Whether it is what these words ask for: another kind is not, nor is one that shows another number
    /// for an option. What it does not show under the name that was asked for cannot be told.
    fn is(&self, words: &[&str]) -> bool {
        let Some((kind, options)) = words.split_first() else {
            return false;
        };
        // An option may take a list of numbers, of which one follows another.
        let is_name = |word: &str| word.starts_with(|letter: char| letter.is_ascii_alphabetic());
        let differs = |pair: &[&str]| {
            if !is_name(pair[0]) {
                return false;
            }
            let mut shown = self.options.windows(2);
            let shown = shown.find(|shown| shown[0] == pair[0]);
            shown.is_some_and(|shown| amount::differ(pair[1], &shown[1]))
        };
        !self.is_default() && self.kind == *kind && !options.windows(2).any(differs)
    }
}

/// All that queue: what sorts incoming packets (`ingress`, `clsact`) does not.
fn disciplines(text: &str) -> Vec<Discipline> {
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        if words.next() != Some("qdisc") {
            return None;
        }
        let (kind, handle) = (words.next()?, words.next()?);
        let place = words.next()?;
        let is_incoming = place == "parent" && words.next() == Some("ffff:fff1");
        (!is_incoming).then(|| Discipline {
            kind: kind.to_owned(),
            handle: handle.to_owned(),
            is_root: place == "root",
            options: options(words),
        })
    });
    lines.collect()
}

/// What somebody may have asked for: who uses it is none of that.
fn options<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut words: Vec<&str> = words.collect();
    if words.first() == Some(&"refcnt") {
        words.drain(..words.len().min(2));
    }
    words.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_set_up_is_told_from_what_somebody_did() {
        let text = "qdisc mq 0: root \nqdisc fq_codel 8005: parent :1 limit 10240p\n\
            qdisc ingress ffff: parent ffff:fff1 ---------------- \n";
        let found = disciplines(text);
        let told = |one: &Discipline| (one.text(), one.is_root, one.is_default());
        assert_eq!(
            found.iter().map(told).collect::<Vec<_>>(),
            [
                ("default mq".to_owned(), true, true),
                ("fq_codel limit 10240p".to_owned(), false, false)
            ]
        );
    }

    #[test]
    fn options_that_show_another_number_were_not_taken() {
        let text = "qdisc fq 8004: root refcnt 2 limit 1000p flow_limit 100p quantum 3028b ecn\n\
            qdisc noqueue 0: root refcnt 2\n";
        let [fq, default] = disciplines(text).try_into().unwrap();
        for taken in [
            "fq",
            "fq limit 1000",
            "fq flow_limit 100p limit 1000",
            "fq quantum 3028",
            "fq maxrate 1gbit ecn",
        ] {
            assert!(fq.is(&words(taken).unwrap()), "{taken}");
        }
        for other in ["fq limit 999", "fq quantum 2k", "fq_codel", "noqueue"] {
            assert!(!fq.is(&words(other).unwrap()), "{other}");
        }
        assert!(!default.is(&["noqueue"]));
        let shown = "fq limit 1000p flow_limit 100p quantum 3028b ecn";
        assert_eq!(fq.text(), shown);
    }

    #[test]
    fn a_list_of_numbers_is_no_list_of_options() {
        let text = "qdisc prio 8001: root refcnt 2 bands 3 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1\n\
            qdisc netem 8002: root refcnt 2 limit 1000 delay 10ms  5ms slot 10ms 20ms\n";
        let [prio, netem] = disciplines(text).try_into().unwrap();
        let levels = "prio bands 3 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1";
        assert!(prio.is(&words(levels).unwrap()));
        assert!(!prio.is(&words("prio bands 4").unwrap()));
        let levels = "netem slot 10ms 20ms delay 10ms 5ms";
        assert!(netem.is(&words(levels).unwrap()));
    }

    #[test]
    fn a_person_would_type_the_same() {
        let root = Root::host();
        let on = |interface| Queueing {
            root: &root,
            interface,
        };
        let queueing = on("eth0");
        assert_eq!(
            queueing.shell("fq limit 1000"),
            Ok("tc qdisc replace dev eth0 root fq limit 1000".to_owned())
        );
        assert_eq!(
            queueing.shell("default mq"),
            Ok("tc qdisc del dev eth0 root".to_owned())
        );
        assert!(queueing.shell("-batch /etc/shadow").is_err());
        assert!(on("-x").shell("fq").is_err());
    }
}
