//! The address whose requests are counted together.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::{Extensions, HeaderMap, HeaderName, header};

use crate::connection::PeerConnection;
use crate::http::list_header::elements;
use crate::limits::ClientLimits;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Bits of an IPv6 address that name a network: its host can choose the others.
const IPV6_NETWORK_BITS: u32 = 64;

/// An IPv4 address, or the network of an IPv6 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ClientAddress(IpAddr);

impl From<IpAddr> for ClientAddress {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) if !address.is_loopback() => {
                let network = address.to_bits() & (u128::MAX << (128 - IPV6_NETWORK_BITS));
                IpAddr::V6(Ipv6Addr::from_bits(network))
            }
            address => address,
        })
    }
}

impl ClientAddress {
    /// The address, or the first one of the network.
    pub(crate) fn ip(self) -> IpAddr {
        self.0
    }

    /// Returns true for `127.0.0.1` and `::1`: local proxies and programs, for which default limits do
    /// not hold.
    pub(crate) fn is_local_host(self) -> bool {
        self.0 == IpAddr::from([127, 0, 0, 1]) || self.0 == IpAddr::V6(Ipv6Addr::LOCALHOST)
    }
}

/// The client that sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) address: ClientAddress,
    /// False for a local host, for which only limits that are set hold.
    pub(crate) has_default_limits: bool,
}

impl Client {
    /// Finds the client of a request. A request of a trusted proxy that does not name its client without doubt counts
    /// as the proxy's own, under the limits of clients: many proxies pass on what a client has written, which must not
    /// free it from limits. `None` without a connection.
    pub(crate) fn find(
        extensions: &Extensions,
        headers: &HeaderMap,
        limits: &ClientLimits,
    ) -> Option<Self> {
        let peer = extensions.get::<PeerConnection>()?.peer.ip();
        let names_client = [header::FORWARDED, X_FORWARDED_FOR];
        let is_forwarded = names_client.iter().any(|name| headers.contains_key(name));
        if !limits.trusts(peer) || !is_forwarded {
            let address = ClientAddress::from(peer);
            return Some(Self { address, has_default_limits: !address.is_local_host() });
        }
        let address = forwarded_address(headers, limits).unwrap_or(peer);
        Some(Self { address: address.into(), has_default_limits: true })
    }
}

/// Returns the client that the headers name. Proxies add one of them and pass on the other one as the client has
/// written it, so where both are present they have to agree.
fn forwarded_address(headers: &HeaderMap, limits: &ClientLimits) -> Option<IpAddr> {
    let hops = elements(headers, &header::FORWARDED).map(forwarded_for).collect();
    let forwarded = last_client(hops, limits);
    let hops = elements(headers, &X_FORWARDED_FOR).map(parse_node).collect();
    let x_forwarded_for = last_client(hops, limits);
    match [header::FORWARDED, X_FORWARDED_FOR].map(|name| headers.contains_key(name)) {
        [true, true] => forwarded.filter(|address| x_forwarded_for == Some(*address)),
        [true, false] => forwarded,
        [false, _] => x_forwarded_for,
    }
}

/// Returns the last address that a trusted proxy has added and that is not itself a trusted proxy's. A
/// client can write all addresses before it.
fn last_client(mut hops: Vec<Option<IpAddr>>, limits: &ClientLimits) -> Option<IpAddr> {
    let mut last = None;
    while let Some(address) = hops.pop() {
        last = Some(address?);
        if last.is_some_and(|address| !limits.trusts(address)) {
            break;
        }
    }
    last
}

/// The address of `for` in an element of `Forwarded` (RFC 7239, section 4).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let mut nodes = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    parse_node(nodes.next()?.1.trim().trim_matches('"'))
}

/// Parses an address with an optional port.
fn parse_node(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok();
    let address = address.or_else(|| text.parse().ok().map(|node: SocketAddr| node.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn limits() -> ClientLimits {
        let trusted_proxies = ["127.0.0.1", "10.0.0.0/8"].map(|range| range.parse().unwrap());
        ClientLimits { trusted_proxies: trusted_proxies.to_vec(), ..ClientLimits::default() }
    }

    fn client_of(peer: &str, lines: &[(&'static str, &'static str)]) -> Option<Client> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let mut extensions = Extensions::new();
        let listener = SocketAddr::from(([127, 0, 0, 1], 80));
        let peer = SocketAddr::new(peer.parse().unwrap(), 9);
        extensions.insert(PeerConnection::between(peer, listener));
        Client::find(&extensions, &headers, &limits())
    }

    fn check(peer: &str, lines: &[(&'static str, &'static str)], expected: Option<&str>) {
        let client = client_of(peer, lines);
        let expected = expected.map(|text| ClientAddress::from(text.parse::<IpAddr>().unwrap()));
        assert_eq!(client.map(|client| client.address), expected, "{lines:?}");
    }

    #[test]
    fn proxies_name_their_clients() {
        check("192.0.2.1", &[("x-forwarded-for", "192.0.2.9")], Some("192.0.2.1"));
        check("127.0.0.1", &[("x-forwarded-for", "192.0.2.8, 192.0.2.9")], Some("192.0.2.9"));
        check("10.1.1.1", &[("x-forwarded-for", "192.0.2.8, 10.2.2.2")], Some("192.0.2.8"));
        let lines = [("x-forwarded-for", "192.0.2.8"), ("x-forwarded-for", "192.0.2.9:80")];
        check("127.0.0.1", &lines, Some("192.0.2.9"));
        let forwarded = ("forwarded", r#"for=192.0.2.8, proto=http;For="[2001:db8::9]:47""#);
        check("127.0.0.1", &[forwarded], Some("2001:db8::1"));
        check("127.0.0.1", &[("forwarded", "for=192.0.2.8"), lines[0]], Some("192.0.2.8"));
    }

    #[test]
    fn doubtful_names_count_on_the_proxy() {
        let added = ("x-forwarded-for", "192.0.2.9");
        for lines in [
            &[("forwarded", "for=7.7.7.1"), added][..],
            &[("forwarded", "for=unknown"), added],
            &[("forwarded", "for=unknown")],
            &[("forwarded", "")],
            &[("x-forwarded-for", "\"192.0.2.1, 192.0.2.9")],
        ] {
            check("10.1.1.1", lines, Some("10.1.1.1"));
            let client = client_of("127.0.0.1", lines).unwrap();
            assert!(client.address.is_local_host() && client.has_default_limits, "{lines:?}");
        }
        check("10.1.1.1", &[], Some("10.1.1.1"));
        assert!(!client_of("127.0.0.1", &[]).unwrap().has_default_limits);
    }

    #[test]
    fn networks_of_ipv6_are_one_address() {
        check("2001:db8::1", &[], Some("2001:db8::ffff:0:1"));
        check("::ffff:192.0.2.1", &[], Some("192.0.2.1"));
        assert!(ClientAddress::from(IpAddr::V6(Ipv6Addr::LOCALHOST)).is_local_host());
        assert!(!ClientAddress::from(IpAddr::from([127, 0, 0, 2])).is_local_host());
    }
}
