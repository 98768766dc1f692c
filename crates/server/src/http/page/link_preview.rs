//! The elements of a page's head for those who share a link to it: title, description and image (Open Graph).

use flight::{Timetable, TimetableRow};
use jiff::Timestamp;
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::PageSubject;
use super::row_texts::RowTexts;
use crate::http::public_url::PublicUrl;

/// The size of images, as in `crates/images`.
const IMAGE_SIZE: (&str, &str) = ("1200", "630");

/// The head of a page, as far as it depends on the board.
pub(super) struct LinkPreview {
    pub(super) title: String,
    pub(super) elements: Markup,
}

/// The preview of a page of a board. That of a flight which is not on the board is the board's.
pub(super) fn link_preview(
    timetable: &Timetable,
    subject: &PageSubject,
    url: &PublicUrl,
    now: Timestamp,
) -> LinkPreview {
    let texts = RowTexts::new(timetable.settings());
    let as_of = texts.as_of(now);
    let board = texts.board();
    let path = format!("/boards/{}", timetable.settings().name);
    let row = match subject {
        PageSubject::Flight(key) => timetable.find(key).ok(),
        PageSubject::Rows { .. } | PageSubject::Punctuality | PageSubject::Other => None,
    };
    match (subject, row) {
        (_, Some(row)) => {
            let time = match texts.times(row) {
                (scheduled, Some(revised)) => format!("scheduled {scheduled}, now {revised}"),
                (scheduled, None) => format!("scheduled {scheduled}"),
            };
            let (path, query) = flight_path(&path, row);
            let description = format!("{board}: {time}. As of {as_of}.");
            let image = format!("{path}/image.png{query}");
            let page = path + &query;
            LinkPreview::new(&texts.sentence(row), &description, &page, Some(&image), url)
        }
        (PageSubject::Punctuality, None) => {
            let title = format!("Punctuality · {board}");
            let description = "Flights on time, late and cancelled, by hour and by airline.";
            LinkPreview::new(&title, description, &format!("{path}/punctuality"), None, url)
        }
        (_, None) => {
            let description = format!("{} flights. As of {as_of}.", timetable.len());
            let image = format!("{path}/image.png");
            LinkPreview::new(&board, &description, &path, Some(&image), url)
        }
    }
}

impl LinkPreview {
    /// `page` and `image` are relative to the server. An image shows rows.
    fn new(
        title: &str,
        description: &str,
        page: &str,
        image: Option<&str>,
        url: &PublicUrl,
    ) -> Self {
        let url = url.as_str();
        let page = format!("{url}{page}");
        let elements = html! {
            meta name="description" content=(description);
            link rel="canonical" href=(page);
            meta property="og:type" content="website";
            meta property="og:site_name" content="flightboard";
            meta property="og:title" content=(title);
            meta property="og:description" content=(description);
            meta property="og:url" content=(page);
            @if let Some(image) = image {
                meta property="og:image" content={ (url) (image) };
                meta property="og:image:type" content="image/png";
                meta property="og:image:width" content=(IMAGE_SIZE.0);
                meta property="og:image:height" content=(IMAGE_SIZE.1);
                meta property="og:image:alt" content={ (title) ". " (description) };
                meta name="twitter:card" content="summary_large_image";
            }
        };
        Self { title: format!("{title} · flightboard"), elements }
    }
}

/// The path of a row's page, and the query that tells it from others of its number.
pub(super) fn flight_path(board: &str, row: &TimetableRow) -> (String, String) {
    let key = row.flight().key();
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let date = key.date().map(|date| format!("date={date}"));
    let leg = key.leg().map(|leg| format!("leg={}", encoded(leg)));
    let query: Vec<_> = date.into_iter().chain(leg).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    (format!("{board}/flights/{}", encoded(key.flight())), query)
}
