//! URLs that show and publish rows.

use serde_json::json;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::path::{Operation, OperationBuilder, PathItemBuilder};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{AdditionalProperties, OneOfBuilder};
use utoipa::openapi::{Content, HttpMethod, ObjectBuilder, PathItem, RefOr, Schema};

use super::parameters::string;
use super::parts::{
    BAD_REQUEST, NOT_WRITTEN, ProblemCase, REFUSED, TOO_LARGE, TOO_SLOW, UNKNOWN_BOARD, WRONG_TYPE,
    body, change, empty, json, json_body, operation, schema, versioned, with_problems,
};
use super::rows;
use super::schemas::object;

pub(super) const TAG: &str = "flights";

const UNKNOWN_FLIGHT: ProblemCase = ("404", "There is no such board, or no such row on it.");
const AMBIGUOUS: ProblemCase =
    ("409", "There are several rows of that number: `dates` names those to choose from.");
const CLOSED: ProblemCase = ("410", "The board is closed.");
const CONDITION: ProblemCase = ("412", "The row is not as `If-Match` or `If-None-Match` asks.");

/// What one line of many can ask for: the event's name, the schema of its data, what it means.
const LINES: [(&str, &str, &str); 5] = [
    ("flightAddition", "Flight", "Add a row, or replace it whole."),
    ("flightStateUpdate", "FlightPatch", "Change fields of a row."),
    ("flightRemoval", "FlightKey", "Remove a row."),
    ("boardUpdate", "BoardFields", "Replace the board's settings."),
    ("closedConnection", "Closing", "Close the board."),
];

/// The content types of JSON a line; plain JSON is taken as well.
const LINE_TYPES: [&str; 5] = [
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
    "application/json",
];

