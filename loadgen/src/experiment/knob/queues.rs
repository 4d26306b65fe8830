//! Which processors serve the queues of an interface (`Documentation/networking/scaling.rst`).

use std::path::PathBuf;

use super::kind::{Kind, Refusal};
use super::places::{self, Place};
use super::root::Root;
use super::{interface, shell};
use crate::environment::interface as found;
use crate::host::Figure;

/// What is set of the queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Steering {
    /// `rps_cpus`: a mask.
    Receive,
    /// `xps_cpus`: a mask.
    Transmit,
    /// `rps_flow_cnt` of each queue, and room for all of them in `net.core.rps_sock_flow_entries`.
    Flows,
}

/// The queues of an interface.
pub(super) struct Queues<'a> {
    pub(super) root: &'a Root,
    pub(super) interface: &'a str,
    pub(super) steering: Steering,
}

impl Queues<'_> {
    fn places(&self) -> Figure<Vec<Place>> {
        let (way, file) = match self.steering {
            Steering::Receive => ("rx-", "rps_cpus"),
            Steering::Transmit => ("tx-", "xps_cpus"),
            Steering::Flows => ("rx-", "rps_flow_cnt"),
        };
        let queues = found::queues::named(&self.directory()?.join("queues"), way)?;
        if queues.is_empty() {
            return Err(format!("{} has no such queue", self.interface));
        }
        let queues = queues.into_iter().map(|(number, directory)| Place {
            name: format!("{way}{number}"),
            path: directory.join(file),
        });
        let total = (self.steering == Steering::Flows).then(|| Place {
            name: TOTAL.to_owned(),
            path: self.root.at("/proc/sys/net/core/rps_sock_flow_entries"),
        });
        Ok(queues.chain(total).collect())
    }

    fn directory(&self) -> Figure<PathBuf> {
        let name = interface::checked(self.interface)?;
        if self.root.is_host() {
            found::directory(name, index(name)?)
        } else {
            Ok(self.root.at("/sys/class/net").join(name))
        }
    }

    /// A level as the text of all places.
    fn wanted(&self, places: &[Place], level: &str) -> Figure<String> {
        if self.steering != Steering::Flows || level.contains('=') {
            return Ok(level.to_owned());
        }
        let flows: u32 = level
            .parse()
            .map_err(|_other| format!("{level:?} is no number of flows"))?;
        if flows != 0 && !flows.is_power_of_two() {
            return Err("a number of flows is a power of two, or 0".to_owned());
        }
        let queues = places.len().saturating_sub(1) as u64;
        let total = match u64::from(flows) * queues {
            0 => 0,
            all => all.next_power_of_two(),
        };
        let value = |place: &Place| {
            if place.name == TOTAL {
                total.to_string()
            } else {
                flows.to_string()
            }
        };
        let values: Vec<String> = places.iter().map(value).collect();
        Ok(places::each(places, &values))
    }
}

impl Kind for Queues<'_> {
    fn read(&self) -> Figure<String> {
        let places = self.places()?;
        let values = places::read(&places)?;
        Ok(match self.steering {
            // One number would stand for a level, with another total.
            Steering::Flows => places::each(&places, &values),
            Steering::Receive | Steering::Transmit => places::text(&places, &values),
        })
    }

    fn set(&self, value: &str) -> Result<(), Refusal> {
        let places = self.places()?;
        let wanted = self.wanted(&places, value)?;
        let (wanted, missing) = places::values(&places, &wanted);
        places::set(&wanted)?;
        Ok(missing?)
    }

    fn may_change(&self) -> Figure<()> {
        places::may_write(&self.places()?)
    }

    fn shell(&self, level: &str) -> Figure<String> {
        let places = self.places()?;
        let wanted = self.wanted(&places, level)?;
        let (wanted, missing) = places::values(&places, &wanted);
        missing?;
        let lines = wanted
            .iter()
            .map(|(place, value)| shell::echo(value, &place.path));
        Ok(shell::all(&lines.collect::<Vec<_>>()))
    }
}

/// The number of the interface in the network of this process.
fn index(name: &str) -> Figure<u32> {
    let socket = std::net::UdpSocket::bind((std::net::Ipv4Addr::LOCALHOST, 0));
    let socket = socket.map_err(|error| format!("the network cannot be asked: {error}"))?;
    rustix::net::netdevice::name_to_index(&socket, name)
        .map_err(|error| format!("there is no interface {name}: {error}"))
}

/// The name of the place that holds how many flows there are in all.
const TOTAL: &str = "all";
