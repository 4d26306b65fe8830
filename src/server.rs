//! Opens the sockets, starts the workers, joins them.

use std::io;
use std::net::UdpSocket;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crate::access::KeyedQuit;
use crate::access::keyed::BYTES;
use crate::affinity;
use crate::binding::{Group, Handed, adopt_all, inherit_all, open_all};
use crate::books::Books;
pub use crate::books::{Observer, Retired};
use crate::config::{Config, Io};
use crate::endpoint::{Endpoint, Front};
use crate::error::Error;
use crate::lifecycle::Lifecycle;
use crate::reactor::{Door, Equipment, Worker};
use crate::rulebook::Rules;
use crate::sandbox::Sandbox;
use crate::stats::Summary;
use crate::steering::{Steer, Steering};
use crate::transcript::Transcript;
use crate::udp::{Socket, offload};
use crate::user::Identity;

/// A server whose sockets are open: datagrams queue up, but nobody answers them yet.
pub struct Server {
    front: Front,
    workers: Vec<Worker>,
    lifecycle: Lifecycle,
    rules: Option<Rules>,
    books: Arc<Books>,
}

impl Server {
    /// Opens the sockets of every worker, in the order of the workers.
    ///
    /// # Errors
    /// [`Error::Socket`] if an address cannot be had, [`Error::System`] if the system has no room
    /// for the workers.
    pub fn bind(config: &Config) -> Result<Self, Error> {
        Self::with_transcript(config, None)
    }

    /// The same; each datagram is handed to `transcript` too.
    ///
    /// # Errors
    /// As [`Server::bind`].
    pub fn with_transcript(
        config: &Config,
        transcript: Option<&Transcript>,
    ) -> Result<Self, Error> {
        let processors = affinity::of_workers(&config.pin, config.workers)?;
        let (groups, without_ipv6) = open_all(config)?;
        let mut server = Self::on_groups(config, transcript, &groups, &processors)?;
        server.front.without_ipv6 = without_ipv6;
        server.front.steer(&server.groups());
        Ok(server)
    }

    /// The same on sockets that are bound already, as many on each address as there are workers; the
    /// addresses in `config` are not looked at.
    ///
    /// # Errors
    /// [`Error::Usage`] if there are more or fewer sockets, else as [`Server::bind`].
    pub fn on_sockets(
        config: &Config,
        transcript: Option<&Transcript>,
        given: Vec<UdpSocket>,
    ) -> Result<Self, Error> {
        let processors = affinity::of_workers(&config.pin, config.workers)?;
        let groups = adopt_all(config, given)?;
        let mut server = Self::on_groups(config, transcript, &groups, &processors)?;
        server.front.steer(&server.groups());
        Ok(server)
    }

    /// The same on the sockets of a server that this one takes over from, with more of them if it has
    /// more workers; and a second server on those that are too many, if there are such. What chooses
    /// among the sockets is for [`Inheritance::take_over`](crate::handover::Inheritance::take_over) to say.
    ///
    /// # Errors
    /// [`Error::Usage`] if `config` asks for sockets that are unlike those, else as [`Server::bind`].
    pub(crate) fn on_handed(
        config: &Config,
        transcript: Option<&Transcript>,
        handed: Vec<Handed>,
        from_manager: bool,
    ) -> Result<(Self, Option<Self>), Error> {
        let processors = affinity::of_workers(&config.pin, config.workers)?;
        let (groups, surplus) = inherit_all(config, handed, from_manager)?;
        let server = Self::on_groups(config, transcript, &groups, &processors)?;
        let Some(workers) = surplus.first().map(Vec::len) else {
            return Ok((server, None));
        };
        let config = Config {
            workers,
            ..config.clone()
        };
        let surplus = Self::on_groups(&config, transcript, &surplus, &processors)?;
        Ok((server, Some(surplus)))
    }

