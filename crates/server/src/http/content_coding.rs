//! Compresses responses and decompresses the bodies of requests (RFC 9110, section 8.4.1).

use std::io::{self, Read, Write};

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Body as _;

use super::accept::{ContentCoding, preferred_coding};
use super::entity_tag::{EntityTag, TagCondition};

/// A smaller body fits one packet of Ethernet, so compressing it saves nothing.
const MIN_COMPRESSED_BYTES: u64 = 1_400;

/// The codings that are fast enough for content which is made for a request, best first.
pub(crate) const LIVE_CODINGS: [ContentCoding; 2] = [ContentCoding::Zstd, ContentCoding::Gzip];

/// Binary logarithm of the largest window of a zstd body, in bytes (RFC 9659). The decoder allocates
/// it.
const MAX_ZSTD_WINDOW_LOG: u32 = 23;

/// Compresses the response if the client wants it. Event streams, which have no length, stay as they
/// are: an encoder would hold events back.
pub(super) async fn compress(request: Request, next: Next) -> Response {
    let coding = preferred_coding(request.headers(), &LIVE_CODINGS);
    let mut response = next.run(request).await;
    let length = response.body().size_hint().exact();
    let has_content = length.is_some_and(|length| length > 0);
    if has_content || response.status() == StatusCode::NOT_MODIFIED {
        let vary = HeaderValue::from_static("accept-encoding");
        response.headers_mut().append(header::VARY, vary);
    }
    let is_large = length.is_some_and(|length| length >= MIN_COMPRESSED_BYTES);
    match coding.filter(|_| is_large && is_compressible(response.headers())) {
        Some(coding) => encode_response(response, coding).await,
        None => response,
    }
}

/// Decodes the body of a request.
///
/// # Errors
/// The bytes are malformed.
pub(crate) fn decode(
    coding: ContentCoding,
    bytes: &[u8],
    max_bytes: usize,
) -> io::Result<DecodedBody> {
    match coding {
        ContentCoding::Gzip => read_bounded(MultiGzDecoder::new(bytes), max_bytes),
        ContentCoding::Zstd => {
            let mut decoder = zstd::Decoder::new(bytes)?;
            decoder.window_log_max(MAX_ZSTD_WINDOW_LOG)?;
            read_bounded(decoder, max_bytes)
        }
        ContentCoding::Brotli => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// The result of decoding a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DecodedBody {
    Whole(Bytes),
    /// It has more bytes than allowed. The others were not decoded.
    TooLarge,
}

fn read_bounded(decoder: impl Read, max_bytes: usize) -> io::Result<DecodedBody> {
    let mut decoded = Vec::new();
    decoder.take(max_bytes as u64 + 1).read_to_end(&mut decoded)?;
    Ok(if decoded.len() > max_bytes {
        DecodedBody::TooLarge
    } else {
        DecodedBody::Whole(decoded.into())
    })
}

fn is_compressible(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_binary = content_type.is_none_or(|content_type| {
        content_type.starts_with("image/") || content_type.starts_with("font/")
    });
    !is_binary && !headers.contains_key(header::CONTENT_ENCODING)
}

async fn encode_response(response: Response, coding: ContentCoding) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(body) = body.collect().await else {
        // Bodies with a known length are in memory.
        return Response::from_parts(parts, Body::empty());
    };
    let body = body.to_bytes();
    let content = body.clone();
    // Compressing megabytes takes milliseconds: not on a thread that serves requests.
    let encoded = tokio::task::spawn_blocking(move || encode(coding, &content)).await;
    let Ok(Ok(encoded)) = encoded else {
        return Response::from_parts(parts, Body::from(body));
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    if let Some(tag) = coded_tag(&parts.headers, coding) {
        parts.headers.insert(header::ETAG, tag.header_value());
    }
    Response::from_parts(parts, Body::from(encoded))
}

/// The tag of the same content in a coding: other bytes need another strong tag.
fn coded_tag(headers: &HeaderMap, coding: ContentCoding) -> Option<EntityTag> {
    match TagCondition::parse(headers, &header::ETAG).ok()?? {
        TagCondition::Tags(tags) => {
            let tag = tags.first()?;
            Some(EntityTag { coding: Some(coding), ..*tag })
        }
        TagCondition::Any => None,
    }
}

fn encode(coding: ContentCoding, content: &[u8]) -> io::Result<Vec<u8>> {
    match coding {
        ContentCoding::Zstd => zstd::encode_all(content, zstd::DEFAULT_COMPRESSION_LEVEL),
        ContentCoding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(content)?;
            encoder.finish()
        }
        ContentCoding::Brotli => Err(io::ErrorKind::Unsupported.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codings_round_trip() {
        let content = "{\"flights\":[]}".repeat(1_000);
        for coding in LIVE_CODINGS {
            let encoded = encode(coding, content.as_bytes()).unwrap();
            let whole = DecodedBody::Whole(content.clone().into());
            assert_eq!(decode(coding, &encoded, content.len()).unwrap(), whole);
            let twice = [&encoded[..], &encoded].concat();
            let DecodedBody::Whole(twice) = decode(coding, &twice, 1 << 20).unwrap() else {
                panic!("the limit is larger");
            };
            assert_eq!(twice.len(), 2 * content.len(), "{coding:?}");
        }
    }

    #[test]
    fn bombs_are_not_decoded() {
        let bomb = vec![b' '; 64 << 20];
        for coding in LIVE_CODINGS {
            let encoded = encode(coding, &bomb).unwrap();
            assert!(encoded.len() < 1 << 17, "{coding:?}");
            assert_eq!(decode(coding, &encoded, 4_096).unwrap(), DecodedBody::TooLarge);
        }
    }

    #[test]
    fn large_windows_are_rejected() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(MAX_ZSTD_WINDOW_LOG + 1).unwrap();
        encoder.write_all(b"{}").unwrap();
        let encoded = encoder.finish().unwrap();
        assert!(decode(ContentCoding::Zstd, &encoded, 4_096).is_err());
    }

    #[test]
    fn malformed_bodies_are_errors() {
        for coding in LIVE_CODINGS {
            let encoded = encode(coding, b"{\"gate\":\"1\"}").unwrap();
            assert!(decode(coding, b"{}", 4_096).is_err());
            assert!(decode(coding, &encoded[..encoded.len() - 1], 4_096).is_err(), "{coding:?}");
        }
    }
}
