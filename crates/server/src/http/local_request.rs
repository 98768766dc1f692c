//! Decides whether a request is local: from this machine, and for a name that only this machine has.
//!
//! A page can send requests to a server on the loopback interface of its reader: it lets its own name
//! resolve to 127.0.0.1 (DNS rebinding), and its browser then takes the server for the page's origin. The name
//! in the request tells them apart.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use http::uri::Authority;
use http::{HeaderMap, Request, Version, header};

use super::list_header::split_unquoted;
use crate::connection::PeerConnection;

const HOST: &str = "Host";
const FORWARDED: &str = "Forwarded";
const X_FORWARDED_HOST: &str = "X-Forwarded-Host";

/// The headers in which proxies name only the client.
const CLIENT_HEADERS: [&str; 2] = ["X-Forwarded-For", "X-Real-IP"];

/// The headers in which proxies name themselves or the URL. [`CLIENT_HEADERS`] beside them may name a local client.
const PROXY_HEADERS: [&str; 6] = [
    "Via",
    "X-Forwarded-Proto",
    "X-Forwarded-Port",
    "X-Forwarded-Server",
    "X-Forwarded-Prefix",
    "X-Forwarded-Ssl",
];

/// The headers that only a network of proxies sets, in front of clients of the internet.
const NETWORK_HEADERS: [&str; 4] = ["CF-Connecting-IP", "CF-Ray", "CF-Visitor", "True-Client-IP"];

/// A host under whose name requests may publish as local ones may: a name or an address, without a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHost(String);

/// The text is not a host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a host is a name or an address without a port, such as airport.example or 192.0.2.7")]
pub struct ParseHostError;

/// The machine that a request is for, by the names in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Locality {
    /// All hosts are loopback names, and no proxy passes the request on for another machine.
    Local,
    /// The other hosts are among the allowed ones.
    Allowed,
    /// This field names another host or a client on another machine, or shows that a proxy passes the request on for a
    /// client that it does not name.
    Foreign(&'static str),
}

/// A host that a request names, with its port if it has one, and the header that names it.
pub(super) struct NamedHost<'a> {
    header: &'static str,
    pub(super) authority: &'a str,
}

impl FromStr for AllowedHost {
    type Err = ParseHostError;

    fn from_str(text: &str) -> Result<Self, ParseHostError> {
        if let Ok(address) = text.parse::<Ipv6Addr>() {
            return Ok(Self(address.to_string()));
        }
        let (host, port) = split_port(text).ok_or(ParseHostError)?;
        let is_host =
            !host.is_empty() && !host.contains(['@', '*']) && text.parse::<Authority>().is_ok();
        if is_host && port.is_none() { Ok(Self(normal_host(host))) } else { Err(ParseHostError) }
    }
}

/// Returns true if the request is local. On a listener that other machines reach, none is, because their clients
/// may write any name. Nor is one in HTTP/1.0, which nginx speaks by default, with the server's own address as the host.
pub(crate) fn is_local<B>(request: &Request<B>) -> bool {
    let connection = request.extensions().get::<PeerConnection>();
    let is_reachable = connection.is_some_and(|connection| !connection.listener.ip().is_loopback());
    let is_current = request.version() >= Version::HTTP_11;
    !is_reachable && is_current && locality(request, &[]) == Locality::Local
}

/// Decides for which machine a request is. A request without any name is local: browsers always send one.
pub(super) fn locality<B>(request: &Request<B>, allowed: &[AllowedHost]) -> Locality {
    let mut locality = Locality::Local;
    for NamedHost { header, authority } in named_hosts(request) {
        let host = split_port(authority).map_or_else(String::new, |(host, _)| normal_host(host));
        if is_loopback(&host) {
            continue;
        }
        if !allowed.iter().any(|allowed| allowed.0 == host) {
            return Locality::Foreign(header);
        }
        locality = Locality::Allowed;
    }
    match foreign_client(request.headers()).or_else(|| unnamed_client(request.headers())) {
        Some(field) if locality == Locality::Local => Locality::Foreign(field),
        _ => locality,
    }
}

/// The hosts that a request names: in its target (`:authority` in HTTP/2), and in the headers of the client and
/// of proxies.
pub(super) fn named_hosts<B>(request: &Request<B>) -> Vec<NamedHost<'_>> {
    let headers = request.headers();
    let mut hosts = Vec::new();
    let mut push = |header, authority| hosts.push(NamedHost { header, authority });
    if let Some(authority) = request.uri().authority() {
        push(HOST, authority.as_str());
    }
    for value in headers.get_all(header::HOST) {
        push(HOST, value.to_str().unwrap_or_default());
    }
    for host in list(headers, X_FORWARDED_HOST) {
        push(X_FORWARDED_HOST, host);
    }
    for host in forwarded(headers, "host") {
        push(FORWARDED, host);
    }
    hosts
}