    fn on_groups(
        config: &Config,
        transcript: Option<&Transcript>,
        groups: &[Group],
        processors: &[usize],
    ) -> Result<Self, Error> {
        let segments = if config.io_in_force() == Io::Offload && config.send_offload {
            offload::most_segments().unwrap_or(1)
        } else {
            1
        };
        let own: Vec<_> = groups
            .iter()
            .map(|group| group[0].local_address())
            .collect();
        let rules = config.prefixes.clone().map(Rules::new);
        let door = Door::new(config, &own, rules.clone(), keyed_quit(config)?);
        let books = Arc::new(Books::new(config.workers, groups));
        let mut workers = Vec::with_capacity(config.workers);
        let mut wakers = Vec::with_capacity(config.workers);
        for (index, watched) in books.workers.iter().enumerate() {
            let equipment = Equipment {
                number: index,
                sockets: watched.sockets.clone(),
                segments,
                processor: processors.get(index).copied(),
                counters: Arc::clone(&watched.counters),
                transcript: transcript.cloned(),
                door: door.clone(),
            };
            let (worker, waker) =
                Worker::new(config, equipment).map_err(|source| Error::System {
                    operation: "set up a worker (fewer of them by --workers)",
                    source,
                })?;
            workers.push(worker);
            wakers.push(waker);
        }
        // The kernel answers every poll alike.
        let mut poll_busy = None;
        for worker in &workers {
            poll_busy = config.busy_poll.map(|micros| worker.busy_poll(micros));
        }
        let endpoints = groups
            .iter()
            .map(|group| Endpoint::new(config, group, segments, processors, poll_busy.as_ref()))
            .collect();
        let steering = Steering {
            steer: config.steer,
            workers: config.workers,
            pinned: processors.to_vec(),
        };
        Ok(Self {
            front: Front {
                endpoints,
                without_ipv6: false,
                steering,
            },
            workers,
            lifecycle: Lifecycle::new(wakers),
            rules,
            books,
        })
    }

    /// The addresses that it listens on, in the order in which they were asked for.
    #[must_use]
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.front.endpoints
    }

    /// Has its endpoints tell as whom the program goes on, and what it may still do.
    pub fn tell_confinement(&mut self, user: Option<&Identity>, sandbox: &Sandbox) {
        for endpoint in &mut self.front.endpoints {
            endpoint.user = user.map(Identity::to_string);
            endpoint.sandbox = Some(sandbox.clone());
        }
    }

    /// The sockets of each address, in the order of the workers.
    #[must_use]
    pub fn groups(&self) -> Vec<Vec<Arc<Socket>>> {
        self.books.groups()
    }

    /// What chooses among them.
    #[must_use]
    pub fn steering(&self) -> &Steering {
        &self.front.steering
    }

    /// What ends the server, from any thread; also before it is started.
    #[must_use]
    pub fn lifecycle(&self) -> Lifecycle {
        self.lifecycle.clone()
    }

    /// What replaces the prefixes that are answered, from any thread; `None` for a server that was
    /// given none.
    #[must_use]
    pub fn rules(&self) -> Option<Rules> {
        self.rules.clone()
    }

    /// What reads the counters, from any thread.
    #[must_use]
    pub fn observer(&self) -> Observer {
        Observer::of(&self.books)
    }

    /// Starts the workers.
    ///
    /// # Errors
    /// [`Error::System`] if the system has no room for a thread; then no worker runs.
    pub fn start(self) -> Result<Running, Error> {
        let mut running = Running {
            front: self.front,
            threads: Vec::with_capacity(self.workers.len()),
            lifecycle: self.lifecycle,
            books: self.books,
        };
        for (index, worker) in self.workers.into_iter().enumerate() {
            let lifecycle = running.lifecycle.clone();
            let thread = thread::Builder::new()
                .name(format!("worker-{index}"))
                .spawn(move || {
                    let _others = EndOthers(lifecycle.clone());
                    worker.run(&lifecycle)
                })
                .map_err(|source| Error::System {
                    operation: "start a thread for a worker (fewer of them by --workers)",
                    source,
                })?;
            running.threads.push(thread);
        }
        Ok(running)
    }
}

/// A server at work. Dropping it has the workers read no more, waits until what they have taken is sent,
/// for half a second at most, and until they have ended: others may read its sockets, and rely on that.
pub struct Running {
    front: Front,
    threads: Vec<JoinHandle<io::Result<()>>>,
    lifecycle: Lifecycle,
    books: Arc<Books>,
}

