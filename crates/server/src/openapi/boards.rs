//! URLs that show, open, change and close boards.

use serde_json::json;
use utoipa::openapi::path::{Operation, PathItemBuilder};
use utoipa::openapi::{HttpMethod, PathItem};

use super::parts::{
    BAD_REQUEST, NOT_WRITTEN, REFUSED, TOO_LARGE, TOO_SLOW, UNKNOWN_BOARD, WRONG_TYPE, change,
    empty, html, json, json_body, operation, problem, versioned, with_problems,
};

pub(super) const TAG: &str = "boards";

pub(super) fn paths() -> [(&'static str, PathItem); 2] {
    let list = operation(TAG, "listBoards", "All boards", &[])
        .response("200", json("All boards by name, closed ones too.", "BoardList"));
    let board = PathItemBuilder::new()
        .operation(HttpMethod::Get, show())
        .operation(HttpMethod::Put, put())
        .operation(HttpMethod::Delete, close());
    [("/boards", PathItem::new(HttpMethod::Get, list)), ("/boards/{board}", board.build())]
}

fn show() -> Operation {
    let found = json("The board, with its newest event and how many use it.", "BoardSummary");
    let (status, when) = UNKNOWN_BOARD;
    operation(TAG, "showBoard", "A board, or its page", &["Board"])
        .description(Some("A request that accepts `text/html` is answered with the page."))
        .response("200", found.content("text/html", html()))
        .response(status, problem(status, when).content("text/html", html()))
        .build()
}

fn put() -> Operation {
    let example = json!({
        "title": "Departures",
        "kind": "departures",
        "airport": "JFK",
        "timeZone": "America/New_York",
        "note": "Security takes 20 minutes",
        "removeAfter": { "departed": "10m", "cancelled": "1h30m" }
    });
    let settings = "All of the board's settings; what is not said is as at first.";
    let operation = operation(
        TAG,
        "putBoard",
        "Open a board, or replace its settings",
        &["Board", "IdempotencyKey"],
    )
    .description(Some("A closed board is opened anew, without rows."))
    .request_body(Some(json_body(settings, "BoardFields", example)))
    .response("200", versioned(change(json("Its settings are these.", "Board"))))
    .response("201", versioned(change(json("It was opened.", "Board"))));
    let full = ("409", "There are as many boards as there can be, all of them open.");
    let problems = [BAD_REQUEST, TOO_SLOW, full, TOO_LARGE, WRONG_TYPE, REFUSED, NOT_WRITTEN];
    with_problems(operation, problems)
}

fn close() -> Operation {
    let operation =
        operation(TAG, "closeBoard", "Close a board", &["Board", "Reason", "IdempotencyKey"])
            .description(Some("Its rows go, and its followers are told not to come back."))
            .response("204", change(empty("It is closed.")));
    with_problems(operation, [BAD_REQUEST, UNKNOWN_BOARD, REFUSED, NOT_WRITTEN])
}
