//! What a running server does on SIGUSR2: it has its starter start the program anew, hands its sockets
//! over, and stops to read when the successor reads.

use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use tracing::{error, info, warn};

use super::PATIENCE;
use super::attempt::{Attempt, Failure, give_up, until};
use super::channel::{Channel, MOST_FILES};
use super::message::{Files, Inherited, Legacy, Order, PROTOCOL, Report, Word};
use super::starter;
use crate::error::Error;
use crate::lifecycle::{Lifecycle, Phase};
use crate::notify::Notify;
use crate::server::Server;
use crate::steering::Steering;
use crate::udp::Socket;

/// The starter of a server, if it could be had. It is launched before the server is confined.
#[derive(Debug)]
pub struct Starter {
    channel: Result<Channel, String>,
}

impl Starter {
    /// Launches it. A server can do without: it says so, and cannot be replaced. `stderr` is what
    /// successors shall have, if it is not that of this process.
    #[must_use]
    pub fn launch(stderr: Option<BorrowedFd<'_>>) -> Self {
        let channel = starter::launch(stderr).map_err(|error| {
            let reason =
                format!("the process that starts successors could not be started: {error}");
            warn!("{reason}; the server goes on, but SIGUSR2 will replace nothing");
            reason
        });
        Self { channel }
    }
}

/// A server that can be replaced. Cloned for those who ask for it.
#[derive(Clone, Debug)]
pub struct Predecessor {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    starter: Result<Channel, String>,
    /// Until the workers have ended: sockets that nobody reads shall close.
    estate: Mutex<Option<Estate>>,
    lifecycle: Lifecycle,
    notify: Notify,
    /// Whether it has ever been one that may be replaced.
    settled: AtomicBool,
    under_way: AtomicBool,
    /// How often somebody has tried to replace it.
    attempts: AtomicU64,
    /// The one who has taken over.
    heir: Mutex<Option<Channel>>,
    /// Whether the one to whom it was given has gone.
    forsaken: AtomicBool,
}

/// What is handed over.
#[derive(Debug)]
struct Estate {
    groups: Vec<Vec<Arc<Socket>>>,
    steering: Steering,
    from_manager: bool,
    metrics: Option<TcpListener>,
}

impl Predecessor {
    /// For a server with `metrics` beside its own sockets, which may have come from a service manager.
    /// It is replaced by nobody before [`Predecessor::settle`].
    #[must_use]
    pub fn new(
        starter: Starter,
        server: &Server,
        from_manager: bool,
        metrics: Option<TcpListener>,
        notify: Notify,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                starter: starter.channel,
                estate: Mutex::new(Some(Estate {
                    groups: server.groups(),
                    steering: server.steering().clone(),
                    from_manager,
                    metrics,
                })),
                lifecycle: server.lifecycle(),
                notify,
                settled: AtomicBool::new(false),
                under_way: AtomicBool::new(false),
                attempts: AtomicU64::new(0),
                heir: Mutex::new(None),
                forsaken: AtomicBool::new(false),
            }),
        }
    }

    /// From now on it may be replaced.
    pub fn settle(&self) {
        self.shared.settled.store(true, Ordering::Release);
    }

    /// Has itself replaced, on a thread that ends by then; says so if that cannot be.
    pub fn begin(&self) {
        let shared = &self.shared;
        if let Err(reason) = &shared.starter {
            warn!("not replaced, since {reason}");
            return;
        }
        if std::process::id() == 1 {
            // The kernel ends all processes with the first one of their namespace (pid_namespaces(7)).
            warn!(
                "not replaced, since it is the first process of its container, which ends with it"
            );
            return;
        }
        if !shared.settled.load(Ordering::Acquire) {
            warn!("not replaced, since this server is still starting; try again a little later");
            return;
        }
        if shared.under_way.swap(true, Ordering::AcqRel) {
            warn!("a replacement is under way already; try again when it is over");
            return;
        }
        let shared = Arc::clone(shared);
        let started = thread::Builder::new()
            .name("handover".to_owned())
            .spawn(move || shared.replace());
        if let Err(error) = started {
            self.shared.under_way.store(false, Ordering::Release);
            warn!("not replaced, since the system has no room for a thread: {error}");
        }
    }

    /// Hands nothing over any more, and tells the successor, if there is one, that somebody has ended
    /// the server, if that is so. Waits for a replacement that is being decided; to be called when the
    /// workers have ended.
    pub fn part(&self) {
        let heir = self.shared.heir();
        drop(self.shared.estate().take());
        if let Some(heir) = heir.as_ref()
            && self.shared.lifecycle.is_told_to_end()
            && let Err(error) = heir.send(&Word::Quit, &[])
        {
            error!("cannot tell the successor that it shall end: {error}");
        }
    }

    /// Tells the successor, if there is one, that the sockets of this server are closed. It need not
    /// wait for what this program still has to print.
    pub fn depart(&self) {
        if let Some(heir) = self.shared.heir().as_ref() {
            // One that has gone need not be told.
            let _told: io::Result<()> = heir.send(&Word::Parted, &[]);
        }
    }

    /// Whether somebody answers who has taken over, if anybody has.
    ///
    /// # Errors
    /// [`Error::System`] if that one had gone when this server let go.
    pub fn verdict(&self) -> Result<(), Error> {
        if self.shared.forsaken.load(Ordering::Acquire) {
            return Err(Error::System {
                operation: "be replaced",
                source: io::Error::other("the new program has gone, so nobody answers"),
            });
        }
        Ok(())
    }
}

