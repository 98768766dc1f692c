//! Two servers behind one address, as `docs/examples/` has it: with three NATS servers, and nginx or
//! HAProxy before them. The files are those that readers take; other are only addresses, folders, and
//! what this machine allows.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use testkit::api::ApiClient;
use testkit::ports::{free_address, free_addresses};

use crate::follower::{ReceivedEvent, TestFollower};
use crate::process::{ServerProcess, TestProcess, flightboard_command, run};
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// Where `cargo xtask test` unpacks Debian's packages of both.
const UNPACKED: &str = "target/proxies";

#[derive(Clone, Copy)]
enum Proxy {
    Nginx,
    HaProxy,
}

#[test]
fn behind_nginx_a_screen_misses_nothing_while_all_is_restarted() {
    a_screen_misses_nothing_while_all_is_restarted(Proxy::Nginx);
}

#[test]
fn behind_haproxy_a_screen_misses_nothing_while_all_is_restarted() {
    a_screen_misses_nothing_while_all_is_restarted(Proxy::HaProxy);
}

#[test]
fn nginx_leaves_out_a_server_that_is_cut_off_but_not_all() {
    a_server_that_is_cut_off_is_left_out_but_not_all(Proxy::Nginx);
}

#[test]
fn haproxy_leaves_out_a_server_that_is_cut_off_but_not_all() {
    a_server_that_is_cut_off_is_left_out_but_not_all(Proxy::HaProxy);
}

fn a_screen_misses_nothing_while_all_is_restarted(proxy: Proxy) {
    let mut site = Site::start(proxy, &[&[0, 1, 2], &[0, 1, 2]]);
    let mut screen = Screen::new(&site);
    site.publish();
    screen.read(&site);

    let on = site.replica_with_a_follower();
    let address = site.replicas.remove(on).kill();
    site.publish();
    screen.come_back(&site);
    screen.read(&site);
    site.start_replica(on, &address);

    for at in 0..site.replicas.len() {
        let is_on_it = site.replica_with_a_follower() == at;
        let ServerProcess { process: program, address } = site.replicas.remove(at);
        program.terminate();
        site.publish();
        if is_on_it {
            screen.read_to_the_end();
            screen.come_back(&site);
        }
        assert!(program.wait_for_exit(WAIT_TIMEOUT).status.success());
        site.publish();
        screen.read(&site);
        site.start_replica(at, &address.to_string());
    }

    for at in 0..site.nats.len() {
        site.nats[at].program.terminate();
        site.publish();
        screen.read(&site);
        site.nats[at].restart();
    }
    site.nats[0].program.kill();
    site.publish();
    screen.read(&site);
    assert_eq!(screen.timetables, 1, "it had all rows in the beginning, and never again");
}

fn a_server_that_is_cut_off_is_left_out_but_not_all(proxy: Proxy) {
    let mut site = Site::start(proxy, &[&[0], &[1, 2]]);
    site.publish();
    site.nats[0].program.kill();
    let cut_off = site.replicas[0].api();
    wait_until("it is not ready", WAIT_TIMEOUT, || cut_off.unready_reason());
    wait_until("it tells its followers", WAIT_TIMEOUT, || {
        cut_off.get("/boards/main").get("behind").cloned()
    });
    wait_until("all who come go to the other", WAIT_TIMEOUT, || {
        site.ask_whether_it_is_ready();
        let mut screens = [(); 4].map(|()| TestFollower::open(site.address));
        screens.iter_mut().for_each(|screen| assert_eq!(screen.next_event().name, "timetable"));
        screens.iter().all(|screen| !screen.text.contains("\"behind\":")).then_some(())
    });
    site.publish();

    site.nats[1].program.kill();
    site.nats[2].program.kill();
    wait_until("neither is ready", WAIT_TIMEOUT, || site.replicas[1].api().unready_reason());
    site.wait_until_the_proxy_knows_that_none_is_ready();
    assert_eq!(site.api().rows("main").len(), 1);
    assert_eq!(TestFollower::open(site.address).next_event().name, "timetable");
}

/// Everything, in one folder.
struct Site {
    proxy: TestProcess,
    kind: Proxy,
    address: SocketAddr,
    replicas: Vec<ServerProcess>,
    /// The NATS servers that each of them is told of.
    told: Vec<String>,
    nats: Vec<Nats>,
    /// How often something was published.
    published: usize,
    _folder: TempDir,
}

