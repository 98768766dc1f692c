//! A reference decoder: the standard's algorithm, sentence by sentence, for a complete stream. It is
//! slow and simple, and was written independently of the decoder that it checks.

use crate::decode_result::{DecodeResult, EventRecord};

pub(crate) fn interpret(stream: &[u8]) -> DecodeResult {
    let text = String::from_utf8_lossy(stream);
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<&str> = text.split('\n').collect();
    // An unterminated last line is discarded.
    lines.pop();

    let mut result = DecodeResult::default();
    let mut data = String::new();
    let mut event = String::new();
    let mut id = String::new();
    for line in lines {
        if line.is_empty() {
            result.last_event_id.clone_from(&id);
            if let Some(data) = data.strip_suffix('\n') {
                result.events.push(EventRecord {
                    event: if event.is_empty() { "message".into() } else { event.clone() },
                    data: data.into(),
                    last_event_id: id.clone(),
                });
            }
            data.clear();
            event.clear();
            continue;
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "data" => {
                data.push_str(value);
                data.push('\n');
            }
            "event" => event = value.into(),
            "id" if !value.contains('\0') => id = value.into(),
            "retry" if !value.is_empty() && value.chars().all(|c| c.is_ascii_digit()) => {
                result.retry = Some(value.parse().unwrap_or(u64::MAX));
            }
            _ => {}
        }
    }
    result
}