impl Shared {
    fn heir(&self) -> MutexGuard<'_, Option<Channel>> {
        self.heir.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn estate(&self) -> MutexGuard<'_, Option<Estate>> {
        self.estate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace(&self) {
        info!("SIGUSR2: starts the program anew to take over");
        self.notify.reloading();
        match self.try_to_replace() {
            Ok(()) => {}
            Err(failure) => {
                if let Failure::Quit = failure {
                    self.lifecycle.quit();
                }
                if let Some(estate) = self.estate().as_ref() {
                    estate.steering.restore(&estate.groups);
                }
                self.under_way.store(false, Ordering::Release);
                if self.lifecycle.phase() == Phase::Running {
                    self.notify.reloaded(None);
                    warn!("not replaced, since {failure}; this program goes on");
                } else {
                    // A manager that has heard of the end shall hear nothing else after it.
                    warn!("not replaced, since {failure}");
                }
            }
        }
    }

    fn try_to_replace(&self) -> Result<(), Failure> {
        let Ok(channel) = &self.starter else {
            return Err(Failure::NoStarter);
        };
        let starter = &Attempt {
            number: self.attempts.fetch_add(1, Ordering::Relaxed),
            starter: channel,
        };
        let (successor, theirs) = Channel::pair()?;
        let end = Instant::now() + PATIENCE;
        starter.order(Order::Start, &[theirs.as_fd()])?;
        drop(theirs);
        let process = match starter.report(end)? {
            Some(Report::Started { process }) => process,
            Some(Report::NotStarted { reason }) => return Err(Failure::NotStarted(reason)),
            Some(Report::Ended { .. }) => return Err(Failure::NoStarter),
            None => {
                // For when it goes on.
                starter.order(Order::GiveUp, &[])?;
                return Err(Failure::SlowStarter);
            }
        };
        let handed = match self.estate().as_ref() {
            Some(estate) => estate.hand_to(&successor).map_err(Failure::from),
            None => Err(Failure::Ending),
        };
        let agreed = handed
            .and_then(|()| until(Word::Ready, starter, &successor, end))
            .and_then(|()| Ok(successor.send(&Word::Yours, &[])?))
            // One that has given up or died since it was ready does not say this.
            .and_then(|()| until(Word::Mine, starter, &successor, Instant::now() + PATIENCE));
        if let Err(failure) = agreed {
            return Err(give_up(starter, failure));
        }
        self.let_go(starter, successor, process)
    }

    /// The moment from which on the successor alone answers. Up to here both read.
    fn let_go(
        &self,
        starter: &Attempt<'_>,
        successor: Channel,
        process: u32,
    ) -> Result<(), Failure> {
        // Whoever waits for the workers to end waits for this too.
        let mut heir = self.heir();
        let handed = self.lifecycle.hand_over();
        if handed {
            self.notify.reloaded(Some(process));
        } else {
            // One that has gone need not be told.
            let _told: io::Result<()> = successor.send(&Word::Quit, &[]);
        }
        // A starter that has gone cannot end the successor either.
        let _told: Result<(), Failure> = starter.order(Order::Settled, &[]);
        if !handed {
            return Err(Failure::Ending);
        }
        if let Err(error) = successor.send(&Word::Alone, &[]) {
            error!("process {process} has gone just as it took over ({error}), so nobody answers");
            self.forsaken.store(true, Ordering::Release);
            return Ok(());
        }
        // As visible as any other change of who is answered, and before this program may end.
        warn!("from now on process {process} answers");
        *heir = Some(successor);
        Ok(())
    }
}

impl Estate {
    fn hand_to(&self, successor: &Channel) -> io::Result<()> {
        let legacy = Legacy {
            protocol: PROTOCOL,
            groups: self.groups.iter().map(|group| inherited(group)).collect(),
            from_manager: self.from_manager,
            metrics: self.metrics.is_some(),
        };
        successor.send(&legacy, &[])?;
        let stderr = io::stderr().as_fd().try_clone_to_owned()?;
        let sockets = self.groups.iter().flatten().map(|socket| socket.as_fd());
        let metrics = self.metrics.iter().map(AsFd::as_fd);
        let files: Vec<BorrowedFd<'_>> = sockets.chain(metrics).chain([stderr.as_fd()]).collect();
        for part in files.chunks(MOST_FILES) {
            successor.send(&Files { files: part.len() }, part)?;
        }
        Ok(())
    }
}

fn inherited(group: &[Arc<Socket>]) -> Inherited {
    let first = &group[0];
    Inherited {
        address: first.local_address(),
        sockets: group.len(),
        receive_offload: first.options().receive_offload,
        packet_info: first.options().packet_info,
    }
}