struct Nats {
    program: TestProcess,
    config: PathBuf,
    address: SocketAddr,
    monitor: SocketAddr,
}

impl Site {
    fn start(kind: Proxy, told: &[&[usize]; 2]) -> Self {
        let folder = TempDir::new().unwrap();
        let nats = Nats::cluster(folder.path());
        let told = told.map(|known| {
            let addresses = known.iter().map(|at| nats[*at].address.to_string());
            format!("nats://{}", addresses.collect::<Vec<_>>().join(","))
        });
        let replicas = told.each_ref().map(|told| replica("127.0.0.1:0", told));
        let address = free_address();
        let ports = replicas.each_ref().map(|replica| replica.address);
        let proxy = TestProcess::start(&mut kind.command(folder.path(), address, ports));
        let site = Self {
            proxy,
            kind,
            address,
            replicas: replicas.into(),
            told: told.into(),
            nats,
            published: 0,
            _folder: folder,
        };
        wait_until("the proxy listens", WAIT_TIMEOUT, || {
            std::net::TcpStream::connect(address).ok()
        });
        wait_until("all are ready", WAIT_TIMEOUT, || {
            let all = site.replicas.iter().map(ServerProcess::api).chain([site.api()]);
            all.into_iter().all(|api| api.is_ready()).then_some(())
        });
        site
    }

    /// Through the proxy.
    fn api(&self) -> ApiClient {
        ApiClient::new(self.address)
    }

    /// The next remark of a row, through the proxy, as often as it takes.
    fn publish(&mut self) {
        self.published += 1;
        let number = self.published;
        let update = format!(
            r#"{{"event": "flightAddition", "data": {{"flight": "I768", "remark": "{number}"}}}}"#
        );
        let (to, key) = (format!("http://{}", self.address), format!("remark-{number}"));
        let args = ["publish", "--to", &to, "--board", "main", "--idempotency-key", &key];
        let ended = run(&mut flightboard_command(args), &update);
        assert!(ended.status.success(), "{ended:?}");
    }

    fn replica_with_a_follower(&self) -> usize {
        wait_until("a server has the follower", WAIT_TIMEOUT, || {
            self.replicas.iter().position(|replica| replica.api().follower_count("main") == 1)
        })
    }

    fn start_replica(&mut self, at: usize, address: &str) {
        let replica = replica(address, &self.told[at]);
        wait_until("it is ready", WAIT_TIMEOUT, || replica.api().is_ready().then_some(()));
        self.replicas.insert(at, replica);
    }

    /// As a monitor does each second; often enough that both have been asked.
    fn ask_whether_it_is_ready(&self) {
        for _ in 0..4 {
            self.api().get_status("/readyz");
        }
    }

    fn wait_until_the_proxy_knows_that_none_is_ready(&self) {
        match self.kind {
            Proxy::Nginx => self.ask_whether_it_is_ready(),
            Proxy::HaProxy => wait_until("it has looked", WAIT_TIMEOUT, || {
                self.proxy.log().contains("backend 'ready' has no server available").then_some(())
            }),
        }
    }
}

fn replica(address: &str, nats: &str) -> ServerProcess {
    let args = ["serve", "--listen", address, "--nats", nats, "--nats-replicas", "3"];
    ServerProcess::start(&mut flightboard_command(args))
}

