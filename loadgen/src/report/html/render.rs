//! A page as HTML. Whatever comes from a file passes through the templates, which escape it, or
//! through [`embedded`].

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Serialize;

use super::assets;
use super::chart::Chart;
use super::fields::fields;
use super::forest;
use super::page::{Block, Judgement, Page, Section, Tone};
use super::table::{Cell, FigureUnit, Row, Table, Weight};

/// The page, whole.
pub(super) fn render(page: &Page) -> String {
    let mut charts = Vec::new();
    let sections: Vec<Markup> = page
        .sections
        .iter()
        .enumerate()
        .map(|(number, part)| section(part, number, &mut charts))
        .collect();
    let body = html! {
        main {
            h1 { (page.title) }
            (contents(&page.contents))
            @for section in &sections { (section) }
            noscript {
                p { "The charts need JavaScript; the numbers stand in the tables." }
            }
        }
        footer { p { "Written by loadgen " (env!("CARGO_PKG_VERSION")) ", drawn by uPlot." } }
        script type="application/json" id="charts" { (embedded(&charts)) }
        @for script in assets::SCRIPTS { script { (PreEscaped(script)) } }
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(assets::policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (page.title) }
                @for style in assets::STYLES { style { (PreEscaped(style)) } }
            }
            body { (body) }
        }
    }
    .into_string()
}

/// Data for a script, of which no part can end the element that it stands in.
fn embedded(data: &impl Serialize) -> PreEscaped<String> {
    // Text and numbers alone: they always have a form in JSON. Outside of strings it has no `<`.
    let text = serde_json::to_string(data).unwrap_or_default();
    PreEscaped(text.replace('<', "\\u003c"))
}

fn contents(contents: &[(String, usize)]) -> Markup {
    html! {
        @if !contents.is_empty() {
            nav aria-label="Contents" {
                ul { @for (label, number) in contents { li { a href={ "#" (anchor(*number)) } { (label) } } } }
            }
        }
    }
}

/// What a link to a section of this number says.
fn anchor(number: usize) -> String {
    format!("section-{number}")
}

fn section<'a>(section: &'a Section, number: usize, charts: &mut Vec<&'a Chart>) -> Markup {
    let blocks = blocks(&section.blocks, charts);
    html! {
        section id=(anchor(number)) {
            h2 { (section.heading) }
            (blocks)
        }
    }
}

fn blocks<'a>(blocks: &'a [Block], charts: &mut Vec<&'a Chart>) -> Markup {
    let rendered: Vec<Markup> = blocks.iter().map(|one| block(one, charts)).collect();
    html! { @for block in &rendered { (block) } }
}

fn block<'a>(block: &'a Block, charts: &mut Vec<&'a Chart>) -> Markup {
    match block {
        Block::Judgement(judgement) => judged(judgement),
        Block::List(entries) => list(entries),
        Block::Text(text) => html! { p { (text) } },
        Block::Table(shown) => table(shown),
        Block::Chart(chart) => {
            charts.push(chart);
            figure(chart, charts.len() - 1)
        }
        Block::Forest(forest) => forest::draw(forest),
        // Reached by keyboard, so that it can be scrolled by keyboard.
        Block::Preformatted(text) => html! { pre.scroll tabindex="0" { (text) } },
        Block::Beside(all) => {
            let inside = blocks(all, charts);
            html! { div.beside { (inside) } }
        }
        Block::Folded {
            summary,
            blocks: folded,
        } => {
            let inside = blocks(folded, charts);
            html! { details { summary { (summary) } (inside) } }
        }
        Block::Fields(value) => fields(value),
    }
}

fn judged(judgement: &Judgement) -> Markup {
    let tone = match judgement.tone {
        Tone::Good => "good",
        Tone::Doubtful => "doubtful",
        Tone::Bad => "bad",
        Tone::Plain => "plain",
    };
    html! {
        div class={ "judgement " (tone) } {
            p {
                strong.word { (judgement.word) }
                @if !judgement.subject.is_empty() { " " span.subject { (judgement.subject) } }
            }
            @if !judgement.sentences.is_empty() {
                ul { @for sentence in &judgement.sentences { li { (sentence) } } }
            }
        }
    }
}

fn list(entries: &[(String, String)]) -> Markup {
    html! {
        dl {
            @for (label, text) in entries {
                dt { (label) }
                dd { (text) }
            }
        }
    }
}

fn table(table: &Table) -> Markup {
    html! {
        // Reached by keyboard, so that it can be scrolled by keyboard.
        div.scroll tabindex="0" {
            table {
                thead { tr { @for name in &table.heading { th scope="col" { (name) } } } }
                tbody { @for shown in &table.rows { (row(shown, table.heading.len())) } }
            }
        }
        @if !table.legend.is_empty() {
            dl.legend {
                @for (word, meaning) in &table.legend { dt { (word) } dd { (meaning) } }
            }
        }
    }
}

fn row(row: &Row, columns: usize) -> Markup {
    let class = match row.weight {
        Weight::Heading => {
            return html! {
                tr.heading { th scope="rowgroup" colspan=(columns) { (row.name) } }
            };
        }
        Weight::Strong => Some("strong"),
        Weight::Weak => Some("weak"),
        Weight::Normal => None,
    };
    html! {
        tr class=[class] {
            th scope="row" { (row.name) }
            @for shown in &row.cells { (cell(shown)) }
        }
    }
}

fn cell(cell: &Cell) -> Markup {
    let Some(figure) = &cell.figure else {
        return html! { td { (cell.text) } };
    };
    let raw = |unit| (figure.unit == unit).then_some(&figure.raw);
    html! {
        td data-file=(figure.file) data-name=(figure.path)
            data-ns=[raw(FigureUnit::Nanoseconds)] data-value=[raw(FigureUnit::One)]
            data-ppb=[raw(FigureUnit::Billionths)] data-part=[raw(FigureUnit::Part)]
            data-p=[raw(FigureUnit::Chance)] {
            (cell.text)
        }
    }
}

fn figure(chart: &Chart, number: usize) -> Markup {
    let caption = format!("caption-{number}");
    html! {
        figure data-chart=(number) data-chart-name=(chart.name) {
            figcaption id=(caption) {
                h3 { (chart.title) }
                p { (chart.caption) }
            }
            div.plot tabindex="0" role="img" aria-labelledby=(caption) {}
        }
    }
}
