//! Parsers without a server.

use ::aidx::AidxMessage;
use flight::{BoardName, BoardSettings, Boards, Change, Update, decode_json};
use jiff::Timestamp;
use serde_json::Value;
use sse::Decoder;

/// The name of an event, a line feed, and its data. An accepted update survives the journal, and the boards after
/// it survive a checkpoint.
pub(crate) fn update(bytes: &[u8]) {
    let Ok(text) = decode_json(bytes) else { return };
    let Some((event, data)) = text.split_once('\n') else { return };
    let Ok(data) = serde_json::from_str::<Value>(data) else { return };
    let board = BoardName::parse("main").unwrap();
    let Ok(change) = Change::parse(&board, event, &data) else { return };
    let update = Update::new(board.clone(), change);
    let written = serde_json::to_string(&update).unwrap();
    assert_eq!(serde_json::from_str::<Update>(&written).unwrap(), update);

    let mut boards = Boards::default();
    let settings = Box::new(BoardSettings::with_defaults(board.clone()));
    let time = Timestamp::UNIX_EPOCH;
    boards.apply(1, time, &Update::new(board, Change::PutBoard(settings)));
    for seq in 2..4 {
        let _ = boards.apply(seq, time, &update);
    }
    let restored = Boards::restore(&boards.checkpoint().encode()).unwrap();
    assert_eq!(restored, boards);
}

/// The length of the chunks, and the bytes of a stream. The chunks must not matter.
pub(crate) fn event_stream(bytes: &[u8]) {
    const MAX_EVENT_BYTES: usize = 1_000;
    let Some((length, stream)) = bytes.split_first() else { return };
    let decode = |chunk_bytes: usize| {
        let mut decoder = Decoder::new().with_max_event_bytes(MAX_EVENT_BYTES);
        let mut events = Vec::new();
        for chunk in stream.chunks(chunk_bytes) {
            for event in decoder.feed(chunk) {
                let is_last = event.is_err();
                events.push(event);
                if is_last {
                    return (events, None);
                }
            }
        }
        (events, Some((decoder.last_event_id().to_owned(), decoder.retry())))
    };
    assert_eq!(decode(usize::from(*length) + 1), decode(stream.len().max(1)));
}

/// A message. Each leg that it has can be shown and compared.
pub(crate) fn aidx(bytes: &[u8]) {
    let Ok(message) = AidxMessage::read(bytes, None) else { return };
    let _ = message.as_of();
    let board = BoardName::parse("main").unwrap();
    let mut boards = Boards::default();
    let settings = Box::new(BoardSettings::with_defaults(board.clone()));
    let opening = Update::new(board.clone(), Change::PutBoard(settings));
    boards.apply(1, Timestamp::UNIX_EPOCH, &opening);
    for (leg, seq) in message.legs.iter().flatten().zip(2..) {
        assert!(!leg.to_string().is_empty());
        let Ok(leg) = leg.change(boards.board(&board).unwrap()) else { continue };
        let update = Update::new(board.clone(), leg.change).with_precondition(leg.precondition);
        let _ = boards.apply(seq, Timestamp::UNIX_EPOCH, &update);
    }
}
