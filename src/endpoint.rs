//! An address that a server listens on, and how that reads.

use std::fmt;
use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::binding::Group;
use crate::config::{Config, Io, Wait};
use crate::faults::Faults;
use crate::figures::grouped;
use crate::sandbox::Sandbox;
use crate::steering::{self, Steer, Steering};
use crate::udp::socket::Effects;
use crate::udp::{Effect, Socket};

/// An address that a server listens on, and what took effect there.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The address, with the port that the kernel chose.
    pub address: SocketAddr,
    /// How many sockets share it, one a worker.
    pub workers: usize,
    /// How datagrams are read and sent.
    pub io: Io,
    /// What became of the options of its sockets.
    pub effects: Effects,
    /// Whether datagrams are read and sent one a call, but by the calls for many: the others cannot
    /// say which address to answer from, nor when a datagram came.
    pub ones_of_many: bool,
    /// Datagrams in one message at most; 1 if no trains go out.
    pub segments: u32,
    /// What chooses among its sockets, if not the kernel's hash.
    pub steer: Option<Effect<Steer>>,
    /// How its workers wait.
    pub wait: Wait,
    /// The processors that its workers stay on, if any.
    pub pinned: Vec<usize>,
    /// Whether the polls look at the device's queue by themselves.
    pub poll_busy: Option<Effect<u32>>,
    /// What it answers, where that is not what every server does by itself, as phrases.
    pub access: Vec<String>,
    /// The user that the program became, as it was named.
    pub user: Option<String>,
    /// What the program may still do; `None` where nobody has confined it.
    pub sandbox: Option<Sandbox>,
    /// What goes wrong on purpose.
    pub faults: Option<Faults>,
    /// What its user should know, as sentences.
    pub warnings: Vec<String>,
}

/// All addresses of a server, and what chooses its worker for a datagram.
pub(crate) struct Front {
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) without_ipv6: bool,
    pub(crate) steering: Steering,
}

impl Front {
    /// Has it choose among the sockets, a group for each address.
    pub(crate) fn steer(&mut self, groups: &[Group]) {
        for (endpoint, group) in self.endpoints.iter_mut().zip(groups) {
            endpoint.steer(&self.steering, &group[0]);
        }
    }
}

impl Endpoint {
    pub(crate) fn new(
        config: &Config,
        group: &Group,
        segments: u32,
        processors: &[usize],
        poll_busy: Option<&Effect<u32>>,
    ) -> Self {
        let first = &group[0];
        let address = first.local_address();
        let mut warnings = buffer_warnings(config, first.effects());
        // With faults every socket is read by the calls that can tell more.
        let ones_of_many = config.faults.is_some() || first.has_packet_info();
        if config.timestamps && config.io == Io::Single && !ones_of_many {
            warnings.push(
                "--timestamps tells nothing under --io single here, since the standard library \
                 does not hand receive stamps over"
                    .to_owned(),
            );
        }
        Self {
            address,
            workers: config.workers,
            io: config.io_in_force(),
            effects: first.effects().clone(),
            ones_of_many: config.io_in_force() == Io::Single && ones_of_many,
            segments,
            wait: config.wait,
            steer: None,
            pinned: processors.to_vec(),
            poll_busy: poll_busy.cloned(),
            access: config.access(),
            user: None,
            sandbox: None,
            faults: config.faults.clone(),
            warnings,
        }
    }

    /// Has `steering` choose among its sockets, the first of which is `first`.
    fn steer(&mut self, steering: &Steering, first: &Socket) {
        self.steer = steering.attach(first);
        if let Some(Effect::Applied(steer)) = self.steer {
            let warning = steering::warning(steer, self.address.ip());
            self.warnings.extend(warning.map(str::to_owned));
        }
    }

    /// How many datagrams of up to 64 bytes the receive buffer of one socket holds.
    #[must_use]
    pub fn small_datagrams(&self) -> Option<usize> {
        let bytes = self.effects.receive_buffer.applied()?;
        Some(bytes / SMALL_DATAGRAM_MEMORY)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.workers == 1 { "" } else { "s" };
        write!(
            formatter,
            "listening on {}: {} worker{plural}, {} I/O{}, receive buffer ",
            self.address,
            self.workers,
            self.io.name(),
            self.offloads(),
        )?;
        match (
            self.effects.receive_buffer.applied(),
            self.small_datagrams(),
        ) {
            (Some(bytes), Some(small)) => write!(
                formatter,
                "{} bytes ({} small datagrams) a worker",
                grouped(*bytes as u64),
                grouped(small as u64)
            )?,
            _ => write!(formatter, "{}", self.effects.receive_buffer)?,
        }
        for part in self.extras() {
            write!(formatter, ", {part}")?;
        }
        Ok(())
    }
}

