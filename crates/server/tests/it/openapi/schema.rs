//! The OpenAPI document as a test reads it, and as much of JSON Schema as it uses.
//! Patterns are left out: what they allow is compared with the parser instead.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::house::{Answer, House};

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

pub(crate) struct Document(pub(crate) Value);

impl Document {
    pub(crate) async fn of(house: &House) -> Self {
        Self(house.get("/openapi.json").await.json())
    }

    /// The operations, as method, URL and description.
    pub(crate) fn operations(&self) -> Vec<(String, &str, &Value)> {
        let mut operations = Vec::new();
        for (url, item) in members(&self.0["paths"]) {
            for (method, operation) in members(item) {
                assert!(METHODS.contains(&method.as_str()), "{method} {url}");
                operations.push((method.to_uppercase(), url.as_str(), operation));
            }
        }
        operations
    }

    pub(crate) fn operation(&self, method: &str, url: &str) -> &Value {
        let operation = &self.0["paths"][url][method.to_lowercase()];
        assert!(operation.is_object(), "{method} {url} is not described");
        operation
    }

    pub(crate) fn schema(&self, name: &str) -> &Value {
        let schema = &self.0["components"]["schemas"][name];
        assert!(schema.is_object(), "there is no schema {name}");
        schema
    }

    /// What a reference refers to; anything else is itself.
    pub(crate) fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let Some(reference) = value["$ref"].as_str() else { return value };
        let pointer = reference.strip_prefix('#').expect("references stay in the document");
        self.0.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
    }

    /// All references in the document.
    pub(crate) fn references(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut rest = vec![&self.0];
        while let Some(value) = rest.pop() {
            found.extend(value["$ref"].as_str().map(str::to_owned));
            rest.extend(value.as_object().into_iter().flat_map(Map::values));
            rest.extend(value.as_array().into_iter().flatten());
        }
        found
    }

    /// Fails unless the operation is described as answering so.
    pub(crate) fn check_answer(&self, method: &str, url: &str, answer: &Answer) {
        let name = format!("{method} {url}: {}", answer.status);
        let response = &self.operation(method, url)["responses"][answer.status.as_str()];
        assert!(response.is_object(), "{name} is not described: {}", answer.body);
        for header in ["Event-Id", "ETag", "Retry-After"] {
            let described = response["headers"][header].is_object();
            assert_eq!(answer.headers.contains_key(header), described, "{name}: {header}");
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

    /// Fails unless `value` is as the schema says.
    pub(crate) fn check(&self, schema: &Value, value: &Value) {
        if let Err(why) = self.fits(schema, value) {
            panic!("{value} does not fit {schema}: {why}");
        }
    }

    /// Whether `value` is as the schema says, and why not.
    pub(crate) fn fits(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let schema = self.resolve(schema);
        fits_by_itself(schema, value)?;
        for part in list(&schema["allOf"]) {
            self.fits(part, value)?;
        }
        if let Some(choices) = schema["oneOf"].as_array() {
            let tries: Vec<_> = choices.iter().map(|choice| self.fits(choice, value)).collect();
            if tries.iter().filter(|fits| fits.is_ok()).count() != 1 {
                return Err(format!("one choice must fit: {tries:?}"));
            }
        }
        for item in value.as_array().into_iter().flatten().filter(|_| schema["items"].is_object()) {
            self.fits(&schema["items"], item)?;
        }
        for (name, member) in value.as_object().into_iter().flatten() {
            match &schema["properties"][name] {
                Value::Null if schema["additionalProperties"] == false => {
                    return Err(format!("{name} is not described"));
                }
                Value::Null => {}
                property => self.fits(property, member).map_err(|why| format!("{name}: {why}"))?,
            }
        }
        match (&schema["contentSchema"], value.as_str()) {
            (Value::Null, _) | (_, None) => Ok(()),
            (content, Some(text)) => self.fits(content, &serde_json::from_str(text).unwrap()),
        }
    }
}

fn fits_by_itself(schema: &Value, value: &Value) -> Result<(), String> {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds = &schema["type"];
    if !kinds.is_null() && kinds != kind && !list(kinds).contains(&json!(kind)) {
        return Err(format!("{value} is not {kinds}"));
    }
    if schema["enum"].is_array() && !list(&schema["enum"]).contains(value) {
        return Err(format!("{value} is not one of {}", schema["enum"]));
    }
    let absent =
        list(&schema["required"]).iter().find(|name| value.get(name.as_str().unwrap()).is_none());
    if let Some(name) = absent {
        return Err(format!("{name} is missing"));
    }
    let lengths = [
        ("maxLength", value.as_str().map(|text| text.chars().count())),
        ("maxItems", value.as_array().map(Vec::len)),
    ];
    for (limit, length) in lengths {
        if let (Some(most), Some(length)) = (schema[limit].as_u64(), length)
            && length as u64 > most
        {
            return Err(format!("{value} is longer than {most}"));
        }
    }
    Ok(())
}

pub(crate) fn members(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap_or_else(|| panic!("{value} is no object"))
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
