//! The table of routes.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{from_fn, from_fn_with_state, map_response_with_state};
use axum::routing::{get, post};
use flight::{Flight, FlightPatch};
use tower::ServiceExt;

use super::api::{
    acris, aidx, boards, bulk, changes, flights, health, images, places, punctuality, session,
    webhook,
};
use super::base_path::BasePath;
use super::cors::{self, CorsLayers};
use super::page::stable_files;
use super::problem::Problem;
use super::{
    content_coding, not_found, openapi, page, publishing_pages, query_tokens, request_path,
    right_refusals, site_files,
};
use crate::app::App;
use crate::stream;

/// Returns all routes of `app`: for tests, or to serve them in another program.
pub fn routes(app: App) -> Router {
    let cors = Arc::new(CorsLayers::new(&app.state.settings.origins));
    let base_path = app.state.settings.base_path.clone();
    let router = Router::new()
        .route("/", get(boards::default_page))
        .route("/assets/{file}", get(page::asset))
        .route("/embed.js", get(stable_files::embed_script))
        .route("/favicon.ico", get(site_files::favicon))
        .route("/robots.txt", get(site_files::robots))
        .route("/sw.js", get(stable_files::service_worker))
        .route("/offline", get(boards::other_page))
        .route("/events", get(stream::default_board))
        .route("/boards", get(boards::list))
        .route("/boards/{board}", get(boards::show).put(boards::put).delete(boards::close))
        .route("/boards/{board}/image.png", get(images::board))
        .route("/boards/{board}/flights/{flight}/image.png", get(images::flight))
        .route("/boards/{board}/wall", get(boards::page))
        .route("/boards/{board}/desk", get(boards::page))
        .route("/boards/{board}/events", get(stream::board))
        .route("/boards/{board}/flights/{flight}/events", get(stream::flight))
        .route("/boards/{board}/changes", get(changes::list))
        .route("/boards/{board}/punctuality", get(punctuality::show))
        .route("/boards/{board}/flights", get(flights::list).post(bulk::post))
        .route(
            "/boards/{board}/flights/{flight}",
            get(flights::show)
                .put(flights::save::<Flight>)
                .patch(flights::save::<FlightPatch>)
                .delete(flights::remove),
        )
        .route("/gates/{gate}", get(boards::other_page))
        .route("/belts/{belt}", get(boards::other_page))
        .route("/airports/{airport}", get(boards::other_page))
        .route("/places", get(places::list))
        .route("/aidx", post(aidx::post))
        .route("/acris/flight/{airport}/arrival", get(acris::arrivals))
        .route("/acris/flight/{airport}/departure", get(acris::departures))
        .route("/session", post(session::sign_in).delete(session::sign_out))
        .route("/webhooks/{secret}", post(webhook::post))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .route("/openapi.json", get(openapi::document))
        .fallback(|| async { Problem::unknown_url() })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .layer(from_fn_with_state(app.clone(), not_found::answer))
        .layer(from_fn(query_tokens::refuse))
        .layer(from_fn(content_coding::compress))
        .layer(from_fn_with_state(app.clone(), publishing_pages::check))
        .layer(map_response_with_state(app.clone(), right_refusals::count))
        .layer(from_fn_with_state(cors, cors::answer))
        .with_state(app);
    below(base_path, router)
}

/// Serves `router` below `base`. Normalises paths outside of the router, whose own layers run after it has
/// chosen a route.
pub(crate) fn below(base: BasePath, router: Router) -> Router {
    let normalise =
        async move |request: Request| router.oneshot(request_path::normalise(request, &base)).await;
    Router::new().fallback(normalise)
}
