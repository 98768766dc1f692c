//! The same connections through nginx, HAProxy, Apache and Caddy: as beginners configure them, and with the lines that
//! each transport needs.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use testkit::fault_proxy::FaultProxy;
use testkit::ports::free_addresses;
use testkit::proxies::{CADDY_OPTIONS, ProxyProcess, ProxyProgram, apache_settings, nginx_paths};
use tokio::runtime::Runtime;

use crate::connection::BoardTransport;
use crate::follower_group::{FollowerGroup, FollowerRecord};
use crate::wire::WiredBoard;

const PROGRAMS: [ProxyProgram; 4] =
    [ProxyProgram::Nginx, ProxyProgram::HaProxy, ProxyProgram::Apache, ProxyProgram::Caddy];

/// The columns of the table.
pub(crate) const PROXIED: [BoardTransport; 3] =
    [BoardTransport::Http1, BoardTransport::AxumSse, BoardTransport::AxumWebSocket];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProxyLines {
    /// Only the address of the server.
    Plain,
    /// The lines of [`added_lines`].
    Added,
}

/// Followers of each transport behind each proxy, and without one.
pub(crate) struct ProxyTrial {
    /// Between the proxies and the servers.
    upstreams: Vec<FaultProxy>,
    routes: Vec<ProbedRoute>,
}

struct ProbedRoute {
    title: String,
    followers: Vec<FollowerGroup>,
    _process: Option<ProxyProcess>,
}

impl ProxyTrial {
    pub(crate) fn start(runtime: &Runtime, boards: &[WiredBoard]) -> Result<Self> {
        let mut upstreams = Vec::new();
        for board in boards.iter().filter(|board| PROXIED.contains(&board.transport)) {
            let address = board.board.server.address;
            upstreams.push(runtime.block_on(FaultProxy::start(address))?);
        }
        let addresses: Vec<_> = upstreams.iter().map(FaultProxy::address).collect();
        let mut routes = vec![ProbedRoute::follow(runtime, "no proxy", &addresses, None)];
        for program in PROGRAMS {
            routes.push(ProbedRoute::start(runtime, program, ProxyLines::Plain, &addresses));
            if PROXIED.iter().any(|transport| !added_lines(program, *transport).is_empty()) {
                routes.push(ProbedRoute::start(runtime, program, ProxyLines::Added, &addresses));
            }
        }
        Ok(Self { upstreams, routes })
    }

    /// From now on no byte comes from a server, not even a heartbeat.
    pub(crate) fn silence(&self) {
        self.upstreams.iter().for_each(FaultProxy::stall);
    }

    /// The lines of the table: a title, and a cell for each of [`PROXIED`].
    pub(crate) fn lines(&self) -> Vec<(String, Vec<String>)> {
        let lines = self.routes.iter().map(|route| {
            let records = route.followers.iter().flat_map(FollowerGroup::records);
            (route.title.clone(), records.map(|record| Self::cell(&record)).collect())
        });
        lines.collect()
    }

    /// The fate of one connection.
    fn cell(record: &FollowerRecord) -> String {
        if let (0, Some(refusal)) = (record.openings, &record.refusal) {
            return refusal.clone();
        }
        let mut delays = record.delays.clone();
        delays.sort();
        let Some(delay) = delays.get(delays.len() / 2) else { return "held back".to_owned() };
        let delay = format!("{:.0} ms", delay.as_secs_f64() * 1e3);
        let fate = if record.ended.is_some() { "cut" } else { "open" };
        let end = record.ended.unwrap_or_else(Instant::now);
        let silence = record.heard.map_or(Duration::ZERO, |heard| end - heard).as_secs_f64();
        format!("{delay}, {fate} after {silence:.0} s of silence")
    }
}

impl ProbedRoute {
    fn start(
        runtime: &Runtime,
        program: ProxyProgram,
        lines: ProxyLines,
        upstreams: &[SocketAddr],
    ) -> Self {
        let mut listeners = free_addresses::<{ PROXIED.len() }>();
        let process = program.start(|address, folder| {
            // The start waits until this one listens.
            listeners[0] = address;
            let services = listeners.iter().zip(upstreams).zip(PROXIED);
            let services = services.map(|((listener, upstream), transport)| {
                let added = match lines {
                    ProxyLines::Plain => "",
                    ProxyLines::Added => added_lines(program, transport),
                };
                service(program, *listener, *upstream, added)
            });
            config(program, folder, &services.collect::<String>())
        });
        Self::follow(runtime, &title(program, lines), &listeners, Some(process))
    }

    fn follow(
        runtime: &Runtime,
        title: &str,
        addresses: &[SocketAddr],
        process: Option<ProxyProcess>,
    ) -> Self {
        let followers = addresses.iter().zip(PROXIED);
        let followers = followers
            .map(|(address, transport)| FollowerGroup::start(runtime, transport, *address));
        Self { title: title.to_owned(), followers: followers.collect(), _process: process }
    }
}

fn title(program: ProxyProgram, lines: ProxyLines) -> String {
    let name = match program {
        ProxyProgram::Nginx => "nginx",
        ProxyProgram::HaProxy => "HAProxy",
        ProxyProgram::Apache => "Apache",
        ProxyProgram::Caddy => "Caddy",
    };
    match lines {
        ProxyLines::Plain => name.to_owned(),
        ProxyLines::Added => format!("{name} with its lines"),
    }
}

/// The lines that a transport needs, in the place where requests are passed on.
fn added_lines(program: ProxyProgram, transport: BoardTransport) -> &'static str {
    match (program, transport) {
        (ProxyProgram::Nginx, BoardTransport::AxumWebSocket) => {
            "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
             proxy_set_header Connection upgrade;"
        }
        (ProxyProgram::Nginx, _) => "proxy_buffering off;",
        (ProxyProgram::HaProxy, BoardTransport::AxumWebSocket) | (ProxyProgram::Caddy, _) => "",
        (ProxyProgram::HaProxy, _) => "option http-no-delay",
        (ProxyProgram::Apache, BoardTransport::AxumWebSocket) => "upgrade=websocket",
        (ProxyProgram::Apache, _) => "flushpackets=on",
    }
}

/// One listener of a proxy.
fn service(
    program: ProxyProgram,
    listener: SocketAddr,
    upstream: SocketAddr,
    lines: &str,
) -> String {
    match program {
        ProxyProgram::Nginx => format!(
            "server {{ listen {listener}; location / {{ proxy_pass http://{upstream}; {lines} }} }}\n"
        ),
        ProxyProgram::HaProxy => format!(
            "listen port{}\n bind {listener}\n server a {upstream}\n {lines}\n",
            listener.port()
        ),
        ProxyProgram::Apache => format!(
            "Listen {listener}\n<VirtualHost {listener}>\nProxyPass / http://{upstream}/ {lines}\n</VirtualHost>\n"
        ),
        ProxyProgram::Caddy => format!("http://{listener} {{\n reverse_proxy {upstream}\n}}\n"),
    }
}

/// A whole configuration. HAProxy has no default timeouts, so these are Debian's.
fn config(program: ProxyProgram, folder: &Path, services: &str) -> String {
    match program {
        ProxyProgram::Nginx => {
            format!("events {{}} http {{ {} {services} }}", nginx_paths(folder))
        }
        ProxyProgram::HaProxy => format!(
            "defaults\n mode http\n timeout connect 5s\n timeout client 50s\n timeout server 50s\n{services}"
        ),
        ProxyProgram::Apache => apache_settings(folder, &["proxy", "proxy_http"]) + services,
        ProxyProgram::Caddy => format!("{CADDY_OPTIONS}{services}"),
    }
}
