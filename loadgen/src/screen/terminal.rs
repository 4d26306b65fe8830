//! The terminal, taken over for as long as a screen is shown and given back whatever happens.

use std::io::{self, BufWriter, Stderr};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};

/// A terminal that shows an alternate screen and hands over every key.
pub(super) struct Taken {
    pub(super) terminal: Terminal<CrosstermBackend<BufWriter<Stderr>>>,
    hold: Hold,
}

/// Says whether the terminal is still taken, and gives it back once.
#[derive(Clone)]
struct Hold(Arc<AtomicBool>);

impl Taken {
    /// Takes the terminal. The first SIGINT or SIGTERM raises `stop`; the second, as any SIGHUP or
    /// SIGQUIT, ends the program once the terminal is given back.
    pub(super) fn take(stop: &Arc<AtomicBool>) -> io::Result<Self> {
        let hold = Hold(Arc::new(AtomicBool::new(true)));
        // First of all, so that whatever happens now finds somebody who gives the terminal back.
        let signals = watch_signals(stop, &hold)?;
        give_back_on_panic(&hold);
        enable_raw_mode()?;
        let taken = execute!(io::stderr(), EnterAlternateScreen)
            .and_then(|()| Terminal::new(CrosstermBackend::new(BufWriter::new(io::stderr()))));
        match taken {
            Ok(terminal) => Ok(Self { terminal, hold }),
            Err(error) => {
                signals.close();
                hold.give_back();
                Err(error)
            }
        }
    }

    /// Whether nobody has given it back yet.
    pub(super) fn is_held(&self) -> bool {
        self.hold.0.load(Ordering::Relaxed)
    }

    /// Gives the terminal back, and dies of SIGINT as if it had never been taken.
    pub(super) fn interrupt(&self) {
        self.hold.die_of(SIGINT);
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.hold.give_back();
        // The thread of the signals goes on: a second one still ends the program.
    }
}

impl Hold {
    fn give_back(&self) {
        if self.0.swap(false, Ordering::Relaxed) {
            // A terminal that has gone away needs nothing more.
            let _shown: io::Result<()> = execute!(io::stderr(), LeaveAlternateScreen, Show);
            let _cooked: io::Result<()> = disable_raw_mode();
        }
    }

    fn die_of(&self, signal: i32) {
        self.give_back();
        // Fails only for a signal that does not exist.
        let _died: io::Result<()> = signal_hook::low_level::emulate_default_handler(signal);
    }
}

fn watch_signals(stop: &Arc<AtomicBool>, hold: &Hold) -> io::Result<Handle> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT])?;
    let handle = signals.handle();
    let (stop, hold) = (Arc::clone(stop), hold.clone());
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                let asks = [SIGINT, SIGTERM].contains(&signal);
                if !asks || stop.swap(true, Ordering::Relaxed) {
                    hold.die_of(signal);
                }
            }
        })?;
    Ok(handle)
}

/// Has a panic, on whatever thread, give the terminal back before it says what went wrong.
fn give_back_on_panic(hold: &Hold) {
    let hold = hold.clone();
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |what| {
        hold.give_back();
        usual(what);
    }));
}
