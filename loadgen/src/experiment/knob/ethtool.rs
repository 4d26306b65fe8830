//! What `ethtool(8)` sets of an interface: coalescing, rings, offloads, channels.

use super::features::{Feature, features, parameters};
use super::kind::{Kind, Refusal, taken};
use super::root::Root;
use super::{EthtoolGroup, interface, shell};
use crate::host::Figure;

/// One parameter of an interface.
pub(super) struct Ethtool<'a> {
    pub(super) root: &'a Root,
    pub(super) interface: &'a str,
    pub(super) group: EthtoolGroup,
    pub(super) parameter: &'a str,
}

impl Ethtool<'_> {
    /// What the program prints of the group.
    fn told(&self) -> Figure<String> {
        self.check()?;
        self.root
            .run(&["ethtool", self.group.shown_by(), self.interface])
    }

    fn check(&self) -> Figure<()> {
        interface::checked(self.interface)?;
        if is_word(self.parameter) {
            Ok(())
        } else {
            Err(format!("{:?} is no parameter of ethtool", self.parameter))
        }
    }

    /// The features that can be changed of those that the parameter stands for.
    fn features(&self) -> Figure<Vec<Feature>> {
        let mut all = features(&self.told()?, self.parameter);
        if all.is_empty() {
            return Err(format!("{} has no {}", self.interface, self.parameter));
        }
        all.retain(|feature| !feature.is_fixed);
        if all.is_empty() {
            let (interface, parameter) = (self.interface, self.parameter);
            return Err(format!("the driver of {interface} has {parameter} fixed"));
        }
        Ok(all)
    }

    /// Names and values, as they stand behind the interface on the command line.
    fn words(&self, value: &str) -> Figure<Vec<String>> {
        let pairs = value.split_whitespace().map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((self.parameter, pair));
            // What a feature waits for is asked for, and comes when it can.
            let asked = value.split_once('(').map_or(value, |(_, asked)| asked);
            let asked = asked.trim_end_matches(')');
            if is_word(name) && is_word(asked) {
                Ok([name.to_owned(), asked.to_owned()])
            } else {
                Err(format!("{pair:?} is no value for ethtool"))
            }
        });
        let words = pairs.collect::<Figure<Vec<_>>>()?.concat();
        if words.is_empty() {
            return Err("an empty text is no value for ethtool".to_owned());
        }
        Ok(words)
    }

    fn command(&self, value: &str) -> Figure<Vec<String>> {
        self.check()?;
        let mut command = ["ethtool", self.group.set_by(), self.interface]
            .map(str::to_owned)
            .to_vec();
        command.extend(self.words(value)?);
        Ok(command)
    }
}

impl Kind for Ethtool<'_> {
    fn read(&self) -> Figure<String> {
        if self.group == EthtoolGroup::Offload {
            return self.features().map(|all| in_one(&all));
        }
        let all = parameters(&self.told()?);
        let found = all.into_iter().find(|(name, _)| name == self.parameter);
        let missing = || {
            let (interface, parameter) = (self.interface, self.parameter);
            format!("the driver of {interface} tells no {parameter}")
        };
        found.map(|(_, value)| value).ok_or_else(missing)
    }

    fn set(&self, value: &str) -> Result<(), Refusal> {
        // Some drivers complain about a value that is in force already, or reset the device for it.
        if self.read()? == value {
            return Ok(());
        }
        let set = self.root.run(&self.command(value)?);
        let shown = self.read()?;
        match set {
            // It fails for a feature that waits for another one, which is then as it was.
            Err(_) if shown == value => Ok(()),
            Err(reason) => Err(Refusal::Cannot(reason)),
            Ok(_) => taken(value, shown),
        }
    }

    fn rehearse(&self, before: &str) -> Result<(), Refusal> {
        // Setting it may reset the device.
        self.command(before)?;
        Ok(())
    }

    fn may_change(&self) -> Figure<()> {
        self.read()?;
        interface::may_be_changed()
    }

    fn shell(&self, level: &str) -> Figure<String> {
        self.command(level).map(shell::line)
    }
}

/// The one state of all features, or that of each.
fn in_one(all: &[Feature]) -> String {
    match all {
        [first, rest @ ..] if rest.iter().all(|one| one.state == first.state) => {
            first.state.clone()
        }
        _ => {
            let pairs = all.iter().map(|one| format!("{}={}", one.name, one.state));
            pairs.collect::<Vec<_>>().join(" ")
        }
    }
}

fn is_word(word: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    !word.is_empty() && !word.starts_with('-') && word.chars().all(is_plain)
}

impl EthtoolGroup {
    fn shown_by(self) -> &'static str {
        match self {
            Self::Coalesce => "-c",
            Self::Ring => "-g",
            Self::Offload => "-k",
            Self::Channels => "-l",
        }
    }

    /// The flag that sets it.
    pub(super) fn set_by(self) -> &'static str {
        match self {
            Self::Coalesce => "-C",
            Self::Ring => "-G",
            Self::Offload => "-K",
            Self::Channels => "-L",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offload<'a>(root: &'a Root, parameter: &'a str) -> Ethtool<'a> {
        Ethtool {
            root,
            interface: "eth0",
            group: EthtoolGroup::Offload,
            parameter,
        }
    }

    #[test]
    fn what_was_read_is_set_feature_by_feature() {
        let root = Root::host();
        let command = offload(&root, "tso").command("tx-tcp=on tx-ecn=off tx-six=off(on)");
        let expected = "ethtool -K eth0 tx-tcp on tx-ecn off tx-six on";
        assert_eq!(command.map(shell::line), Ok(expected.to_owned()));
        assert_eq!(
            offload(&root, "gro").shell("off"),
            Ok("ethtool -K eth0 gro off".to_owned())
        );
    }

    #[test]
    fn nothing_becomes_an_option_of_ethtool() {
        let root = Root::host();
        for value in ["", "-h", "on;reboot", "gro=--json"] {
            assert!(offload(&root, "gro").shell(value).is_err(), "{value}");
        }
        assert!(offload(&root, "--reset").shell("on").is_err());
    }

    #[test]
    fn features_that_agree_are_one_value() {
        let feature = |name: &str, state: &str| Feature {
            name: name.to_owned(),
            state: state.to_owned(),
            is_fixed: false,
        };
        assert_eq!(in_one(&[feature("a", "on"), feature("b", "on")]), "on");
        assert_eq!(
            in_one(&[feature("a", "on"), feature("b", "off(on)")]),
            "a=on b=off(on)"
        );
    }
}
