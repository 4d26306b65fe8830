//! The state without a terminal, and what is drawn of it on buffers of all sizes.

use std::time::Duration;

use echo_reactor::stats::account::Account;
use echo_reactor::stats::faults::FaultAccount;
use proptest::collection::vec;
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::draw::draw;
use super::palette::Palette;
use super::state::{Phase, Reading, Setting, State, View};
use crate::losses::Server;
use crate::measure::{Compressed, Latency, Quantile, Row, Tally};

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A minute after a second of warm-up, at 1,000 a second.
fn setting() -> Setting {
    Setting {
        target: "127.0.0.1:50007 (embedded server)".to_owned(),
        load: "1,000 probes/s of 64 bytes, flows 8, threads 1".to_owned(),
        asked: "1,000".to_owned(),
        warmup: millis(1_000),
        window: millis(60_000),
        interval: millis(1_000),
    }
}

/// At 1,000 a second, every tenth dropped by the server on purpose and known as lost at once.
fn reading(at: u64) -> Reading {
    let account = Account {
        received: at,
        echoed: at - at / 10,
        receive_calls: at / 2,
        send_calls: at / 2,
        faults: Some(FaultAccount {
            dropped_by_fault: at / 10,
            ..FaultAccount::default()
        }),
        ..Account::default()
    };
    Reading {
        at: millis(at),
        sent: at,
        answered: at - at / 10,
        lost: at / 10,
        own_drops: 0,
        server: Server::of(Some(&account)),
        reactor: Some(account),
    }
}

/// A book of round trips of these microseconds, and a row of it.
fn row(micros: &[u64], given_up: u64) -> (Row, Latency, Tally) {
    let mut latency = Latency::new();
    for value in micros {
        latency.from_due.record(value * 1_000);
        latency.lateness.record(value * 100);
    }
    let tally = Tally {
        sent: micros.len() as u64 + given_up,
        received: micros.len() as u64,
        given_up,
        ..Tally::default()
    };
    let row = Row {
        from: Duration::ZERO,
        to: millis(1_000),
        tally,
        from_due: latency.from_due.quantiles(given_up),
        from_send: latency.from_send.quantiles(given_up),
        lateness: latency.lateness.quantiles(0),
        histogram: Compressed::of(latency.from_due.histogram()),
    };
    (row, latency, tally)
}

/// Two seconds of measurement.
fn state() -> State {
    let mut state = State::new(setting());
    for at in (0..=3_000).step_by(200) {
        state.read(reading(at), Some("p99 +-3.1 % of +-2 %".to_owned()), false);
    }
    let (row, total, _) = row(&[20; 1_000], 0);
    let tally = Tally {
        sent: 2_000,
        received: 1_800,
        given_up: 200,
        ..Tally::default()
    };
    state.measured(&[row], &total, &tally);
    state
}

/// The text that is drawn, a line a row.
fn screen(view: &View, columns: u16, rows: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    let drawn = terminal.draw(|frame| draw(view, frame.buffer_mut(), Palette::Plain));
    let buffer = drawn.unwrap().buffer;
    let cells = buffer.content.chunks(usize::from(columns));
    let text = |row: &[Cell]| row.iter().map(Cell::symbol).collect();
    cells.map(|row| -> String { text(row) }).collect()
}

#[track_caller]
fn assert_shows(screen: &[String], words: &[&str]) {
    for word in words {
        let shown = screen.iter().any(|line| line.contains(word));
        assert!(shown, "no {word:?} on\n{}", screen.join("\n"));
    }
}

#[test]
fn rates_are_those_of_the_last_second() {
    let mut state = state();
    assert_eq!(state.view().rates.sent, 1_000);
    let late = Reading {
        at: millis(5_000),
        ..reading(4_000)
    };
    state.read(late, None, false);
    let rates = state.view().rates;
    assert_eq!((rates.sent, rates.answered, rates.lost), (500, 450, 50));
    let reactor = state.view().reactor.unwrap();
    assert_eq!((reactor.received, reactor.received_a_call), (500, 200));
}

#[test]
fn one_reading_has_no_rate() {
    let mut state = State::new(setting());
    state.read(reading(10), None, false);
    assert_eq!(state.view().rates.sent, 0);
}

#[test]
fn losses_have_their_cause() {
    let view = state().view();
    assert_eq!((view.totals.lost, view.losses.server), (200, Some(200)));
    assert_eq!(view.losses.path, 0);
    let fault = ("fault".to_owned(), 200);
    assert_eq!(view.reactor.unwrap().dropped, [fault]);
}

