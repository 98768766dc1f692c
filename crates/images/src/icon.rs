//! An icon in the format of `/favicon.ico`.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use crate::DrawError;

/// Width and height of the icon.
const ICON_PIXELS: u8 = 32;

/// Bytes before the image: the header of the file, and one entry.
const HEADER_BYTES: u8 = 22;

/// Draws a square SVG as an ICO file with one PNG in it.
///
/// # Errors
/// The SVG is malformed.
pub fn icon_file(svg: &str) -> Result<Vec<u8>, DrawError> {
    let tree = Tree::from_str(svg, &Options::default())?;
    let pixels = u32::from(ICON_PIXELS);
    let mut pixmap = Pixmap::new(pixels, pixels).ok_or(DrawError::Size)?;
    let scale = f32::from(ICON_PIXELS) / tree.size().width();
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    let png = pixmap.encode_png().map_err(|_| DrawError::Encoding)?;
    let length = u32::try_from(png.len()).map_err(|_| DrawError::Encoding)?;
    // Reserved, type 1 for icons, one image; its width, height, colours, a reserved byte, one plane and 32 bits.
    let mut file = vec![0, 0, 1, 0, 1, 0, ICON_PIXELS, ICON_PIXELS, 0, 0, 1, 0, 32, 0];
    file.extend(length.to_le_bytes());
    file.extend([HEADER_BYTES, 0, 0, 0]);
    file.extend(png);
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn icon_has_one_image() {
        let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><rect width="4" height="4"/></svg>"#;
        let file = icon_file(svg).unwrap();
        let (header, png) = file.split_at(usize::from(HEADER_BYTES));
        assert_eq!(header[14..18], u32::try_from(png.len()).unwrap().to_le_bytes());
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
        // The sizes in the first chunk of the PNG, after its length and type.
        assert_eq!(png[16..24], [0, 0, 0, ICON_PIXELS, 0, 0, 0, ICON_PIXELS]);
        assert!(icon_file("<svg").is_err());
    }
}
