//! The image of a board or of a flight, as SVG. It has no live data, so it names its time.

use maud::{Markup, html};

use crate::row::{ImageRow, Tone};
use crate::typeface::Typeface;

/// The size that social networks ask for, in pixels.
pub(crate) const IMAGE_WIDTH: u32 = 1_200;
pub(crate) const IMAGE_HEIGHT: u32 = 630;

/// Most rows of a board.
const MAX_IMAGE_ROWS: usize = 6;

const EDGE: f32 = 60.0;
const INNER_WIDTH: f32 = 1_080.0;
const HEAD_HEIGHT: f32 = 120.0;
const ROW_HEIGHT: f32 = 73.0;

const GROUND: &str = "#0a0e13";
const ROW: &str = "#0f151c";
const ALTERNATE: &str = "#141c25";
const INK: &str = "#ffffff";
const FAINT: &str = "#b1bdca";
const REVISED: &str = "#ffb938";
const ACCENT: &str = "#ffd02e";

/// The plane of the page's icon, in a square of 32 units.
const PLANE: &str = "M16 4.5c1 0 1.8 1.4 1.8 3.2v5.1l9 5.6v2.3l-9-2.8v4.9l2.6 2v1.9L16 25.5l-4.4 1.2v-1.9l2.6-2v-4.9l\
                     -9 2.8v-2.3l9-5.6V7.7c0-1.8.8-3.2 1.8-3.2z";

/// The content of an image.
#[derive(Debug)]
pub struct ShareImage<'a> {
    /// The board's title and airport.
    pub title: &'a str,
    /// The title if the fonts do not have all letters of that one.
    pub plain_title: &'a str,
    /// The time of the content, such as `20:18, Thu 15 Jan, HKT`.
    pub as_of: &'a str,
    /// `Gate` or `Belt`.
    pub exit_label: &'a str,
    /// Its flights.
    pub rows: ImageRows<'a>,
}

/// The flights of an image.
#[derive(Debug)]
pub enum ImageRows<'a> {
    /// One flight.
    Flight(&'a ImageRow),
    /// The next flights of a board. The image has room for the first six.
    Board(&'a [ImageRow]),
}

/// A place for text: its left or right end, its base line, and its width.
struct Slot {
    x: f32,
    y: f32,
    width: f32,
    anchor: &'static str,
}

/// The font and colour of a text.
struct Style {
    pixels: f32,
    weight: u16,
    fill: &'static str,
}

impl ShareImage<'_> {
    pub(crate) fn svg(&self, typeface: &Typeface) -> Markup {
        let canvas = Canvas { typeface };
        html! {
            svg xmlns="http://www.w3.org/2000/svg" width=(IMAGE_WIDTH) height=(IMAGE_HEIGHT)
                font-family=(typeface.family())
            {
                (canvas.block(0.0, 0.0, IMAGE_WIDTH as f32, IMAGE_HEIGHT as f32, GROUND))
                (canvas.head(self))
                @match self.rows {
                    ImageRows::Flight(row) => (canvas.flight(&row.whole(typeface), self.exit_label)),
                    ImageRows::Board([]) => {
                        (canvas.text("No flights from now on", &left(EDGE, 350.0, INNER_WIDTH), &style(48.0, 600, FAINT)))
                    }
                    ImageRows::Board(rows) => {
                        @for (index, row) in rows.iter().take(MAX_IMAGE_ROWS).enumerate() {
                            (canvas.row(&row.whole(typeface), index))
                        }
                    }
                }
            }
        }
    }
}

struct Canvas<'a> {
    typeface: &'a Typeface,
}

