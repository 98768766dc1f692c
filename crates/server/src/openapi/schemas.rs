//! What else than rows goes over the wire.

use fanout::SnapshotReason;
use flight::{BoardName, BoardSettings, MAX_BOARDS, MAX_FLIGHTS};
use serde_json::{Value, json};
use utoipa::openapi::schema::{
    AdditionalProperties, AllOfBuilder, ArrayBuilder, KnownFormat, OneOfBuilder, SchemaFormat,
    SchemaType,
};
use utoipa::openapi::{Object, ObjectBuilder, RefOr, Schema, Type};

use super::flights::update_line;
use super::parameters::{date, string};
use super::parts::schema;
use super::streams;
use engine::DEFAULT_BOARD;
use engine::frames::reason_word;

/// Text without control characters, line ends among them.
pub(super) const ONE_LINE: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";

/// Most characters of what is said to followers at the end.
pub(super) const MAX_REASON_CHARS: usize = 200;

/// Most characters of a board's name. This one and its like are repeated from the parsers, which
/// keep them to themselves; a test compares them.
const MAX_NAME_CHARS: usize = 40;

/// Most characters of an idempotency key.
const MAX_KEY_CHARS: usize = 128;

const EVENT_ID: &str = "^[0-9a-f]{8}-(0|[1-9][0-9]*)$";

type Named = (&'static str, RefOr<Schema>);

/// All schemas but those of rows.
pub(super) fn schemas() -> Vec<Named> {
    of_boards().into_iter().chain(of_streams()).chain(of_publishing()).collect()
}

/// One line of text.
pub(super) fn text(max_chars: usize) -> ObjectBuilder {
    string().max_length(Some(max_chars)).pattern(Some(ONE_LINE))
}

/// An object of these members, all of which are there.
pub(super) fn object(
    description: &str,
    members: impl IntoIterator<Item = (&'static str, RefOr<Schema>)>,
) -> ObjectBuilder {
    let start = ObjectBuilder::new().schema_type(Type::Object).description(Some(description));
    members
        .into_iter()
        .fold(start, |object, (name, schema)| object.property(name, schema).required(name))
}

fn of_boards() -> [Named; 5] {
    let name = "The name of a board. In a URL it may be in any letter case.";
    let name = string()
        .description(Some(name))
        .min_length(Some(1))
        .max_length(Some(MAX_NAME_CHARS))
        .pattern(Some("^[A-Za-z0-9_-]+$"));
    let board = settings("A board's settings.");
    let board = ["name", "title", "kind", "timeZone", "removeAfter"]
        .into_iter()
        .fold(board, ObjectBuilder::required);
    let fields = "All settings of the board that the URL names. What is not said is as at first; \
                  the name may be repeated, not contradicted.";
    let fields =
        settings(fields).additional_properties(Some(AdditionalProperties::FreeForm(false)));
    let live = object(
        "What there is to say of it besides.",
        [
            ("id", schema("EventId").into()),
            ("closed", ObjectBuilder::new().schema_type(Type::Boolean).into()),
            ("flights", count("How many rows there are.").into()),
            ("followers", count("How many streams follow it on this server.").into()),
        ],
    )
    .property("behind", behind());
    let summary = AllOfBuilder::new()
        .description(Some("A board, with its newest event and how many use it."))
        .item(schema("Board"))
        .item(live);
    let list = ArrayBuilder::new().items(schema("BoardSummary")).max_items(Some(MAX_BOARDS));
    let all = object("All boards by name, closed ones too.", [("boards", list.into())]);
    [
        ("BoardName", name.into()),
        ("Board", board.into()),
        ("BoardFields", fields.into()),
        ("BoardSummary", summary.into()),
        ("BoardList", all.into()),
    ]
}

fn behind() -> ObjectBuilder {
    count(
        "For how many seconds this server has not known whether there are newer events; only where it is long.",
    )
}

fn settings(description: &str) -> ObjectBuilder {
    let name = BoardName::parse(DEFAULT_BOARD).expect("the default board's name is one");
    let plain = json!(BoardSettings::with_defaults(name));
    let line = |max_chars, meaning: &str| text(max_chars).description(Some(meaning));
    let title = line(100, "The heading. At first `Arrivals` or `Departures`, by the kind.");
    let kind = string()
        .description(Some("What the rows do here."))
        .enum_values(Some(["arrivals", "departures"]))
        .default(Some(plain["kind"].clone()));
    let zone = "The airport's IANA time zone; times without an offset are on its clock.";
    let zone = string()
        .description(Some(zone))
        .default(Some(plain["timeZone"].clone()))
        .examples(["America/New_York"]);
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(description))
        .property("name", schema("BoardName"))
        .property("title", title)
        .property("kind", kind)
        .property("airport", line(64, "The airport's code or name."))
        .property("timeZone", zone)
        .property("note", line(200, "A line for all readers of the board."))
        .property("removeAfter", remove_after(&plain["removeAfter"]))
}

fn remove_after(plain: &Value) -> Object {
    let meaning = "How long a row stays in a final state before it leaves by itself: a duration of \
                   at most seven days such as `30m`, `90s` or `1h30m`, or `never`. Cancelled and \
                   diverted flights stay at least so long past their scheduled time.";
    let start = ObjectBuilder::new().schema_type(Type::Object).description(Some(meaning));
    let plain = plain.as_object().into_iter().flatten();
    let whole = plain.fold(start, |whole, (state, stay)| {
        whole.property(state, string().default(Some(stay.clone())))
    });
    whole.additional_properties(Some(AdditionalProperties::FreeForm(false))).build()
}

fn of_streams() -> [Named; 6] {
    let id = "`<epoch>-<number>`: names one event for ever, and the timetable as of then. Of two of \
              one epoch the one with the higher number is the newer.";
    let id = string().description(Some(id)).pattern(Some(EVENT_ID)).examples(["5f3a9c01-1042"]);
    let reasons = [
        SnapshotReason::Start,
        SnapshotReason::Expired,
        SnapshotReason::Unknown,
        SnapshotReason::Slow,
    ]
    .map(reason_word);
    let reason = "Why all rows are sent: the follower came without an id, with one whose followers \
                  are no longer kept, with one that means nothing here, or fell too far behind.";
    let reason = string().description(Some(reason)).enum_values(Some(reasons));
    let board = || ("board", schema("Board").into());
    let rows = || {
        let rows = "In the order in which they were first added.";
        let rows = ArrayBuilder::new().description(Some(rows)).items(schema("Flight"));
        ("flights", rows.max_items(Some(MAX_FLIGHTS)).into())
    };
    let time = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    let at = ("at", string().format(Some(time)).into());
    let closing = "Why a board was closed. A publisher need not say it.";
    let closing = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(closing))
        .property("reason", text(MAX_REASON_CHARS))
        .additional_properties(Some(AdditionalProperties::FreeForm(false)));
    let id_of_rows = ("id", schema("EventId").into());
    let head = ("head", schema("EventId").into());
    let timetable = "All rows, which replace what a follower had.";
    let heartbeat = "The stream is alive, and `head` is the board's newest event: if it is newer \
                     than the last that came, something was missed.";
    [
        ("EventId", id.into()),
        ("Rows", object("All rows as of one event.", [board(), id_of_rows, rows()]).into()),
        ("Timetable", object(timetable, [board(), ("reason", reason.into()), rows()]).into()),
        ("Heartbeat", object(heartbeat, [at, head]).property("behind", behind()).into()),
        ("Closing", closing.into()),
        ("StreamEvent", streams::event()),
    ]
}

