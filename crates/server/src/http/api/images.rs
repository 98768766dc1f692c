//! `GET /boards/{board}/image.png` and that of a flight: images for links to them.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use flight::{FlightField, FlightKey, Timetable, TimetableRow};
use http::header;
use images::{ImageRow, ImageRows, Painter, ShareImage, Tone};
use jiff::{SignedDuration, Timestamp};

use super::{boards, request};
use crate::app::App;
use crate::http::follow_access::BoardReader;
use crate::http::page::row_texts::{RowTexts, text};
use crate::http::path_params::PathParams;
use crate::http::problem::Problem;
use crate::image_store::{self, ImageError};

/// A shared image is not live anyway: it names its time.
const CACHE_CONTROL: &str = "public, max-age=60";

/// A flight is among the next ones of a board until this time after its movement.
const PAST: SignedDuration = SignedDuration::from_mins(5);

/// Departures in these states cannot be caught any more.
const MISSED_STATES: [&str; 2] = ["gate closed", "departed"];

/// `GET /boards/{board}/image.png`
pub(crate) async fn board(
    State(app): State<App>,
    PathParams(board): PathParams<String>,
    reader: BoardReader,
) -> Result<Response, Problem> {
    image(&app, &board, None, &reader).await
}

/// `GET /boards/{board}/flights/{flight}/image.png[?date=&leg=]`
pub(crate) async fn flight(
    State(app): State<App>,
    PathParams((board, flight)): PathParams<(String, String)>,
    RawQuery(query): RawQuery,
    reader: BoardReader,
) -> Result<Response, Problem> {
    let key = request::flight_key(&flight, query.as_deref().unwrap_or_default())?;
    image(&app, &board, Some(key), &reader).await
}

async fn image(
    app: &App,
    board: &str,
    key: Option<FlightKey>,
    reader: &BoardReader,
) -> Result<Response, Problem> {
    let (timetable, access) = boards::timetable(app, board, reader).await?;
    let key = match key {
        Some(key) => Some(timetable.find(&key)?.flight().key().clone()),
        None => None,
    };
    let name = timetable.settings().name.clone();
    let wanted = key.clone();
    let draw =
        move |painter: &Painter| draw(painter, &timetable, wanted.as_ref(), Timestamp::now());
    let image = Arc::clone(&app.state.images).image((name, key), draw).await;
    let image = image.map_err(|error| match error {
        ImageError::Busy => Problem::images_busy(),
        ImageError::Failed => Problem::image_failed(),
    })?;
    let headers = [(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, CACHE_CONTROL)];
    let mut response = (headers, image).into_response();
    access.mark(&mut response);
    Ok(response)
}

fn draw(
    painter: &Painter,
    timetable: &Timetable,
    key: Option<&FlightKey>,
    now: Timestamp,
) -> Option<Vec<u8>> {
    let texts = RowTexts::new(timetable.settings());
    let (title, plain_title, as_of) = (texts.board(), texts.plain_board(), texts.as_of(now));
    let rows: Vec<ImageRow> = match key {
        Some(key) => timetable.find(key).into_iter().map(|row| image_row(&texts, row)).collect(),
        None => next_rows(timetable, now).iter().map(|row| image_row(&texts, row)).collect(),
    };
    let rows = match (key, rows.as_slice()) {
        (Some(_), [row]) => ImageRows::Flight(row),
        (_, rows) => ImageRows::Board(rows),
    };
    let image = ShareImage {
        title: &title,
        plain_title: &plain_title,
        as_of: &as_of,
        exit_label: texts.exit_label(),
        rows,
    };
    image_store::png(painter, &image)
}

/// The flights that can still be caught or met, in the order of their expected movement.
fn next_rows(timetable: &Timetable, now: Timestamp) -> Vec<&TimetableRow> {
    let scheduled = timetable.settings().kind.scheduled_field();
    let fields = [FlightField::Actual, FlightField::Estimated, scheduled];
    let movement =
        |row: &TimetableRow| fields.into_iter().find_map(|field| row.row().instant(field));
    let is_missed = |row: &TimetableRow| {
        let state = text(row, FlightField::State);
        MISSED_STATES.iter().any(|missed| missed.eq_ignore_ascii_case(state))
    };
    let mut rows: Vec<_> = timetable
        .rows()
        .into_iter()
        .filter(|row| !is_missed(row) && movement(row).is_none_or(|at| at >= now - PAST))
        .collect();
    rows.sort_by_cached_key(|row| {
        (movement(row).unwrap_or(Timestamp::MAX), row.flight().key().clone())
    });
    rows
}

fn image_row(texts: &RowTexts<'_>, row: &TimetableRow) -> ImageRow {
    let (scheduled, revised) = texts.times(row);
    let state = text(row, FlightField::State);
    ImageRow {
        scheduled,
        revised,
        place: texts.place_name(row).to_owned(),
        flight: row.flight().key().flight().to_owned(),
        airline: text(row, FlightField::Airline).to_owned(),
        exit: texts.exit(row).to_owned(),
        state: state.to_owned(),
        tone: Tone::of_state(state),
    }
}
