//! `GET /places`: the names of places, so that pages need not have those of all airports.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use flight::ParseError;
use http::header;
use serde::Serialize;

use crate::http::problem::Problem;

/// Most codes in a request.
const MAX_CODES: usize = 500;

/// Names change only with the program.
const CACHE_CONTROL: &str = "public, max-age=3600";

#[derive(Serialize)]
struct Places {
    places: BTreeMap<String, &'static str>,
}

/// `GET /places?codes=HKG,LHR`: without the codes that are not known.
pub(crate) async fn list(RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let (_, codes) = pairs
        .find(|(name, _)| name == "codes")
        .ok_or_else(|| ParseError::new("codes", "is missing"))?;
    let codes: Vec<&str> = codes.split(',').collect();
    let is_code =
        |code: &&str| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if codes.len() > MAX_CODES || !codes.iter().all(is_code) {
        let reason = format!("must be at most {MAX_CODES} IATA codes with commas between them");
        return Err(ParseError::new("codes", reason).into());
    }
    let places = codes.into_iter().filter_map(|code| {
        let code = code.to_ascii_uppercase();
        codes::place_name(&code).map(|place| (code, place))
    });
    let places = Places { places: places.collect() };
    Ok(([(header::CACHE_CONTROL, CACHE_CONTROL)], Json(places)).into_response())
}