impl Canvas<'_> {
    fn head(&self, image: &ShareImage<'_>) -> Markup {
        let as_of = format!("As of {}", image.as_of);
        let title = match self.typeface.whole(image.title) {
            "" => image.plain_title,
            title => title,
        };
        html! {
            (self.block(EDGE, 34.0, 64.0, 64.0, ACCENT))
            g transform="translate(62 36) scale(1.875) rotate(45 16 16)" { path d=(PLANE) fill=(GROUND) {} }
            (self.text(title, &left(EDGE + 88.0, 80.0, 590.0), &style(40.0, 700, INK)))
            (self.text(&as_of, &right(EDGE + INNER_WIDTH, 78.0, 390.0), &style(28.0, 400, FAINT)))
        }
    }

    fn flight(&self, row: &ImageRow, exit_label: &str) -> Markup {
        let (ground, ink) = row.tone.colours();
        let state = capitalised(&row.state);
        let exit_width = if row.exit.is_empty() { 0.0 } else { 300.0 };
        let number = format!("{}  {}", row.flight, row.airline);
        let scheduled = if row.revised.is_some() { FAINT } else { INK };
        let scheduled_width = self.typeface.text_width(&row.scheduled, 84.0, 700);
        html! {
            (self.block(0.0, HEAD_HEIGHT + 10.0, IMAGE_WIDTH as f32, 380.0, ROW))
            (self.text(&row.place, &left(EDGE, 250.0, INNER_WIDTH - exit_width), &style(96.0, 700, INK)))
            (self.text(&number, &left(EDGE, 325.0, INNER_WIDTH - exit_width), &style(48.0, 500, FAINT)))
            (self.text(&row.scheduled, &left(EDGE, 455.0, 400.0), &style(84.0, 700, scheduled)))
            @if let Some(revised) = &row.revised {
                (self.block(EDGE, 424.0, scheduled_width, 7.0, FAINT))
                (self.text(revised, &left(EDGE + scheduled_width + 36.0, 455.0, 400.0), &style(84.0, 700, REVISED)))
            }
            @if !row.exit.is_empty() {
                (self.block(EDGE + INNER_WIDTH - 270.0, 170.0, 270.0, 300.0, ACCENT))
                (self.text(exit_label, &middle(EDGE + INNER_WIDTH - 135.0, 235.0, 240.0), &style(40.0, 600, GROUND)))
                (self.text(&row.exit, &middle(EDGE + INNER_WIDTH - 135.0, 385.0, 240.0), &style(120.0, 800, GROUND)))
            }
            @if let Some(ground) = ground {
                (self.block(0.0, 510.0, IMAGE_WIDTH as f32, 120.0, ground))
            }
            (self.text(&state, &left(EDGE, 590.0, INNER_WIDTH), &style(60.0, 700, ink)))
        }
    }

    fn row(&self, row: &ImageRow, index: usize) -> Markup {
        let top = HEAD_HEIGHT + 10.0 + ROW_HEIGHT * index as f32;
        let base = top + 50.0;
        let shade = if index.is_multiple_of(2) { ROW } else { ALTERNATE };
        let (ground, ink) = row.tone.colours();
        let time = row.revised.as_ref().unwrap_or(&row.scheduled);
        let time_ink = if row.revised.is_some() { REVISED } else { INK };
        let is_called = matches!(row.tone, Tone::Go | Tone::Call);
        html! {
            (self.block(0.0, top, IMAGE_WIDTH as f32, ROW_HEIGHT - 2.0, shade))
            (self.text(time, &left(EDGE, base, 120.0), &style(40.0, 700, time_ink)))
            (self.text(&row.place, &left(200.0, base, 400.0), &style(40.0, 600, INK)))
            (self.text(&row.flight, &left(620.0, base, 170.0), &style(34.0, 500, FAINT)))
            @if is_called && !row.exit.is_empty() {
                (self.block(800.0, top + 8.0, 90.0, ROW_HEIGHT - 18.0, ACCENT))
            }
            (self.text(
                &row.exit,
                &middle(845.0, base, 84.0),
                &style(36.0, 700, if is_called { GROUND } else { FAINT }),
            ))
            @if let Some(ground) = ground {
                (self.block(905.0, top, IMAGE_WIDTH as f32 - 905.0, ROW_HEIGHT - 2.0, ground))
            }
            (self.text(&capitalised(&row.state), &left(925.0, base, 225.0), &style(34.0, 600, ink)))
        }
    }

    fn block(&self, x: f32, y: f32, width: f32, height: f32, fill: &str) -> Markup {
        html! { rect x=(x) y=(y) width=(width) height=(height) fill=(fill) {} }
    }

    fn text(&self, text: &str, slot: &Slot, style: &Style) -> Markup {
        let fitted = self.typeface.fitted(text, style.pixels, style.weight, slot.width);
        html! {
            text x=(slot.x) y=(slot.y) text-anchor=(slot.anchor) font-size=(style.pixels)
                font-weight=(style.weight) fill=(style.fill) { (fitted) }
        }
    }
}

fn left(x: f32, y: f32, width: f32) -> Slot {
    Slot { x, y, width, anchor: "start" }
}

fn middle(x: f32, y: f32, width: f32) -> Slot {
    Slot { x, y, width, anchor: "middle" }
}

fn right(x: f32, y: f32, width: f32) -> Slot {
    Slot { x, y, width, anchor: "end" }
}

fn style(pixels: f32, weight: u16, fill: &'static str) -> Style {
    Style { pixels, weight, fill }
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
