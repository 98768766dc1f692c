//! The rows of a board, encoded in pieces of some kilobytes. Of a large board few rows change from one snapshot to the
//! next, so the other pieces are taken over: encoding 20,000 rows takes the thread that writes to followers away from
//! them for tens of milliseconds.

use std::sync::Arc;

use fanout::{Frame, RowFrames};
use flight::TimetableRow;
use parking_lot::Mutex;

use crate::frames::{chunk, to_json};
use crate::snapshot_pool::SnapshotPool;

/// Size from which on rows begin a new piece. A slow follower holds one or two of them if its snapshot is withdrawn.
const MIN_PIECE_BYTES: usize = 4 * 1024;

/// The rows of a board that were encoded last.
#[derive(Debug, Default)]
pub(crate) struct PieceCache {
    newest: Mutex<Option<Arc<RowPieces>>>,
}

/// Rows as elements of a JSON array, in pieces.
#[derive(Debug)]
pub(crate) struct RowPieces {
    /// The rows of each piece.
    rows: Vec<Arc<[RowVersion]>>,
    frames: RowFrames,
}

/// Identifies the content of a row of a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RowVersion {
    added_seq: u64,
    version: u64,
}

/// Some rows, and their bytes.
#[derive(Debug, Clone)]
struct RowPiece {
    rows: Arc<[RowVersion]>,
    frame: Frame,
}

impl PieceCache {
    /// Encodes rows, with a pool that bounds all encoded rows. Other snapshots of the board wait meanwhile, and then
    /// have less to encode.
    pub(crate) fn encode(&self, rows: &[&TimetableRow], pool: &SnapshotPool) -> Arc<RowPieces> {
        let mut newest = self.newest.lock();
        let former = newest.as_ref().and_then(|pieces| pieces.pieces()).unwrap_or_default();
        let (rows, frames) =
            encode(rows, &former).into_iter().map(|piece| (piece.rows, piece.frame)).unzip();
        let pieces = Arc::new(RowPieces { rows, frames: pool.hold(RowFrames::new(frames)) });
        *newest = Some(Arc::clone(&pieces));
        pieces
    }
}

impl RowPieces {
    pub(crate) fn frames(&self) -> &RowFrames {
        &self.frames
    }

    /// `None` if they are withdrawn.
    fn pieces(&self) -> Option<Vec<RowPiece>> {
        let frames = self.frames.frames()?;
        let pieces = self.rows.iter().cloned().zip(frames);
        Some(pieces.map(|(rows, frame)| RowPiece { rows, frame }).collect())
    }
}

impl RowVersion {
    fn new(row: &TimetableRow) -> Self {
        Self { added_seq: row.added_seq(), version: row.version() }
    }
}

/// Encodes rows, which are in the order of their addition. Takes over `former` pieces whose rows are the same.
fn encode(rows: &[&TimetableRow], mut former: &[RowPiece]) -> Vec<RowPiece> {
    let versions: Vec<_> = rows.iter().map(|row| RowVersion::new(row)).collect();
    let mut pieces = Vec::new();
    let mut start = 0;
    while let Some(first) = versions.get(start) {
        former = &former[former.partition_point(|piece| piece.first() < first.added_seq)..];
        let same = former.first().filter(|piece| {
            let is_last = start + piece.rows.len() == versions.len();
            // Only the first piece begins without a comma, and only the last may be small.
            piece.is_first() == (start == 0)
                && (is_last || piece.frame.payload().len() >= MIN_PIECE_BYTES / 2)
                && versions[start..].starts_with(&piece.rows)
        });
        let piece = match same {
            Some(piece) => piece.clone(),
            None => {
                let next = former.iter().find(|piece| piece.first() > first.added_seq);
                encode_piece(&rows[start..], start == 0, next.map(RowPiece::first))
            }
        };
        start += piece.rows.len();
        pieces.push(piece);
    }
    pieces
}

/// Encodes the first of these rows as a piece. It may be smaller or larger than others to end before the row `next`, where
/// a former piece begins.
fn encode_piece(rows: &[&TimetableRow], is_first: bool, next: Option<u64>) -> RowPiece {
    let mut text = String::new();
    let mut versions = Vec::new();
    let full_bytes = if next.is_some() { 2 * MIN_PIECE_BYTES } else { MIN_PIECE_BYTES };
    for row in rows {
        let is_next = next.is_some_and(|next| row.added_seq() >= next);
        if text.len() >= full_bytes || is_next && text.len() >= MIN_PIECE_BYTES / 2 {
            break;
        }
        if !(is_first && versions.is_empty()) {
            text.push(',');
        }
        text.push_str(&to_json(row.row()));
        versions.push(RowVersion::new(row));
    }
    RowPiece { rows: versions.into(), frame: chunk(text.as_bytes()) }
}