#[test]
fn a_reset_has_totals_begin_anew_and_keeps_the_history() {
    let mut state = state();
    let (first, mut total, mut tally) = row(&[20; 1_000], 5);
    state.reset(&total, &tally);
    state.read(reading(3_400), None, false);
    let view = state.view();
    assert_eq!((view.totals.sent, view.totals.lost), (0, 0));
    assert_eq!((view.reset_at, view.since), (Some(millis(2_000)), None));
    let (second, more, added) = row(&[70; 1_000], 0);
    total.merge(&more);
    tally.add(&added);
    state.measured(&[first, second], &total, &tally);
    let view = state.view();
    let since = view.since.unwrap().from_due;
    assert_eq!((since.count, view.history.len()), (1_000, 2));
    assert_eq!(view.totals.sent, 1_000);
    assert!(matches!(since.p50, Quantile::Value(70_000..=70_070)));
    assert!(matches!(since.max, Quantile::Value(70_000..=70_070)));
}

#[test]
fn a_paused_display_stands_still_but_for_the_clock() {
    let mut state = state();
    let before = state.view();
    state.pause();
    state.read(reading(9_000), None, false);
    let paused = state.view();
    assert_eq!((paused.totals, paused.rates), (before.totals, before.rates));
    assert_eq!(paused.elapsed, millis(8_000));
    assert_eq!(paused.paused_at, Some(millis(2_000)));
    state.pause();
    let view = state.view();
    assert_eq!((view.elapsed, view.paused_at), (millis(8_000), None));
}

#[test]
fn a_reset_is_seen_on_a_paused_display_too() {
    let mut state = state();
    state.pause();
    state.reset(&Latency::new(), &Tally::default());
    let view = state.view();
    assert_eq!((view.totals.sent, view.paused_at), (0, Some(millis(2_000))));
}

#[test]
fn a_run_warms_up_measures_and_drains() {
    let mut state = State::new(setting());
    let mut phase = |at, ending| {
        state.read(reading(at), None, ending);
        state.view().phase
    };
    assert_eq!(phase(999, false), Phase::WarmingUp);
    assert_eq!(phase(1_000, false), Phase::Measuring);
    assert_eq!(phase(2_000, true), Phase::Draining);
    assert_eq!(phase(61_000, false), Phase::Draining);
}

#[test]
fn the_warm_up_is_in_no_figure_of_the_window() {
    let mut state = State::new(setting());
    state.read(reading(0), None, false);
    state.read(reading(800), None, false);
    let view = state.view();
    assert_eq!((view.totals.sent, view.elapsed), (800, millis(800)));
    let warming_up = ["warming up 0s of 1s", "in warm-up"];
    assert_shows(&screen(&view, 80, 24), &warming_up);
    state.read(reading(1_000), None, false);
    state.read(reading(1_900), None, false);
    let view = state.view();
    assert_eq!((view.totals.sent, view.elapsed), (0, millis(900)));
    let (row, total, tally) = row(&[20; 990], 10);
    state.measured(&[row], &total, &tally);
    let view = state.view();
    let totals = view.totals;
    assert_eq!(
        (totals.sent, totals.answered, totals.lost),
        (1_000, 990, 10)
    );
    assert_shows(&screen(&view, 80, 24), &["since start"]);
}

#[test]
fn a_reset_in_the_warm_up_ends_with_it() {
    let mut state = State::new(setting());
    state.read(reading(500), None, false);
    state.reset(&Latency::new(), &Tally::default());
    state.read(reading(700), None, false);
    assert_eq!(state.view().totals.sent, 200);
    state.read(reading(1_000), None, false);
    let view = state.view();
    assert_eq!((view.totals.sent, view.reset_at), (0, None));
}

#[test]
fn the_help_is_wrapped_and_its_last_line_is_whole_or_said_to_be_missing() {
    let mut state = state();
    state.help();
    let narrow = screen(&state.view(), 30, 60);
    assert_shows(
        &narrow,
        &[
            "q, Esc  end the run, with the",
            "        report of what was",
        ],
    );
    assert!(
        !narrow
            .iter()
            .any(|line| line.contains("Ctrl-C  the same; once more: end the"))
    );
    let words = narrow
        .join(" ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(
        words.contains("Nothing here goes into the result."),
        "{words}"
    );
    assert_shows(&screen(&state.view(), 30, 8), &["q stop  cut: "]);
    let usual = screen(&state.view(), 80, 24).join("");
    assert!(!usual.contains("cut"), "{usual}");
}

