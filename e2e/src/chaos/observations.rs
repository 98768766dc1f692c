//! Events as the observers received them, shared between observers.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use serde_json::Value;

/// An event as an observer received it.
#[derive(Debug, PartialEq, derive_more::Display)]
#[display("{name} {id} on {board}: {text}")]
pub(super) struct ObservedEvent {
    pub(super) board: &'static str,
    pub(super) id: String,
    pub(super) name: String,
    /// The bytes of the data, which must be the same for each observer.
    pub(super) text: String,
    pub(super) data: Value,
}

/// All events that any observer received. Equal events are stored once.
#[derive(Default)]
pub(super) struct Observations {
    /// By event id, board, and reason of a timetable: a timetable has the id of the event that it is as of.
    events: HashMap<(String, &'static str, String), Arc<ObservedEvent>>,
    /// Pairs of different events with the same id.
    pub(super) contradictions: Vec<String>,
}

impl Observations {
    /// Adds an event, and returns the stored copy if an equal event is known.
    pub(super) fn add(&mut self, event: ObservedEvent) -> Arc<ObservedEvent> {
        let reason = event.data["reason"].as_str().filter(|_| event.name == "timetable");
        let kind = reason.unwrap_or("event").to_owned();
        match self.events.entry((event.id.clone(), event.board, kind)) {
            Entry::Vacant(vacant) => Arc::clone(vacant.insert(Arc::new(event))),
            Entry::Occupied(known) if **known.get() == event => Arc::clone(known.get()),
            Entry::Occupied(known) => {
                let known = known.get();
                self.contradictions.push(format!("two events with one id: {known}, and {event}"));
                Arc::new(event)
            }
        }
    }

    pub(super) fn events(&self) -> impl Iterator<Item = &Arc<ObservedEvent>> {
        self.events.values()
    }
}