impl Endpoint {
    /// The same as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let words = |effect: &Option<Effect<u32>>| effect.as_ref().map(Effect::to_string);
        json!({
            "event": "listening",
            "address": self.address,
            "workers": self.workers,
            "io": self.io.name(),
            "wait": self.wait.name(),
            "segments": self.segments,
            "receive_offload": self.effects.receive_offload.as_ref().map(Effect::to_string),
            "receive_buffer_bytes": self.effects.receive_buffer.applied(),
            "receive_buffer_small_datagrams": self.small_datagrams(),
            "send_buffer_bytes": self.effects.send_buffer.applied(),
            "timestamps": self.effects.stamps.as_ref().map(Effect::to_string),
            "traffic_class": words(&self.effects.traffic_class),
            "busy_poll_usecs": words(&self.effects.busy_poll),
            "epoll_busy_poll_usecs": words(&self.poll_busy),
            "steer": self.steer.as_ref().map(Effect::to_string),
            "pinned": self.pinned,
            "access": self.access,
            "user": self.user,
            "sandbox": self.sandbox.as_ref().map(Sandbox::to_json),
            "faults": self.faults.as_ref().map(Faults::to_string),
            "warnings": self.warnings,
        })
    }

    fn offloads(&self) -> String {
        if self.faults.is_some() {
            return if self.ones_of_many {
                " (recvmmsg and sendmmsg of one)".to_owned()
            } else {
                " (many in, each reply alone out)".to_owned()
            };
        }
        if self.ones_of_many {
            return " (recvmmsg and sendmmsg of one, to know the address asked)".to_owned();
        }
        if self.io != Io::Offload {
            return String::new();
        }
        let received = match &self.effects.receive_offload {
            Some(Effect::Applied(_)) => "trains in",
            Some(_) => "no trains in (the kernel refuses UDP_GRO)",
            None => "no trains in",
        };
        let sent = if self.segments > 1 {
            format!("trains of up to {} out", self.segments)
        } else {
            "no trains out".to_owned()
        };
        format!(" ({received}, {sent})")
    }

    /// What was asked for besides, each with what became of it.
    fn extras(&self) -> Vec<String> {
        let mut extras = Vec::new();
        if self.wait != Wait::Sleep {
            extras.push(format!("waiting by {}", self.wait.name()));
        }
        if !self.pinned.is_empty() {
            let list: Vec<String> = self.pinned.iter().map(usize::to_string).collect();
            extras.push(format!("pinned to {}", list.join(",")));
        }
        extras.extend(self.access.iter().cloned());
        let mut told = |name: &str, effect: Option<String>| {
            extras.extend(effect.map(|effect| format!("{name} {effect}")));
        };
        told("steering by", self.steer.as_ref().map(Effect::to_string));
        told(
            "receive stamps",
            self.effects.stamps.as_ref().map(|stamps| match stamps {
                Effect::Applied(true) => "on".to_owned(),
                Effect::Applied(false) => "off".to_owned(),
                other => other.to_string(),
            }),
        );
        let text = |effect: &Option<Effect<u32>>| effect.as_ref().map(Effect::to_string);
        told("traffic class", text(&self.effects.traffic_class));
        told("busy polling (us)", text(&self.effects.busy_poll));
        told("in its epoll (us)", text(&self.poll_busy));
        told("user", self.user.clone());
        told("sandbox", self.sandbox.as_ref().map(Sandbox::to_string));
        // Last, and loud: nobody shall take this for a server to be measured.
        told("FAULTS:", self.faults.as_ref().map(Faults::to_string));
        extras
    }
}

/// Buffers that the kernel cut down: it doubles what it grants, so less than twice is less.
fn buffer_warnings(config: &Config, effects: &Effects) -> Vec<String> {
    let receive = (
        "--rcvbuf",
        "rmem_max",
        Some(config.receive_buffer),
        &effects.receive_buffer,
    );
    let send = (
        "--sndbuf",
        "wmem_max",
        config.send_buffer,
        &effects.send_buffer,
    );
    [receive, send]
        .into_iter()
        .filter_map(|(flag, limit, wanted, effect)| {
            let (wanted, granted) = (wanted?, effect.applied()? / 2);
            (granted < wanted).then(|| {
                format!(
                    "{flag} asked for {} bytes and got {}; raise net.core.{limit}, or grant CAP_NET_ADMIN",
                    grouped(wanted as u64),
                    grouped(granted as u64)
                )
            })
        })
        .collect()
}

/// What the kernel charges a receive buffer for a datagram of up to 64 bytes: the `truesize` of
/// its `sk_buff`, measured on Linux 6.18.
const SMALL_DATAGRAM_MEMORY: usize = 832;
