//! What a program does that takes over: it gets the sockets, says that it reads, and from when the
//! predecessor has let go it is a server like any other.
//!
//! Sockets that it has too many, since it has fewer workers, cannot be closed at once: what is queued
//! there would be lost, and the kernel still sends datagrams there. So workers for a time read them.
//! A program of the group makes the kernel choose among the others; when the predecessor has gone,
//! which has these sockets too, and when every processor has left the choices that it had begun before
//! (`membarrier(2)` waits for that), nothing new can come: what is queued is answered, and they are
//! closed. The kernel puts its last socket in the place of one that goes; since these are the last ones,
//! those that stay keep their order.

use std::io;
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::mpsc::{SendError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::thread::{MembarrierCommand, membarrier};
use serde::de::DeserializeOwned;
use tracing::{info, warn};

use super::channel::{Channel, wait_for};
use super::message::{Files, Legacy, PROTOCOL, Word};
use super::predecessor::Predecessor;
use super::{Outlived, PATIENCE};
use crate::binding::Handed;
use crate::config::Config;
use crate::error::Error;
use crate::lifecycle::{Lifecycle, Phase};
use crate::server::{Retired, Running, Server};
use crate::steering::{Steering, choose_among_first};
use crate::transcript::Transcript;
use crate::udp::Socket;

/// What the predecessor has handed over.
#[derive(Debug)]
pub struct Inheritance {
    channel: Channel,
    groups: Vec<Handed>,
    from_manager: bool,
    metrics: Option<TcpListener>,
    stderr: OwnedFd,
    outlived: Outlived,
}

impl Inheritance {
    /// Takes it from the one who had this process started, and has `outlived` signals since.
    ///
    /// # Errors
    /// [`Error::System`] if nothing comes in time, or nothing that is understood.
    pub fn receive(outlived: Outlived) -> Result<Self, Error> {
        Self::from_predecessor(outlived).map_err(|source| Error::System {
            operation: "take over from the server that runs",
            source,
        })
    }

    fn from_predecessor(outlived: Outlived) -> io::Result<Self> {
        let channel = Channel::inherited()?;
        let end = Instant::now() + PATIENCE;
        let (legacy, _): (Legacy, _) = message(&channel, end)?;
        if legacy.protocol != PROTOCOL {
            let sentence = format!(
                "it speaks protocol {}, and this program {PROTOCOL}; restart it",
                legacy.protocol
            );
            return Err(io::Error::other(sentence));
        }
        let wanted = legacy.files().ok_or(io::ErrorKind::InvalidData)?;
        let mut files = Vec::new();
        while files.len() < wanted {
            let (part, some): (Files, Vec<OwnedFd>) = message(&channel, end)?;
            if part.files != some.len() || some.is_empty() {
                let sentence =
                    "files got lost on their way; raise the limit of open files (`ulimit -n`)";
                return Err(io::Error::other(sentence));
            }
            files.extend(some);
        }
        let mut files = files.into_iter();
        let groups = legacy.groups.iter().map(|group| Handed {
            address: group.address,
            receive_offload: group.receive_offload,
            packet_info: group.packet_info,
            sockets: files
                .by_ref()
                .take(group.sockets)
                .map(UdpSocket::from)
                .collect(),
        });
        let groups = groups.collect();
        let metrics = legacy.metrics.then(|| files.next()).flatten();
        let stderr = files.next().ok_or(io::ErrorKind::InvalidData)?;
        Ok(Self {
            channel,
            groups,
            from_manager: legacy.from_manager,
            metrics: metrics.map(TcpListener::from),
            stderr,
            outlived,
        })
    }

    /// A server on the sockets; and one on those that are too many for it, if there are such.
    ///
    /// # Errors
    /// [`Error::Usage`] if `config` asks for sockets that are unlike these, else as
    /// [`Server::bind`].
    pub fn open(
        &mut self,
        config: &Config,
        transcript: Option<&Transcript>,
    ) -> Result<(Server, Option<Server>), Error> {
        let groups = std::mem::take(&mut self.groups);
        Server::on_handed(config, transcript, groups, self.from_manager)
    }

    /// Whether a service manager has opened them, and keeps them open.
    #[must_use]
    pub fn from_manager(&self) -> bool {
        self.from_manager
    }

    /// The port for metrics, if the predecessor had one.
    pub fn take_metrics(&mut self) -> Option<TcpListener> {
        self.metrics.take()
    }

    /// From now on SIGHUP ends this process, as it does any server that has no files to read again.
    pub fn heed_hangups(&self) {
        self.outlived.heed_hangups();
    }

    /// Where sentences go from when it has taken over; up to then the predecessor tells them.
    #[must_use]
    pub fn stderr(&self) -> BorrowedFd<'_> {
        self.stderr.as_fd()
    }

    /// From now on this program tells by itself what goes wrong: up to then its last words are told by
    /// the predecessor.
    ///
    /// # Errors
    /// [`Error::System`] if the system refuses.
    pub fn speak_for_itself(&self) -> Result<(), Error> {
        rustix::stdio::dup2_stderr(&self.stderr).map_err(|errno| Error::System {
            operation: "take over standard error",
            source: errno.into(),
        })
    }

    /// Says that the workers read, and waits until the predecessor is about to let go: then its sockets
    /// are this server's. `surplus` reads those that are too many; from when they are closed, or at once, the
    /// server may be replaced as the `next` in line.
    ///
    /// # Errors
    /// [`Error::System`] if the predecessor goes on, or has gone, or if there is no room for threads;
    /// what the workers have taken is answered when `running` is dropped.
    pub fn take_over(
        self,
        running: &mut Running,
        surplus: Option<Server>,
        next: &Predecessor,
    ) -> Result<Heir, Error> {
        let (thread, entrust) = caretaker()?;
        let surplus = surplus.map(Server::start).transpose()?;
        let parts = surplus.iter().map(Running::stopper);
        let lifecycles: Vec<Lifecycle> = parts.chain([running.stopper()]).collect();
        if let Err(source) = self.agree(&lifecycles) {
            return Err(Error::System {
                operation: "take over from the server that runs",
                source,
            });
        }
        running.steer();
        if surplus.is_some() {
            leave_the_rest_out(&running.groups());
        } else {
            next.settle();
        }
        let caretaker = Caretaker {
            channel: Some(self.channel),
            lifecycle: running.stopper(),
            retired: running.retired(),
            steering: running.steering().clone(),
            groups: running.groups(),
            surplus,
            next: next.clone(),
        };
        // The thread waits for nothing else.
        let _entrusted: Result<(), SendError<Caretaker>> = entrust.send(caretaker);
        Ok(Heir { thread })
    }

    fn agree(&self, lifecycles: &[Lifecycle]) -> io::Result<()> {
        while !lifecycles.iter().all(Lifecycle::is_ready) {
            for lifecycle in lifecycles {
                if lifecycle.wait_for_end(GLANCE) != Phase::Running {
                    // Whoever ended it meant the server, and may have got the answer already.
                    if lifecycle.is_told_to_end() {
                        self.channel.send(&Word::Quit, &[])?;
                    }
                    return Err(io::Error::other("this one was ended before"));
                }
            }
        }
        self.channel.send(&Word::Ready, &[])?;
        match message(&self.channel, Instant::now() + PATIENCE)? {
            (Word::Yours, _) => self.channel.send(&Word::Mine, &[])?,
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
        // The predecessor relies on this one by now, so only its word counts, and no silence.
        match message(&self.channel, Instant::now() + PATIENCE) {
            Ok((Word::Quit, _)) => Err(io::Error::other("somebody has ended it meanwhile")),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

/// A thread for what is left to do when it is known to be needed. It is there before: from when this
/// program is relied on, nothing may fail.
fn caretaker() -> Result<(JoinHandle<()>, Sender<Caretaker>), Error> {
    let (entrust, entrusted) = channel::<Caretaker>();
    let thread = thread::Builder::new()
        .name("handover".to_owned())
        .spawn(move || {
            // An error says that the predecessor goes on.
            if let Ok(caretaker) = entrusted.recv() {
                caretaker.run();
            }
        });
    let thread = thread.map_err(|source| Error::System {
        operation: "start the thread that listens to the predecessor",
        source,
    })?;
    Ok((thread, entrust))
}

/// Has the kernel choose among the sockets of the workers alone.
fn leave_the_rest_out(groups: &[Vec<Arc<Socket>>]) {
    for group in groups {
        if let Err(error) = choose_among_first(&group[0], group.len()) {
            let address = group[0].local_address();
            warn!(
                "{address}: the kernel cannot be kept from sockets that are too many ({error}), so what is queued there when they close is lost"
            );
        }
    }
}

/// The next message, if it comes in time.
fn message<T: DeserializeOwned>(channel: &Channel, end: Instant) -> io::Result<(T, Vec<OwnedFd>)> {
    match wait_for([channel.as_fd()], Some(end))? {
        [true] => channel
            .receive()?
            .ok_or_else(|| io::Error::other("it has gone, or goes on by itself")),
        [false] => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// A server that has taken over, as long as the predecessor may have something to say.
#[derive(Debug)]
pub struct Heir {
    thread: JoinHandle<()>,
}

impl Heir {
    /// Waits until sockets that were too many are closed. Called when the workers have ended, which
    /// ends this soon.
    pub fn finish(self) {
        // A panic there has been told by the hook that tells all of them.
        let _ended: thread::Result<()> = self.thread.join();
    }
}

/// Waits until the sockets of the predecessor are closed, closes what is too many, and listens until
/// that program has ended.
struct Caretaker {
    channel: Option<Channel>,
    lifecycle: Lifecycle,
    retired: Retired,
    steering: Steering,
    groups: Vec<Vec<Arc<Socket>>>,
    surplus: Option<Running>,
    next: Predecessor,
}

impl Caretaker {
    fn run(mut self) {
        while self.lifecycle.phase() == Phase::Running && self.channel.is_some() {
            if self.listen() {
                self.close_surplus();
            }
            let surplus = self.surplus.as_ref().map(Running::stopper);
            if surplus.is_some_and(|surplus| surplus.phase() != Phase::Running) {
                // Somebody's `quit` came to one of those sockets.
                self.lifecycle.quit();
            }
        }
        self.close_surplus();
    }

    /// Closes what is too many, if it is still open, when the predecessor reads no more.
    fn close_surplus(&mut self) {
        let Some(surplus) = self.surplus.take() else {
            return;
        };
        if membarrier(MembarrierCommand::Global).is_err() {
            // Some kernels for real time cannot; nothing takes so long elsewhere.
            thread::sleep(WITHOUT_BARRIER);
        }
        self.await_empty(&surplus);
        let stopper = surplus.stopper();
        stopper.drain();
        let ended = surplus.join();
        if stopper.is_told_to_end() {
            // Somebody's `quit` was among what came there last.
            self.lifecycle.quit();
        }
        if self.lifecycle.phase() == Phase::Running {
            self.steering.restore(&self.groups);
        }
        self.next.settle();
        match ended {
            Ok(summary) => {
                let (workers, received) = (summary.workers.len(), summary.total.received);
                self.retired.tell(summary.workers);
                info!(
                    "the sockets of {workers} former workers are closed; {received} datagrams came there meanwhile"
                );
            }
            Err(error) => warn!("{error}"),
        }
    }

    /// Waits until what is queued at a server that gets nothing new is read. Draining it would not do:
    /// that has an end, which a host that stands still for so long outlasts.
    fn await_empty(&self, surplus: &Running) {
        let end = Instant::now() + PATIENCE;
        while surplus.summary().total.queued_bytes > 0
            && self.lifecycle.phase() == Phase::Running
            && Instant::now() < end
        {
            thread::sleep(GLANCE);
        }
    }

    /// Hears what the predecessor says; whether that is that its sockets are closed.
    fn listen(&mut self) -> bool {
        let Some(channel) = &self.channel else {
            return false;
        };
        if let Ok([false]) = wait_for([channel.as_fd()], Some(Instant::now() + LOOKS)) {
            return false;
        }
        match channel.receive() {
            Ok(Some((Word::Quit, _))) => {
                info!("somebody has ended the predecessor while it went, so this one ends");
                self.lifecycle.quit();
            }
            Ok(Some((Word::Parted, _))) => return true,
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => self.channel = None,
        }
        false
    }
}

/// How long to wait between two looks whether the workers have begun, or have read all.
const GLANCE: Duration = Duration::from_millis(1);

/// How often to look whether the server has been ended, while the predecessor lives.
const LOOKS: Duration = Duration::from_millis(50);

/// How long a choice among sockets may take that has begun, by a wide margin.
const WITHOUT_BARRIER: Duration = Duration::from_millis(500);