pub(super) fn paths() -> [(&'static str, PathItem); 2] {
    let rows = PathItemBuilder::new()
        .operation(HttpMethod::Get, list())
        .operation(HttpMethod::Post, publish());
    let row = PathItemBuilder::new()
        .operation(HttpMethod::Get, show())
        .operation(HttpMethod::Put, put())
        .operation(HttpMethod::Patch, patch())
        .operation(HttpMethod::Delete, remove());
    [("/boards/{board}/flights", rows.build()), ("/boards/{board}/flights/{flight}", row.build())]
}

/// One line of a request for many updates.
pub(super) fn update_line() -> RefOr<Schema> {
    let line = |(name, data, meaning): (&str, &str, &str)| -> ObjectBuilder {
        let event = string().enum_values(Some([name]));
        object(meaning, [("event", event.into()), ("data", schema(data).into())])
            .property("idempotencyKey", schema("IdempotencyKey"))
            .additional_properties(Some(AdditionalProperties::FreeForm(false)))
    };
    let start = OneOfBuilder::new().description(Some("One update."));
    LINES.into_iter().map(line).fold(start, OneOfBuilder::item).into()
}

fn list() -> Operation {
    let operation = operation(TAG, "listFlights", "All rows of a board", &["Board", "IfChanged"])
        .response("200", versioned(json("All rows as of one event.", "Rows")))
        .response("304", versioned(empty("They are as the reader has them.")));
    with_problems(operation, [UNKNOWN_BOARD])
}

fn publish() -> Operation {
    let description = "Each line is an update of its own: one that is refused does not hold up the \
                       others. All are carried out in the order of their lines.";
    let outcomes = "A line of JSON for each line that is not blank, in their order; the schema is \
                    that of one.";
    let outcomes =
        empty(outcomes).content("application/x-ndjson", Content::new(Some(schema("OutcomeLine"))));
    let operation =
        operation(TAG, "publishUpdates", "Publish many updates", &["Board", "IdempotencyKeys"])
            .description(Some(description))
            .request_body(Some(lines()))
            .response("200", outcomes);
    let bad_request = ("400", "The idempotency key is not one.");
    let too_large = ("413", "The body is larger than 4194304 bytes.");
    let wrong_type = ("415", "The content type is none of JSON, by the line or not.");
    with_problems(operation, [bad_request, UNKNOWN_BOARD, TOO_SLOW, too_large, wrong_type])
}

fn lines() -> RequestBody {
    let content = ContentBuilder::new()
        .schema(Some(schema("UpdateLine")))
        .examples_from_iter(line_examples())
        .build();
    let start = body("One update a line, each on one line of JSON; the schema is that of one.");
    let all = LINE_TYPES.into_iter();
    all.fold(start, |body, media_type| body.content(media_type, content.clone())).build()
}

fn line_examples() -> [(&'static str, Example); 4] {
    let example = |line| ExampleBuilder::new().value(Some(line)).build();
    let (flight, date) = ("I768", "2026-11-22");
    let patch = json!({ "flight": flight, "date": date, "state": "landed", "gate": null });
    let key = json!({ "flight": flight, "date": date });
    let settings = json!({ "title": "Arrivals", "kind": "arrivals", "timeZone": "Europe/Rome" });
    [
        ("add", example(json!({ "event": "flightAddition", "data": rows::example() }))),
        (
            "change",
            example(
                json!({ "event": "flightStateUpdate", "data": patch, "idempotencyKey": "ops-7" }),
            ),
        ),
        ("remove", example(json!({ "event": "flightRemoval", "data": key }))),
        ("settings", example(json!({ "event": "boardUpdate", "data": settings }))),
    ]
}

fn show() -> Operation {
    let operation =
        operation(TAG, "showFlight", "A row", &["Board", "Flight", "Date", "IfChanged"])
            .response("200", versioned(json("The row.", "Flight")))
            .response("304", versioned(empty("It is as the reader has it.")));
    let bad_request = ("400", "A query parameter is not one of those described.");
    let refused = ("422", "The flight's number or the date is not one.");
    with_problems(operation, [bad_request, UNKNOWN_FLIGHT, AMBIGUOUS, refused])
}

fn put() -> Operation {
    let example = json!({
        "origin": "Rome",
        "arrival": "10:10",
        "codeshares": ["X1768"],
        "state": "expected"
    });
    let operation = changing("putFlight", "Add a row, or replace it whole")
        .request_body(Some(json_body("All fields of the row.", "FlightFields", example)))
        .response("201", versioned(change(json("The row, which is new.", "Flight"))));
    let full = ("409", "The board has as many rows as it can have.");
    let of_body = [TOO_SLOW, TOO_LARGE, WRONG_TYPE];
    with_problems(operation, [UNKNOWN_BOARD, full].into_iter().chain(of_body).chain(OF_CHANGES))
}

fn patch() -> Operation {
    let example = json!({ "state": "landed", "belt": "7", "estimated": null });
    let operation = changing("patchFlight", "Change fields of a row")
        .request_body(Some(json_body("A JSON Merge Patch (RFC 7396).", "FlightFields", example)));
    let of_body = [TOO_SLOW, TOO_LARGE, WRONG_TYPE];
    with_problems(
        operation,
        [UNKNOWN_FLIGHT, AMBIGUOUS].into_iter().chain(of_body).chain(OF_CHANGES),
    )
}

fn remove() -> Operation {
    let operation = operation(TAG, "removeFlight", "Remove a row", &CHANGING)
        .response("204", change(empty("It is gone.")));
    with_problems(operation, [UNKNOWN_FLIGHT, AMBIGUOUS].into_iter().chain(OF_CHANGES))
}

/// The parameters of what changes one row.
const CHANGING: [&str; 6] = ["Board", "Flight", "Date", "IfMatch", "IfAbsent", "IdempotencyKey"];

/// What can befall each change of one row.
const OF_CHANGES: [ProblemCase; 5] = [BAD_REQUEST, CLOSED, CONDITION, REFUSED, NOT_WRITTEN];

fn changing(id: &str, summary: &str) -> OperationBuilder {
    let repeated = "It had been done before, under the same idempotency key, and the row is gone \
                    since.";
    operation(TAG, id, summary, &CHANGING)
        .response("200", versioned(change(json("The row as it is then.", "Flight"))))
        .response("204", change(empty(repeated)))
}
