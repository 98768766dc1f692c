//! The timetable over HTTP: updates in, streams out.
//!
//! A request becomes an update, which the engine writes and applies; the response reports the
//! outcome. A stream is admitted, then written by the reactor or by its own task. This crate
//! does not know how a journal is stored.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let settings = server::Settings::default();
//! let journal = journal::MemoryJournal::default();
//! let engine = engine::Engine::start(journal, settings.window_bytes).await?;
//! let app = server::App::new(engine, settings);
//! let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let listeners = vec![server::Listener::plain(socket)?];
//! let shutdown = tokio::time::sleep(std::time::Duration::from_millis(10));
//! server::serve(listeners, app.clone(), shutdown).await;
//! app.close().await;
//! # Ok(())
//! # }
//! ```

/// Limits and timeouts of a server.
mod settings;

/// The origins and hosts that may read and publish.
mod origin_settings;

/// The rights to publish.
mod access_settings;

/// Limits on one client.
mod limits;

/// The address whose requests are counted together.
mod client_address;

/// Counts the connections or streams of each client.
mod seats;

/// Where a server shows its inside.
mod admin_settings;

/// Secret URLs to which sources push their answers.
mod webhook;

/// The images of boards and flights.
mod image_store;

/// The state that all requests share.
mod app;

/// Connections: accept, serve, shut down.
mod connection;

/// Routes and their handlers.
mod http;

/// The event stream.
mod stream;

pub use crate::http::admin::ServerStage;
pub use crate::http::base_path::{BasePath, ParseBasePathError};
pub use crate::http::cors::{AllowedOrigin, NamedOrigin, ParseOriginError};
pub use crate::http::local_request::{AllowedHost, ParseHostError};
pub use crate::http::routes::routes;
pub use access_settings::AccessSettings;
pub use admin_settings::AdminAccess;
pub use app::App;
pub use connection::{
    HttpsRedirect, Listener, MAX_ADMIN_CONNECTIONS, PeerConnection, RESERVED_DESCRIPTORS, serve,
    serve_admin, serve_until_ready,
};
pub use history::{HISTORY_BYTES, HistorySettings, MEMORY_HISTORY_BYTES};
pub use limits::{AddressRange, ClientLimits, KEPT_CONNECTIONS, ParseRangeError};
pub use origin_settings::{HostRule, OriginSettings};
pub use settings::{MAX_REACTOR_THREADS, SPARE_CONNECTIONS, Settings, TlsSettings};
pub use webhook::{DeliveryError, DeliveryFuture, Webhook, WebhookReceiver};