/// Splits a host from its port, and removes the brackets of an IPv6 address. Returns `None` if the port is not a
/// number.
pub(super) fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let authority = authority.trim();
    let (host, rest) = match authority.strip_prefix('[') {
        Some(literal) => literal.split_once(']')?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    match rest.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            let port = if digits.is_empty() { None } else { Some(digits.parse().ok()?) };
            Some((host, port))
        }
        Some(_) => None,
        None => rest.is_empty().then_some((host, None)),
    }
}

/// Brings a host into one form: in lower case, and without the dot that ends an absolute name.
pub(super) fn normal_host(host: &str) -> String {
    match host.parse::<Ipv6Addr>() {
        Ok(address) => address.to_string(),
        Err(_) => host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase(),
    }
}

/// Returns true for names that no browser resolves to another machine (RFC 6761, section 6.3), and for
/// loopback addresses.
fn is_loopback(normal_host: &str) -> bool {
    match normal_host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => normal_host == "localhost" || normal_host.ends_with(".localhost"),
    }
}

/// Returns the header in which a proxy says that the client is on another machine. Proxies often replace the
/// name of the host by that of their server, which is a loopback name if both run on one machine.
fn foreign_client(headers: &HeaderMap) -> Option<&'static str> {
    let is_foreign = |client: &str| {
        // Most proxies write IPv6 addresses without brackets.
        let host = if client.parse::<IpAddr>().is_ok() {
            Some(client)
        } else {
            split_port(client).map(|(host, _)| host)
        };
        host.is_none_or(|host| !is_loopback(&normal_host(host)))
    };
    let by_list = CLIENT_HEADERS.into_iter().find(|name| list(headers, name).any(is_foreign));
    let is_forwarded = forwarded(headers, "for").any(is_foreign);
    by_list.or_else(|| is_forwarded.then_some(FORWARDED))
}

/// Returns the field that shows a proxy which does not name its client.
fn unnamed_client(headers: &HeaderMap) -> Option<&'static str> {
    if let Some(header) = NETWORK_HEADERS.into_iter().find(|name| headers.contains_key(*name)) {
        return Some(header);
    }
    let names_client = CLIENT_HEADERS.into_iter().any(|name| list(headers, name).next().is_some())
        || forwarded(headers, "for").next().is_some();
    if names_client {
        return None;
    }
    PROXY_HEADERS.into_iter().find(|name| headers.contains_key(*name))
}

/// The elements of a list header. A line that is not ASCII is one element without a meaning.
fn list<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter().map(|line| line.to_str().unwrap_or("?"));
    lines.flat_map(|line| split_unquoted(line, b',')).filter(|element| !element.is_empty())
}

