//! URLs of the event stream, and what comes on it.

use serde_json::json;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::OneOfBuilder;
use utoipa::openapi::{HttpMethod, ObjectBuilder, PathItem, RefOr, Response, Schema};

use super::parameters::string;
use super::parts::{UNKNOWN_BOARD, empty, operation, schema, with_problems};
use super::schemas::object;

pub(super) const TAG: &str = "stream";

/// What a follower may be sent: the event's name, whether it has an id, the schema of its data,
/// and what it means.
const EVENTS: [(&str, Id, &str, &str); 7] = [
    ("timetable", Id::Own, "Timetable", "All rows: they replace what the follower had."),
    ("flightAddition", Id::Own, "Flight", "A row was added or replaced."),
    ("flightStateUpdate", Id::Own, "FlightPatch", "Fields of a row changed. The key is whole."),
    ("flightRemoval", Id::Own, "FlightKey", "A row is gone."),
    ("boardUpdate", Id::Own, "Board", "The board has new settings."),
    ("heartbeat", Id::None, "Heartbeat", "The stream is alive."),
    ("closedConnection", Id::Own, "Closing", "The board is closed: do not come back."),
];

/// A heartbeat has no id, so that it never moves a follower's position.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Id {
    Own,
    None,
}

pub(super) fn paths() -> [(&'static str, PathItem); 2] {
    let default = follow("followDefaultBoard", "Follow the board `main`", &[]);
    let board = follow("followBoard", "Follow a board", &["Board"]);
    [
        ("/events", PathItem::new(HttpMethod::Get, default)),
        ("/boards/{board}/events", PathItem::new(HttpMethod::Get, board)),
    ]
}

/// One event as a decoder of `text/event-stream` gives it.
pub(super) fn event() -> RefOr<Schema> {
    let start = OneOfBuilder::new().description(Some("One event of a stream."));
    EVENTS.iter().fold(start, |events, event| events.item(one(*event))).into()
}

fn one((name, id, data, meaning): (&str, Id, &str, &str)) -> ObjectBuilder {
    let data = string()
        .description(Some("One line of JSON."))
        .content_media_type("application/json")
        .content_schema(Some(schema(data)));
    let members = [("event", string().enum_values(Some([name])).into()), ("data", data.into())];
    let event = object(meaning, members);
    match id {
        Id::Own => event.property("id", schema("EventId")).required("id"),
        Id::None => event,
    }
}

fn follow(id: &str, summary: &str, path: &[&str]) -> Operation {
    let wishes = [
        "LastEventIdHeader",
        "LastEventId",
        "LastEventID",
        "LastEventIdSnake",
        "LastEventIdYaffle",
        "Padding",
        "Preamble",
    ];
    let parameters = [path, &wishes].concat();
    let description = "Server-sent events (WHATWG HTML, section 9.2), without end. First a `retry` \
                       of the follower's own, then all rows as `timetable`, or, with the id of an \
                       event whose followers are all still kept, exactly those; then every change \
                       as it happens, and a `heartbeat` every 15 seconds.";
    let operation = operation(TAG, id, summary, &parameters)
        .description(Some(description))
        .response("200", stream())
        .response("204", empty("The board is closed: do not come back.").build());
    with_problems(operation, [UNKNOWN_BOARD])
}

fn stream() -> Response {
    let description = "The stream; the schema is that of one event. Where there are too many \
                       followers, only a long `retry`, and the end.";
    let content = ContentBuilder::new().schema(Some(schema("StreamEvent")));
    empty(description)
        .content("text/event-stream", content.examples_from_iter(examples()).build())
        .build()
}

fn examples() -> [(&'static str, Example); 2] {
    let example = |event| ExampleBuilder::new().value(Some(event)).build();
    let data = json!({ "flight": "I768", "date": "2026-11-22", "state": "landed" });
    let change =
        json!({ "id": "5f3a9c01-1042", "event": "flightStateUpdate", "data": data.to_string() });
    let data = json!({ "at": "2026-11-22T15:00:00Z", "head": "5f3a9c01-1042" });
    let heartbeat = json!({ "event": "heartbeat", "data": data.to_string() });
    [("change", example(change)), ("heartbeat", example(heartbeat))]
}
