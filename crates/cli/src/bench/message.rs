//! What is published: one request a message, made of a template.

use anyhow::{Context, Result, ensure};

use super::stamps::{self, Stamp};
use super::target::Place;

/// Stands for the number of the message, from 1 on.
const NUMBER: &str = "{number}";

/// Stands for a stamp: the time at which it is sent, and its number.
const TIME: &str = "{time}";

/// Requests to publish, all alike but for the number and the time.
#[derive(Debug, Clone)]
pub(super) struct Message {
    /// Request line and headers, all but the length.
    head: String,
    body: String,
}

impl Message {
    pub(super) fn new(to: &Place, method: &str, headers: &[Header], body: &str) -> Self {
        let mut head = format!("{method} {} HTTP/1.1\r\nHost: {}\r\n", to.path, to.host);
        if !headers
            .iter()
            .any(|Header(line)| line.to_ascii_lowercase().starts_with("content-type:"))
        {
            head += "Content-Type: application/json\r\n";
        }
        for Header(line) in headers {
            head += &format!("{line}\r\n");
        }
        Self { head, body: body.to_owned() }
    }

    /// The request for the message of this number, sent now.
    pub(super) fn request(&self, number: u64) -> Vec<u8> {
        let body = self.body.replace(NUMBER, &number.to_string());
        let stamp = Stamp { nanos: stamps::now_nanos(), number };
        let body = body.replace(TIME, &stamp.to_string());
        format!("{}Content-Length: {}\r\n\r\n{body}", self.head, body.len()).into_bytes()
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
        let message = Message::new(&to, "POST", &headers, body);
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
