//! What the server is seen by from outside: metrics and health over HTTP, on a thread of its own
//! that is there only if asked for (`--metrics`).
//!
//! - `connections`: takes connections, none of which can hold up another or stay for long;
//! - `answers`: what is asked for, and what is said to it;
//! - [`exposition`]: everything at one moment as Prometheus reads it. Pure;
//! - `histograms`: classic and native ones. Pure;
//! - `names`: which metrics there are: names, units and help. Pure;
//! - [`process`]: what the system says of this process;
//! - `rehearsal`: requests without a port, for fuzzing.
//!
//! A scrape costs the workers nothing: it reads the counters that they write anyway.

mod answers;
mod connections;
pub mod exposition;
mod histograms;
mod names;
pub mod process;
#[doc(hidden)]
pub mod rehearsal;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::cue::Attention;
use crate::error::Error;
use crate::lifecycle::Lifecycle;
use crate::log::Unwritten;
use crate::server::Observer;

use answers::Source;
use process::Process;

/// A port at which nobody answers yet; whoever connects waits.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    address: SocketAddr,
    process: Process,
}

/// The thread that answers. When it is dropped, no more connections are taken, and those that are
/// open have a moment to end.
#[derive(Debug)]
pub struct Metrics {
    /// Dropped to end the thread.
    open: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Door {
    /// Opens the port, and the files that tell of this process: later it may open none.
    ///
    /// # Errors
    /// [`Error::Metrics`] if it cannot be had.
    pub fn open(address: SocketAddr) -> Result<Self, Error> {
        let opened = TcpListener::bind(address).and_then(|listener| {
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok(Self {
                listener,
                address,
                process: Process::this(),
            })
        });
        opened.map_err(|source| Error::Metrics { address, source })
    }

    /// The port of a predecessor, if it is the one that is asked for; else opens one.
    ///
    /// # Errors
    /// As [`Door::open`].
    pub fn inherit(address: SocketAddr, listener: Option<TcpListener>) -> Result<Self, Error> {
        let fits =
            |own: SocketAddr| own.ip() == address.ip() && [0, own.port()].contains(&address.port());
        match listener.and_then(|listener| Some((listener.local_addr().ok()?, listener))) {
            Some((own, listener)) if fits(own) => Ok(Self {
                listener,
                address: own,
                process: Process::this(),
            }),
            Some(_) | None => Self::open(address),
        }
    }

    /// The same port once more, to hand it over.
    ///
    /// # Errors
    /// [`Error::Metrics`] if too many files are open.
    pub fn listener(&self) -> Result<TcpListener, Error> {
        let address = self.address;
        let listener = self.listener.try_clone();
        listener.map_err(|source| Error::Metrics { address, source })
    }

    /// The address, with the port that the kernel chose.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers from when the word is given, on a thread of its own.
    ///
    /// # Errors
    /// [`Error::System`] if the system has no room for a thread or a poll.
    pub fn serve(
        self,
        observer: Observer,
        lifecycle: Lifecycle,
        unwritten: Unwritten,
        attention: Attention,
    ) -> Result<Metrics, Error> {
        let source = Arc::new(Source {
            observer,
            lifecycle,
            unwritten,
            process: self.process,
        });
        spawn(self.listener, source, attention).map_err(|source| Error::System {
            operation: "start the thread that answers scrapes (--metrics)",
            source,
        })
    }
}

fn spawn(listener: TcpListener, source: Arc<Source>, attention: Attention) -> io::Result<Metrics> {
    let runtime = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    let listener = {
        let _inside = runtime.enter();
        tokio::net::TcpListener::from_std(listener)?
    };
    let (open, closed) = oneshot::channel();
    let thread = thread::Builder::new()
        .name("metrics".to_owned())
        .spawn(move || {
            if attention.wait() {
                run(&runtime, listener, source, closed);
            }
        })?;
    Ok(Metrics {
        open: Some(open),
        thread: Some(thread),
    })
}

fn run(
    runtime: &Runtime,
    listener: tokio::net::TcpListener,
    source: Arc<Source>,
    closed: oneshot::Receiver<()>,
) {
    runtime.block_on(async {
        let room = connections::room();
        let serving = tokio::spawn(connections::serve(listener, source, Arc::clone(&room)));
        // Nothing is ever sent: an error says that the other end was dropped.
        let _ended: Result<(), oneshot::error::RecvError> = closed.await;
        serving.abort();
        connections::last_answers(room).await;
    });
}

impl Drop for Metrics {
    fn drop(&mut self) {
        drop(self.open.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been told by the hook that tells all of them.
            let _ended: thread::Result<()> = thread.join();
        }
    }
}