impl Nats {
    /// The three of the example.
    fn cluster(folder: &Path) -> Vec<Self> {
        let (clients, monitors) = (free_addresses::<3>(), free_addresses::<3>());
        let routes = free_addresses::<3>();
        let mut servers = Vec::new();
        for at in 0..3 {
            let mut changes = vec![
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
            changes.extend(routes.iter().enumerate().map(named));
            let config = folder.join(format!("nats-{at}.conf"));
            fs::write(&config, example("nats.conf", &changes)).unwrap();
            let program = TestProcess::start(
                Command::new(testkit::nats::server_binary()).arg("-c").arg(&config),
            );
            servers.push(Self { program, config, address: clients[at], monitor: monitors[at] });
        }
        servers.iter().for_each(Self::wait_until_it_is_well);
        servers
    }

    fn restart(&mut self) {
        let mut command = Command::new(testkit::nats::server_binary());
        self.program = TestProcess::start(command.arg("-c").arg(&self.config));
        self.wait_until_it_is_well();
    }

    /// It has caught up with the others, as its own `/healthz` says.
    fn wait_until_it_is_well(&self) {
        wait_until("it listens", WAIT_TIMEOUT, || std::net::TcpStream::connect(self.monitor).ok());
        let api = ApiClient::new(self.monitor);
        wait_until("it is well", WAIT_TIMEOUT, || {
            (api.get_status("/healthz") == 200).then_some(())
        });
    }
}

impl Proxy {
    fn command(self, folder: &Path, address: SocketAddr, replicas: [SocketAddr; 2]) -> Command {
        let mut changes = vec![
            ("10.0.0.1:5000".to_owned(), replicas[0].to_string()),
            ("10.0.0.2:5000".to_owned(), replicas[1].to_string()),
            ("10.0.0.0/24".to_owned(), "127.0.0.0/8".to_owned()),
        ];
        let own: Vec<_> = match self {
            Self::Nginx => {
                let bodies = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                    .map(|of| format!("{of}_temp_path {};", folder.join(of).display()));
                [
                    ("listen 80", format!("listen {address}")),
                    ("65536", "1000".to_owned()),
                    ("http {", format!("http {{ access_log off; {}", bodies.concat())),
                ]
                .into()
            }
            Self::HaProxy => [
                ("bind :80", format!("bind {address}")),
                ("maxconn 32000", "maxconn 400".to_owned()),
            ]
            .into(),
        };
        changes.extend(own.into_iter().map(|(from, to)| (from.to_owned(), to)));
        let config = folder.join("proxy.conf");
        match self {
            Self::Nginx => {
                fs::write(&config, example("nginx.conf", &changes)).unwrap();
                let mut nginx = program("nginx");
                // In one process, which ends with the test.
                let more = format!(
                    "daemon off; master_process off; pid {};",
                    folder.join("nginx.pid").display()
                );
                nginx.arg("-c").arg(&config).args(["-e", "stderr", "-g", &more]);
                nginx
            }
            Self::HaProxy => {
                fs::write(&config, example("haproxy.cfg", &changes)).unwrap();
                let mut haproxy = program("haproxy");
                haproxy.arg("-db").arg("-f").arg(&config);
                haproxy
            }
        }
    }
}

/// A screen at the one address, which comes back there.
struct Screen {
    follower: TestFollower,
    last_id: String,
    /// The newest remark that it has shown.
    shown: usize,
    timetables: usize,
}

impl Screen {
    fn new(site: &Site) -> Self {
        let mut follower = TestFollower::open(site.address);
        let first = follower.next_event();
        assert_eq!(first.name, "timetable");
        Self { follower, last_id: first.id, shown: 0, timetables: 1 }
    }

    /// Until it has shown what was published last: each remark once, and none left out.
    fn read(&mut self, site: &Site) {
        while self.shown < site.published {
            let event = self.follower.next_event();
            self.show(event);
        }
    }

    /// Until its server ends the stream.
    fn read_to_the_end(&mut self) {
        for event in self.follower.read_to_end(WAIT_TIMEOUT) {
            self.show(event);
        }
    }

    fn show(&mut self, event: ReceivedEvent) {
        if event.name == "timetable" {
            self.timetables += 1;
        } else {
            self.shown += 1;
            assert_eq!(event.data["remark"], self.shown.to_string());
        }
        self.last_id = event.id;
    }

    fn come_back(&mut self, site: &Site) {
        self.follower = wait_until("it is let in", WAIT_TIMEOUT, || {
            let follower = TestFollower::resume(site.address, &self.last_id);
            (follower.status() == 200).then_some(follower)
        });
    }
}

/// A file of the documents, with what has to be another here.
fn example(name: &str, changes: &[(String, String)]) -> String {
    let mut text = fs::read_to_string(root().join("docs/examples").join(name)).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{name} has {from}");
        text = text.replace(from, to);
    }
    text
}

fn program(name: &str) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    if let Some(found) = folders.map(|folder| folder.join(name)).find(|file| file.is_file()) {
        return Command::new(found);
    }
    let unpacked = root().join(UNPACKED);
    let found = unpacked.join("usr/sbin").join(name);
    assert!(found.is_file(), "there is no {name}: install it, or run `cargo xtask test`");
    let mut command = Command::new(found);
    let libraries = format!("usr/lib/{}-linux-gnu", std::env::consts::ARCH);
    command.env("LD_LIBRARY_PATH", unpacked.join(libraries));
    command
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
