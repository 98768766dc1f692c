//! The same URL in any letter case: all of a path but the flight's number, which is the
//! publisher's own.

use http::{Request, Uri, uri::PathAndQuery};

/// Where the flight's number stands in `/boards/{board}/flights/{flight}`.
const FLIGHT_SEGMENT: usize = 4;

/// The same request with its path in lower case.
pub(crate) fn lower<B>(mut request: Request<B>) -> Request<B> {
    let path = request.uri().path();
    // Names of the page's files are in mixed case.
    let is_file = path.starts_with("/assets/");
    if !is_file && let Some(uri) = lowered(request.uri()) {
        *request.uri_mut() = uri;
    }
    request
}

fn lowered(uri: &Uri) -> Option<Uri> {
    let lower = |(at, segment): (usize, &str)| match at {
        FLIGHT_SEGMENT => segment.to_owned(),
        _ => segment.to_ascii_lowercase(),
    };
    let path: Vec<_> = uri.path().split('/').enumerate().map(lower).collect();
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(path.join("/") + &query).ok();
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_the_flight_is_lowered() {
        let check = |from: &str, to: &str| {
            let request = Request::get(from).body(()).unwrap();
            assert_eq!(lower(request).uri().to_string(), to);
        };
        check("/Events?lastEventId=Ab-1", "/events?lastEventId=Ab-1");
        check(
            "/BOARDS/JFK/Flights/I768?date=2026-11-22",
            "/boards/jfk/flights/I768?date=2026-11-22",
        );
        check("/assets/Index-B7.js", "/assets/Index-B7.js");
    }
}
