//! The protocol's tables and examples are those of the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use flight::{
    BoardName, BoardSettings, Change, FIELDS, FieldType, Flight, FlightKey, RemovalDelays,
};
use serde_json::{Value, json};
use sse::{DecodedEvent, Decoder};

use crate::document::{Document, root};
use crate::terminal::Desk;

fn protocol() -> Document {
    Document::read("docs/protocol.md")
}

#[test]
fn fields_of_a_row_are_those_of_the_code() {
    let rows = protocol().table("### Rows");
    let documented: Vec<_> = rows.into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let key = [("flight", "text, at most 16 characters".to_owned()), ("date", "date".to_owned())];
    let fields = FIELDS.iter().map(|(_, name, shape)| (*name, words(*shape)));
    let known: Vec<_> = key.into_iter().chain(fields).collect();
    let known: Vec<_> = known.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    assert_eq!(documented, known);
    assert!(
        FlightKey::parse(&"A".repeat(16), None).is_ok()
            && FlightKey::parse(&"A".repeat(17), None).is_err()
    );
}

fn words(shape: FieldType) -> String {
    match shape {
        FieldType::Text { max_chars } => format!("text, at most {max_chars} characters"),
        FieldType::List { max_items, max_chars } => {
            format!("list of at most {max_items}, each at most {max_chars} characters")
        }
        FieldType::Time => "time".to_owned(),
    }
}

#[test]
fn final_states_are_those_of_the_code() {
    let rows = protocol().table("### Automatic removal");
    let documented = rows.into_iter().map(|row| (row[0].clone(), Value::from(row[1].clone())));
    let documented = Value::Object(documented.collect());
    assert_eq!(documented, json!(RemovalDelays::default()));
}

#[test]
fn settings_of_a_board_are_those_of_the_code() {
    let rows = protocol().table("### Boards");
    let documented: BTreeSet<_> = rows.into_iter().map(|row| row[0].clone()).collect();
    let board = BoardName::parse("main").unwrap();
    let all = json!({"airport": "FCO", "note": "Strike"});
    let known = json!(BoardSettings::parse(&board, &all).unwrap());
    let known: BTreeSet<_> = known.as_object().unwrap().keys().cloned().collect();
    assert_eq!(documented, known);
}

#[test]
fn known_states_are_those_of_the_page() {
    let source = fs::read_to_string(root().join("web/src/states.ts")).unwrap();
    let states = source.lines().filter_map(|line| line.split_once(": { label:"));
    let states: BTreeSet<_> = states.map(|(name, _)| name.trim().trim_matches('"')).collect();
    let document = protocol();
    let (_, section) = document.text().split_once("\n### States\n").unwrap();
    let (section, _) = section.split_once("and the empty text").unwrap();
    let documented: BTreeSet<_> = section.split('`').skip(1).step_by(2).collect();
    assert_eq!(documented, &states | &BTreeSet::from(["state"]));
}

#[test]
fn examples_are_events_as_the_server_writes_them() {
    let blocks = protocol().blocks();
    let examples = blocks.iter().filter(|block| block.language == "event-stream");
    let mut names = BTreeSet::new();
    for block in examples {
        let mut decoder = Decoder::new();
        let stream = format!("{}\n", block.text);
        let events: Vec<_> = decoder.feed(stream.as_bytes()).map(Result::unwrap).collect();
        let [event] = &*events else { panic!("{}: not one event", block.place) };
        let data: Value = serde_json::from_str(&event.data).expect(&block.place);
        assert_eq!(event.data, as_written(event, &data), "{}", block.place);
        let id = Some(&*event.last_event_id).filter(|id| !id.is_empty());
        let mut bytes = Vec::new();
        let again = sse::Event { id, event: Some(&event.event), data: &event.data };
        again.encode(&mut bytes).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), stream, "{}", block.place);
        assert_eq!(id.is_none(), event.event == "heartbeat", "{}", block.place);
        names.insert(event.event.clone());
    }
    let documented: BTreeSet<_> = protocol().text().lines().filter_map(event_told_of).collect();
    assert_eq!(names, documented);
    assert_eq!(names.len(), 7);
}

/// The name at the beginning of a paragraph on an event.
fn event_told_of(line: &str) -> Option<String> {
    Some(line.strip_prefix("**`")?.split_once("`**")?.0.to_owned())
}

/// The data as the server's own types write it.
fn as_written(event: &DecodedEvent, data: &Value) -> String {
    let board = BoardName::parse("main").unwrap();
    match &*event.event {
        "heartbeat" => json!({"at": data["at"], "head": data["head"]}).to_string(),
        "timetable" => {
            let settings = BoardSettings::parse(&board, &data["board"]).unwrap();
            let rows: Vec<Flight> = serde_json::from_value(data["flights"].clone()).unwrap();
            let settings = serde_json::to_string(&settings).unwrap();
            let (reason, rows) = (&data["reason"], serde_json::to_string(&rows).unwrap());
            format!(r#"{{"board":{settings},"reason":{reason},"flights":{rows}}}"#)
        }
        name => match Change::parse(&board, name, data).unwrap() {
            Change::PutBoard(settings) => serde_json::to_string(&settings).unwrap(),
            Change::PutFlight(flight) => serde_json::to_string(&flight).unwrap(),
            Change::PatchFlight(patch) => serde_json::to_string(&patch).unwrap(),
            Change::RemoveFlight(key) => serde_json::to_string(&key).unwrap(),
            Change::CloseBoard { reason } => json!({ "reason": reason }).to_string(),
            Change::ExpireFlight(_) => unreachable!("it is no event"),
        },
    }
}

#[test]
fn limits_are_those_of_the_code() {
    let sources = sources(&root().join("crates"));
    for row in protocol().table("### Limits") {
        let [what, value, name] = &*row else { panic!("{row:?}") };
        let definition = format!("const {name}: ");
        let mut values = sources.iter().filter_map(|source| source.split_once(&definition));
        let (_, rest) = values.next().unwrap_or_else(|| panic!("{name} is not in the source"));
        assert!(values.next().is_none(), "{name} is there twice");
        let (_, rest) = rest.split_once(" = ").unwrap();
        let (expression, _) = rest.split_once(';').unwrap();
        assert_eq!(documented(value), calculated(expression), "{what}");
    }
}

/// All Rust sources below a folder that make the program.
fn sources(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let folders = folders.into_iter().filter(|path| !path.ends_with("tests"));
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs"));
    let files = files.map(|path| fs::read_to_string(path).unwrap());
    files.chain(folders.flat_map(|folder| sources(&folder))).collect()
}

/// `20,000`, `64 KiB` or `15 s` as a number.
fn documented(value: &str) -> u64 {
    let (number, unit) = value.split_once(' ').unwrap_or((value, ""));
    let number: u64 = number.replace(',', "").parse().unwrap();
    number
        * match unit {
            "" | "s" | "bytes" => 1,
            "KiB" => 1024,
            "MiB" => 1024 * 1024,
            _ => panic!("{unit} is no unit"),
        }
}

/// `64 * 1024` or `Duration::from_secs(15)` as a number.
fn calculated(expression: &str) -> u64 {
    let number = expression.trim_start_matches("Duration::from_secs(").trim_end_matches(')');
    let factors = number.split(" * ").map(|factor| factor.replace('_', ""));
    factors.map(|factor| factor.parse::<u64>().expect(expression)).product()
}

#[test]
fn resources_are_those_of_the_description_for_tools() {
    let desk = Desk::new();
    let _server = desk.start_server("--memory");
    let description = desk.run(&format!("curl -s http://{}/openapi.json", desk.address));
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
