//! How things look; in colour or without.

use ratatui::style::{Color, Modifier, Style};

use super::state::Phase;

/// Whether there is colour. Nothing is told by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Palette {
    Colour,
    Plain,
}

impl Palette {
    /// What should not be.
    pub(super) fn bad(self) -> Style {
        self.colour(Color::Red)
    }

    pub(super) fn curve(self) -> Style {
        self.colour(Color::Cyan)
    }

    pub(super) fn phase(self, phase: Phase) -> Style {
        let colour = match phase {
            Phase::WarmingUp => Color::Yellow,
            Phase::Measuring => Color::Green,
            Phase::Draining => Color::Cyan,
        };
        self.colour(colour).add_modifier(Modifier::BOLD)
    }

    fn colour(self, colour: Color) -> Style {
        match self {
            Self::Colour => Style::new().fg(colour),
            Self::Plain => Style::new(),
        }
    }
}

/// What the run is about.
pub(super) const TITLE: Style = Style::new().add_modifier(Modifier::BOLD);

/// What names figures.
pub(super) const LABEL: Style = Style::new().add_modifier(Modifier::DIM);

/// What must not be overlooked.
pub(super) const NOTICE: Style = Style::new().add_modifier(Modifier::REVERSED);
