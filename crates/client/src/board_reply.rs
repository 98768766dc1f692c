//! The plain request for a board, which tells why it has no stream.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::Value;
use tokio::time::timeout;

use crate::board_url::BoardUrl;
use crate::http_event_source::EventRequests;

/// Time for an answer.
const REPLY_TIMEOUT: Duration = Duration::from_secs(10);

/// Largest answer that is read: the settings of a board have a few kilobytes.
const MAX_REPLY_BYTES: usize = 256 * 1024;

/// A board's answer. Proxies and captive portals answer too, with any status: only answers that the server alone gives
/// are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BoardReply {
    /// `is_current` if it has events and the server is not behind.
    Open {
        is_current: bool,
    },
    Closed {
        reason: Option<String>,
    },
    Absent,
    Denied {
        detail: Option<String>,
    },
    /// Anything else, or no answer.
    Unknown,
}

/// Asks for the board of these requests.
pub(crate) async fn fetch_board(url: BoardUrl, requests: EventRequests) -> BoardReply {
    let reply = async {
        let request = requests.get(&url.at("")).header(CACHE_CONTROL, "no-store");
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_problem = content_type.starts_with("application/problem+json");
        let answer = serde_json::from_slice(&body(response).await?).ok()?;
        Some(BoardReply::read(status, is_problem, &answer, url.board()))
    };
    timeout(REPLY_TIMEOUT, reply).await.ok().flatten().unwrap_or(BoardReply::Unknown)
}

impl BoardReply {
    fn read(status: u16, is_problem: bool, answer: &Value, board: &str) -> Self {
        let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
        if is_problem && matches!(status, 401 | 403 | 404) {
            match text("field").as_deref() {
                Some("board") => return Self::Absent,
                Some("Authorization") => return Self::Denied { detail: text("detail") },
                _ => {}
            }
        }
        let name = text("name").unwrap_or_default();
        let closed = answer.get("closed").and_then(Value::as_bool);
        match closed {
            // The letter case of a board's name does not count.
            Some(closed) if status == 200 && name.eq_ignore_ascii_case(board) => {
                if closed {
                    return Self::Closed { reason: text("reason") };
                }
                let is_current = text("id").is_some() && answer.get("behind").is_none();
                Self::Open { is_current }
            }
            _ => Self::Unknown,
        }
    }
}

/// `None` if the body is cut or too large.
async fn body(mut response: Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > MAX_REPLY_BYTES {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_own_answers_are_believed() {
        let open = BoardReply::Open { is_current: false };
        let denied = BoardReply::Denied { detail: None };
        for (status, is_problem, answer, expected) in [
            (200, false, json!({"name": "main", "closed": false}), open.clone()),
            (200, false, json!({"name": "MAIN", "closed": false}), open),
            (
                200,
                false,
                json!({"name": "main", "closed": false, "id": "5f3a9c01-7"}),
                BoardReply::Open { is_current: true },
            ),
            (
                200,
                false,
                json!({"name": "main", "closed": true, "reason": "moved"}),
                BoardReply::Closed { reason: Some("moved".to_owned()) },
            ),
            (404, true, json!({"field": "board"}), BoardReply::Absent),
            (401, true, json!({"field": "Authorization"}), denied.clone()),
            (403, true, json!({"field": "Authorization"}), denied),
            (401, true, json!({"title": "Unauthorized"}), BoardReply::Unknown),
            (502, true, json!({"field": "Authorization"}), BoardReply::Unknown),
            (404, false, json!({"field": "board"}), BoardReply::Unknown),
            (404, true, json!({"field": "url"}), BoardReply::Unknown),
            (200, false, json!(null), BoardReply::Unknown),
            (200, false, json!({"name": "main"}), BoardReply::Unknown),
            (200, false, json!({"name": "other", "closed": true}), BoardReply::Unknown),
            (200, false, json!({"name": "main", "closed": "true"}), BoardReply::Unknown),
            (500, false, json!({"name": "main", "closed": true}), BoardReply::Unknown),
        ] {
            let context = format!("{status} {answer}");
            assert_eq!(
                BoardReply::read(status, is_problem, &answer, "main"),
                expected,
                "{context}"
            );
        }
    }
}
