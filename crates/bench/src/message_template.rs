//! Requests that publish a message, made from a template and sent to several endpoints round-robin.

use anyhow::{Context, Result, ensure};

use crate::endpoint::Endpoint;
use crate::timestamps::{self, Timestamp};

/// The placeholder for the number of the message, from 1.
const NUMBER_PLACEHOLDER: &str = "{number}";

/// The placeholder for a [`Timestamp`]: the send time, and the message's number on its endpoint.
const TIME_PLACEHOLDER: &str = "{time}";

#[derive(Debug, Clone)]
pub(crate) struct MessageTemplate {
    /// Request line and headers for each endpoint, without `Content-Length`.
    heads: Vec<String>,
    body: String,
}

/// A complete header line.
#[derive(Debug, Clone)]
pub(crate) struct HeaderLine(String);

impl MessageTemplate {
    /// A template for endpoints on one server.
    pub(crate) fn new(
        endpoints: &[Endpoint],
        method: &str,
        headers: &[HeaderLine],
        body: &str,
    ) -> Self {
        let mut lines = String::new();
        if !headers.iter().any(HeaderLine::is_content_type) {
            lines.push_str("Content-Type: application/json\r\n");
        }
        for HeaderLine(line) in headers {
            lines.push_str(line);
            lines.push_str("\r\n");
        }
        let head = |endpoint: &Endpoint| {
            let Endpoint { path, host, .. } = endpoint;
            format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{lines}")
        };
        Self { heads: endpoints.iter().map(head).collect(), body: body.to_owned() }
    }

    /// The request for message `number`, counted from 1, with the current time.
    pub(crate) fn request(&self, number: u64) -> Vec<u8> {
        let endpoints = self.heads.len() as u64;
        let endpoint = (number - 1) % endpoints;
        let timestamp = Timestamp {
            nanos: timestamps::monotonic_nanos(),
            number: (number - 1) / endpoints + 1,
        };
        let body = self.body.replace(NUMBER_PLACEHOLDER, &number.to_string());
        let body = body.replace(TIME_PLACEHOLDER, &timestamp.to_string());
        let head = &self.heads[endpoint as usize];
        format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }
}

impl HeaderLine {
    fn is_content_type(&self) -> bool {
        self.0.to_ascii_lowercase().starts_with("content-type:")
    }
}

impl std::str::FromStr for HeaderLine {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, value) = text.split_once(':').context("not a header such as 'Name: value'")?;
        let is_token =
            |letter: char| letter.is_ascii_alphanumeric() || "-_.!#$%&'*+^`|~".contains(letter);
        ensure!(!name.is_empty() && name.chars().all(is_token), "{name:?} is not a header name");
        ensure!(!value.contains(['\r', '\n', '\0']), "a header value must be one line");
        Ok(Self(format!("{name}: {}", value.trim())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[&str], body: &str) -> String {
        let endpoint = Endpoint::parse("http://127.0.0.1:5000/publish?a=b").unwrap();
        let headers: Vec<_> = headers.iter().map(|line| line.parse().unwrap()).collect();
        let template = MessageTemplate::new(&[endpoint], "POST", &headers, body);
        String::from_utf8(template.request(7)).unwrap()
    }

    #[test]
    fn placeholders_become_number_and_time() {
        let request = request(&["X-Key:  a"], r#"{"n":{number},"at":"{time}","again":"{number}"}"#);
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert_eq!(
            head,
            format!(
                "POST /publish?a=b HTTP/1.1\r\nHost: 127.0.0.1:5000\r\n\
                 Content-Type: application/json\r\nX-Key: a\r\nContent-Length: {}",
                body.len()
            )
        );
        let (before, rest) = body.split_once("sent~").unwrap();
        let (nanos, after) = rest.split_once('~').unwrap();
        assert_eq!((before, after), (r#"{"n":7,"at":""#, r#"7~","again":"7"}"#));
        let nanos: u64 = nanos.parse().unwrap();
        assert!(nanos > 0 && nanos <= timestamps::monotonic_nanos());
    }

    #[test]
    fn endpoints_alternate_with_own_numbers() {
        let endpoints =
            ["/a", "/b"].map(|path| Endpoint::parse(&format!("http://[::1]{path}")).unwrap());
        let template = MessageTemplate::new(&endpoints, "POST", &[], "{number} {time}");
        let sent = (1..=5).map(|number| {
            let request = String::from_utf8(template.request(number)).unwrap();
            let number = request.split('~').nth(2).unwrap().to_owned();
            (request.split(' ').nth(1).unwrap().to_owned(), number)
        });
        let expected = [("/a", "1"), ("/b", "1"), ("/a", "2"), ("/b", "2"), ("/a", "3")];
        assert_eq!(sent.collect::<Vec<_>>(), expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn given_content_type_replaces_the_default() {
        let request = request(&["Content-type: text/plain"], "hello");
        assert_eq!(request.to_lowercase().matches("content-type").count(), 1);
        assert!(request.contains("Content-type: text/plain\r\n"));
    }

    #[test]
    fn malformed_headers_are_rejected() {
        for text in ["", "name", ": value", "a b: c", "a: b\r\nc: d"] {
            assert!(text.parse::<HeaderLine>().is_err(), "{text:?}");
        }
    }
}
