//! The OpenAPI document describes what the server does: all of it, and nothing else.

/// Every answer and every event is as described.
mod answers;

/// The document as a test reads it, and as much of JSON Schema as it uses.
mod schema;

use std::collections::BTreeSet;

use axum::body::Body;
use axum::extract::Request;
use flight::{BoardName, Change, FIELDS, FieldType, FlightKey, IdempotencyKey};
use serde_json::{Value, json};

use crate::house::House;
use schema::{Document, list, members};

const ROW: &str = "/boards/{board}/flights/{flight}";
const ROWS: &str = "/boards/{board}/flights";
const BOARD: &str = "/boards/{board}";

fn parse(event: &str, data: &Value) -> Result<Change, flight::ParseError> {
    Change::parse(&BoardName::parse("main").unwrap(), event, data)
}

/// The URL table's own text: method and URL of each route.
fn routes() -> BTreeSet<(String, String)> {
    let source = include_str!("../../src/routes.rs");
    let mut routes = BTreeSet::new();
    for route in source.split(".route(").skip(1) {
        let route = route.split(".fallback").next().unwrap();
        let url = route.split('"').nth(1).unwrap();
        for method in ["get", "put", "patch", "post", "delete"] {
            let is_called = |(at, _)| !route[..at].ends_with(|c: char| c.is_alphanumeric());
            if route.match_indices(&format!("{method}(")).any(is_called) {
                routes.insert((method.to_uppercase(), url.to_owned()));
            }
        }
    }
    routes
}

