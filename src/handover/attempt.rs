//! One attempt to be replaced, as the server sees it: what it hears from its starter and from the successor,
//! until it can rely on that one or has to go on.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use super::PATIENCE;
use super::channel::{Channel, wait_for};
use super::message::{About, Order, Report, Word};

/// Why a successor did not take over.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("the new program cannot be started: {0}")]
    NotStarted(String),
    #[error("the new program ended with {how} before it was ready{}", last_words(words.as_deref()))]
    Ended { how: String, words: Option<String> },
    #[error(
        "the new program was not ready within {} seconds, and was ended{}",
        PATIENCE.as_secs(),
        last_words(words.as_deref())
    )]
    Slow { words: Option<String> },
    #[error("the process that starts successors has gone")]
    NoStarter,
    #[error(
        "the process that starts successors did not answer within {} seconds",
        PATIENCE.as_secs()
    )]
    SlowStarter,
    #[error("the new program speaks to nobody as a successor does")]
    Stranger,
    #[error("this server is ending")]
    Ending,
    #[error("the new program was told to end the server")]
    Quit,
    #[error("the system refused: {0}")]
    System(#[from] io::Error),
}

fn last_words(words: Option<&str>) -> String {
    words.map_or_else(String::new, |words| format!(": {words}"))
}

/// One attempt, as the starter knows it.
pub(super) struct Attempt<'a> {
    pub(super) number: u64,
    pub(super) starter: &'a Channel,
}

impl Attempt<'_> {
    pub(super) fn order(&self, what: Order, files: &[BorrowedFd<'_>]) -> Result<(), Failure> {
        let attempt = self.number;
        let sent = self.starter.send(&About { attempt, what }, files);
        sent.map_err(|_gone| Failure::NoStarter)
    }

    /// What is reported next, if it comes in time.
    pub(super) fn report(&self, end: Instant) -> Result<Option<Report>, Failure> {
        while wait_for([self.starter.as_fd()], Some(end))? == [true] {
            let report = self.next_report()?;
            if report.is_some() {
                return Ok(report);
            }
        }
        Ok(None)
    }

    /// The next report; `None` if it is about an attempt that is over.
    fn next_report(&self) -> Result<Option<Report>, Failure> {
        match self.starter.receive::<About<Report>>() {
            Ok(Some((report, _))) => Ok((report.attempt == self.number).then_some(report.what)),
            Ok(None) | Err(_) => Err(Failure::NoStarter),
        }
    }
}

/// Waits until the successor says `word`. What its starter reports counts more: words of one that has
/// ended may still be there. Without a starter there is no successor, but for one that is relied on
/// already, which then takes silence for consent: its word is waited for all the same.
pub(super) fn until(
    word: Word,
    starter: &Attempt<'_>,
    successor: &Channel,
    end: Instant,
) -> Result<(), Failure> {
    // One that is no successor may close its end and go on, or end only later.
    let (mut closed, mut starter_gone) = (false, false);
    loop {
        let files = [starter.starter.as_fd(), successor.as_fd()];
        let [reported, spoke] = match (starter_gone, closed) {
            (false, false) => wait_for(files, Some(end))?,
            (false, true) => [wait_for([files[0]], Some(end))? == [true], false],
            (true, false) => [false, wait_for([files[1]], Some(end))? == [true]],
            (true, true) => return Err(Failure::NoStarter),
        };
        if reported {
            match starter.next_report() {
                Ok(Some(Report::Ended { .. })) if has_been_quit(successor) => {
                    return Err(Failure::Quit);
                }
                Ok(Some(Report::Ended { how, words })) => {
                    return Err(Failure::Ended { how, words });
                }
                Ok(Some(Report::Started { .. } | Report::NotStarted { .. })) => {
                    return Err(Failure::NoStarter);
                }
                Ok(None) => {}
                Err(_gone) if word == Word::Mine => starter_gone = true,
                Err(gone) => return Err(gone),
            }
        } else if spoke {
            match successor.receive::<Word>() {
                Ok(Some((said, _))) if said == word => return Ok(()),
                // Somebody's `quit` came to it, and got its answer.
                Ok(Some((Word::Quit, _))) => return Err(Failure::Quit),
                Ok(Some(_)) => return Err(Failure::Stranger),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    return Err(Failure::Stranger);
                }
                // As by a successor that ends with files unread.
                Ok(None) | Err(_) => closed = true,
            }
        } else {
            return Err(Failure::Slow { words: None });
        }
    }
}

