//! Two replicas on three NATS servers behind nginx or HAProxy. Uses the configurations of `docs/examples/`, changing
//! only addresses, paths and limits.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use testkit::api::ApiClient;
use testkit::ports::free_addresses;

use crate::follower::{ReceivedEvent, TestFollower};
use crate::process::{ServerProcess, TestProcess, flightboard_command, run};
use crate::proxies::{ProxyProcess, ProxyProgram, example_config};
use crate::wait::{WAIT_TIMEOUT, wait_until};

#[test]
fn follower_behind_nginx_survives_restarts() {
    check_restarts(ProxyProgram::Nginx);
}

#[test]
fn follower_behind_haproxy_survives_restarts() {
    check_restarts(ProxyProgram::HaProxy);
}

#[test]
fn nginx_avoids_stale_servers() {
    check_stale_servers(ProxyProgram::Nginx);
}

#[test]
fn haproxy_avoids_stale_servers() {
    check_stale_servers(ProxyProgram::HaProxy);
}

fn check_restarts(proxy: ProxyProgram) {
    let mut system = BalancedSystem::start(proxy, &[&[0, 1, 2], &[0, 1, 2]]);
    let mut follower = ResumingFollower::new(&system);
    system.publish();
    follower.read(&system);

    let current = system.replica_with_a_follower();
    let address = system.replicas.remove(current).kill();
    system.publish();
    follower.resume(&system);
    follower.read(&system);
    system.start_replica(current, &address);

    for at in 0..system.replicas.len() {
        let has_follower = system.replica_with_a_follower() == at;
        let ServerProcess { process: program, address } = system.replicas.remove(at);
        program.terminate();
        system.publish();
        if has_follower {
            follower.read_to_end();
            follower.resume(&system);
        }
        assert!(program.wait_for_exit(WAIT_TIMEOUT).status.success());
        system.publish();
        follower.read(&system);
        system.start_replica(at, &address.to_string());
    }

    for at in 0..system.nats.len() {
        system.nats[at].program.terminate();
        system.publish();
        follower.read(&system);
        system.nats[at].restart();
    }
    system.nats[0].program.kill();
    system.publish();
    follower.read(&system);
    assert_eq!(follower.timetables, 1, "only the first timetable was needed");
}

fn check_stale_servers(proxy: ProxyProgram) {
    let mut system = BalancedSystem::start(proxy, &[&[0], &[1, 2]]);
    system.publish();
    system.nats[0].program.kill();
    let cut_off = system.replicas[0].api();
    wait_until("the replica is not ready", WAIT_TIMEOUT, || cut_off.unready_reason());
    wait_until("the replica reports that it is stale", WAIT_TIMEOUT, || {
        cut_off.get("/boards/main").get("behind").cloned()
    });
    wait_until("new followers go to the other replica", WAIT_TIMEOUT, || {
        system.poll_readiness();
        let mut followers = [(); 4].map(|()| TestFollower::open(system.address));
        followers
            .iter_mut()
            .for_each(|follower| assert_eq!(follower.next_event().name, "timetable"));
        followers.iter().all(|follower| !follower.text.contains("\"behind\":")).then_some(())
    });
    system.publish();

    system.nats[1].program.kill();
    system.nats[2].program.kill();
    wait_until("the other replica is not ready", WAIT_TIMEOUT, || {
        system.replicas[1].api().unready_reason()
    });
    system.wait_until_balancer_has_no_replica();
    assert_eq!(system.api().rows("main").len(), 1);
    assert_eq!(TestFollower::open(system.address).next_event().name, "timetable");
}

/// Load balancer, replicas and NATS servers, with their files in one folder.
struct BalancedSystem {
    proxy: ProxyProcess,
    kind: ProxyProgram,
    address: SocketAddr,
    replicas: Vec<ServerProcess>,
    /// For each replica, the URLs of its NATS servers.
    nats_urls: Vec<String>,
    nats: Vec<ExampleNats>,
    /// The number of updates published so far.
    published: usize,
    _folder: TempDir,
}

struct ExampleNats {
    program: TestProcess,
    config: PathBuf,
    address: SocketAddr,
    monitor: SocketAddr,
}

impl BalancedSystem {
    fn start(kind: ProxyProgram, reachable_nats: &[&[usize]; 2]) -> Self {
        let folder = TempDir::new().unwrap();
        let nats = ExampleNats::cluster(folder.path());
        let nats_urls = reachable_nats.map(|indexes| {
            let addresses = indexes.iter().map(|at| nats[*at].address.to_string());
            format!("nats://{}", addresses.collect::<Vec<_>>().join(","))
        });
        let replicas = nats_urls.each_ref().map(|urls| replica("127.0.0.1:0", urls));
        let ports = replicas.each_ref().map(|replica| replica.address);
        let proxy = kind.start(|address, folder| kind.documented(address, folder, ports));
        let address = proxy.address;
        let system = Self {
            proxy,
            kind,
            address,
            replicas: replicas.into(),
            nats_urls: nats_urls.into(),
            nats,
            published: 0,
            _folder: folder,
        };
        wait_until("all replicas are ready", WAIT_TIMEOUT, || {
            let all = system.replicas.iter().map(ServerProcess::api).chain([system.api()]);
            all.into_iter().all(|api| api.is_ready()).then_some(())
        });
        system
    }

    /// A client of the load balancer.
    fn api(&self) -> ApiClient {
        ApiClient::new(self.address)
    }

