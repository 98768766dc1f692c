//! The tables and examples of `docs/protocol.md` match the code.

use std::collections::BTreeSet;

use flight::{
    BoardName, BoardSettings, Change, FIELDS, FieldType, Flight, FlightKey, INSTANTS, RemovalDelays,
};
use serde_json::{Value, json};
use sse::{DecodedEvent, Decoder};

use crate::document::Document;
use crate::sandbox::Sandbox;
use crate::sources::constants;

fn protocol() -> Document {
    Document::read("docs/protocol.md")
}

#[test]
fn row_fields_match_the_code() {
    let rows = protocol().table("### Rows");
    let documented: Vec<_> = rows.into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let text = "text, at most 16 characters".to_owned();
    let key = [("flight", text.clone()), ("date", "date".to_owned()), ("leg", text)];
    let fields = FIELDS.iter().map(|(_, name, shape)| (*name, describe(*shape)));
    let instants = INSTANTS.iter().map(|(_, name)| (*name, "instant".to_owned()));
    let known: Vec<_> = key.into_iter().chain(fields).chain(instants).collect();
    let known: Vec<_> = known.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    assert_eq!(documented, known);
    assert!(
        FlightKey::parse(&"A".repeat(16), None).is_ok()
            && FlightKey::parse(&"A".repeat(17), None).is_err()
    );
    let key = FlightKey::parse("I768", None).unwrap();
    assert!(
        key.clone().with_leg(Some(&"A".repeat(16))).is_ok()
            && key.with_leg(Some(&"A".repeat(17))).is_err()
    );
}

fn describe(shape: FieldType) -> String {
    match shape {
        FieldType::Text { max_chars } => format!("text, at most {max_chars} characters"),
        FieldType::List { max_items, max_chars } => {
            format!("list of at most {max_items}, each at most {max_chars} characters")
        }
        FieldType::Time => "time".to_owned(),
        FieldType::FieldNames => "list of names of other fields, or flight".to_owned(),
    }
}

#[test]
fn removal_delays_match_the_code() {
    let rows = protocol().table("### Automatic removal");
    let documented = rows.into_iter().map(|row| (row[0].clone(), Value::from(row[1].clone())));
    let documented = Value::Object(documented.collect());
    assert_eq!(documented, json!(RemovalDelays::default()));
}

#[test]
fn board_settings_match_the_code() {
    let rows = protocol().table("### Boards");
    let documented: BTreeSet<_> = rows.into_iter().map(|row| row[0].clone()).collect();
    let board = BoardName::parse("main").unwrap();
    let all = json!({
        "airport": "FCO", "note": "Strike", "private": true, "columns": ["flight"],
        "overAfter": {"departed": "1m"}, "expectEvery": "10m", "notice": "Ask at the desk",
    });
    let known = json!(BoardSettings::parse(&board, &all).unwrap());
    let known: BTreeSet<_> = known.as_object().unwrap().keys().cloned().collect();
    assert_eq!(documented, known);
}

#[test]
fn examples_match_the_server_output() {
    let blocks = protocol().code_blocks();
    let examples = blocks.iter().filter(|block| block.language == "event-stream");
    let mut names = BTreeSet::new();
    for block in examples {
        let mut decoder = Decoder::new();
        let stream = format!("{}\n", block.text);
        let events: Vec<_> = decoder.feed(stream.as_bytes()).map(Result::unwrap).collect();
        let [event] = &*events else { panic!("{}: expected one event", block.location) };
        let data: Value = serde_json::from_str(&event.data).expect(&block.location);
        assert_eq!(event.data, serialize(event, &data), "{}", block.location);
        let id = Some(&*event.last_event_id).filter(|id| !id.is_empty());
        let mut bytes = Vec::new();
        let encoded = sse::Event { id, event: Some(&event.event), data: &event.data };
        encoded.encode(&mut bytes).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), stream, "{}", block.location);
        assert_eq!(id.is_none(), event.event == "heartbeat", "{}", block.location);
        names.insert(event.event.clone());
    }
    let documented: BTreeSet<_> = protocol().text().lines().filter_map(documented_event).collect();
    assert_eq!(names, documented);
    assert_eq!(names.len(), 8);
}

