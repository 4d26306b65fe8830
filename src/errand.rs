//! Something to do when asked, on a thread of its own, so that whoever asks never waits for it.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// What can be asked for. There is a thread only while it is under way; nobody waits for its end, since
/// it may hang.
pub struct Errand {
    shared: Arc<Shared>,
}

struct Shared {
    name: &'static str,
    act: Box<dyn Fn() + Send + Sync>,
    progress: Mutex<Progress>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Progress {
    Idle,
    UnderWay,
    /// Asked for since it began.
    OnceMore,
}

impl Errand {
    /// Has `act` done whenever it is asked for, by one thread at a time, with this name.
    #[must_use]
    pub fn new(name: &'static str, act: Box<dyn Fn() + Send + Sync>) -> Self {
        Self {
            shared: Arc::new(Shared {
                name,
                act,
                progress: Mutex::new(Progress::Idle),
            }),
        }
    }

    /// Asks for it, without waiting. However often it is asked for while it is under way, it is done
    /// once more then.
    ///
    /// # Errors
    /// What the system said when it could not start a thread; then it can be asked for again.
    pub fn ask(&self) -> io::Result<()> {
        let mut progress = self.shared.progress();
        if *progress != Progress::Idle {
            *progress = Progress::OnceMore;
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        thread::Builder::new()
            .name(shared.name.to_owned())
            .spawn(move || shared.run())?;
        *progress = Progress::UnderWay;
        Ok(())
    }
}

impl Shared {
    fn run(&self) {
        loop {
            (self.act)();
            let mut progress = self.progress();
            if *progress != Progress::OnceMore {
                *progress = Progress::Idle;
                return;
            }
            *progress = Progress::UnderWay;
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[test]
    fn what_is_asked_for_while_it_is_under_way_is_done_once_more() {
        let (begun, begins) = channel();
        let (go_on, goes_on) = channel::<()>();
        let goes_on = Mutex::new(goes_on);
        let act = move || {
            begun.send(()).unwrap();
            goes_on.lock().unwrap().recv().unwrap();
        };
        let errand = Errand::new("test", Box::new(act));
        errand.ask().unwrap();
        begins.recv_timeout(PATIENCE).unwrap();
        (0..100).for_each(|_| errand.ask().unwrap());
        go_on.send(()).unwrap();
        begins.recv_timeout(PATIENCE).unwrap();
        // Nothing else is under way when this one is over.
        drop(errand);
        go_on.send(()).unwrap();
        assert!(begins.recv_timeout(PATIENCE).is_err());
    }

    #[test]
    fn what_is_over_can_be_asked_for_again() {
        let (done, is_done) = channel();
        let errand = Errand::new("test", Box::new(move || done.send(()).unwrap()));
        for _ in 0..3 {
            errand.ask().unwrap();
            is_done.recv_timeout(PATIENCE).unwrap();
        }
    }
}