/// The values of a parameter of `Forwarded` (RFC 7239).
fn forwarded<'a>(headers: &'a HeaderMap, parameter: &'static str) -> impl Iterator<Item = &'a str> {
    let pairs = list(headers, FORWARDED).flat_map(|element| split_unquoted(element, b';'));
    pairs.filter_map(move |pair| {
        let Some((name, value)) = pair.split_once('=') else {
            return (!pair.is_empty()).then_some("?");
        };
        let is_parameter = name.trim().eq_ignore_ascii_case(parameter);
        is_parameter.then(|| value.trim().trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locality_of(target: &str, headers: &[(&str, &str)]) -> Locality {
        let mut request = Request::put(target);
        for (name, value) in headers {
            request = request.header(*name, value.as_bytes());
        }
        let allowed = ["Airport.Example".parse().unwrap(), "2001:db8::7".parse().unwrap()];
        locality(&request.body(()).unwrap(), &allowed)
    }

    #[test]
    fn loopback_names_are_local() {
        for host in [
            "localhost",
            "LocalHost:5000",
            "localhost.",
            "board.localhost:1",
            "127.0.0.1:5000",
            "127.255.0.3",
            "[::1]",
            "[0:0::1]:5000",
            "[::ffff:127.0.0.1]",
        ] {
            assert_eq!(locality_of("/events", &[("host", host)]), Locality::Local, "{host}");
            let in_target = format!("http://{host}/events");
            assert_eq!(locality_of(&in_target, &[]), Locality::Local, "{in_target}");
        }
        assert_eq!(locality_of("/events", &[]), Locality::Local);
    }

    #[test]
    fn other_names_are_foreign() {
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "evillocalhost",
            "127.0.0.1.evil.example",
            "127.1",
            "0.0.0.0",
            "[::]",
            "192.0.2.7:5000",
            "localhost:x",
            "x@localhost",
            "[::1]x",
            "::1",
            "\u{e9}",
        ] {
            let foreign = Locality::Foreign(HOST);
            assert_eq!(locality_of("/events", &[("host", host)]), foreign, "{host}");
        }
        let target = "http://evil.example/events";
        let locality = locality_of(target, &[("host", "localhost")]);
        assert_eq!(locality, Locality::Foreign(HOST));
    }

    #[test]
    fn proxies_names_count_too() {
        for (name, value) in [
            ("X-Forwarded-Host", "evil.example"),
            ("X-Forwarded-Host", "localhost, evil.example"),
            ("X-Forwarded-Host", "\u{e9}"),
            ("Forwarded", "for=127.0.0.1;host=evil.example"),
            ("Forwarded", "host=localhost, proto=http;HOST=\"evil.example:80\""),
            ("Forwarded", "nonsense"),
            ("Forwarded", "for=192.0.2.7"),
            ("Forwarded", "for=\"[2001:db8::1]:4711\""),
            ("Forwarded", "for=_hidden"),
            ("X-Forwarded-For", "127.0.0.1, 192.0.2.7"),
            ("X-Forwarded-For", "2001:db8::1"),
            ("X-Real-IP", "192.0.2.7"),
        ] {
            let headers = [("host", "localhost"), (name, value)];
            let foreign = Locality::Foreign(name);
            assert_eq!(locality_of("/events", &headers), foreign, "{name}: {value}");
        }
        for (name, value) in [
            ("X-Forwarded-Host", "localhost:5000,, [::1]"),
            ("Forwarded", "for=127.0.0.1;host=localhost;proto=https, for=\"[::1]:80\""),
            ("X-Forwarded-For", "127.0.0.1, ::1, 127.0.0.1:80"),
            ("X-Real-IP", "::ffff:127.0.0.1"),
        ] {
            let headers = [("host", "localhost"), (name, value)];
            assert_eq!(locality_of("/events", &headers), Locality::Local, "{name}: {value}");
        }
    }

    #[test]
    fn proxies_must_name_local_clients() {
        let local = ("X-Forwarded-For", "127.0.0.1");
        for name in PROXY_HEADERS {
            let headers = [("host", "localhost"), (name, "1.1 proxy")];
            assert_eq!(locality_of("/events", &headers), Locality::Foreign(name));
            let headers = [headers[0], headers[1], local];
            assert_eq!(locality_of("/events", &headers), Locality::Local, "{name}");
        }
        for name in NETWORK_HEADERS {
            let headers = [("host", "localhost"), (name, "127.0.0.1"), local];
            assert_eq!(locality_of("/events", &headers), Locality::Foreign(name));
        }
    }

    #[test]
    fn old_requests_see_no_details() {
        for (version, is_current) in [(Version::HTTP_10, false), (Version::HTTP_11, true)] {
            let request =
                Request::get("/metrics").version(version).header("host", "127.0.0.1:5000");
            let request = request.body(()).unwrap();
            assert_eq!(is_local(&request), is_current);
            assert_eq!(locality(&request, &[]), Locality::Local, "it may publish");
        }
    }

    #[test]
    fn allowed_hosts_are_not_local() {
        for host in ["airport.example", "AIRPORT.example.:443", "[2001:db8:0::7]:80"] {
            let headers = [("host", host), ("X-Forwarded-For", "192.0.2.7")];
            assert_eq!(locality_of("/events", &headers), Locality::Allowed, "{host}");
            let request = Request::get("/metrics").header("host", host).body(()).unwrap();
            assert!(!is_local(&request), "{host}");
        }
        let headers = [("host", "airport.example"), ("X-Forwarded-Host", "evil.example")];
        assert!(matches!(locality_of("/events", &headers), Locality::Foreign(_)));
    }

    #[test]
    fn local_requests_need_a_loopback_listener() {
        for (listener, expected) in
            [("127.0.0.1:5000", true), ("[::1]:5000", true), ("0.0.0.0:5000", false)]
        {
            let mut request =
                Request::get("/metrics").header("host", "localhost").body(()).unwrap();
            assert!(is_local(&request));
            let (peer, listener) = ("127.0.0.1:9".parse().unwrap(), listener.parse().unwrap());
            request.extensions_mut().insert(PeerConnection { peer, listener, is_tls: false });
            assert_eq!(is_local(&request), expected, "{listener}");
        }
    }

    #[test]
    fn hosts_have_no_port() {
        let host = |text: &str| text.parse().map(|AllowedHost(host)| host);
        assert_eq!(host("Airport.example."), Ok("airport.example".to_owned()));
        assert_eq!(host("[2001:DB8::7]"), Ok("2001:db8::7".to_owned()));
        for bad in ["", "*", "a b", "x:80", "x@y", "http://x", "x/y", "[::1", "::1]"] {
            assert_eq!(host(bad), Err(ParseHostError), "{bad}");
        }
    }
}
