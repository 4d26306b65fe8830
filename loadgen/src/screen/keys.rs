//! What keys mean.

use ratatui::crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};

/// What a person wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Freeze what is shown, or let it go on.
    Pause,
    /// Have the totals that are shown begin anew.
    Reset,
    /// Show the help, or hide it.
    Help,
    /// End the run, with a report.
    Stop,
    /// End the run as SIGINT does: the second one ends the program.
    Interrupt,
    /// Draw again: the terminal is another than before.
    Redraw,
}

/// What a key wants; `None` if nothing.
pub(super) fn wish(event: &Event) -> Option<Wish> {
    let key = match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => key,
        Event::Resize(..) => return Some(Wish::Redraw),
        _ => return None,
    };
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        // In raw mode the terminal makes no signal of it.
        KeyCode::Char('c') if control => Some(Wish::Interrupt),
        KeyCode::Char('l') if control => Some(Wish::Redraw),
        KeyCode::Char(_) if control => None,
        KeyCode::Char('p') => Some(Wish::Pause),
        KeyCode::Char('r') => Some(Wish::Reset),
        KeyCode::Char('?') => Some(Wish::Help),
        KeyCode::Char('q') | KeyCode::Esc => Some(Wish::Stop),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ratatui::crossterm::event::KeyEvent;

    use super::*;

    fn pressed(code: KeyCode, modifiers: KeyModifiers) -> Option<Wish> {
        wish(&Event::Key(KeyEvent::new(code, modifiers)))
    }

    #[test]
    fn control_c_is_an_interrupt_and_c_is_nothing() {
        let c = KeyCode::Char('c');
        assert_eq!(pressed(c, KeyModifiers::CONTROL), Some(Wish::Interrupt));
        assert_eq!(pressed(c, KeyModifiers::NONE), None);
    }

    #[test]
    fn q_and_escape_stop_the_run() {
        for code in [KeyCode::Char('q'), KeyCode::Esc] {
            assert_eq!(pressed(code, KeyModifiers::NONE), Some(Wish::Stop));
        }
        let with_control = pressed(KeyCode::Char('q'), KeyModifiers::CONTROL);
        assert_eq!(with_control, None);
    }

    #[test]
    fn a_key_that_is_let_go_wants_nothing() {
        let mut key = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE);
        key.kind = KeyEventKind::Release;
        assert_eq!(wish(&Event::Key(key)), None);
    }

    #[test]
    fn another_size_is_drawn_at_once() {
        assert_eq!(wish(&Event::Resize(20, 5)), Some(Wish::Redraw));
    }
}
