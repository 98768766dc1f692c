//! Faults and their remedies.

use crate::proxy::ProxyKind;

/// A fault of the way to the server, with a remedy in the settings of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathFault {
    /// Events wait for each other.
    Buffering,
    /// A compressor holds events back.
    Compression,
    /// Each event waits for a moment.
    Delay,
    /// A quiet stream is ended.
    CutOff,
    /// A stream is redirected.
    Redirect,
    /// The response is no event stream.
    ContentType,
    /// A cache may answer.
    Caching,
    /// The header `Last-Event-ID` does not arrive.
    LastEventId,
    /// The query does not arrive.
    Query,
    /// Pages of an origin may not read.
    CrossOrigin,
    /// Pages of an origin may not read, since the header stands twice.
    RepeatedHeader,
    /// Browsers use HTTP/1.1.
    HttpVersion,
}

impl PathFault {
    /// All faults.
    pub const ALL: [Self; 12] = [
        Self::Buffering,
        Self::Compression,
        Self::Delay,
        Self::CutOff,
        Self::Redirect,
        Self::ContentType,
        Self::Caching,
        Self::LastEventId,
        Self::Query,
        Self::CrossOrigin,
        Self::RepeatedHeader,
        Self::HttpVersion,
    ];

    /// The lines to change in a proxy.
    pub fn remedy(self, proxy: ProxyKind) -> &'static str {
        let [nginx, haproxy, apache, caddy] = self.remedies();
        match proxy {
            ProxyKind::Nginx => nginx,
            ProxyKind::HaProxy => haproxy,
            ProxyKind::Apache => apache,
            ProxyKind::Caddy => caddy,
        }
    }

    /// In the order of [`ProxyKind::ALL`].
    fn remedies(self) -> [&'static str; 4] {
        match self {
            Self::Buffering => [
                "add `proxy_buffering off;` and `proxy_http_version 1.1;`, and remove \
                 `proxy_ignore_headers X-Accel-Buffering;`",
                "remove `http-response wait-for-body`",
                "add `flushpackets=on` to `ProxyPass`, and remove `SetOutputFilter` with external filters",
                "set `flush_interval -1` in `reverse_proxy`, and remove `buffer_responses` and `response_buffers`",
            ],
            Self::Compression => [
                "add `gzip off;`, or remove `text/event-stream` and `*` from `gzip_types` and `brotli_types`",
                "remove `text/event-stream` from `compression type`, and set that list: without one everything is \
                 compressed",
                "add `SetEnvIf Request_URI \"/events$\" no-gzip no-brotli`",
                "exempt streams from `encode`: `@rest not path */events`, then `encode @rest gzip`",
            ],
            Self::Delay => [
                "set `tcp_nodelay on;`, which is the default",
                "add `option http-no-delay`: without it each event waits for 200 ms",
                "has no setting that delays events: look at the next proxy",
                "has no setting that delays events: look at the next proxy",
            ],
            Self::CutOff => [
                "set `proxy_read_timeout 60s;` and `send_timeout 60s;` or more",
                "set `timeout server 60s` and `timeout client 60s` or more",
                "set `ProxyTimeout 60` and `Timeout 60` or more, also in `timeout=` of `ProxyPass`",
                "remove `read_timeout` and `write_timeout` from `transport http`, and `write` from `timeouts`",
            ],
            Self::Redirect => [
                "replace `return 301` or `rewrite … redirect` by `proxy_pass` for streams, and compare the slash at \
                 the end of `location`",
                "exempt paths that end in `/events` from `http-request redirect`",
                "exempt paths that end in `/events` from `Redirect` and `RewriteRule`",
                "exempt `*/events` from `redir`",
            ],
            Self::ContentType => [
                "pass this path on with `proxy_pass`, and remove `proxy_hide_header Content-Type;`",
                "route this path to flightboard, and remove `http-response set-header Content-Type`",
                "pass this path on with `ProxyPass`, and remove `ForceType` and `Header set Content-Type`",
                "pass this path on with `reverse_proxy`, and remove `header Content-Type`",
            ],
            Self::Caching => [
                "set `proxy_cache off;`, and remove `expires` and `proxy_hide_header Cache-Control;`",
                "remove `http-request cache-use` and `http-response set-header Cache-Control`",
                "set `CacheDisable` for this path, and remove `ExpiresDefault` and `Header set Cache-Control`",
                "remove `header Cache-Control`",
            ],
            Self::LastEventId => [
                "remove `proxy_set_header Last-Event-ID` and `proxy_pass_request_headers off;`",
                "remove `http-request del-header Last-Event-ID`",
                "remove `RequestHeader unset Last-Event-ID`",
                "remove `header_up -Last-Event-ID`",
            ],
            Self::Query => [
                "a `proxy_pass` or `rewrite` with variables needs `$is_args$args` at its end",
                "remove `http-request set-query`, and use `set-path` instead of `set-uri`",
                "add the flag `QSA` to `RewriteRule`, and remove `QSD`",
                "a `rewrite` with a query needs `?{query}` at its end",
            ],
            Self::CrossOrigin => [
                "remove `proxy_hide_header Access-Control-Allow-Origin;`",
                "remove `http-response del-header Access-Control-Allow-Origin`",
                "remove `Header unset Access-Control-Allow-Origin`",
                "remove `header -Access-Control-Allow-Origin`",
            ],
            Self::RepeatedHeader => [
                "remove `add_header Access-Control-Allow-Origin`: flightboard sends it",
                "remove `http-response add-header Access-Control-Allow-Origin`: flightboard sends it",
                "remove `Header add Access-Control-Allow-Origin`: flightboard sends it",
                "remove `header +Access-Control-Allow-Origin`: flightboard sends it",
            ],
            Self::HttpVersion => [
                "`listen 443 ssl http2;`, since 1.25.1 `http2 on;`",
                "`bind :443 ssl crt … alpn h2,http/1.1`",
                "load `mod_http2`, and set `Protocols h2 http/1.1` with `SSLEngine on`",
                "name the site by its host: HTTPS and HTTP/2 are the default",
            ],
        }
    }
}
