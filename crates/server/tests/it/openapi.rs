//! The OpenAPI document matches the server's routes, responses, limits and events.

/// Responses and events are valid by the document.
mod answers;

/// The document as the tests read it.
mod document;

use std::collections::BTreeSet;

use axum::body::Body;
use axum::extract::Request;
use flight::{BoardName, Change, FIELDS, FieldType, FlightKey, INSTANTS, IdempotencyKey};
use serde_json::{Value, json};

use crate::test_server::TestServer;
use document::{ApiDocument, METHODS, list, members};

const ROW: &str = "/boards/{board}/flights/{flight}";
const ROWS: &str = "/boards/{board}/flights";
const CHANGES: &str = "/boards/{board}/changes";
const PUNCTUALITY: &str = "/boards/{board}/punctuality";
const BOARD: &str = "/boards/{board}";

fn parse(event: &str, data: &Value) -> Result<Change, flight::ParseError> {
    Change::parse(&BoardName::parse("main").unwrap(), event, data)
}

#[tokio::test]
async fn document_names_version_and_licence() {
    let server = TestServer::new().await;
    let answer = server.get("/openapi.json").await;
    let document = ApiDocument(answer.json());
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(document.0["openapi"].as_str().unwrap().starts_with("3.1."));
    let info = &document.0["info"];
    assert_eq!(info["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(info["license"]["identifier"], env!("CARGO_PKG_LICENSE"));
    assert!(members(&document.0["paths"]).len() > 10);
}

/// Replaces the variables of a path by names of things that exist.
async fn concrete_path(server: &TestServer, path: &str) -> String {
    let page = server.get("/").await.body;
    let file = page.split("/assets/").nth(1).unwrap().split('"').next().unwrap();
    let path = path.replace("{board}", "main").replace("{flight}", "I768");
    let path = path.replace("{file}", file).replace("{airport}", "OSL");
    let path = path.replace("{gate}", "B12").replace("{belt}", "4");
    assert!(!path.contains('{'), "{path}");
    path
}

#[tokio::test]
async fn described_operations_exist() {
    let server = TestServer::new().await;
    let document = ApiDocument::fetch(&server).await;
    let mut ids = BTreeSet::new();
    for (method, path, operation) in document.operations() {
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{method} {path}");
        let variables = path.matches('{').count();
        let parameters = list(&operation["parameters"]).iter().map(|given| document.resolve(given));
        assert_eq!(parameters.filter(|given| given["in"] == "path").count(), variables, "{path}");
        let url = concrete_path(&server, path).await;
        let request = Request::builder().method(&*method).uri(&url).body(Body::empty()).unwrap();
        let (status, headers, mut stream) = server.open_stream(request).await;
        assert_ne!(status.as_u16(), 405, "{method} {path}");
        if headers.get("content-type").is_some_and(|kind| kind == "application/problem+json") {
            let problem: Value = serde_json::from_str(&stream.bytes().await.unwrap()).unwrap();
            assert_ne!(problem["title"], "Unknown URL", "{method} {path}");
        }
        assert!(operation["responses"][status.as_str()].is_object(), "{method} {path}: {status}");
    }
}

#[tokio::test]
async fn undescribed_methods_get_405() {
    let server = TestServer::new().await;
    let document = ApiDocument::fetch(&server).await;
    for (path, item) in members(&document.0["paths"]) {
        let url = concrete_path(&server, path).await;
        for method in METHODS.iter().filter(|method| item.get(method).is_none()) {
            let method = method.to_uppercase();
            let request = Request::builder().method(&*method).uri(&url);
            let answer = server.request(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status.as_u16(), 405, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn references_resolve_and_components_are_used() {
    let server = TestServer::new().await;
    let document = ApiDocument::fetch(&server).await;
    let references = document.references();
    for reference in &references {
        let target = document.0.pointer(&reference[1..]);
        assert!(target.is_some_and(Value::is_object), "{reference}");
    }
    for (kind, all) in members(&document.0["components"]) {
        for name in members(all).keys() {
            let reference = format!("#/components/{kind}/{name}");
            // Operations name a security scheme without a reference.
            let is_used = match kind.as_str() {
                "securitySchemes" => document.operations().iter().any(|(.., operation)| {
                    operation["security"].to_string().contains(&format!("\"{name}\""))
                }),
                _ => references.contains(&reference),
            };
            assert!(is_used, "unused: {reference}");
        }
    }
}

#[tokio::test]
async fn row_schemas_list_fields_in_order() {
    let server = TestServer::new().await;
    let text = server.get("/openapi.json").await.body;
    let document = ApiDocument(serde_json::from_str(&text).unwrap());
    for name in ["Flight", "FlightPatch", "FlightFields"] {
        let schema = document.schema(name);
        assert_eq!(schema["additionalProperties"], false, "{name}");
        let properties = members(&schema["properties"]);
        let expected =
            ["flight", "date", "leg"].into_iter().chain(FIELDS.iter().map(|(_, name, _)| *name));
        let instants = INSTANTS.iter().map(|(_, name)| *name);
        let expected: BTreeSet<_> = expected.chain(instants).collect();
        assert_eq!(properties.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected);
        for (_, field, shape) in FIELDS {
            let property = &properties[*field];
            assert!(property["description"].is_string(), "{field} has no description");
            let (max_chars, max_items) = match *shape {
                FieldType::Text { max_chars } => (property["maxLength"] == max_chars, true),
                FieldType::Time => (property["maxLength"].is_null(), true),
                FieldType::List { max_items, max_chars } => {
                    (property["items"]["maxLength"] == max_chars, property["maxItems"] == max_items)
                }
                FieldType::FieldNames => {
                    let others =
                        FIELDS.iter().map(|(_, name, _)| *name).filter(|name| name != field);
                    let names: Vec<_> = ["flight"].into_iter().chain(others).collect();
                    (property["items"]["enum"] == json!(names), property["maxItems"] == names.len())
                }
            };
            assert!(max_chars && max_items, "{field}: {property}");
            let nullable = document.validate(property, &Value::Null).is_ok();
            assert_eq!(nullable, name != "Flight", "{name}.{field}");
        }
    }
    let row =
        text.split(r#""Flight":{"#).nth(1).unwrap().split(r#""FlightFields":"#).next().unwrap();
    let places = FIELDS.iter().map(|(_, name, _)| row.find(&format!("\"{name}\":{{")).unwrap());
    assert!(places.is_sorted(), "{row}");
}

#[tokio::test]
async fn limits_match_the_parser() {
    let server = TestServer::new().await;
    let document = ApiDocument::fetch(&server).await;
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
                let words = list(&schema["items"]["enum"]);
                assert!(words.iter().all(|word| accepts(json!([word]))), "{schema}");
                if words.is_empty() {
                    check(&schema["items"], &|text| accepts(json!([text])));
                }
                let item = words.first().cloned().unwrap_or(json!("x"));
                let most = usize::try_from(schema["maxItems"].as_u64().unwrap()).unwrap();
                assert!(
                    accepts(json!(vec![&item; most])) && !accepts(json!(vec![&item; most + 1]))
                );
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
    let columns = list(&schemas["BoardFields"]["properties"]["columns"]["items"]["enum"]);
    assert!(parse("boardUpdate", &json!({ "columns": columns })).is_ok(), "{columns:?}");
    check(&schemas["FlightNumber"], &|text| FlightKey::parse(text, None).is_ok());
    let key = FlightKey::parse("I768", None).unwrap();
    check(&schemas["LegName"], &|text| key.clone().with_leg(Some(text)).is_ok());
    check(&schemas["BoardName"], &|text| BoardName::parse(text).is_ok());
    check(&schemas["IdempotencyKey"], &|text| IdempotencyKey::parse(text).is_ok());
}

/// Returns the document's example updates as event name and data.
fn examples(document: &ApiDocument) -> Vec<(String, Value)> {
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
    let server = TestServer::new().await;
    let document = ApiDocument::fetch(&server).await;
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
                    let valid = document.validate(&content["schema"], example);
                    assert_eq!(valid, Ok(()), "{method} {url}: {example}");
                }
            }
        }
    }
}
