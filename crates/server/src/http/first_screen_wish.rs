//! Decides if the page of a board begins with the flights of now, as the server draws them. It does for English readers,
//! without a search or a filter in the URL.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, header};

use super::list_header::elements;
use super::session_cookie::cookie;
use crate::app::App;

/// The languages of the page (`web/src/language/languages.ts`).
const LANGUAGES: [&str; 7] = ["en", "de", "es", "fr", "ja", "ar", "zh"];

/// The language of the first screen.
const FIRST_LANGUAGE: &str = "en";

/// The cookie in which the page keeps the reader's choice (`web/src/language/choice.ts`).
const LANGUAGE_COOKIE: &str = "flightboard-language";

/// True if the page begins so.
pub(crate) struct FirstScreenWish(pub(crate) bool);

impl FirstScreenWish {
    fn find(query: &str, headers: &HeaderMap) -> Self {
        let mut named = None;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if name != "lang" {
                return Self(false);
            }
            named = named.or_else(|| language(&value));
        }
        let chosen = || cookie(headers, LANGUAGE_COOKIE).and_then(language);
        let preferred = || elements(headers, &header::ACCEPT_LANGUAGE).find_map(language);
        let language = named.or_else(chosen).or_else(preferred).unwrap_or(FIRST_LANGUAGE);
        Self(language == FIRST_LANGUAGE)
    }
}

impl FromRequestParts<App> for FirstScreenWish {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        Ok(Self::find(parts.uri.query().unwrap_or_default(), &parts.headers))
    }
}

/// The page's language of a tag, such as `en` of `en-GB;q=0.8`.
fn language(tag: &str) -> Option<&'static str> {
    let name = tag.split(['-', ';', ',']).next()?.trim();
    LANGUAGES.into_iter().find(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn first_screen_is_english() {
        let check = |query: &str, preferred: &str, cookie: &str, expected: bool| {
            let mut headers = HeaderMap::new();
            for (name, value) in [(header::ACCEPT_LANGUAGE, preferred), (header::COOKIE, cookie)] {
                if !value.is_empty() {
                    headers.insert(name, HeaderValue::from_str(value).unwrap());
                }
            }
            let FirstScreenWish(found) = FirstScreenWish::find(query, &headers);
            assert_eq!(found, expected, "{query} {preferred} {cookie}");
        };
        check("", "", "", true);
        check("", "en-GB,en;q=0.9", "", true);
        check("", "nl,en;q=0.9", "", true);
        check("", "de-DE,en;q=0.9", "", false);
        check("", "de", "a=b; flightboard-language=en", true);
        check("", "en", "flightboard-language=ja", false);
        check("lang=fr", "en", "", false);
        check("lang=en", "de", "", true);
        check("lang=nl", "de", "", false);
        check("q=BA", "en", "", false);
        check("at=2026-01-15T12:00:00Z", "en", "", false);
    }
}
