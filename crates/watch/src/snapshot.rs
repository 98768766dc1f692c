//! A board as plain text or JSON.

use std::fmt::Write;

use flightboard_client::{Board, BoardRow, FollowStatus};
use jiff::Timestamp;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use crate::board_clock::BoardClock;
use crate::columns::{COLUMN_GAP, fit_columns};
use crate::printable::printable;
use crate::row_view::sorted_rows;
use crate::source_doubt::source_doubt;
use crate::words::{notice_text, status_text};

/// Width of plain text: nothing is left out, since a file has no edge.
const TEXT_WIDTH: usize = 1_000;

/// The rows in their order, below the title and the status.
pub(crate) fn snapshot_text(
    board: &Board,
    status: &FollowStatus,
    last_update: Option<Timestamp>,
    now: Timestamp,
) -> String {
    let clock = BoardClock::of_board(board);
    let doubt = source_doubt(board, last_update, now);
    let rows = sorted_rows(board, &clock, now);
    let title = board.settings().and_then(|settings| settings.get("title")?.as_str());
    let mut text = String::new();
    push_line(
        &mut text,
        &format!(
            "{}: {}",
            printable(title.unwrap_or_default()),
            status_text(status, doubt.is_some(), &clock)
        ),
    );
    let columns = fit_columns(&rows, &clock, TEXT_WIDTH);
    let line = |cells: Vec<&str>| {
        let mut line = String::new();
        for (cell, column) in cells.into_iter().zip(&columns) {
            let padding = column.width.saturating_sub(cell.width()) + COLUMN_GAP;
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', padding));
        }
        line.trim_end().to_owned()
    };
    push_line(&mut text, &line(columns.iter().map(|column| column.kind.heading(&clock)).collect()));
    for row in &rows {
        push_line(&mut text, &line(columns.iter().map(|column| row.cell(column.kind)).collect()));
    }
    for notice in notice_text(status, &clock).into_iter().chain(doubt) {
        push_line(&mut text, &notice);
    }
    text
}

/// The board with its rows, as `GET /boards/{board}/flights` answers, and the status.
pub(crate) fn snapshot_json(
    board: &Board,
    status: &FollowStatus,
    id: &str,
    now: Timestamp,
) -> String {
    let clock = BoardClock::of_board(board);
    let rows = sorted_rows(board, &clock, now);
    let mut settings = board.settings().cloned().unwrap_or_default();
    if let Some(source) = board.source() {
        settings.insert("source".to_owned(), Value::Object(source.clone()));
    }
    let flights: Vec<_> = rows.iter().map(|row| BoardRow::fields(&row.row)).collect();
    let answer = json!({"board": settings, "id": id, "status": status.name(), "flights": flights});
    format!("{answer}\n")
}

fn push_line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a string takes any text");
}
