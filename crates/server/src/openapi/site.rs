//! URLs for people, operators and tools.

use utoipa::openapi::{Content, HttpMethod, ObjectBuilder, PathItem, ResponseBuilder, Type};

use super::parameters::string;
use super::parts::{empty, html, json, operation, with_problems};

pub(super) const TAG: &str = "site";

pub(super) fn paths() -> [(&'static str, PathItem); 6] {
    let get = |id, summary, response: ResponseBuilder| {
        operation(TAG, id, summary, &[]).response("200", response)
    };
    let ready = get("ready", "Whether it should be sent requests", json("It should.", "Ready"))
        .response("503", json("It should not, and why.", "Ready"));
    let file = operation(TAG, "asset", "A file of the page", &["File"]).response(
        "200",
        empty("The file, which never changes.").content("*/*", Content::default()),
    );
    let metrics = empty("OpenMetrics text.").content(
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        Content::new(Some(string())),
    );
    let document = empty("An OpenAPI 3.1 document.").content(
        "application/json",
        Content::new(Some(ObjectBuilder::new().schema_type(Type::Object))),
    );
    let item = |operation| PathItem::new(HttpMethod::Get, operation);
    [
        (
            "/",
            item(
                get(
                    "page",
                    "The page of the board `main`",
                    empty("The page.").content("text/html", html()),
                )
                .build(),
            ),
        ),
        ("/assets/{file}", item(with_problems(file, [("404", "There is no such file.")]))),
        (
            "/healthz",
            item(get("alive", "Whether the program runs", json("It does.", "Alive")).build()),
        ),
        ("/readyz", item(ready.build())),
        ("/metrics", item(get("metrics", "Figures for Prometheus", metrics).build())),
        ("/openapi.json", item(get("describe", "This document", document).build())),
    ]
}
