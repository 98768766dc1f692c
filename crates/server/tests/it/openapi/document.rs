//! The OpenAPI document as the tests read it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::test_server::{TestResponse, TestServer};

pub(crate) const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

pub(crate) struct ApiDocument(pub(crate) Value);

impl ApiDocument {
    pub(crate) async fn fetch(server: &TestServer) -> Self {
        Self(server.get("/openapi.json").await.json())
    }

    /// Returns method, path and description of each operation.
    pub(crate) fn operations(&self) -> Vec<(String, &str, &Value)> {
        let mut operations = Vec::new();
        for (path, item) in members(&self.0["paths"]) {
            for (method, operation) in members(item) {
                assert!(METHODS.contains(&method.as_str()), "{method} {path}");
                operations.push((method.to_uppercase(), path.as_str(), operation));
            }
        }
        operations
    }

    pub(crate) fn operation(&self, method: &str, path: &str) -> &Value {
        let operation = &self.0["paths"][path][method.to_lowercase()];
        assert!(operation.is_object(), "{method} {path} is not described");
        operation
    }

    pub(crate) fn schema(&self, name: &str) -> &Value {
        let schema = &self.0["components"]["schemas"][name];
        assert!(schema.is_object(), "no schema {name}");
        schema
    }

    /// Follows a `$ref`; returns any other value unchanged.
    pub(crate) fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let Some(reference) = value["$ref"].as_str() else { return value };
        let pointer = reference.strip_prefix('#').expect("references stay in the document");
        self.0.pointer(pointer).unwrap_or_else(|| panic!("{reference} has no target"))
    }

    /// Returns all `$ref` values of the document.
    pub(crate) fn references(&self) -> BTreeSet<String> {
        let mut references = BTreeSet::new();
        let mut unvisited = vec![&self.0];
        while let Some(value) = unvisited.pop() {
            references.extend(value["$ref"].as_str().map(str::to_owned));
            unvisited.extend(value.as_object().into_iter().flat_map(Map::values));
            unvisited.extend(value.as_array().into_iter().flatten());
        }
        references
    }

    /// Panics unless the operation describes this status, these headers and this body.
    pub(crate) fn check_answer(&self, method: &str, path: &str, answer: &TestResponse) {
        let name = format!("{method} {path}: {}", answer.status);
        let response = &self.operation(method, path)["responses"][answer.status.as_str()];
        assert!(response.is_object(), "{name} is not described: {}", answer.body);
        for header in ["Event-Id", "ETag", "Retry-After"] {
            let is_described = response["headers"][header].is_object();
            assert_eq!(answer.headers.contains_key(header), is_described, "{name}: {header}");
        }
        let content_type = answer.header("content-type");
        let Some(content) = response["content"].as_object() else {
            assert_eq!((content_type, answer.body.as_str()), ("", ""), "{name}");
            return;
        };
        let content = content.get(content_type).or(content.get("*/*"));
        let content = content.unwrap_or_else(|| panic!("{name}: {content_type}"));
        let values: Vec<Value> = match content_type {
            "application/x-ndjson" => {
                answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
            }
            json if json.ends_with("json") => vec![answer.json()],
            _ => return,
        };
        for value in values {
            self.check(&content["schema"], &value);
        }
    }

    /// Panics unless `value` is valid by the schema.
    pub(crate) fn check(&self, schema: &Value, value: &Value) {
        if let Err(error) = self.validate(schema, value) {
            panic!("{value} violates {schema}: {error}");
        }
    }

    pub(crate) fn validate(&self, schema: &Value, value: &Value) -> Result<(), String> {
        // References start with `#/components`, so the schema needs the components beside it.
        let schema = json!({ "allOf": [schema], "components": self.0["components"] });
        let validator = jsonschema::draft202012::new(&schema).expect("the schema is valid");
        validator.validate(value).map_err(|error| error.to_string())
    }

    /// Panics unless `event`, with its data as text, is one of the described stream events.
    pub(crate) fn check_event(&self, event: &Value) {
        self.check(self.schema("StreamEvent"), event);
        // JSON Schema treats `contentSchema` as an annotation.
        let kinds = list(&self.schema("StreamEvent")["oneOf"]);
        let kind = kinds
            .iter()
            .find(|kind| list(&kind["properties"]["event"]["enum"]).contains(&event["event"]));
        let data = serde_json::from_str(event["data"].as_str().unwrap()).unwrap();
        self.check(&kind.unwrap()["properties"]["data"]["contentSchema"], &data);
    }
}

pub(crate) fn members(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap_or_else(|| panic!("{value} is not an object"))
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