#[tokio::test]
async fn it_is_open_api_3_1_with_a_version_and_a_licence() {
    let house = House::new().await;
    let answer = house.get("/openapi.json").await;
    let document = Document(answer.json());
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(document.0["openapi"].as_str().unwrap().starts_with("3.1."));
    let info = &document.0["info"];
    assert_eq!(info["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(info["license"]["identifier"], env!("CARGO_PKG_LICENSE"));
    assert!(members(&document.0["paths"]).len() > 10);
}

#[tokio::test]
async fn it_has_the_urls_of_the_table_and_no_others() {
    let house = House::new().await;
    let document = Document::of(&house).await;
    let operations = document.operations().into_iter();
    let described: BTreeSet<_> =
        operations.map(|(method, url, _)| (method, url.to_owned())).collect();
    assert_eq!(described, routes());
    let ids = document.operations().into_iter().map(|(.., operation)| &operation["operationId"]);
    let ids: BTreeSet<_> = ids.map(|id| id.as_str().unwrap()).collect();
    assert_eq!(ids.len(), described.len());
}

#[tokio::test]
async fn what_it_describes_is_there() {
    let house = House::new().await;
    let document = Document::of(&house).await;
    let page = house.get("/").await.body;
    let file = page.split("/assets/").nth(1).unwrap().split('"').next().unwrap();
    let made_up = [("{board}", "main"), ("{flight}", "I768"), ("{file}", file)];
    for (method, url, operation) in document.operations() {
        let path =
            made_up.iter().fold(url.to_owned(), |path, (name, value)| path.replace(name, value));
        assert!(!path.contains('{'), "{url}");
        let in_path = url.matches('{').count();
        let parameters = list(&operation["parameters"]).iter().map(|given| document.resolve(given));
        assert_eq!(parameters.filter(|given| given["in"] == "path").count(), in_path, "{url}");
        let request = Request::builder().method(&*method).uri(&path).body(Body::empty()).unwrap();
        let (status, headers, mut stream) = house.follow(request).await;
        if headers.get("content-type").is_some_and(|kind| kind == "application/problem+json") {
            let problem: Value = serde_json::from_str(&stream.bytes().await.unwrap()).unwrap();
            let title = problem["title"].as_str().unwrap();
            assert!(
                !title.ends_with("URL") && !title.ends_with("method"),
                "{method} {path}: {title}"
            );
        }
        assert!(operation["responses"][status.as_str()].is_object(), "{method} {path}: {status}");
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere_and_all_is_referred_to() {
    let house = House::new().await;
    let document = Document::of(&house).await;
    let references = document.references();
    for reference in &references {
        let target = document.0.pointer(&reference[1..]);
        assert!(target.is_some_and(Value::is_object), "{reference}");
    }
    for (kind, all) in members(&document.0["components"]) {
        for name in members(all).keys() {
            let reference = format!("#/components/{kind}/{name}");
            assert!(references.contains(&reference), "nothing refers to {reference}");
        }
    }
}

#[tokio::test]
async fn rows_have_the_fields_of_the_table_in_its_order() {
    let house = House::new().await;
    let text = house.get("/openapi.json").await.body;
    let document = Document(serde_json::from_str(&text).unwrap());
    for name in ["Flight", "FlightPatch", "FlightFields"] {
        let schema = document.schema(name);
        assert_eq!(schema["additionalProperties"], false, "{name}");
        let properties = members(&schema["properties"]);
        let expected =
            ["flight", "date"].into_iter().chain(FIELDS.iter().map(|(_, name, _)| *name));
        let expected: BTreeSet<_> = expected.collect();
        assert_eq!(properties.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected);
        for (_, field, shape) in FIELDS {
            let property = &properties[*field];
            assert!(property["description"].is_string(), "nothing is said of {field}");
            let (max_chars, max_items) = match *shape {
                FieldType::Text { max_chars } => (property["maxLength"] == max_chars, true),
                FieldType::Time => (property["maxLength"].is_null(), true),
                FieldType::List { max_items, max_chars } => {
                    (property["items"]["maxLength"] == max_chars, property["maxItems"] == max_items)
                }
            };
            assert!(max_chars && max_items, "{field}: {property}");
            let nullable = document.fits(property, &Value::Null).is_ok();
            assert_eq!(nullable, name != "Flight", "{name}.{field}");
        }
    }
    let row =
        text.split(r#""Flight":{"#).nth(1).unwrap().split(r#""FlightFields":"#).next().unwrap();
    let places = FIELDS.iter().map(|(_, name, _)| row.find(&format!("\"{name}\":{{")).unwrap());
    assert!(places.is_sorted(), "{row}");
}

#[tokio::test]
async fn limits_are_those_of_the_parser() {
    let house = House::new().await;
    let document = Document::of(&house).await;
    let schemas = &document.0["components"]["schemas"];
    let check = |schema: &Value, accepts: &dyn Fn(&str) -> bool| {
        let most = usize::try_from(schema["maxLength"].as_u64().unwrap()).unwrap();
        assert!(accepts(&"x".repeat(most)), "{most}: {schema}");
        assert!(!accepts(&"x".repeat(most + 1)), "{most} and one: {schema}");
        assert_eq!(accepts(""), schema["minLength"].as_u64().unwrap_or(0) == 0, "{schema}");
        assert!(!accepts("a\nb") && schema["pattern"].is_string(), "{schema}");
    };
    for (event, name) in [
        ("flightAddition", "Flight"),
        ("flightStateUpdate", "FlightPatch"),
        ("boardUpdate", "BoardFields"),
        ("closedConnection", "Closing"),
    ] {
        for (field, schema) in members(&schemas[name]["properties"]) {
            let accepts = |value: Value| {
                let mut data =
                    if name.starts_with("Flight") { json!({"flight": "I768"}) } else { json!({}) };
                data[field] = value;
                parse(event, &data).is_ok()
            };
            if schema["maxLength"].is_u64() {
                check(schema, &|text| accepts(json!(text)));
            } else if schema["maxItems"].is_u64() {
                check(&schema["items"], &|text| accepts(json!([text])));
                let most = usize::try_from(schema["maxItems"].as_u64().unwrap()).unwrap();
                assert!(accepts(json!(vec!["x"; most])) && !accepts(json!(vec!["x"; most + 1])));
            }
            for word in list(&schema["enum"]) {
                assert!(accepts(word.clone()), "{word}");
            }
            if let Some(default) = schema.get("default") {
                let left_out = parse(event, &json!({})).unwrap();
                assert_eq!(parse(event, &json!({ field: default })).unwrap(), left_out);
            }
        }
    }
    check(&schemas["FlightNumber"], &|text| FlightKey::parse(text, None).is_ok());
    check(&schemas["BoardName"], &|text| BoardName::parse(text).is_ok());
    check(&schemas["IdempotencyKey"], &|text| IdempotencyKey::parse(text).is_ok());
}

/// The examples of what can be published, as the event and data that they come to.
fn examples(document: &Document) -> Vec<(String, Value)> {
    let body = |method, url| &document.operation(method, url)["requestBody"]["content"]["application/json"];
    let named = |example: &Value| {
        let mut row = example.clone();
        row["flight"] = json!("I768");
        row
    };
    let mut examples = vec![
        ("boardUpdate".to_owned(), body("PUT", BOARD)["example"].clone()),
        ("flightAddition".to_owned(), named(&body("PUT", ROW)["example"])),
        ("flightStateUpdate".to_owned(), named(&body("PATCH", ROW)["example"])),
    ];
    let lines = members(&body("POST", ROWS)["examples"]).values().map(|line| &line["value"]);
    examples.extend(lines.map(|line| {
        document.check(document.schema("UpdateLine"), line);
        (line["event"].as_str().unwrap().to_owned(), line["data"].clone())
    }));
    let rows = list(&document.schema("Flight")["examples"]).iter();
    examples.extend(rows.map(|row| ("flightAddition".to_owned(), row.clone())));
    examples
}

#[tokio::test]
async fn examples_are_accepted() {
    let house = House::new().await;
    let document = Document::of(&house).await;
    let examples = examples(&document);
    assert!(examples.len() >= 8);
    for (event, data) in examples {
        assert_eq!(parse(&event, &data).err(), None, "{event} {data}");
    }
    for (name, schema) in members(&document.0["components"]["schemas"]) {
        for example in list(&schema["examples"]) {
            document.check(schema, example);
        }
        assert!(!schema["example"].is_object(), "{name}");
    }
    for (method, url, operation) in document.operations() {
        let of_answers = members(&operation["responses"]).values();
        for body in of_answers.chain([&operation["requestBody"]]) {
            for content in body["content"].as_object().into_iter().flat_map(|all| all.values()) {
                let several = content["examples"].as_object().into_iter().flatten();
                let several = several.map(|(_, example)| &example["value"]);
                for example in content.get("example").into_iter().chain(several) {
                    let fits = document.fits(&content["schema"], example);
                    assert_eq!(fits, Ok(()), "{method} {url}: {example}");
                }
            }
        }
    }
}