/// Whether the last word of a successor that has ended is that somebody meant the server.
fn has_been_quit(successor: &Channel) -> bool {
    // Another program may hold its end open.
    let spoke = wait_for([successor.as_fd()], Some(Instant::now()));
    matches!(spoke, Ok([true])) && matches!(successor.receive::<Word>(), Ok(Some((Word::Quit, _))))
}

/// Has the successor ended, if it has not ended yet, and takes its last words.
pub(super) fn give_up(starter: &Attempt<'_>, failure: Failure) -> Failure {
    if matches!(failure, Failure::Ended { .. } | Failure::NoStarter) {
        return failure;
    }
    let told = starter.order(Order::GiveUp, &[]);
    let report = told.and_then(|()| starter.report(Instant::now() + BURIAL));
    match (failure, report) {
        (Failure::Slow { .. }, Ok(Some(Report::Ended { words, .. }))) => Failure::Slow { words },
        // It could not be spoken to because it had ended.
        (Failure::System(_), Ok(Some(Report::Ended { how, words }))) => {
            Failure::Ended { how, words }
        }
        (failure, _) => failure,
    }
}

/// How long the starter may take to end a successor and to tell its last words.
const BURIAL: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::OwnedFd;

    use rustix::net::SendFlags;
    use serde::Serialize;

    /// What the starter does.
    enum Starts {
        Nothing,
        Goes,
        Reports(Report),
    }

    fn say(end: &OwnedFd, message: &impl Serialize) {
        let text = serde_json::to_vec(message).unwrap();
        rustix::net::send(end, &text, SendFlags::NOSIGNAL).unwrap();
    }

    /// What comes of waiting for `word` when the successor has said what is in `said` and gone.
    fn waited(word: Word, starts: Starts, said: &[Word]) -> Result<(), Failure> {
        let (starter, far) = Channel::pair().unwrap();
        let _far = match starts {
            Starts::Nothing => Some(far),
            Starts::Goes => {
                drop(far);
                None
            }
            Starts::Reports(what) => {
                say(&far, &About { attempt: 0, what });
                Some(far)
            }
        };
        let (successor, theirs) = Channel::pair().unwrap();
        for word in said {
            say(&theirs, word);
        }
        drop(theirs);
        let attempt = Attempt {
            number: 0,
            starter: &starter,
        };
        until(word, &attempt, &successor, Instant::now() + PATIENCE)
    }

    #[test]
    fn a_successor_that_is_relied_on_is_heard_without_a_starter() {
        waited(Word::Mine, Starts::Goes, &[Word::Mine]).unwrap();
        let silent = waited(Word::Mine, Starts::Goes, &[]);
        assert!(matches!(silent, Err(Failure::NoStarter)), "{silent:?}");
        // Before that, nobody has to rely on one that nobody can end.
        let ready = waited(Word::Ready, Starts::Goes, &[Word::Ready]);
        assert!(matches!(ready, Err(Failure::NoStarter)), "{ready:?}");
    }

    #[test]
    fn a_quit_that_came_to_the_successor_ends_the_server() {
        let ended = || Report::Ended {
            how: "exit code 1".to_owned(),
            words: None,
        };
        for starts in [Starts::Nothing, Starts::Reports(ended())] {
            let quit = waited(Word::Ready, starts, &[Word::Quit]);
            assert!(matches!(quit, Err(Failure::Quit)), "{quit:?}");
        }
        // What it said before it was asked to end the server counts no more than its end.
        let ready = waited(Word::Ready, Starts::Reports(ended()), &[Word::Ready]);
        assert!(matches!(ready, Err(Failure::Ended { .. })), "{ready:?}");
    }
}
