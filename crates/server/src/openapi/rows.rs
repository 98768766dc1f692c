//! What a row is, made from its table of fields.

use flight::{FIELDS, FieldType, FlightField};
use serde_json::json;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, SchemaType};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use super::parameters::{date, string};
use super::parts::schema;
use super::schemas::{ONE_LINE, text};

/// Most characters of a flight's number.
const MAX_NUMBER_CHARS: usize = 16;

/// RFC 3339 with an offset, or a reading of the board's clock.
const TIME: &str = "^(([01][0-9]|2[0-3]):[0-5][0-9]\
    |[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\
    ([.][0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2}))$";

/// The row that examples speak of.
pub(super) fn example() -> serde_json::Value {
    json!({
        "flight": "I768",
        "date": "2026-11-22",
        "origin": "Rome",
        "airline": "Example Air",
        "codeshares": ["X1768"],
        "arrival": "2026-11-22T10:10:00-05:00",
        "estimated": "2026-11-22T10:25:00-05:00",
        "state": "landing",
        "terminal": "4",
        "belt": "7"
    })
}

/// The schemas of a row, of its key, and of changes of it.
pub(super) fn schemas() -> [(&'static str, RefOr<Schema>); 5] {
    let number = string()
        .description(Some("The flight's number, letter for letter."))
        .min_length(Some(1))
        .max_length(Some(MAX_NUMBER_CHARS))
        .pattern(Some("^[A-Za-z0-9_-]([A-Za-z0-9._ -]*[A-Za-z0-9._-])?$"));
    let flight = "A row: one leg of one flight number on one operating day. Its key is `flight` \
                  and `date`; a row without a date is another than those with one.";
    let patch = "A JSON Merge Patch (RFC 7396) of one row: `null` clears a field, lists are \
                 replaced whole. Without `date`, the only row of that number is meant.";
    let fields = "Fields of the row that the URL names: with `PUT` all of them, where `null` is \
                  the same as absent; with `PATCH` those to change, where `null` clears a field. \
                  The key may be repeated, not contradicted.";
    let named = |description, values| row(description, values).required("flight");
    [
        ("FlightNumber", number.into()),
        ("FlightKey", key().description(Some("Names a row.")).required("flight").into()),
        ("Flight", named(flight, Values::Present).examples([example()]).into()),
        ("FlightPatch", named(patch, Values::OrNull).into()),
        ("FlightFields", row(fields, Values::OrNull).into()),
    ]
}

/// Whether a field may say that it has no value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Values {
    Present,
    OrNull,
}

fn key() -> ObjectBuilder {
    let date = date().description(Some("The leg's date of origin, where the source gives one."));
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("flight", schema("FlightNumber"))
        .property("date", date)
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

fn row(description: &str, values: Values) -> ObjectBuilder {
    let start = key().description(Some(description));
    FIELDS.iter().fold(start, |row, (field, name, shape)| {
        row.property(*name, property(*field, *shape, values))
    })
}

fn property(field: FlightField, shape: FieldType, values: Values) -> RefOr<Schema> {
    let of = |value| match values {
        Values::Present => SchemaType::new(value),
        Values::OrNull => SchemaType::from_iter([value, Type::Null]),
    };
    let meaning = meaning(field);
    let line = ObjectBuilder::new().schema_type(of(Type::String)).description(meaning);
    match shape {
        FieldType::Text { max_chars } => {
            line.max_length(Some(max_chars)).pattern(Some(ONE_LINE)).into()
        }
        FieldType::Time => line.pattern(Some(TIME)).into(),
        FieldType::List { max_items, max_chars } => ArrayBuilder::new()
            .schema_type(of(Type::Array))
            .description(meaning)
            .items(text(max_chars))
            .max_items(Some(max_items))
            .into(),
    }
}

/// What a field means, where it has been said.
fn meaning(field: FlightField) -> Option<&'static str> {
    MEANINGS.iter().find(|(known, _)| *known == field).map(|(_, meaning)| *meaning)
}

const MEANINGS: &[(FlightField, &str)] = &[
    (FlightField::Origin, "Where it comes from, as shown or as an IATA code."),
    (FlightField::Destination, "Where it goes to, as shown or as an IATA code."),
    (FlightField::Via, "Stops on the way, in order."),
    (FlightField::Airline, "The operating airline, as shown or as a code."),
    (FlightField::Codeshares, "Other numbers that the same flight is sold under."),
    (FlightField::Aircraft, "The aircraft's type or registration."),
    (
        FlightField::Arrival,
        "Scheduled arrival: RFC 3339 with an offset, or HH:MM on the board's clock.",
    ),
    (FlightField::Departure, "Scheduled departure, written like `arrival`."),
    (FlightField::Estimated, "The time now expected, written like `arrival`."),
    (FlightField::Actual, "The time at which it happened, written like `arrival`."),
    (
        FlightField::State,
        "Free text. Known, coloured and translated are: scheduled, expected, check-in, gate open, \
         boarding, final call, gate closed, departed, landing, landed, at gate, baggage, \
         cancelled, diverted, and the empty text.",
    ),
    (FlightField::Terminal, "The terminal."),
    (FlightField::Gate, "The gate."),
    (FlightField::Stand, "The aircraft's parking position."),
    (FlightField::Belt, "The baggage belt."),
    (FlightField::CheckIn, "The check-in desks."),
    (FlightField::Remark, "A line for travellers."),
];