impl Running {
    /// The addresses that it listens on, in the order in which they were asked for.
    #[must_use]
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.front.endpoints
    }

    /// Whether it listens on IPv4 alone because the host has no IPv6.
    #[must_use]
    pub fn without_ipv6(&self) -> bool {
        self.front.without_ipv6
    }

    /// Has what shall choose among its sockets do so, where another server's choice was in force.
    pub fn steer(&mut self) {
        let groups = self.groups();
        if self.front.steering.steer == Steer::Hash {
            self.front.steering.restore(&groups);
        } else {
            self.front.steer(&groups);
        }
    }

    /// What chooses among its sockets.
    #[must_use]
    pub fn steering(&self) -> &Steering {
        &self.front.steering
    }

    /// The sockets of each address, in the order of the workers.
    #[must_use]
    pub fn groups(&self) -> Vec<Vec<Arc<Socket>>> {
        self.books.groups()
    }

    /// Where to tell what was done for it on sockets that it does not have any more.
    #[must_use]
    pub fn retired(&self) -> Retired {
        self.books.retired.clone()
    }

    /// What ends the server, from any thread.
    #[must_use]
    pub fn stopper(&self) -> Lifecycle {
        self.lifecycle.clone()
    }

    /// What was counted up to now.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.books.summary()
    }

    /// What reads the counters, from any thread.
    #[must_use]
    pub fn observer(&self) -> Observer {
        Observer::of(&self.books)
    }

    /// Waits until every worker has ended, and tells what they did.
    ///
    /// # Errors
    /// [`Error::Panicked`] or [`Error::System`] if a worker ended by a fault; the others were
    /// drained then.
    pub fn join(mut self) -> Result<Summary, Error> {
        self.wait()?;
        Ok(self.summary())
    }

    /// Waits until every worker has ended.
    ///
    /// # Errors
    /// As [`Running::join`].
    pub fn wait(&mut self) -> Result<(), Error> {
        let mut fault = None;
        for (worker, thread) in self.threads.drain(..).enumerate() {
            let error = match thread.join() {
                Ok(Ok(())) => continue,
                Ok(Err(source)) => Error::System {
                    operation: "go on answering",
                    source,
                },
                Err(_panic) => Error::Panicked { worker },
            };
            fault.get_or_insert(error);
        }
        fault.map_or(Ok(()), Err)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.lifecycle.hand_over() {
            self.lifecycle.stop();
        }
        for thread in self.threads.drain(..) {
            // Whoever wants to know how it ended calls `join`.
            let _ended: thread::Result<io::Result<()>> = thread.join();
        }
    }
}

/// A worker that ends, for whatever reason, takes the others with it: a server that has lost a
/// worker would leave its share of the datagrams unanswered.
struct EndOthers(Lifecycle);

impl Drop for EndOthers {
    fn drop(&mut self) {
        self.0.drain();
    }
}

/// What stops the server by its key, with a secret that is drawn anew at each start.
fn keyed_quit(config: &Config) -> Result<Option<KeyedQuit>, Error> {
    let Some(key) = config.quit_key.clone() else {
        return Ok(None);
    };
    let mut secret = [0; BYTES];
    // So few bytes come whole (getrandom(2)).
    rustix::rand::getrandom(&mut secret, rustix::rand::GetRandomFlags::empty()).map_err(
        |errno| Error::System {
            operation: "draw a secret from the kernel's random numbers (--quit-key)",
            source: errno.into(),
        },
    )?;
    Ok(Some(KeyedQuit::new(key, &secret)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::Phase;
    use std::time::Duration;

    /// A worker whose end is as given, or one that works until it is told to end.
    type End = Option<fn() -> io::Result<()>>;

    fn running(ends: Vec<End>) -> Running {
        let lifecycle = Lifecycle::new(Vec::new());
        let threads = ends.into_iter().map(|end| {
            let lifecycle = lifecycle.clone();
            thread::spawn(move || {
                let _others = EndOthers(lifecycle.clone());
                if let Some(end) = end {
                    return end();
                }
                let phase = lifecycle.wait_for_end(Duration::MAX);
                assert_eq!(phase, Phase::Draining);
                Ok(())
            })
        });
        Running {
            front: Front {
                endpoints: Vec::new(),
                without_ipv6: false,
                steering: Steering {
                    steer: Steer::Hash,
                    workers: 0,
                    pinned: Vec::new(),
                },
            },
            threads: threads.collect(),
            lifecycle,
            books: Arc::new(Books::new(0, &[])),
        }
    }

    #[test]
    fn a_worker_that_panics_ends_the_others_and_the_server_with_an_error() {
        let running = running(vec![None, Some(|| panic!("on purpose")), None]);
        let error = running.join().unwrap_err();
        assert!(matches!(error, Error::Panicked { worker: 1 }), "{error}");
    }

    #[test]
    fn a_worker_that_fails_ends_the_others_and_the_server_with_its_error() {
        let running = running(vec![None, Some(|| Err(io::Error::other("on purpose")))]);
        let error = running.join().unwrap_err().to_string();
        assert!(
            error.contains("cannot go on answering: on purpose"),
            "{error}"
        );
    }
}
