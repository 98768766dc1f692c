//! The board that a URL names: the URL of a server, of a board's page, or of its stream.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

/// The board of a URL that names none.
const DEFAULT_BOARD: &str = "main";

/// A board of a server.
///
/// ```
/// use flightboard_client::BoardUrl;
///
/// let url: BoardUrl = "https://airport.example/board/boards/jfk/events".parse()?;
/// assert_eq!(url.board(), "jfk");
/// assert_eq!(url.at(""), "https://airport.example/board/boards/jfk");
/// let url: BoardUrl = "http://127.0.0.1:5000".parse()?;
/// assert_eq!(url.at("/events"), "http://127.0.0.1:5000/boards/main/events");
/// # Ok::<(), flightboard_client::ParseBoardUrlError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardUrl {
    server: Url,
    board: String,
}

/// The text is not the URL of a server or a board.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be the http or https URL of a server or a board, such as https://airport.example/boards/main"
)]
pub struct ParseBoardUrlError;

impl FromStr for BoardUrl {
    type Err = ParseBoardUrlError;

    fn from_str(text: &str) -> Result<Self, ParseBoardUrlError> {
        let mut url: Url = text.parse().map_err(|_| ParseBoardUrlError)?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !is_plain {
            return Err(ParseBoardUrlError);
        }
        url.set_query(None);
        url.set_fragment(None);
        let path = url.path().trim_end_matches('/').to_owned();
        let path = strip_suffix_ignoring_case(&path, "/events").unwrap_or(&path);
        let (server, board) = match path.rsplit_once('/') {
            Some((before, board)) => match strip_suffix_ignoring_case(before, "/boards") {
                Some(server) => (server, board),
                None => (path, DEFAULT_BOARD),
            },
            None => (path, DEFAULT_BOARD),
        };
        let (server, board) = (server.to_owned(), board.to_owned());
        url.set_path(&server);
        Ok(Self { server: url, board })
    }
}

impl BoardUrl {
    /// The name of the board.
    pub fn board(&self) -> &str {
        &self.board
    }

    /// A URL below the board, such as `/events`.
    pub fn at(&self, path: &str) -> String {
        format!("{}/boards/{}{path}", self.server.as_str().trim_end_matches('/'), self.board)
    }

    /// Another board of the same server.
    pub fn with_board(&self, board: &str) -> Self {
        Self { server: self.server.clone(), board: board.to_owned() }
    }

    /// The board whose stream is at this URL.
    pub fn of_stream(stream: &Url) -> Option<Self> {
        let path = stream.path().trim_end_matches('/');
        strip_suffix_ignoring_case(path, "/events")?;
        stream.as_str().parse().ok()
    }

    /// Returns true if the host is this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.server)
    }

    /// Returns true if requests are encrypted.
    pub fn is_https(&self) -> bool {
        self.server.scheme() == "https"
    }

    /// Scheme, host and port, as in the header `Origin`.
    pub fn origin(&self) -> String {
        self.server.origin().ascii_serialization()
    }
}

impl fmt::Display for BoardUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.at("/events"))
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    match address {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

fn strip_suffix_ignoring_case<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let at = text.len().checked_sub(suffix.len())?;
    let (start, end) = text.split_at_checked(at)?;
    end.eq_ignore_ascii_case(suffix).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_a_board() {
        for (text, stream) in [
            ("http://127.0.0.1:5000", "http://127.0.0.1:5000/boards/main/events"),
            ("http://a.example/events", "http://a.example/boards/main/events"),
            ("https://a.example/board/", "https://a.example/board/boards/main/events"),
            ("https://a.example/board/Events?x=1", "https://a.example/board/boards/main/events"),
            ("https://a.example/Boards/jfk#top", "https://a.example/boards/jfk/events"),
            ("https://a.example/boards/jfk/events", "https://a.example/boards/jfk/events"),
            ("https://[::1]:1/a/boards/jfk", "https://[::1]:1/a/boards/jfk/events"),
        ] {
            assert_eq!(text.parse::<BoardUrl>().map(|url| url.to_string()), Ok(stream.to_owned()));
        }
    }

    #[test]
    fn other_urls_are_refused() {
        for text in ["", "airport.example", "ftp://a.example", "http://u:p@a.example", "data:x"] {
            assert_eq!(text.parse::<BoardUrl>(), Err(ParseBoardUrlError), "{text}");
        }
    }

    #[test]
    fn only_own_hosts_are_loopback() {
        for (text, expected) in [
            ("http://localhost", true),
            ("http://a.localhost:1", true),
            ("http://127.0.0.2", true),
            ("http://[::1]", true),
            ("http://localhost.example", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(text.parse::<BoardUrl>().unwrap().is_loopback(), expected, "{text}");
        }
    }
}