fn of_publishing() -> [Named; 6] {
    let status = |word: &str| string().enum_values(Some([word])).into();
    let ready = OneOfBuilder::new()
        .item(object("It should be sent requests.", [("status", status("ready"))]))
        .item(object(
            "It should not, and why.",
            [("status", status("not ready")), ("reason", string().into())],
        ));
    let key = string()
        .description(Some("A publisher's name for one update."))
        .min_length(Some(1))
        .max_length(Some(MAX_KEY_CHARS))
        .pattern(Some("^[!-~]+$"));
    [
        ("IdempotencyKey", key.into()),
        ("UpdateLine", update_line()),
        ("Problem", problem().into()),
        ("OutcomeLine", outcome_line().into()),
        ("Alive", object("The program runs.", [("status", status("alive"))]).into()),
        ("Ready", ready.into()),
    ]
}

fn problem() -> ObjectBuilder {
    let sentence = |meaning: &str| string().description(Some(meaning));
    let dates = ArrayBuilder::new()
        .description(Some("With 409: the dates of the rows that could be meant."))
        .items(date());
    let blank = string().enum_values(Some(["about:blank"]));
    let status = ObjectBuilder::new().schema_type(Type::Integer);
    object(
        "Why a request was not carried out (RFC 9457).",
        [
            ("type", blank.into()),
            ("title", sentence("The kind of problem, always in the same words.").into()),
            ("status", status.minimum(Some(400)).maximum(Some(599)).into()),
            ("detail", sentence("The problem in words.").into()),
        ],
    )
    .property("field", sentence("What of the request is at fault: a field, a header, the body."))
    .property("reason", sentence("Why, as a clause that reads on from `field`."))
    .property("dates", dates)
    .examples([json!({
        "type": "about:blank",
        "title": "Refused field",
        "status": 422,
        "detail": "state must be a string, not a number",
        "field": "state",
        "reason": "must be a string, not a number"
    })])
}

fn outcome_line() -> OneOfBuilder {
    let line = || ("line", count("The number of the line, from 1.").minimum(Some(1)).into());
    let status = ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some([200]));
    let id = "The event that made it so; `null` if that was so long ago that it is forgotten.";
    let id = string()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some(id))
        .pattern(Some(EVENT_ID));
    let done = [line(), ("status", status.into()), ("id", id.into())];
    let refused = AllOfBuilder::new()
        .description(Some("Why it was not carried out, and which line it is."))
        .item(schema("Problem"))
        .item(object("Which line it is.", [line()]));
    OneOfBuilder::new()
        .description(Some("What became of one line."))
        .item(object("It was carried out.", done))
        .item(refused)
}

fn count(meaning: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer).description(Some(meaning)).minimum(Some(0))
}
