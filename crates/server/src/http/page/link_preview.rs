//! The elements of a page's head for those who share a link to it: title, description and image (Open Graph).

use flight::{FlightKey, Timetable, TimetableRow};
use jiff::Timestamp;
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::row_texts::RowTexts;
use crate::http::public_url::PublicUrl;

/// The size of images, as in `crates/images`.
const IMAGE_SIZE: (&str, &str) = ("1200", "630");

/// The head of a page, as far as it depends on the board.
pub(super) struct LinkPreview {
    pub(super) title: String,
    pub(super) elements: Markup,
}

/// The preview of a board, or of one flight if `key` names one.
pub(super) fn link_preview(
    timetable: &Timetable,
    key: Option<&FlightKey>,
    url: &PublicUrl,
    now: Timestamp,
) -> LinkPreview {
    let texts = RowTexts::new(timetable.settings());
    let as_of = texts.as_of(now);
    let board = texts.board();
    let path = format!("/boards/{}", timetable.settings().name);
    match key.and_then(|key| timetable.find(key).ok()) {
        Some(row) => {
            let time = match texts.times(row) {
                (scheduled, Some(revised)) => format!("scheduled {scheduled}, now {revised}"),
                (scheduled, None) => format!("scheduled {scheduled}"),
            };
            let (path, query) = flight_path(&path, row);
            LinkPreview::new(
                &texts.sentence(row),
                &format!("{board}: {time}. As of {as_of}."),
                &path,
                &query,
                url,
            )
        }
        None => {
            let description = format!("{} flights. As of {as_of}.", timetable.len());
            LinkPreview::new(&board, &description, &path, "", url)
        }
    }
}

impl LinkPreview {
    fn new(title: &str, description: &str, path: &str, query: &str, url: &PublicUrl) -> Self {
        let url = url.as_str();
        let page = format!("{url}{path}{query}");
        let image = format!("{url}{path}/image.png{query}");
        let elements = html! {
            meta name="description" content=(description);
            link rel="canonical" href=(page);
            meta property="og:type" content="website";
            meta property="og:site_name" content="flightboard";
            meta property="og:title" content=(title);
            meta property="og:description" content=(description);
            meta property="og:url" content=(page);
            meta property="og:image" content=(image);
            meta property="og:image:type" content="image/png";
            meta property="og:image:width" content=(IMAGE_SIZE.0);
            meta property="og:image:height" content=(IMAGE_SIZE.1);
            meta property="og:image:alt" content={ (title) ". " (description) };
            meta name="twitter:card" content="summary_large_image";
        };
        Self { title: format!("{title} · flightboard"), elements }
    }
}

/// The path of a row's page, and the query that tells it from others of its number.
fn flight_path(board: &str, row: &TimetableRow) -> (String, String) {
    let key = row.flight().key();
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let date = key.date().map(|date| format!("date={date}"));
    let leg = key.leg().map(|leg| format!("leg={}", encoded(leg)));
    let query: Vec<_> = date.into_iter().chain(leg).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    (format!("{board}/flights/{}", encoded(key.flight())), query)
}
