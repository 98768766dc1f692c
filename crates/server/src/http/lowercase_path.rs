//! Lower-cases paths, so that URLs are case-insensitive. The flight number is excepted, because its
//! case is significant.

use http::{Request, Uri, uri::PathAndQuery};

/// Index of the flight number in `/boards/{board}/flights/{flight}`, split at slashes.
const FLIGHT_SEGMENT: usize = 4;

/// Lower-cases the path of a request.
pub(super) fn lowercase_path<B>(mut request: Request<B>) -> Request<B> {
    // The names of the page's files are in mixed case.
    let is_asset = request.uri().path().starts_with("/assets/");
    if !is_asset && let Some(uri) = with_lowercase_path(request.uri()) {
        *request.uri_mut() = uri;
    }
    request
}

fn with_lowercase_path(uri: &Uri) -> Option<Uri> {
    let mut path = Vec::new();
    for (index, segment) in uri.path().split('/').enumerate() {
        path.push(match index {
            FLIGHT_SEGMENT => segment.to_owned(),
            _ => segment.to_ascii_lowercase(),
        });
    }
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(path.join("/") + &query).ok();
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flight_numbers_and_assets_keep_case() {
        let check = |from: &str, to: &str| {
            let request = Request::get(from).body(()).unwrap();
            assert_eq!(lowercase_path(request).uri().to_string(), to);
        };
        check("/Events?lastEventId=Ab-1", "/events?lastEventId=Ab-1");
        check(
            "/BOARDS/JFK/Flights/I768?date=2026-11-22",
            "/boards/jfk/flights/I768?date=2026-11-22",
        );
        check("/assets/Index-B7.js", "/assets/Index-B7.js");
    }
}
