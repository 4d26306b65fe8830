//! What the counters have to say that should be read by people: what got lost since the last look,
//! and what to do about it.

use std::fmt;
use std::time::Duration;

use super::limiter::Limiter;
use crate::figures::grouped;
use crate::stats::account::Account;

/// A kind of trouble that peers, the network or the host can cause.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Trouble {
    KernelDrops,
    Dropped,
    Failed(String),
    ReceiveErrors(String),
}

/// Looks at the counters now and then.
#[derive(Debug, Default)]
pub struct Watch {
    last: Account,
    limiter: Limiter<Trouble>,
}

impl Watch {
    /// What is to be said of what was counted since the last look, at `now` counted from any fixed
    /// moment.
    pub fn look(&mut self, total: Account, now: Duration) -> Vec<String> {
        let mut sentences = Vec::new();
        for (trouble, times) in self.news(&total) {
            let told = Sentence(&trouble, times).to_string();
            if let Some(more) = self.limiter.judge(trouble, times, now) {
                sentences.push(format!("{told}{more}"));
            }
        }
        while let Some((trouble, times)) = self.limiter.overdue(now) {
            sentences.push(Sentence(trouble, times).to_string());
        }
        self.last = total;
        sentences
    }

    fn news(&self, total: &Account) -> Vec<(Trouble, u64)> {
        let last = &self.last;
        let mut news = vec![
            (
                Trouble::KernelDrops,
                total.kernel_drops.saturating_sub(last.kernel_drops),
            ),
            (Trouble::Dropped, total.dropped.saturating_sub(last.dropped)),
        ];
        for (error, times) in &total.failed {
            let before = last.failed.get(error).copied().unwrap_or(0);
            news.push((Trouble::Failed(error.clone()), times.saturating_sub(before)));
        }
        for (error, times) in &total.receive_errors {
            let before = last.receive_errors.get(error).copied().unwrap_or(0);
            news.push((
                Trouble::ReceiveErrors(error.clone()),
                times.saturating_sub(before),
            ));
        }
        news.retain(|(_, times)| *times > 0);
        news
    }
}

struct Sentence<'trouble>(&'trouble Trouble, u64);

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let times = grouped(self.1);
        match self.0 {
            Trouble::KernelDrops => write!(
                formatter,
                "datagrams dropped by the kernel, since a receive buffer was full: {times}; \
                 raise --rcvbuf or --workers"
            ),
            Trouble::Dropped => write!(
                formatter,
                "replies dropped, since a send buffer was full: {times}; \
                 raise --sndbuf, or have them wait (--when-full wait)"
            ),
            Trouble::Failed(error) => write!(
                formatter,
                "replies that the kernel would not send ({error}): {times}; \
                 look at routes and firewall"
            ),
            Trouble::ReceiveErrors(error) => write!(
                formatter,
                "receive calls that failed ({error}): {times}; no datagram is lost by them"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn account(kernel_drops: u64, failed: u64) -> Account {
        Account {
            kernel_drops,
            failed: [("EPERM".to_owned(), failed)].into(),
            ..Account::default()
        }
    }

    #[test]
    fn trouble_is_told_once_a_minute_with_what_came_in_between() {
        let mut watch = Watch::default();
        assert_eq!(watch.look(account(0, 0), at(0)), [""; 0]);
        let first = watch.look(account(5, 0), at(1));
        assert_eq!(first.len(), 1);
        assert!(
            first[0].contains("receive buffer was full: 5;"),
            "{first:?}"
        );
        assert!(first[0].contains("--rcvbuf"), "{first:?}");
        let other = watch.look(account(12_350, 2), at(2));
        assert_eq!(other.len(), 1, "{other:?}");
        assert!(other[0].contains("(EPERM): 2;"), "{other:?}");
        assert_eq!(watch.look(account(12_350, 2), at(3)), [""; 0]);
        let rest = watch.look(account(12_350, 2), at(61));
        assert_eq!(rest.len(), 1, "{rest:?}");
        assert!(rest[0].contains("full: 12,345;"), "{rest:?}");
        let next = watch.look(account(12_351, 2), at(200));
        assert!(next[0].contains("full: 1;"), "{next:?}");
    }
}
