//! Something to do every so often, on a thread of its own.

use std::io;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// Goes on as long as this lives.
#[derive(Debug)]
pub struct Periodic {
    _alive: Sender<()>,
}

impl Periodic {
    /// Calls `act` every `interval`, the first time after one of them.
    ///
    /// # Errors
    /// What the system said when it could not start a thread.
    pub fn start(interval: Duration, mut act: impl FnMut() + Send + 'static) -> io::Result<Self> {
        let (alive, ended) = channel::<()>();
        thread::Builder::new()
            .name("periodic".to_owned())
            .spawn(move || {
                while ended.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                    act();
                }
            })?;
        Ok(Self { _alive: alive })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_acts_again_and_again_until_it_is_dropped() {
        let (acted, seen) = channel();
        let periodic = Periodic::start(Duration::from_millis(1), move || {
            acted.send(()).unwrap();
        });
        for _ in 0..3 {
            seen.recv_timeout(Duration::from_secs(10)).unwrap();
        }
        drop(periodic);
        // The thread drops its end of the channel when it ends.
        while seen.recv_timeout(Duration::from_secs(10)).is_ok() {}
        assert!(seen.recv().is_err());
    }
}
