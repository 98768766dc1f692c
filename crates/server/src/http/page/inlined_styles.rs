//! The page's styles inside its document: a first screen is painted without another request.

use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::{embedded, stylesheet_link};

/// The start of a URL in the file of the styles, which is beside the other assets.
const FILE_URL_START: &str = "url(./";

/// The start of that URL in a document, whose base URL is the server's.
const DOCUMENT_URL_START: &str = "url(assets/";

pub(super) struct InlinedStyles {
    /// It names the file with the same styles, which the page keeps for the time without a server.
    pub(super) element: String,
    /// Allows the element in a policy (CSP Level 3, section 6.7.3.3).
    pub(super) source: String,
}

pub(super) fn inlined_styles() -> &'static InlinedStyles {
    static STYLES: LazyLock<InlinedStyles> = LazyLock::new(read_styles);
    &STYLES
}

fn read_styles() -> InlinedStyles {
    let page = embedded("index.html");
    let page = String::from_utf8_lossy(&page.data);
    let link = stylesheet_link(&page);
    let (_, url) = link.split_once("href=\"./").expect("the styles have a relative URL");
    let (path, _) = url.split_once('"').expect("the attribute ends");
    let file = embedded(path);
    let styles = String::from_utf8_lossy(&file.data).replace(FILE_URL_START, DOCUMENT_URL_START);
    let hash = BASE64_STANDARD.encode(Sha256::digest(&styles));
    InlinedStyles {
        element: format!(r#"<style data-file="./{path}">{styles}</style>"#),
        source: format!("'sha256-{hash}'"),
    }
}
