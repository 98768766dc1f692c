//! The boards as a server reports them at the end of a round.

use std::collections::HashMap;

use anyhow::{Context, Result};
use serde_json::Value;
use testkit::api::ApiClient;

use super::update::BOARDS;

/// All boards of one server.
pub(super) type FinalBoards = HashMap<&'static str, FinalBoard>;

/// One board of one server.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FinalBoard {
    /// The bytes of the response, which must be the same on every replica.
    text: String,
    pub(super) rows: Vec<Value>,
    /// The id of the newest event.
    pub(super) id: String,
}

/// Reads all boards of a server.
pub(super) fn read_final_boards(api: &ApiClient) -> Result<FinalBoards> {
    BOARDS.into_iter().map(|board| Ok((board, FinalBoard::read(api, board)?))).collect()
}

impl FinalBoard {
    fn read(api: &ApiClient, board: &str) -> Result<Self> {
        let text = api.get_text(&format!("/boards/{board}/flights"));
        let response: Value = serde_json::from_str(&text)?;
        let rows = response["flights"].as_array().context("no flights in the response")?.clone();
        let id = response["id"].as_str().context("no id in the response")?.to_owned();
        Ok(Self { text, rows, id })
    }
}