    /// Publishes the next remark of a row through the load balancer, which may need several attempts.
    fn publish(&mut self) {
        self.published += 1;
        let number = self.published;
        let update = format!(
            r#"{{"event": "flightAddition", "data": {{"flight": "I768", "remark": "{number}"}}}}"#
        );
        let to = format!("http://{}", self.address);
        let key = format!("remark-{number}");
        let args = ["publish", "--to", &to, "--board", "main", "--idempotency-key", &key];
        let output = run(&mut flightboard_command(args), &update);
        assert!(output.status.success(), "{output:?}");
    }

    fn replica_with_a_follower(&self) -> usize {
        wait_until("a replica has the follower", WAIT_TIMEOUT, || {
            self.replicas.iter().position(|replica| replica.api().follower_count("main") == 1)
        })
    }

    fn start_replica(&mut self, at: usize, address: &str) {
        let replica = replica(address, &self.nats_urls[at]);
        wait_until("the replica is ready", WAIT_TIMEOUT, || replica.api().is_ready().then_some(()));
        self.replicas.insert(at, replica);
    }

    /// Nginx notices an unready replica only by the status of a response: enough requests reach both replicas.
    fn poll_readiness(&self) {
        for _ in 0..4 {
            self.api().get_status("/readyz");
        }
    }

    fn wait_until_balancer_has_no_replica(&self) {
        if self.kind == ProxyProgram::HaProxy {
            let message = "backend 'ready' has no server available";
            let is_logged = || self.proxy.process.log().contains(message).then_some(());
            wait_until("HAProxy has checked both replicas", WAIT_TIMEOUT, is_logged);
        } else {
            self.poll_readiness();
        }
    }
}

fn replica(address: &str, nats: &str) -> ServerProcess {
    let args = ["serve", "--listen", address, "--nats", nats, "--nats-replicas", "3"];
    ServerProcess::start(&mut flightboard_command(args))
}

impl ExampleNats {
    /// Starts the three servers of the example.
    fn cluster(folder: &Path) -> Vec<Self> {
        let clients = free_addresses::<3>();
        let monitors = free_addresses::<3>();
        let routes = free_addresses::<3>();
        let mut servers = Vec::new();
        for at in 0..3 {
            let mut replacements = vec![
                ("nats-a".to_owned(), format!("nats-{at}")),
                ("0.0.0.0:4222".to_owned(), clients[at].to_string()),
                ("127.0.0.1:8222".to_owned(), monitors[at].to_string()),
                ("0.0.0.0:6222".to_owned(), routes[at].to_string()),
                (
                    "/var/lib/nats".to_owned(),
                    folder.join(format!("nats-{at}")).display().to_string(),
                ),
            ];
            let named = |(at, route): (usize, &SocketAddr)| {
                (format!("10.0.0.1{}:6222", at + 1), route.to_string())
            };
            replacements.extend(routes.iter().enumerate().map(named));
            let config = folder.join(format!("nats-{at}.conf"));
            fs::write(&config, example_config("nats.conf", &replacements)).unwrap();
            let program = TestProcess::start(
                Command::new(testkit::nats::server_binary()).arg("-c").arg(&config),
            );
            servers.push(Self { program, config, address: clients[at], monitor: monitors[at] });
        }
        servers.iter().for_each(Self::wait_until_healthy);
        servers
    }

    fn restart(&mut self) {
        let mut command = Command::new(testkit::nats::server_binary());
        self.program = TestProcess::start(command.arg("-c").arg(&self.config));
        self.wait_until_healthy();
    }

    /// Waits until its `/healthz` reports that it has caught up with the others.
    fn wait_until_healthy(&self) {
        wait_until("the NATS server listens", WAIT_TIMEOUT, || {
            std::net::TcpStream::connect(self.monitor).ok()
        });
        let api = ApiClient::new(self.monitor);
        wait_until("the NATS server is healthy", WAIT_TIMEOUT, || {
            (api.get_status("/healthz") == 200).then_some(())
        });
    }
}

/// A follower of the load balancer that resumes there.
struct ResumingFollower {
    follower: TestFollower,
    last_id: String,
    /// The newest remark received.
    received: usize,
    timetables: usize,
}

impl ResumingFollower {
    fn new(system: &BalancedSystem) -> Self {
        let mut follower = TestFollower::open(system.address);
        let first = follower.next_event();
        assert_eq!(first.name, "timetable");
        Self { follower, last_id: first.id, received: 0, timetables: 1 }
    }

    /// Reads up to the newest remark and checks that each comes once and in order.
    fn read(&mut self, system: &BalancedSystem) {
        while self.received < system.published {
            let event = self.follower.next_event();
            self.receive(event);
        }
    }

    /// Reads until the server ends the stream.
    fn read_to_end(&mut self) {
        for event in self.follower.read_to_end(WAIT_TIMEOUT) {
            self.receive(event);
        }
    }

    fn receive(&mut self, event: ReceivedEvent) {
        if event.name == "timetable" {
            self.timetables += 1;
        } else {
            self.received += 1;
            assert_eq!(event.data["remark"], self.received.to_string());
        }
        self.last_id = event.id;
    }

    fn resume(&mut self, system: &BalancedSystem) {
        self.follower = wait_until("a replica accepts the follower", WAIT_TIMEOUT, || {
            let follower = TestFollower::resume(system.address, &self.last_id);
            (follower.status() == 200).then_some(follower)
        });
    }
}
