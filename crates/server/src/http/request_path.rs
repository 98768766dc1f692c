//! Brings the path of a request into the form of the table of routes: without the base path, slashes at its end
//! and escapes that mean nothing, and in lower case, so that URLs are case-insensitive. The flight number is
//! excepted, because its case is significant.

use http::{Request, Uri, uri::PathAndQuery};

use super::base_path::BasePath;

/// Index of the flight number in `/boards/{board}/flights/{flight}`, split at slashes.
const FLIGHT_SEGMENT: usize = 4;

/// Normalises the path of a request to a server with the base path `base`.
pub(super) fn normalise<B>(mut request: Request<B>, base: &BasePath) -> Request<B> {
    // `*`, of `OPTIONS *`, and the target of `CONNECT` are not paths.
    if !request.uri().path().starts_with('/') {
        return request;
    }
    let path = decode_unreserved(request.uri().path());
    let path = match base.strip(&path).trim_end_matches('/') {
        "" => "/".to_owned(),
        // The names of the page's files are in mixed case.
        asset if asset.starts_with("/assets/") => asset.to_owned(),
        path => lower_case(path),
    };
    if let Some(uri) = with_path(request.uri(), &path) {
        *request.uri_mut() = uri;
    }
    request
}

/// Decodes escapes of letters, digits and `-._~`, which mean the same without (RFC 3986, section 6.2.2.2).
fn decode_unreserved(path: &str) -> String {
    let mut parts = path.split('%');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.filter(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(byte)) {
            Some(byte) => {
                decoded.push(char::from(byte));
                decoded.push_str(&part[2..]);
            }
            None => {
                decoded.push('%');
                decoded.push_str(part);
            }
        }
    }
    decoded
}

fn lower_case(path: &str) -> String {
    let mut segments: Vec<String> = Vec::new();
    for (index, segment) in path.split('/').enumerate() {
        let is_flight = index == FLIGHT_SEGMENT && segments.get(1).is_some_and(|it| it == "boards");
        segments.push(if is_flight { segment.to_owned() } else { segment.to_ascii_lowercase() });
    }
    segments.join("/")
}

fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(path.to_owned() + &query).ok();
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(base: &str, from: &str, to: &str) {
        let request = Request::get(from).body(()).unwrap();
        let normal = normalise(request, &base.parse().unwrap());
        assert_eq!(normal.uri().to_string(), to, "{from}");
    }

    #[test]
    fn flight_numbers_and_assets_keep_case() {
        for base in ["", "/Deep/Base"] {
            let check = |from: &str, to: &str| check(base, &format!("{base}{from}"), to);
            check("/Events?lastEventId=Ab-1", "/events?lastEventId=Ab-1");
            check(
                "/BOARDS/JFK/Flights/I768?date=2026-11-22",
                "/boards/jfk/flights/I768?date=2026-11-22",
            );
            check("/assets/Index-B7.js", "/assets/Index-B7.js");
        }
    }

    #[test]
    fn slashes_and_escapes_make_no_difference() {
        for base in ["", "/deep"] {
            let check = |from: &str, to: &str| check(base, &format!("{base}{from}"), to);
            check("/events/", "/events");
            check("/Boards/main/flights//?x=/", "/boards/main/flights?x=/");
            check("/boards/main/flights/I768/", "/boards/main/flights/I768");
            check("//", "/");
            check("/%62oards/m%61%49n/%65vents", "/boards/main/events");
            check(
                "/boards/main/flights/i%2D7%2f8%20%C3%A9",
                "/boards/main/flights/i-7%2f8%20%C3%A9",
            );
            check("/%zz/%", "/%zz/%");
        }
        check("", "*", "*");
        check("", "http://host/Events/", "http://host/events");
        check("/deep", "/d%65ep/events", "/events");
    }

    #[test]
    fn base_paths_are_removed() {
        check("/board", "/board", "/");
        check("/board", "/BOARD/?x=1", "/?x=1");
        check("/boards", "/boards/boards/main", "/boards/main");
        for path in ["/", "/events", "/boards/main", "/healthz"] {
            check("/board", &format!("/board{path}"), path);
            check("/board", path, path);
        }
    }
}
