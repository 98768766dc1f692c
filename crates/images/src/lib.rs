//! Draws a server's images: those of links that readers share, and the icon.
//!
//! ```
//! let square = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8"/></svg>"##;
//! assert!(images::icon_file(square).unwrap().starts_with(&[0, 0, 1, 0]));
//! ```

/// The texts of an image.
mod row;

/// Fonts: the widths of texts, and the characters that they have.
mod typeface;

/// The image of a board or of a flight, as SVG.
mod share_image;

/// SVG to PNG.
mod painter;

/// An icon in the format of `/favicon.ico`.
mod icon;

pub use icon::icon_file;
pub use painter::Painter;
pub use row::{ImageRow, Tone};
pub use share_image::{ImageRows, ShareImage};

/// The image cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// The SVG is malformed.
    #[error("the image is no SVG: {0}")]
    Svg(#[from] resvg::usvg::Error),
    /// It has no pixels, or too many.
    #[error("the image has no size")]
    Size,
    /// The pixels cannot be encoded.
    #[error("the image cannot be encoded")]
    Encoding,
}
