//! Limits of an address, behind proxies by the documented examples.

use std::net::SocketAddr;

use crate::follower::TestFollower;
use crate::process::{ServerProcess, flightboard_command};
use crate::proxies::ProxyProgram;

/// Opens a stream with these headers. Returns it if it was admitted.
fn try_follow(address: SocketAddr, headers: &str) -> Option<TestFollower> {
    let mut follower = TestFollower::request(address, "/events", headers);
    assert_eq!(follower.status(), 200);
    // A refused stream ends after its `retry:`.
    let event = follower.try_next_event()?;
    assert_eq!(event.name, "timetable");
    Some(follower)
}

#[test]
fn forged_headers_evade_no_limit() {
    for program in
        [ProxyProgram::Nginx, ProxyProgram::HaProxy, ProxyProgram::Apache, ProxyProgram::Caddy]
    {
        let args = ["serve", "--memory", "--listen", "127.0.0.1:0"];
        let mut command = flightboard_command(args);
        command.args(["--trusted-proxy", "127.0.0.1", "--max-followers-per-address", "2"]);
        let server = ServerProcess::start(&mut command);
        let proxy = program
            .start(|address, folder| program.documented(address, folder, [server.address; 2]));
        let forged = |at| format!("Forwarded: for=7.7.7.{at}\r\n");
        let _admitted = [1, 2].map(|at| try_follow(proxy.address, &forged(at)).expect("a place"));
        let further = [forged(3), "Forwarded: for=unknown\r\n".into(), String::new()];
        for headers in further {
            assert!(try_follow(proxy.address, &headers).is_none(), "{program:?} {headers}");
        }
    }
}
