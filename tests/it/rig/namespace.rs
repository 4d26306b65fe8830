//! Networks of their own, in which a test may do to addresses and links what it likes.

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::PATIENCE;
use super::need::need;

/// A network namespace with a loopback interface and nothing else. It goes when this is dropped.
pub(crate) struct Namespace {
    name: String,
}

impl Namespace {
    /// `None` where the test has to return, since the host cannot do it.
    pub(crate) fn fresh() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("echo-it-{}-{number}", std::process::id());
        need(ip(&format!("netns add {name}")), "network namespaces")?;
        let namespace = Self { name };
        namespace.ip("link set lo up");
        Some(namespace)
    }

    /// Does `body` inside, on a thread of its own: its sockets and child processes live there.
    #[track_caller]
    pub(crate) fn run<T: Send>(&self, body: impl FnOnce() -> T + Send) -> T {
        let handle = File::open(format!("/run/netns/{}", self.name)).expect("ip has made it");
        let inside = || {
            move_into_link_name_space(handle.as_fd(), Some(LinkNameSpaceType::Network))
                .expect("whoever makes a namespace may enter it");
            body()
        };
        let ended = thread::scope(|scope| scope.spawn(inside).join());
        ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// Runs `ip` with these arguments inside, and returns what it prints.
    #[track_caller]
    pub(crate) fn ip(&self, arguments: &str) -> String {
        ip(&format!("-n {} {arguments}", self.name)).expect("the arguments are right")
    }

    /// Runs `tool` with these arguments inside; the error is what it said.
    pub(crate) fn tool(&self, tool: &str, arguments: &str) -> Result<(), String> {
        let output = self.run(|| {
            Command::new(tool)
                .args(arguments.split_whitespace())
                .output()
                .map_err(|error| format!("{tool}: {error}"))
        })?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("{tool} {arguments}: {}", said.trim()))
    }

    /// Gives an IPv6 address to `device`, and waits until datagrams to it arrive: the kernel makes
    /// their route behind our back.
    #[track_caller]
    pub(crate) fn add_v6(&self, address: Ipv6Addr, prefix: u8, device: &str) {
        self.ip(&format!(
            "address add {address}/{prefix} dev {device} nodad"
        ));
        let start = Instant::now();
        let route = format!("-6 route show table local {address}");
        while self.ip(&route).is_empty() {
            assert!(start.elapsed() < PATIENCE, "no route to {address}");
        }
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Nothing is lost but a name.
        let _deleted: Result<String, String> = ip(&format!("netns del {}", self.name));
    }
}

/// Two namespaces joined by a link with an MTU of 1,500 bytes.
pub(crate) struct Pair {
    pub(crate) near: Namespace,
    pub(crate) far: Namespace,
}

impl Pair {
    /// `None` where the test has to return, since the host cannot do it.
    pub(crate) fn fresh() -> Option<Self> {
        let pair = Self {
            near: Namespace::fresh()?,
            far: Namespace::fresh()?,
        };
        pair.join();
        Some(pair)
    }

    /// Makes the link, also where there was one before.
    pub(crate) fn join(&self) {
        let (near, far) = (&self.near, &self.far);
        let peer = format!("peer name veth0 netns {}", far.name);
        near.ip(&format!("link add veth0 type veth {peer}"));
        for (side, number) in [(near, 1), (far, 2)] {
            side.ip("link set veth0 addrgenmode none");
            side.ip("link set veth0 mtu 1500 up");
            side.ip(&format!("address add 10.77.0.{number}/24 dev veth0"));
            for network in [0xfd77, 0xfe80] {
                let address = Ipv6Addr::new(network, 0, 0, 0, 0, 0, 0, number);
                side.add_v6(address, 64, "veth0");
            }
        }
        self.wait_for_link(NEAR_V4.into());
        self.wait_for_link(NEAR_V6.into());
    }

    /// The kernel brings a link up behind our back, and drops what is sent before.
    pub(crate) fn wait_for_link(&self, address: IpAddr) {
        let bind = || UdpSocket::bind((address, 0)).expect("the address is there");
        let near = self.near.run(bind);
        let target = near.local_addr().expect("it is bound");
        let far = self.far.run(|| match target.ip() {
            IpAddr::V4(_) => UdpSocket::bind((FAR_V4, 0)),
            IpAddr::V6(_) => UdpSocket::bind((FAR_V6, 0)),
        });
        let far = far.expect("the address is there");
        let back = far.local_addr().expect("it is bound");
        let pause = Some(Duration::from_millis(20));
        let start = Instant::now();
        for (from, to, socket) in [(&far, target, &near), (&near, back, &far)] {
            socket.set_read_timeout(pause).expect("it is not zero");
            loop {
                assert!(start.elapsed() < PATIENCE, "the link to {to} stays down");
                // An error means that the link or the neighbour is not there yet.
                let _sent: std::io::Result<usize> = from.send_to(b"up", to);
                if socket.recv(&mut [0; 2]).is_ok() {
                    break;
                }
            }
        }
    }
}

/// The addresses of the link: `near` has the first, `far` the second.
pub(crate) const NEAR_V4: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
pub(crate) const FAR_V4: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);
pub(crate) const NEAR_V6: Ipv6Addr = Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 1);
pub(crate) const FAR_V6: Ipv6Addr = Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 2);
pub(crate) const NEAR_LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
pub(crate) const FAR_LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2);

fn ip(arguments: &str) -> Result<String, String> {
    let output = Command::new("ip")
        .args(arguments.split_whitespace())
        .output()
        .map_err(|error| format!("ip: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("ip {arguments}: {}", said.trim()))
}
