//! Draws a server's images.
//!
//! ```
//! let square = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8"/></svg>"##;
//! assert!(images::icon_file(square).unwrap().starts_with(&[0, 0, 1, 0]));
//! ```

/// An icon in the format of `/favicon.ico`.
mod icon;

pub use icon::icon_file;

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