#[test]
fn a_usual_terminal_shows_everything() {
    let everything = [
        "measuring 2s of 1m  127.0.0.1:50007 (embedded server)",
        "1,000 probes/s of 64 bytes",
        "last 1s    since start",
        "p50          20.0 us        20.0 us",
        "late p99",
        "sent                  1,000        2,000",
        "of the sent                       10 %",
        "the server                         200",
        "p99 of each 1s, up to 20.0 us",
        "\u{2588}",
        "server     received 1,000/s, sent 900/s",
        "2.00 datagrams a receive call",
        "dropped  200 fault",
        "until      p99 +-3.1 % of +-2 %",
        "q stop  p pause  r reset  ? help",
    ];
    for (columns, rows) in [(80, 24), (120, 40)] {
        let screen = screen(&state().view(), columns, rows);
        assert_shows(&screen, &everything);
        assert!(!screen.join("").contains("cut"), "{}", screen.join("\n"));
    }
}

#[test]
fn a_small_terminal_shows_the_quantiles_and_says_what_it_would_take() {
    let small = screen(&state().view(), 40, 10);
    assert_shows(
        &small,
        &[
            "measuring 2s",
            "p50",
            "p99.9",
            "late p50",
            "q stop  cut: 58x32 shows all",
        ],
    );
    let tiny = screen(&state().view(), 20, 5);
    assert_shows(
        &tiny,
        &[
            "measuring 2s of 1m",
            "p50          20.0 us",
            "q stop  cut: ",
        ],
    );
}

#[test]
fn the_help_replaces_the_figures_and_goes_again() {
    let mut state = state();
    state.help();
    let shown = screen(&state.view(), 80, 24);
    assert_shows(&shown, &["q, Esc  end the run", "measuring"]);
    assert!(!shown.join("").contains("p99.9"));
    state.help();
    assert_shows(&screen(&state.view(), 80, 24), &["p99.9"]);
}

#[test]
fn a_quantile_among_the_lost_is_a_column_of_crosses() {
    let mut state = state();
    let rows = [row(&[20; 1_000], 0), row(&[20; 1_000], 500)];
    let (_, total, tally) = &rows[1];
    state.measured(&rows.clone().map(|(row, ..)| row), total, tally);
    let shown = screen(&state.view(), 80, 24);
    assert_shows(&shown, &["\u{2588}x  ", "p99             lost"]);
}

#[test]
fn without_colour_nothing_is_coloured() {
    let area = Rect::new(0, 0, 80, 24);
    let coloured = |palette| {
        let mut buffer = Buffer::empty(area);
        draw(&state().view(), &mut buffer, palette);
        buffer
            .content
            .iter()
            .any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset)
    };
    assert!(coloured(Palette::Colour));
    assert!(!coloured(Palette::Plain));
}

prop_compose! {
    fn any_reading()(
        at in 0..u64::MAX / 1_000_000, counts: [u64; 4], reactor: Option<[u64; 5]>, known: bool,
    ) -> Reading {
        let reactor = reactor.map(|numbers| Account {
            received: numbers[0],
            echoed: numbers[1],
            receive_calls: numbers[2],
            kernel_drops: numbers[3] / 4,
            dropped: numbers[4] / 4,
            ..Account::default()
        });
        Reading {
            at: millis(at),
            sent: counts[0],
            answered: counts[1],
            lost: counts[2],
            own_drops: counts[3],
            server: if known { Server::of(reactor.as_ref()) } else { Server::Unknown },
            reactor,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_state_can_be_drawn_on_any_terminal(
        readings in vec(any_reading(), 0..4),
        rows in vec((vec(0..200_000_000_u64, 0..40), 0..40_u64), 0..4),
        presses in vec(0..4_u8, 0..6),
        goal: Option<String>,
        columns in 0..200_u16,
        height in 0..70_u16,
    ) {
        let mut state = State::new(setting());
        let mut known = Vec::new();
        let (mut total, mut tally) = (Latency::new(), Tally::default());
        for (micros, given_up) in &rows {
            let (row, latency, added) = row(micros, *given_up);
            known.push(row);
            total.merge(&latency);
            tally.add(&added);
            state.measured(&known, &total, &tally);
        }
        for reading in readings {
            state.read(reading, goal.clone(), false);
            for press in &presses {
                match press {
                    0 => state.pause(),
                    1 => state.reset(&total, &tally),
                    2 => state.help(),
                    _ => state.measured(&known, &total, &tally),
                }
            }
        }
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, height));
        draw(&state.view(), &mut buffer, Palette::Colour);
    }
}
