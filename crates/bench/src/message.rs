//! What is published: one request a message, made of a template, to each of some places in turn.

use anyhow::{Context, Result, ensure};

use crate::stamps::{self, Stamp};
use crate::target::Place;

/// Stands for the number of the message, from 1 on.
const NUMBER: &str = "{number}";

/// Stands for a stamp: the time at which it is sent, and its number among those of its place.
const TIME: &str = "{time}";

/// Requests to publish, all alike but for the number and the time.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// Request line and headers, all but the length, for each place.
    heads: Vec<String>,
    body: String,
}

impl Message {
    /// For places of one server.
    pub(crate) fn new(to: &[Place], method: &str, headers: &[Header], body: &str) -> Self {
        let is_content_type =
            |Header(line): &Header| line.to_ascii_lowercase().starts_with("content-type:");
        let json = (!headers.iter().any(is_content_type))
            .then(|| "Content-Type: application/json\r\n".to_owned());
        let lines = headers.iter().map(|Header(line)| format!("{line}\r\n"));
        let lines: String = json.into_iter().chain(lines).collect();
        let head = |to: &Place| {
            let Place { path, host, .. } = to;
            format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{lines}")
        };
        Self { heads: to.iter().map(head).collect(), body: body.to_owned() }
    }

    /// The request for the message of this number, from 1 on, sent now.
    pub(crate) fn request(&self, number: u64) -> Vec<u8> {
        let places = self.heads.len() as u64;
        let (round, place) = ((number - 1) / places, (number - 1) % places);
        let body = self.body.replace(NUMBER, &number.to_string());
        let stamp = Stamp { nanos: stamps::now_nanos(), number: round + 1 };
        let body = body.replace(TIME, &stamp.to_string());
        let head = &self.heads[place as usize];
        format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }
}

/// A whole header line.
#[derive(Debug, Clone)]
pub(crate) struct Header(String);

impl std::str::FromStr for Header {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, value) = text.split_once(':').context("not a header such as 'Name: value'")?;
        let is_token =
            |sign: char| sign.is_ascii_alphanumeric() || "-_.!#$%&'*+^`|~".contains(sign);
        ensure!(!name.is_empty() && name.chars().all(is_token), "{name:?} is no header's name");
        ensure!(!value.contains(['\r', '\n', '\0']), "a header is one line");
        Ok(Self(format!("{name}: {}", value.trim())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[&str], body: &str) -> String {
        let to = Place::parse("http://127.0.0.1:5000/publish?a=b").unwrap();
        let headers: Vec<_> = headers.iter().map(|line| line.parse().unwrap()).collect();
        let message = Message::new(&[to], "POST", &headers, body);
        String::from_utf8(message.request(7)).unwrap()
    }

    #[test]
    fn placeholders_are_the_number_and_the_time() {
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
        assert!(nanos > 0 && nanos <= stamps::now_nanos());
    }

    #[test]
    fn places_take_turns_and_each_counts_its_own() {
        let places = ["/a", "/b"].map(|path| Place::parse(&format!("http://[::1]{path}")).unwrap());
        let message = Message::new(&places, "POST", &[], "{number} {time}");
        let told = (1..=5).map(|number| {
            let request = String::from_utf8(message.request(number)).unwrap();
            let stamp = request.split('~').nth(2).unwrap().to_owned();
            (request.split(' ').nth(1).unwrap().to_owned(), stamp)
        });
        let expected = [("/a", "1"), ("/b", "1"), ("/a", "2"), ("/b", "2"), ("/a", "3")];
        assert_eq!(told.collect::<Vec<_>>(), expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn a_content_type_that_is_given_is_the_only_one() {
        let request = request(&["Content-type: text/plain"], "hello");
        assert_eq!(request.to_lowercase().matches("content-type").count(), 1);
        assert!(request.contains("Content-type: text/plain\r\n"));
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for text in ["", "name", ": value", "a b: c", "a: b\r\nc: d"] {
            assert!(text.parse::<Header>().is_err(), "{text:?}");
        }
    }
}
