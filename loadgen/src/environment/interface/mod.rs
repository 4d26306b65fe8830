//! The interface on the route to the target.
//!
//! - `netlink`: questions to the kernel, and its answers;
//! - `route`: which interface it is, and what the kernel tells of every interface;
//! - `ethtool`: what its driver tells;
//! - `queues`: its queues, and which processors serve them;
//! - `interrupts`: which processors its interrupts go to.

mod ethtool;
mod interrupts;
mod netlink;
mod queues;
mod route;

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::ethtool::Ethtool;
use self::netlink::Socket;
use self::queues::Queues;
use super::{Reasons, files};
use crate::host::{Figure, unreadable};

/// An interface. Its addresses are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// What kind of device it is, if it is none of its own: `veth`, `bridge`, `vlan`.
    pub kind: Option<String>,
    /// What drives it.
    pub driver: Option<String>,
    /// The largest datagram with its headers, in bytes.
    pub mtu: Option<u32>,
    /// How fast the link is.
    pub speed_mbps: Option<u64>,
    /// Queues that it receives by.
    pub receive_queues: Option<u64>,
    /// Queues that it sends by.
    pub transmit_queues: Option<u64>,
    /// Packets that may wait to be sent in a queue without a discipline of its own.
    pub transmit_queue_length: Option<u32>,
    /// How packets queue that are to be sent: the discipline, and how many of which are under it.
    pub queueing: Option<String>,
    /// Sets of queues and interrupts, and how many there could be.
    pub channels: Option<BTreeMap<String, u32>>,
    /// Slots of a queue, and how many there could be.
    pub rings: Option<BTreeMap<String, u32>>,
    /// How long interrupts wait for more packets.
    pub coalescing: Option<BTreeMap<String, u32>>,
    /// What it does in place of the processor, of all that the kernel knows.
    pub offloads: Option<Vec<String>>,
    /// Nanoseconds until packets that wait to be joined are passed on.
    pub gro_flush_timeout_ns: Option<u64>,
    /// How many empty polls it takes until interrupts come again.
    pub deferred_interrupts: Option<u64>,
    /// Whether a thread of its own polls it.
    pub threaded: Option<bool>,
    /// Which of its interrupts go to which processors.
    pub interrupts: Option<BTreeMap<String, String>>,
    /// To which processors receive queues hand packets over (RPS), and which queues do.
    pub receive_steering: Option<BTreeMap<String, String>>,
    /// Flows that are remembered for steering to where they are read (RFS), over all queues.
    pub receive_flows: Option<u64>,
    /// From which processors what is sent goes to a queue of its own (XPS), and to which.
    pub transmit_steering: Option<BTreeMap<String, String>>,
}

impl Interface {
    /// Finds the interface by which datagrams leave for `target`, and reads it.
    ///
    /// # Errors
    /// Why it cannot be found.
    pub(super) fn towards(target: SocketAddr, mut reasons: Reasons<'_>) -> Figure<Self> {
        let mut socket = Socket::routes()?;
        let index = route::towards(&mut socket, target)?;
        let link = route::link(&mut socket, index)?;
        let directory = directory(&link.name, index);
        let file = |file: &str| directory.clone().map(|directory| directory.join(file));
        let number = |name: &str| file(name).and_then(files::number::<u64>);
        let queues = Queues::read(&directory);
        let told = Ethtool::ask(index);
        let interrupts = interrupts::of(&link.name, &file("device"));
        let threaded = number("threaded").map(|flag| flag != 0);
        Ok(Self {
            kind: reasons.known("kind", link.kind),
            driver: reasons.known("driver", file("device").and_then(|device| driver(&device))),
            mtu: reasons.known("mtu", link.mtu),
            speed_mbps: reasons.known("speed_mbps", file("speed").and_then(|path| speed(&path))),
            receive_queues: reasons.known("receive_queues", queues.receive),
            transmit_queues: reasons.known("transmit_queues", queues.transmit),
            transmit_queue_length: reasons.known("transmit_queue_length", link.queue_length),
            queueing: reasons.known("queueing", route::queueing(&mut socket, index)),
            channels: reasons.known("channels", told.channels),
            rings: reasons.known("rings", told.rings),
            coalescing: reasons.known("coalescing", told.coalescing),
            offloads: reasons.known("offloads", told.offloads),
            gro_flush_timeout_ns: reasons
                .known("gro_flush_timeout_ns", number("gro_flush_timeout")),
            deferred_interrupts: reasons
                .known("deferred_interrupts", number("napi_defer_hard_irqs")),
            threaded: reasons.known("threaded", threaded),
            interrupts: reasons.known("interrupts", interrupts),
            receive_steering: reasons.known("receive_steering", queues.receive_steering),
            receive_flows: reasons.known("receive_flows", queues.receive_flows),
            transmit_steering: reasons.known("transmit_steering", queues.transmit_steering),
            name: link.name,
        })
    }
}

/// The interrupts that the device of an interface has of its own, with the processors that get them.
///
/// # Errors
/// Why there are none.
pub(crate) fn interrupts(name: &str) -> Figure<BTreeMap<String, String>> {
    let device = Path::new("/sys/class/net").join(name).join("device");
    match fs::metadata(&device) {
        Ok(_) => interrupts::of(name, &Ok(device)),
        Err(error) => Err(unreadable(&device, &error)),
    }
}

/// Where the interface stands in `/sys`. A program in a network of its own may see that of another
/// network there, in which the name means another interface.
fn directory(name: &str, index: u32) -> Figure<PathBuf> {
    let directory = Path::new("/sys/class/net").join(name);
    if files::number::<u32>(directory.join("ifindex"))? == index {
        Ok(directory)
    } else {
        Err(format!(
            "{} is an interface of another network",
            directory.display()
        ))
    }
}

/// In Mbit/s; a driver that does not know it says -1.
fn speed(path: &Path) -> Figure<u64> {
    let speed = files::number::<i64>(path)?;
    u64::try_from(speed).map_err(|_negative| "the driver tells none".to_owned())
}

/// What its device is bound to. An interface without a device, like `lo`, has no driver.
fn driver(device: &Path) -> Figure<String> {
    let path = device.join("driver");
    let target = fs::read_link(&path).map_err(|error| unreadable(&path, &error))?;
    let name = target
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    name.ok_or_else(|| format!("{} leads nowhere", path.display()))
}
