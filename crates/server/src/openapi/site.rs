//! URLs for people, operators and tools.

use utoipa::openapi::{Content, HttpMethod, ObjectBuilder, PathItem, ResponseBuilder, Type};

use super::parameters::string;
use super::parts::{empty, html, json, operation, with_problems};

pub(super) const TAG: &str = "site";

pub(super) fn paths() -> [(&'static str, PathItem); 6] {
    let metrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let metrics = empty("OpenMetrics text.").content(metrics, Content::new(Some(string())));
    let object = ObjectBuilder::new().schema_type(Type::Object);
    let document =
        empty("An OpenAPI 3.1 document.").content("application/json", Content::new(Some(object)));
    let page = empty("The page.").content("text/html", html());
    let alive = json("It does.", "Alive");
    [
        ("/", get("page", "The page of the board `main`", page)),
        ("/assets/{file}", asset()),
        ("/healthz", get("alive", "Whether the program runs", alive)),
        ("/readyz", ready()),
        ("/metrics", get("metrics", "Figures for Prometheus", metrics)),
        ("/openapi.json", get("describe", "This document", document)),
    ]
}

fn asset() -> PathItem {
    let file = empty("The file, which never changes.").content("*/*", Content::default());
    let operation = operation(TAG, "asset", "A file of the page", &["File"]).response("200", file);
    let problems = [("404", "There is no such file.")];
    PathItem::new(HttpMethod::Get, with_problems(operation, problems))
}

fn ready() -> PathItem {
    let operation = operation(TAG, "ready", "Whether it should be sent requests", &[])
        .response("200", json("It should.", "Ready"))
        .response("503", json("It should not, and why.", "Ready"));
    PathItem::new(HttpMethod::Get, operation)
}

fn get(id: &str, summary: &str, found: ResponseBuilder) -> PathItem {
    PathItem::new(HttpMethod::Get, operation(TAG, id, summary, &[]).response("200", found))
}
