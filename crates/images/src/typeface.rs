//! Fonts: the widths of texts, and the characters that they have.

use resvg::usvg::fontdb;
use skrifa::instance::{Location, Size};
use skrifa::{FontRef, MetadataProvider, Tag};
use std::sync::Arc;

const ELLIPSIS: char = '…';

/// The axis of a variable font for the weight of its strokes.
const WEIGHT_AXIS: Tag = Tag::new(b"wght");

/// A family of variable fonts, each with some of the characters.
pub(crate) struct Typeface {
    fonts: Vec<FontRef<'static>>,
    pub(crate) database: Arc<fontdb::Database>,
}

impl Typeface {
    /// Leaves out data that is not a font.
    pub(crate) fn new(fonts: &[&'static [u8]]) -> Self {
        let mut database = fontdb::Database::new();
        for font in fonts {
            database.load_font_source(fontdb::Source::Binary(Arc::new(*font)));
        }
        let fonts = fonts.iter().filter_map(|font| FontRef::new(font).ok()).collect();
        Self { fonts, database: Arc::new(database) }
    }

    /// The family's name, as an SVG has to call it.
    pub(crate) fn family(&self) -> &str {
        let face = self.database.faces().next();
        face.and_then(|face| face.families.first()).map_or("", |(name, _)| name)
    }

    /// The text if every letter and digit of it has a glyph, else an empty one. A part of a name could be another name.
    pub(crate) fn whole<'a>(&self, text: &'a str) -> &'a str {
        let mut letters = text.chars().filter(|character| character.is_alphanumeric());
        if letters.all(|letter| self.has(letter)) { text } else { "" }
    }

    fn has(&self, character: char) -> bool {
        self.fonts.iter().any(|font| font.charmap().map(character).is_some())
    }

    /// The text without the characters that no font has, and cut to `max_width` pixels with an ellipsis.
    pub(crate) fn fitted(&self, text: &str, pixels: f32, weight: u16, max_width: f32) -> String {
        let widths: Vec<(char, f32)> = text
            .chars()
            .filter_map(|character| Some((character, self.width(character, pixels, weight)?)))
            .collect();
        let all: f32 = widths.iter().map(|(_, width)| width).sum();
        if all <= max_width {
            let text: String = widths.iter().map(|(character, _)| character).collect();
            return text.trim().to_owned();
        }
        let mut left = max_width - self.width(ELLIPSIS, pixels, weight).unwrap_or_default();
        let mut cut = String::new();
        for (character, width) in widths {
            left -= width;
            if left < 0.0 {
                break;
            }
            cut.push(character);
        }
        cut.truncate(cut.trim_end().len());
        cut.push(ELLIPSIS);
        cut.trim_start().to_owned()
    }

    /// The width of a text, without the characters that no font has.
    pub(crate) fn text_width(&self, text: &str, pixels: f32, weight: u16) -> f32 {
        text.chars().filter_map(|character| self.width(character, pixels, weight)).sum()
    }

    fn width(&self, character: char, pixels: f32, weight: u16) -> Option<f32> {
        self.fonts.iter().find_map(|font| {
            let glyph = font.charmap().map(character)?;
            let location: Location = font.axes().location([(WEIGHT_AXIS, f32::from(weight))]);
            font.glyph_metrics(Size::new(pixels), &location).advance_width(glyph)
        })
    }
}
