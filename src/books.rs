//! What a server has counted, from when its sockets are open: the counters of its workers, those that
//! the kernel keeps for its sockets, and what former workers have left.

use std::sync::{Arc, OnceLock, Weak};

use crate::binding::Group;
use crate::stats::account::Account;
use crate::stats::counters::Counters;
use crate::stats::queue::{Meter, Queue};
use crate::stats::summary::Summary;
use crate::udp::socket::Effects;
use crate::udp::{Socket, SocketOptions};

/// The counters of every worker, and its sockets, for which the kernel counts.
pub(crate) struct Books {
    pub(crate) workers: Vec<Watched>,
    pub(crate) retired: Retired,
}

pub(crate) struct Watched {
    pub(crate) counters: Arc<Counters>,
    pub(crate) sockets: Vec<Arc<Socket>>,
    /// One a socket.
    pub(crate) meters: Vec<Meter>,
}

impl Books {
    pub(crate) fn new(workers: usize, groups: &[Group]) -> Self {
        let workers = (0..workers)
            .map(|worker| Watched {
                counters: Arc::default(),
                meters: groups.iter().map(|_| Meter::default()).collect(),
                sockets: groups
                    .iter()
                    .map(|group| Arc::clone(&group[worker]))
                    .collect(),
            })
            .collect();
        Self {
            workers,
            retired: Retired::default(),
        }
    }

    /// The sockets of each address.
    pub(crate) fn groups(&self) -> Vec<Vec<Arc<Socket>>> {
        let addresses = self.workers.first().map_or(0, |first| first.sockets.len());
        let group = |address: usize| {
            let sockets = self.workers.iter().map(|worker| &worker.sockets[address]);
            sockets.cloned().collect()
        };
        (0..addresses).map(group).collect()
    }

    pub(crate) fn summary(&self) -> Summary {
        let accounts = self.workers.iter().map(|worker| {
            // A kernel that does not count drops for a socket counts none here.
            let sockets = worker.sockets.iter().zip(&worker.meters);
            let queues = sockets.map(|(socket, meter)| {
                let memory = socket.memory().ok();
                memory.map_or_else(Queue::default, |memory| meter.read(memory))
            });
            Account::read(&worker.counters, queues)
        });
        let mut summary = Summary::new(accounts.collect(), 0);
        if let Some(accounts) = self.retired.accounts.get() {
            summary.add_retired(accounts);
        }
        summary
    }
}

/// Reads what the workers and the kernel count, from any thread, as long as the server lives. Costs
/// the workers nothing.
#[derive(Clone)]
pub struct Observer {
    books: Weak<Books>,
}

impl Observer {
    pub(crate) fn of(books: &Arc<Books>) -> Self {
        Self {
            books: Arc::downgrade(books),
        }
    }

    /// What was counted up to now; `None` if the server has ended.
    #[must_use]
    pub fn summary(&self) -> Option<Summary> {
        self.books.upgrade().map(|books| books.summary())
    }

    /// What was asked of each socket, and what became of it; none if the server has ended.
    #[must_use]
    pub fn sockets(&self) -> Vec<(SocketOptions, Effects)> {
        let books = self.books.upgrade();
        let workers = books.iter().flat_map(|books| &books.workers);
        let sockets = workers.flat_map(|watched| &watched.sockets);
        sockets
            .map(|socket| (socket.options().clone(), socket.effects().clone()))
            .collect()
    }
}

/// What workers for a time did, once they have ended: it belongs to the books of the server.
#[derive(Clone, Debug, Default)]
pub struct Retired {
    accounts: Arc<OnceLock<Vec<Account>>>,
}

impl Retired {
    /// Tells it. A second time counts for nothing.
    pub fn tell(&self, accounts: Vec<Account>) {
        self.accounts.get_or_init(|| accounts);
    }
}
