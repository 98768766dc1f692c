//! Parsers for flag values.

use flight::{BoardKind, MAX_FLIGHTS};
use jiff::Timestamp;
use rustls::pki_types::ServerName;
use serde_json::json;
use server::MAX_REACTOR_THREADS;
use ureq::http::Uri;

/// A size that must fit in memory.
pub(crate) fn bytes_in_memory(text: &str) -> Result<usize, String> {
    usize::try_from(flags::bytes(text)?).map_err(|_| "larger than the address space".to_owned())
}

/// A number of threads that write to followers, at most [`MAX_REACTOR_THREADS`].
pub(crate) fn reactor_threads(text: &str) -> Result<usize, String> {
    let threads = text.parse().ok().filter(|threads| *threads <= MAX_REACTOR_THREADS);
    threads.ok_or_else(|| format!("not a number from 0 to {MAX_REACTOR_THREADS}"))
}

/// A number of flights, at most [`MAX_FLIGHTS`].
pub(crate) fn max_flights(text: &str) -> Result<usize, String> {
    let flights = text.parse().ok().filter(|flights| (1..=MAX_FLIGHTS).contains(flights));
    flights.ok_or_else(|| format!("not a number from 1 to {MAX_FLIGHTS}"))
}

/// The direction of a board's rows.
pub(crate) fn board_kind(text: &str) -> Result<BoardKind, String> {
    serde_json::from_value(json!(text)).map_err(|_| "must be arrivals or departures".to_owned())
}

/// The name of a host, for a certificate.
pub(crate) fn host_name(text: &str) -> Result<String, String> {
    match ServerName::try_from(text) {
        Ok(ServerName::DnsName(_)) => Ok(text.to_owned()),
        _ => Err("not the name of a host, such as board.airport.example".to_owned()),
    }
}

/// A URL of https, as of an authority's directory (RFC 8555, section 6.1).
pub(crate) fn https_url(text: &str) -> Result<String, String> {
    let url = text.parse::<Uri>().ok();
    let is_https = |url: Uri| url.scheme_str() == Some("https") && url.host() != Some("");
    if url.is_some_and(is_https) {
        return Ok(text.to_owned());
    }
    Err("not a URL such as https://acme.airport.example/directory".to_owned())
}

/// A moment, with the offset of its time zone.
pub(crate) fn timestamp(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| "must be a time with an offset, such as 2026-01-07T09:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn board_sizes_are_bounded() {
        assert_eq!(max_flights("1"), Ok(1));
        assert_eq!(max_flights("20000"), Ok(MAX_FLIGHTS));
        for text in ["0", "20001", "many"] {
            assert!(max_flights(text).is_err(), "{text}");
        }
    }

    #[test]
    fn authorities_get_names_and_urls() {
        for text in ["board.airport.example", "localhost", "a.b", "xn--4gbrim.example"] {
            assert_eq!(host_name(text).as_deref(), Ok(text));
        }
        for text in ["", "bad domain!", "*.airport.example", "192.0.2.1", "a.example:443", "a/b"] {
            assert!(host_name(text).is_err(), "{text}");
        }
        for text in ["https://acme.example/directory", "https://127.0.0.1:14000/dir"] {
            assert_eq!(https_url(text).as_deref(), Ok(text));
        }
        for text in ["", "notaurl", "not a url", "http://", "https://", "http://a.example", "/dir"]
        {
            assert!(https_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn reactor_threads_are_bounded() {
        for (text, threads) in [("0", 0), ("1", 1), ("16", MAX_REACTOR_THREADS)] {
            assert_eq!(reactor_threads(text), Ok(threads));
        }
        for text in ["17", "100000000000000000000", "-1", "1.5", "", "many"] {
            let error = reactor_threads(text).unwrap_err();
            assert!(error.contains("from 0 to 16"), "{text}: {error}");
        }
    }
}
