//! The URL under which a client has reached this server, for links that leave its pages.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::uri::Authority;
use http::{Extensions, HeaderMap, HeaderName, Uri, header};

use super::list_header::{elements, split_unquoted};
use crate::app::App;
use crate::connection::PeerConnection;
use crate::settings::Settings;

const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Such as `https://airport.example/board`, with the base path and without a slash at its end. Only the response to
/// this client depends on it, which may write any host.
pub(crate) struct PublicUrl(String);

impl PublicUrl {
    /// A trusted proxy names the scheme and the host of its client; others are not asked.
    fn find(extensions: &Extensions, uri: &Uri, headers: &HeaderMap, settings: &Settings) -> Self {
        let connection = extensions.get::<PeerConnection>();
        let is_trusted = connection.is_some_and(|it| settings.limits.trusts(it.peer.ip()));
        let named =
            |parameter, name| is_trusted.then(|| forwarded(headers, parameter, name)).flatten();
        let own = uri.authority().map(Authority::as_str);
        let own = own.or_else(|| headers.get(header::HOST)?.to_str().ok()).map(str::to_owned);
        let host = named("host", X_FORWARDED_HOST).or(own).filter(|host| is_host(host));
        let is_tls = connection.is_some_and(|connection| connection.is_tls)
            || named("proto", X_FORWARDED_PROTO).is_some_and(|it| it.eq_ignore_ascii_case("https"));
        let scheme = if is_tls { "https" } else { "http" };
        let origin = host.map_or_else(String::new, |host| format!("{scheme}://{host}"));
        Self(origin + settings.base_path.as_str())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromRequestParts<App> for PublicUrl {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self::find(&parts.extensions, &parts.uri, &parts.headers, &app.state.settings))
    }
}

/// The value of the nearest proxy in `Forwarded` (RFC 7239), or in the older header of this name. A client may have
/// written those before it.
fn forwarded(headers: &HeaderMap, parameter: &str, older: HeaderName) -> Option<String> {
    let nearest = elements(headers, &header::FORWARDED).last();
    let pairs = nearest.into_iter().flat_map(|element| split_unquoted(element, b';'));
    let mut pairs = pairs.filter_map(|pair| pair.split_once('='));
    let pair = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case(parameter));
    let value = pair.map(|(_, value)| value.trim().trim_matches('"'));
    value.or_else(|| elements(headers, &older).last()).map(str::to_owned)
}

fn is_host(text: &str) -> bool {
    !text.contains('@') && text.parse::<Authority>().is_ok()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use http::HeaderValue;

    use super::*;

    fn check(peer: &str, lines: &[(&'static str, &'static str)], expected: &str) {
        let mut settings = Settings { base_path: "/board".parse().unwrap(), ..Settings::default() };
        settings.limits.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let headers = lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut extensions = Extensions::new();
        let peer = SocketAddr::new(peer.parse().unwrap(), 9);
        extensions.insert(PeerConnection::between(peer, SocketAddr::from(([127, 0, 0, 1], 80))));
        let url =
            PublicUrl::find(&extensions, &Uri::from_static("/"), &headers.collect(), &settings);
        assert_eq!(url.as_str(), expected, "{lines:?}");
    }

    #[test]
    fn trusted_proxies_name_the_url() {
        let host = ("host", "inside:5000");
        let older = [
            ("x-forwarded-host", "forged.example, airport.example"),
            ("x-forwarded-proto", "https"),
        ];
        let names = [host, older[0], older[1]];
        check("10.1.1.1", &names, "https://airport.example/board");
        check("192.0.2.1", &names, "http://inside:5000/board");
        let standard = ("forwarded", r#"for=192.0.2.9;host="airport.example:8443";proto=https"#);
        check("10.1.1.1", &[host, standard], "https://airport.example:8443/board");
        check(
            "10.1.1.1",
            &[host, ("forwarded", "for=192.0.2.9"), older[1]],
            "https://inside:5000/board",
        );
        check("10.1.1.1", &[host], "http://inside:5000/board");
    }

    #[test]
    fn doubtful_hosts_are_left_out() {
        for host in ["a b", "user@airport.example", "a/b", "\"><script>"] {
            check("192.0.2.1", &[("host", host)], "/board");
        }
        check("192.0.2.1", &[], "/board");
    }
}
