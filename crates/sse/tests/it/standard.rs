//! The standard's algorithm, sentence by sentence, for a stream that is there as a whole: slow,
//! plain, and written without a look at the decoder, whose judge it is.

use crate::outcome::{Outcome, Seen};

pub(crate) fn interpret(stream: &[u8]) -> Outcome {
    let text = String::from_utf8_lossy(stream);
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<&str> = text.split('\n').collect();
    lines.pop();

    let mut outcome = Outcome::default();
    let (mut data, mut event, mut id) = (String::new(), String::new(), String::new());
    for line in lines {
        if line.is_empty() {
            outcome.last_event_id.clone_from(&id);
            if let Some(data) = data.strip_suffix('\n') {
                outcome.events.push(Seen {
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
                outcome.retry = Some(value.parse().unwrap_or(u64::MAX));
            }
            _ => {}
        }
    }
    outcome
}
