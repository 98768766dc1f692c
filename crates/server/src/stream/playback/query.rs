//! The parameters of a playback.

use crate::http::problem::Problem;

/// Highest speed: an hour in a second.
const MAX_PLAYBACK_SPEED: u32 = 3_600;

/// The parameters `from` and `speed` of a stream request.
#[derive(Debug)]
pub(in crate::stream) struct PlaybackQuery {
    /// A moment, not parsed yet: a request that goes on after its last event does not need it.
    pub(super) from: String,
    pub(super) speed: u32,
}

impl PlaybackQuery {
    /// Parses the query; `None` without `from`.
    ///
    /// # Errors
    /// The speed is invalid or alone, or one of them is in the query twice.
    pub(in crate::stream) fn parse(query: &str) -> Result<Option<Self>, Problem> {
        let (mut from, mut speed) = (None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let part = match &*name {
                "from" => &mut from,
                "speed" => &mut speed,
                _ => continue,
            };
            if part.replace(value.into_owned()).is_some() {
                return Err(Problem::bad_request(&name, "is in the query twice"));
            }
        }
        match (from, speed) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(Problem::bad_request("speed", "needs the parameter from")),
            (Some(from), None) => Ok(Some(Self { from, speed: 1 })),
            (Some(from), Some(text)) => Ok(Some(Self { from, speed: speed_of(&text)? })),
        }
    }
}

fn speed_of(text: &str) -> Result<u32, Problem> {
    let speed = text.parse().ok().filter(|speed| (1..=MAX_PLAYBACK_SPEED).contains(speed));
    let reason = || format!("must be a number from 1 to {MAX_PLAYBACK_SPEED}");
    speed.ok_or_else(|| Problem::bad_request("speed", reason()))
}
