//! A forest plot as HTML: a drawing a row, whose places are parts of its width, so that it fits any
//! screen and paper. Its colours are those of the page's style.

use maud::{Markup, html};

use super::{Forest, Place, Row, Tick, Tone};

/// The plot. What is drawn stands in words beside it.
pub(in crate::report::html) fn draw(forest: &Forest) -> Markup {
    html! {
        figure.forest {
            figcaption {
                h3 { (forest.title) }
                p { (forest.caption) }
            }
            ul {
                @for shown in &forest.rows { (row(shown, forest)) }
            }
            (axis(&forest.ticks, forest.zero))
        }
    }
}

fn row(row: &Row, forest: &Forest) -> Markup {
    let tone = match row.tone {
        Tone::Better => "better",
        Tone::Worse => "worse",
        Tone::Open => "open",
    };
    html! {
        li class=(tone) {
            span.name { (row.name) }
            " "
            span.told { (row.told) }
            svg width="100%" height=(HEIGHT) aria-hidden="true" {
                @if let Some([low, high]) = forest.band {
                    rect.band x=(percent(low)) width=(percent(high - low)) y="0" height=(HEIGHT) {}
                }
                (zero(forest.zero))
                (interval(row.within))
                (mark(row.at))
            }
        }
    }
}

fn zero(at: f64) -> Markup {
    html! { line.zero x1=(percent(at)) x2=(percent(at)) y1="0" y2=(HEIGHT) {} }
}

fn interval(within: [Place; 2]) -> Markup {
    let [from, to] = within.map(edge);
    html! {
        line.within x1=(from) x2=(to) y1=(MIDDLE) y2=(MIDDLE) {}
        @for end in within {
            @if let Place::At(at) = end {
                line.within x1=(percent(at)) x2=(percent(at)) y1=(MIDDLE - 4) y2=(MIDDLE + 4) {}
            }
        }
    }
}

/// A dot, or a triangle that points beyond the numbers.
fn mark(place: Place) -> Markup {
    let triangle = |points: &str| {
        html! { svg x=(edge(place)) y=(MIDDLE) overflow="visible" { polygon.mark points=(points) {} } }
    };
    match place {
        Place::At(at) => html! { circle.mark cx=(percent(at)) cy=(MIDDLE) r="4.5" {} },
        Place::Above => triangle("0,0 -9,-5 -9,5"),
        Place::Below => triangle("0,0 9,-5 9,5"),
    }
}

fn axis(ticks: &[Tick], nothing: f64) -> Markup {
    html! {
        svg.axis width="100%" height=(HEIGHT) aria-hidden="true" {
            line x1="0" x2="100%" y1="0.5" y2="0.5" {}
            line.zero x1=(percent(nothing)) x2=(percent(nothing)) y1="0" y2="6" {}
            @for tick in ticks {
                line x1=(percent(tick.at)) x2=(percent(tick.at)) y1="0" y2="5" {}
                text x=(percent(tick.at)) y="18" text-anchor="middle" { (tick.label) }
            }
        }
    }
}

fn edge(place: Place) -> String {
    match place {
        Place::At(at) => percent(at),
        Place::Above => percent(1.0),
        Place::Below => percent(0.0),
    }
}

fn percent(part: f64) -> String {
    format!("{:.2}%", 100.0 * part)
}

/// Of a row, in pixels.
const HEIGHT: u8 = 22;

const MIDDLE: u8 = HEIGHT / 2;