/// The event name at the start of its paragraph.
fn documented_event(line: &str) -> Option<String> {
    Some(line.strip_prefix("**`")?.split_once("`**")?.0.to_owned())
}

/// The data as the types of the server serialize it.
fn serialize(event: &DecodedEvent, data: &Value) -> String {
    let board = BoardName::parse("main").unwrap();
    match &*event.event {
        "heartbeat" => {
            let [at, head, last_update, build] =
                ["at", "head", "lastUpdate", "build"].map(|name| &data[name]);
            format!(r#"{{"at":{at},"head":{head},"lastUpdate":{last_update},"build":{build}}}"#)
        }
        "timetable" => {
            let settings = BoardSettings::parse(&board, &data["board"]).unwrap();
            let rows = data["flights"].as_array().unwrap().iter().map(|row| {
                let flight: Flight = serde_json::from_value(row.clone()).unwrap();
                with_instants(&serde_json::to_string(&flight).unwrap(), row)
            });
            let rows = rows.collect::<Vec<_>>().join(",");
            let settings = serde_json::to_string(&settings).unwrap();
            let reason = &data["reason"];
            format!(r#"{{"board":{settings},"reason":{reason},"flights":[{rows}]}}"#)
        }
        name => match Change::parse(&board, name, data).unwrap() {
            Change::PutBoard(settings) => serde_json::to_string(&settings).unwrap(),
            Change::PutFlight(flight) => serde_json::to_string(&flight).unwrap(),
            Change::PatchFlight(patch) => serde_json::to_string(&patch).unwrap(),
            Change::RemoveFlight(key) => serde_json::to_string(&key).unwrap(),
            Change::CloseBoard { reason } => json!({ "reason": reason }).to_string(),
            Change::PutSource(source) => serde_json::to_string(&source).unwrap(),
            Change::ExpireFlight(_) | Change::MarkSourceLate | Change::ClaimFeed(_) => {
                unreachable!("not an event")
            }
        },
    }
}

/// The server appends the instants in this order.
fn with_instants(flight: &str, row: &Value) -> String {
    let instants = INSTANTS.iter().filter_map(|(_, name)| Some((name, row.get(*name)?)));
    let instants: String = instants.map(|(name, at)| format!(r#","{name}":{at}"#)).collect();
    format!("{}{instants}}}", flight.strip_suffix('}').unwrap())
}

#[test]
fn limits_match_the_constants() {
    let constants = constants();
    for row in protocol().table("### Limits") {
        let [limit, value, name] = &*row else { panic!("{row:?}") };
        let values = constants.iter().filter(|(constant, _)| constant == name);
        let values: Vec<_> = values.map(|(_, value)| *value).collect();
        assert_eq!(values, [parse_limit(value)], "{limit}: {name}");
    }
}

/// `20,000`, `64 KiB` or `15 s` as a number.
fn parse_limit(value: &str) -> u64 {
    let (number, unit) = value.split_once(' ').unwrap_or((value, ""));
    let number: u64 = number.replace(',', "").parse().unwrap();
    number
        * match unit {
            "" | "s" | "bytes" => 1,
            "KiB" => 1024,
            "MiB" => 1024 * 1024,
            _ => panic!("unknown unit {unit}"),
        }
}

#[test]
fn resources_match_openapi() {
    let sandbox = Sandbox::new();
    let _server = sandbox.start_server("--memory");
    let description = sandbox.run(&format!("curl -s http://{}/openapi.json", sandbox.address));
    let description: Value = serde_json::from_str(&description).unwrap();
    let paths = description["paths"].as_object().unwrap().iter();
    let described: BTreeSet<_> = paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            let methods = methods.filter(|method| *method == &method.to_lowercase());
            let methods = methods.filter(|method| !["parameters", "summary"].contains(&&***method));
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let rows = protocol().table("## The HTTP API");
    let requests = rows.iter().flat_map(|row| row[0].split(", "));
    let requests = requests.map(|request| request.split('[').next().unwrap().to_owned());
    assert_eq!(requests.collect::<BTreeSet<_>>(), described);
}
