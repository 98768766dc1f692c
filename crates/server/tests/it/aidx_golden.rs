//! AIDX messages, their answers, and the resulting rows, as golden files in `tests/data/aidx`.
//!
//! A file consists of sections. `### legs TIME` has the legs of a message with this `TimeStamp`,
//! `### message TYPE` a whole message with its content type. The section `### answer STATUS` after it has the
//! answer: its `Errors` or the texts of its warnings, or for `### message` the whole document. `### rows BOARD` has
//! the rows of a board after all messages so far.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::aidx::{AidxServer, message};
use crate::test_server::TestResponse;

#[tokio::test]
async fn messages_match_golden_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/aidx");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 12);
    for file in files {
        let golden = fs::read_to_string(&file).unwrap();
        let actual = replay(&golden).await;
        assert!(actual == golden, "{}:\n{actual}", file.display());
    }
}

/// Sends the messages of a golden file, and returns the file with the answers and rows of the server.
async fn replay(golden: &str) -> String {
    let server = AidxServer::new().await;
    let mut replayed = String::new();
    let mut answer = None;
    for section in golden.split("### ").skip(1) {
        let (head, body) = section.split_once('\n').unwrap();
        let (kind, argument) = head.split_once(' ').unwrap();
        let (head, body) = match kind {
            "legs" => {
                answer = Some((kind, server.post(&message(argument, body)).await));
                (head.to_owned(), body.to_owned())
            }
            "message" => {
                answer = Some((kind, server.post_as(argument, body.trim_end()).await));
                (head.to_owned(), body.to_owned())
            }
            "answer" => {
                let (kind, answer) = answer.take().unwrap();
                (format!("answer {}", answer.status.as_u16()), shorten(kind, &answer))
            }
            "rows" => (head.to_owned(), rows(&server, argument).await),
            _ => panic!("unknown section {head}"),
        };
        replayed += &format!("### {head}\n{}\n\n", body.trim_end());
    }
    replayed.trim_end().to_owned() + "\n"
}

/// The whole answer without its time, or only its content.
fn shorten(kind: &str, answer: &TestResponse) -> String {
    if kind == "message" {
        let (start, rest) = answer.body.split_once(" TimeStamp=\"").unwrap_or((&answer.body, "\""));
        let rest = rest.split_once('"').unwrap().1;
        return format!("{}\n{start}{rest}", answer.header("content-type"));
    }
    let (_, inside) = answer.body.split_once("Z\">").unwrap();
    let inside = inside.split_once("</IATA_AIDX_FlightLegRS>").unwrap().0;
    inside.replace("<Warning ", "\n<Warning ").replace("</Warnings>", "\n</Warnings>")
}

async fn rows(server: &AidxServer, board: &str) -> String {
    let rows = server.rows(board).await;
    let rows: Vec<_> = rows.iter().map(|row| json!(row).to_string()).collect();
    rows.join("\n")
}
