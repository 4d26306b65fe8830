//! What became of the options of sockets.

use echo_reactor::udp::socket::Effects;
use echo_reactor::udp::{Effect, Socket, SocketOptions, Stamping};
use serde::{Deserialize, Serialize};

/// The options of the sockets of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sockets {
    /// Of the generator's flows.
    pub flows: Vec<SocketOption>,
    /// Of the server, if it runs in the same process; null of any other.
    pub server: Option<Vec<SocketOption>>,
}

/// What became of one option, on all the sockets that fared alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketOption {
    /// Its name, as the kernel's headers have it.
    pub option: String,
    /// How many sockets that was.
    pub sockets: u64,
    /// What was asked for; null if nothing was.
    pub requested: Option<Setting>,
    /// What is in force, as the kernel counts it: it doubles the sizes of buffers for its own needs.
    pub effective: Option<Setting>,
    /// Why nothing is in force; null if something is.
    pub reason: Option<String>,
}

/// The value of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Setting {
    /// On or off.
    Flag(bool),
    /// Bytes, microseconds, a class.
    Number(u64),
}

impl Sockets {
    /// Those of the generator's flows.
    pub(crate) fn of_flows<'a>(sockets: impl Iterator<Item = &'a Socket>) -> Self {
        let pairs = sockets.map(|socket| (socket.options(), socket.effects()));
        Self {
            flows: gather(pairs),
            server: None,
        }
    }

    /// Adds those of a server in the same process.
    pub(crate) fn add_server(&mut self, sockets: &[(SocketOptions, Effects)]) {
        let pairs = sockets.iter().map(|(options, effects)| (options, effects));
        self.server = Some(gather(pairs));
    }
}

/// The options of all sockets, in the order in which they first came up.
fn gather<'a>(
    sockets: impl Iterator<Item = (&'a SocketOptions, &'a Effects)>,
) -> Vec<SocketOption> {
    let mut gathered: Vec<SocketOption> = Vec::new();
    for one in sockets.flat_map(|(options, effects)| each(options, effects)) {
        let alike = |known: &&mut SocketOption| {
            SocketOption {
                sockets: known.sockets,
                ..one.clone()
            } == **known
        };
        match gathered.iter_mut().find(alike) {
            Some(known) => known.sockets += 1,
            None => gathered.push(one),
        }
    }
    gathered
}

fn each(options: &SocketOptions, effects: &Effects) -> Vec<SocketOption> {
    let stamps = match options.stamps {
        Stamping::Off | Stamping::Receive => "SO_TIMESTAMPNS",
        Stamping::BothWays => "SO_TIMESTAMPING",
    };
    let all = [
        Some(one(
            "SO_RCVBUF",
            options.receive_buffer,
            &effects.receive_buffer,
        )),
        Some(one("SO_SNDBUF", options.send_buffer, &effects.send_buffer)),
        asked("UDP_GRO", Some(true), effects.receive_offload.as_ref()),
        asked(stamps, Some(true), effects.stamps.as_ref()),
        asked(
            "IP_TOS",
            options.traffic_class.map(u32::from),
            effects.traffic_class.as_ref(),
        ),
        asked(
            "SO_BUSY_POLL",
            options.busy_poll,
            effects.busy_poll.as_ref(),
        ),
    ];
    all.into_iter().flatten().collect()
}

/// An option that is left alone unless it is asked for.
fn asked<T: Into<Setting> + Copy>(
    option: &str,
    requested: Option<T>,
    effect: Option<&Effect<T>>,
) -> Option<SocketOption> {
    effect.map(|effect| one(option, requested, effect))
}

fn one<T: Into<Setting> + Copy>(
    option: &str,
    requested: Option<T>,
    effect: &Effect<T>,
) -> SocketOption {
    SocketOption {
        option: option.to_owned(),
        sockets: 1,
        requested: requested.map(Into::into),
        effective: effect.applied().copied().map(Into::into),
        reason: match effect {
            Effect::Applied(_) => None,
            Effect::Unsupported => Some("neither the kernel nor the device knows it".to_owned()),
            Effect::Failed(reason) => Some(reason.clone()),
        },
    }
}

impl From<bool> for Setting {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<u32> for Setting {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Setting {
    fn from(bytes: usize) -> Self {
        Self::Number(bytes as u64)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn effects(receive_buffer: Effect<usize>) -> Effects {
        Effects {
            receive_buffer,
            send_buffer: Effect::Applied(212_992),
            receive_offload: Some(Effect::Unsupported),
            stamps: None,
            traffic_class: Some(Effect::Failed("a reason".to_owned())),
            busy_poll: None,
        }
    }

    #[test]
    fn sockets_that_fared_alike_are_one_entry() {
        let options = SocketOptions {
            receive_buffer: Some(4_096),
            receive_offload: true,
            traffic_class: Some(184),
            ..SocketOptions::default()
        };
        let granted = effects(Effect::Applied(8_192));
        let cut = effects(Effect::Applied(2_048));
        let sockets = [&granted, &cut, &granted].map(|effects| (&options, effects));
        let told = serde_json::to_value(gather(sockets.into_iter())).unwrap();
        let buffer = |sockets: u64, effective: u64| {
            json!({
                "option": "SO_RCVBUF", "sockets": sockets, "requested": 4_096,
                "effective": effective, "reason": null,
            })
        };
        assert_eq!(told[0], buffer(2, 8_192));
        assert_eq!(told[4], buffer(1, 2_048));
        assert_eq!(
            told[1],
            json!({
                "option": "SO_SNDBUF", "sockets": 3, "requested": null,
                "effective": 212_992, "reason": null,
            })
        );
        assert_eq!(told[2]["requested"], true);
        assert!(told[2]["reason"].as_str().unwrap().contains("knows it"));
        assert_eq!(
            (&told[3]["requested"], &told[3]["reason"]),
            (&json!(184), &json!("a reason"))
        );
        assert_eq!(told.as_array().unwrap().len(), 5);
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let mut written = Sockets::default();
        let effects = effects(Effect::Applied(1));
        written.add_server(&[(SocketOptions::default(), effects)]);
        let text = serde_json::to_string(&written).unwrap();
        assert_eq!(serde_json::from_str::<Sockets>(&text).unwrap(), written);
    }
}
