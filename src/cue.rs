//! A word to begin, for threads that have to be there before it is known whether they are needed: once
//! a program has taken over from another, nothing that can fail may be left to do.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Whoever has it gives the word. Dropping it says that the word will never come.
#[derive(Debug)]
pub struct Cue {
    shared: Arc<Shared>,
}

/// Waits for the word.
#[derive(Clone, Debug)]
pub struct Attention {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Whether they shall begin; `None` until that is known.
    word: Mutex<Option<bool>>,
    known: Condvar,
}

impl Cue {
    /// One that has not been given yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            shared: Arc::default(),
        }
    }

    /// For a thread that waits for it.
    #[must_use]
    pub fn attention(&self) -> Attention {
        Attention {
            shared: Arc::clone(&self.shared),
        }
    }

    /// They begin.
    pub fn give(&self) {
        self.shared.tell(true);
    }
}

impl Default for Cue {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Cue {
    fn drop(&mut self) {
        self.shared.tell(false);
    }
}

impl Attention {
    /// Waits for the word; false if it will never come.
    #[must_use]
    pub fn wait(&self) -> bool {
        let word = self.shared.word.lock();
        let word = word.unwrap_or_else(PoisonError::into_inner);
        let told = self.shared.known.wait_while(word, |word| word.is_none());
        told.unwrap_or_else(PoisonError::into_inner)
            .unwrap_or(false)
    }

    /// Whether it has been given by now.
    #[must_use]
    pub fn is_given(&self) -> bool {
        let word = self.shared.word.lock();
        word.unwrap_or_else(PoisonError::into_inner)
            .unwrap_or(false)
    }
}

impl Shared {
    /// The first word counts.
    fn tell(&self, begin: bool) {
        let word = self.word.lock();
        word.unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(begin);
        self.known.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn those_who_wait_begin_when_the_word_is_given() {
        let cue = Cue::new();
        let waiting = [cue.attention(), cue.attention()];
        assert!(!waiting[0].is_given());
        let threads = waiting.map(|attention| thread::spawn(move || attention.wait()));
        let late = cue.attention();
        cue.give();
        for thread in threads {
            assert!(thread.join().unwrap());
        }
        assert!(late.wait() && late.is_given());
    }

    #[test]
    fn nobody_begins_if_the_one_who_had_the_word_has_gone() {
        let cue = Cue::new();
        let attention = cue.attention();
        let thread = thread::spawn({
            let attention = attention.clone();
            move || attention.wait()
        });
        drop(cue);
        assert!(!thread.join().unwrap());
        assert!(!attention.wait() && !attention.is_given());
    }
}