impl RowPiece {
    /// The row with which it begins. No piece is empty.
    fn first(&self) -> u64 {
        self.rows.first().map_or(0, |row| row.added_seq)
    }

    fn is_first(&self) -> bool {
        !self.frame.payload().starts_with(b",")
    }
}

#[cfg(test)]
mod tests {
    use flight::{BoardName, Boards, Change, Update};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const ROWS: u64 = 300;

    fn apply(boards: &mut Boards, seq: u64, event: &str, data: &Value) {
        let board = BoardName::parse("main").unwrap();
        let update = Update::new(board.clone(), Change::parse(&board, event, data).unwrap());
        boards.apply(seq, "2026-11-22T10:00:00Z".parse().unwrap(), &update);
    }

    fn full_board() -> Boards {
        let mut boards = Boards::default();
        apply(&mut boards, 1, "boardUpdate", &json!({}));
        for number in 0..ROWS {
            let row = json!({"flight": format!("F{number}"), "remark": "on time".repeat(10)});
            apply(&mut boards, 2 + number, "flightAddition", &row);
        }
        boards
    }

    fn encode_board(boards: &Boards, former: &[RowPiece]) -> Vec<RowPiece> {
        let board = boards.board(&BoardName::parse("main").unwrap()).unwrap();
        encode(&board.rows(), former)
    }

    fn text(pieces: &[RowPiece]) -> Vec<u8> {
        pieces.iter().flat_map(|piece| piece.frame.payload()).collect()
    }

    /// The number of pieces with memory of their own.
    fn count_new(pieces: &[RowPiece], former: &[RowPiece]) -> usize {
        let is_former =
            |piece: &&RowPiece| former.iter().any(|other| Arc::ptr_eq(&piece.rows, &other.rows));
        pieces.len() - pieces.iter().filter(is_former).count()
    }

    #[test]
    fn unchanged_rows_keep_their_pieces() {
        let mut boards = full_board();
        let mut former = encode_board(&boards, &[]);
        for (seq, number) in (1_000..).zip([0, ROWS / 2, ROWS - 1]) {
            let longer = json!({"flight": format!("F{number}"), "remark": "late".repeat(40)});
            apply(&mut boards, seq, "flightStateUpdate", &longer);
            let pieces = encode_board(&boards, &former);
            assert_eq!(count_new(&pieces, &former), 1, "F{number}");
            former = pieces;
        }
    }

    #[test]
    fn withdrawn_pieces_are_not_kept() {
        let boards = full_board();
        let board = boards.board(&BoardName::parse("main").unwrap()).unwrap();
        let (cache, pool) = (PieceCache::default(), SnapshotPool::new(usize::MAX));
        let first = cache.encode(&board.rows(), &pool);
        first.frames().withdraw();
        let second = cache.encode(&board.rows(), &pool);
        assert!(!second.frames().are_withdrawn() && second.frames().bytes() > MIN_PIECE_BYTES);
        let third = cache.encode(&board.rows(), &pool);
        assert!(second.rows.iter().zip(&third.rows).all(|(old, new)| Arc::ptr_eq(old, new)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn pieces_have_all_rows(
            rounds in proptest::collection::vec(
                proptest::collection::vec((0..ROWS + 10, 0..3_u8), 0..20),
                1..10,
            ),
        ) {
            let mut boards = full_board();
            let mut former = encode_board(&boards, &[]);
            let mut seq = 1_000;
            for round in rounds {
                for (number, change) in round {
                    seq += 1;
                    let flight = format!("F{number}");
                    let (event, data) = match change {
                        0 => ("flightRemoval", json!({"flight": flight})),
                        1 => ("flightAddition", json!({"flight": flight, "remark": "new"})),
                        _ => ("flightStateUpdate", json!({"flight": flight, "remark": seq.to_string()})),
                    };
                    apply(&mut boards, seq, event, &data);
                }
                let pieces = encode_board(&boards, &former);
                prop_assert_eq!(text(&pieces), text(&encode_board(&boards, &[])));
                let sizes = pieces.iter().map(|piece| piece.frame.payload().len());
                prop_assert!(sizes.rev().skip(1).all(|size| size >= MIN_PIECE_BYTES / 2));
                former = pieces;
            }
        }
    }
}
