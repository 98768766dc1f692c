//! Path, query and header parameters, and the headers of answers.

use serde_json::json;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, SchemaFormat};
use utoipa::openapi::{Header, ObjectBuilder, RefOr, Required, Schema, Type};

use super::parts::schema;
use super::schemas::{MAX_REASON_CHARS, text};

/// All parameters, by the names under which operations refer to them.
pub(super) fn parameters() -> Vec<(&'static str, Parameter)> {
    let date_of = "The leg's date of origin. Without it the only row of that number is meant, or, \
                   if one is put, the row without a date.";
    let mut all = vec![
        ("Board", path("board", "The board's name, in any letter case.", schema("BoardName"))),
        ("Flight", path("flight", "The flight's number.", schema("FlightNumber"))),
        ("File", path("file", "The file's name, as the page says it.", string())),
        ("Date", query("date", date_of, date())),
        ("Reason", query("reason", "Said to the followers.", text(MAX_REASON_CHARS))),
    ];
    all.extend(of_publishers());
    all.extend(of_followers());
    all
}

fn of_publishers() -> [(&'static str, Parameter); 5] {
    let key = "Names the update. Under the same key it is carried out once, however often it is \
               sent.";
    let keys = "Begins the key of each line that has none of its own: a slash and the line's \
                number follow.";
    let if_match = "The change is made only if the row's `ETag` is one of these, or with `*` only \
                    if there is a row.";
    let if_absent = "The change is made only if there is no such row.";
    let if_changed = "Answered with 304 if the `ETag` is one of these.";
    [
        ("IdempotencyKey", header("Idempotency-Key", key, schema("IdempotencyKey"))),
        ("IdempotencyKeys", header("Idempotency-Key", keys, schema("IdempotencyKey"))),
        ("IfMatch", header("If-Match", if_match, string())),
        ("IfAbsent", header("If-None-Match", if_absent, string().enum_values(Some(["*"])))),
        ("IfChanged", header("If-None-Match", if_changed, string())),
    ]
}

fn of_followers() -> [(&'static str, Parameter); 7] {
    let id = "The id of the last event that the follower has seen. It is sent those after it if \
              they are still kept, and all rows otherwise.";
    let alias = "Another name for `lastEventId`, for polyfills. Of several the last that is not \
                 empty counts.";
    let in_query = format!("{id} The header wins over it.");
    let padding = "Begin with a comment of 2 KiB, for engines that hold back a beginning.";
    let yes = string().enum_values(Some(["true"]));
    let bytes = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
    [
        ("LastEventIdHeader", header("Last-Event-ID", id, string())),
        ("LastEventId", query("lastEventId", &in_query, string())),
        ("LastEventID", query("lastEventID", alias, string())),
        ("LastEventIdSnake", query("last_event_id", alias, string())),
        ("LastEventIdYaffle", query("evs_last_event_id", alias, string())),
        ("Padding", query("padding", padding, yes)),
        ("Preamble", query("evs_preamble", "The same as `padding`, if above 0.", bytes)),
    ]
}

/// The headers of answers, by the names under which they are referred to.
pub(super) fn headers() -> [(&'static str, Header); 3] {
    let header = |description: &str, schema: RefOr<Schema>| {
        HeaderBuilder::new().description(Some(description)).schema(Some(schema)).build()
    };
    let event = "The event that made it so. Absent if that was so long ago that it is forgotten.";
    let tag = string().pattern(Some(r#"^"[0-9a-f]{8}-[0-9]+"$"#));
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).examples([json!(5)]);
    [
        ("EventId", header(event, schema("EventId").into())),
        ("ETag", header("The id of the event that made it what it is, in quotes.", tag.into())),
        ("RetryAfter", header("Seconds to wait before publishing again.", seconds.into())),
    ]
}

pub(super) fn date() -> ObjectBuilder {
    string().format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
}

pub(super) fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn path(name: &str, description: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    parameter(name, description, ParameterIn::Path, schema.into())
}

fn query(name: &str, description: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    parameter(name, description, ParameterIn::Query, schema.into())
}

fn header(name: &str, description: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    parameter(name, description, ParameterIn::Header, schema.into())
}

fn parameter(
    name: &str,
    description: &str,
    place: ParameterIn,
    schema: RefOr<Schema>,
) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}
