//! The URL table.

use axum::Router;
use axum::extract::Request;
use axum::routing::get;
use tower::util::MapRequestLayer;
use tower::{Layer, Service};

use crate::api::{boards, bulk, flights, operation};
use crate::app::App;
use crate::problem::Problem;
use crate::{cors, letter_case, openapi, page, stream};

/// All that the server answers, without a socket: for tests, and for serving in another program.
pub fn routes(
    app: App,
) -> impl Service<
    Request,
    Response = axum::response::Response,
    Error = std::convert::Infallible,
    Future: Send,
> + Clone
+ Send
+ 'static {
    let cors = cors::layer(&app.state.settings.allow_origins);
    let table = Router::new()
        .route("/", get(page::index))
        .route("/assets/{file}", get(page::asset))
        .route("/events", get(stream::default_board))
        .route("/boards", get(boards::list))
        .route("/boards/{board}", get(boards::show).put(boards::put).delete(boards::close))
        .route("/boards/{board}/events", get(stream::board))
        .route("/boards/{board}/flights", get(flights::list).post(bulk::post))
        .route(
            "/boards/{board}/flights/{flight}",
            get(flights::show).put(flights::put).patch(flights::patch).delete(flights::remove),
        )
        .route("/healthz", get(operation::alive))
        .route("/readyz", get(operation::ready))
        .route("/metrics", get(operation::metrics))
        .route("/openapi.json", get(openapi::document))
        .fallback(|| async { Problem::no_such_url() })
        .method_not_allowed_fallback(|| async { Problem::no_such_method() })
        .layer(cors)
        .with_state(app);
    // Outside of the router: a layer of its own sees a request when its route is chosen already.
    MapRequestLayer::new(letter_case::lower).layer(table)
}
