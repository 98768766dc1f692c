//! SVG to PNG.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use crate::DrawError;
use crate::share_image::{IMAGE_HEIGHT, IMAGE_WIDTH, ShareImage};
use crate::typeface::Typeface;

/// Draws images with the fonts that it was given, and no others.
pub struct Painter {
    typeface: Typeface,
}

impl Painter {
    /// The fonts are of one family, in the format of OpenType. A name with a letter that none of them has
    /// is not drawn.
    pub fn new(fonts: &[&'static [u8]]) -> Self {
        Self { typeface: Typeface::new(fonts) }
    }

    /// Draws an image as PNG.
    ///
    /// # Errors
    /// There is not enough memory.
    pub fn png(&self, image: &ShareImage<'_>) -> Result<Vec<u8>, DrawError> {
        let svg = self.svg(image);
        let fontdb = Arc::clone(&self.typeface.database);
        let tree = Tree::from_str(&svg, &Options { fontdb, ..Options::default() })?;
        let mut pixmap = Pixmap::new(IMAGE_WIDTH, IMAGE_HEIGHT).ok_or(DrawError::Size)?;
        resvg::render(&tree, Transform::identity(), &mut pixmap.as_mut());
        pixmap.encode_png().map_err(|_| DrawError::Encoding)
    }

    /// Draws an image as SVG.
    pub fn svg(&self, image: &ShareImage<'_>) -> String {
        image.svg(&self.typeface).into_string()
    }
}
