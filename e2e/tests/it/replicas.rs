//! Several servers with one journal, in a real NATS server.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;
use testkit::nats::NatsServer;
use testkit::ports::free_address;

use crate::follower::Follower;
use crate::program::{Program, Server, flightboard};
use crate::wait::{PATIENCE, until};

/// More than there are between two checkpoints.
const MANY: usize = 51_000;

/// The stay of a row that has landed, until the next look what is due, and more than a loaded machine adds.
const ASKED_WITHIN: Duration = Duration::from_millis(2_500);

/// What a refusal may take by what is promised, and more than a loaded machine adds.
const REFUSED_WITHIN: Duration = Duration::from_secs(25);

/// Far above the time after which a follower is told that its server is cut off, or has begun again.
const TOLD_WITHIN: Duration = Duration::from_secs(90);

fn replica(nats: &NatsServer) -> Server {
    replica_at(&free_address().to_string(), nats)
}

/// With a small window, so that a start goes by a checkpoint.
fn replica_at(address: &str, nats: &NatsServer) -> Server {
    let nats = nats.url();
    let args = ["serve", "--listen", address, "--nats", &nats, "--window", "64KiB"];
    Server::start(&mut flightboard(args))
}

/// What followers are sent, but for what each is sent for itself.
fn frames(text: &str) -> Vec<&str> {
    let frames = text.split_inclusive("\n\n");
    let shared =
        |frame: &&str| !frame.starts_with("retry:") && !frame.contains("event: heartbeat\n");
    frames.filter(shared).collect()
}

fn seq(id: &str) -> u64 {
    id.split_once('-').unwrap().1.parse().unwrap()
}

#[test]
fn replicas_are_alike_to_the_byte_whenever_they_started() {
    let nats = NatsServer::start();
    let (from_the_beginning, before) = (replica(&nats), replica(&nats));
    let api = from_the_beginning.api();
    api.put_board("main", &json!({"title": "Arrivals", "removeAfter": {"landed": "1s"}}));
    api.put("I768", &json!({"origin": "Rome"}));
    let remarks: Vec<_> = (0..MANY).map(|n| format!("remark {n}")).collect();
    for part in remarks.chunks(1_000) {
        api.remark_many("I768", part);
    }
    let restarted = replica_at(&before.kill(), &nats);
    let from_a_checkpoint = replica(&nats);
    let replicas = [from_the_beginning, restarted, from_a_checkpoint];
    let from = api.patch("I768", &json!({"remark": "from here"}));
    for (n, replica) in replicas.iter().enumerate() {
        let remark = json!("remark of another start");
        replica.api().put(&format!("G{n}"), &json!({"origin": "Tokyo", "remark": remark}));
    }
    // All of them look every second what is due. While NATS stands still each asks for the removal, and one
    // record comes of it.
    let landed = seq(&api.patch("G0", &json!({"state": "landed"})));
    for replica in &replicas {
        until("it has landed everywhere", PATIENCE, || {
            replica.api().text("/boards/main/flights").contains("landed").then_some(())
        });
    }
    nats.freeze();
    let frozen = Instant::now();
    until("all have asked", PATIENCE, || (frozen.elapsed() > ASKED_WITHIN).then_some(()));
    nats.let_go_on();
    for replica in &replicas {
        until("the row leaves", PATIENCE, || {
            (replica.api().status("/boards/main/flights/G0") == 404).then_some(())
        });
    }
    let start = Instant::now();
    until("several have looked", PATIENCE, || {
        (start.elapsed() > Duration::from_secs(3)).then_some(())
    });
    let last = api.patch("I768", &json!({"remark": "the last"}));
    assert_eq!(seq(&last), landed + 2, "its end was written once");

    let came = |replica: &Server| {
        let rows = until("the last update comes", PATIENCE, || {
            let rows = replica.api().text("/boards/main/flights");
            rows.contains("the last").then_some(rows)
        });
        let mut follower = Follower::resume(replica.address, &from);
        while follower.next().id != last {}
        (rows, frames(&follower.text).concat())
    };
    let [first, second, third] = replicas.each_ref().map(came);
    assert_eq!(first, second);
    assert_eq!(first, third);
    let named = |name: &str| first.1.matches(&format!("event: {name}\n")).count();
    let told = ["flightAddition", "flightStateUpdate", "flightRemoval", "timetable"].map(named);
    assert_eq!(told, [3, 2, 1, 0], "{}", first.1);
}

#[test]
fn a_server_waits_for_nats_and_says_so() {
    let mut nats = NatsServer::start();
    nats.stop();
    let address = free_address();
    let (listen, url) = (address.to_string(), nats.url());
    let args = ["serve", "--listen", &listen, "--nats", &url, "--allow-origin", "*"];
    let start = || Program::start(&mut flightboard(args));
    let program = start();
    let api = testkit::api::Api::new(address);
    until("it listens", PATIENCE, || std::net::TcpStream::connect(address).ok());
    assert_eq!(api.status("/healthz"), 200);
    assert!(api.unready().unwrap().contains(&url));
    let refusal = api.put_refused("I768", &json!({}), 503);
    assert!(refusal.contains("ask again later"), "{refusal}");
    let mut screen = Follower::request(address, "/events", "Origin: https://a.example\r\n");
    assert_eq!(screen.status(), 200, "any other would stop it for good");
    assert!(screen.head.contains("access-control-allow-origin: *"), "{}", screen.head);
    screen.rest(PATIENCE);
    assert!(screen.text.starts_with("retry: "), "{}", screen.text);
    until("the log says so", PATIENCE, || program.log().contains("trying again").then_some(()));
    program.terminate();
    assert!(program.end(PATIENCE).status.success());

    let _program = start();
    until("it waits", PATIENCE, || std::net::TcpStream::connect(address).ok());
    nats.start_again();
    until("it is ready", PATIENCE, || api.is_ready().then_some(()));
    api.put("I768", &json!({}));
}

#[test]
fn a_server_that_is_cut_off_serves_on_refuses_and_tells_its_followers() {
    let mut nats = NatsServer::start();
    let server = replica(&nats);
    let api = server.api();
    api.put("I768", &json!({"origin": "Rome"}));
    let mut screen = Follower::open(server.address);
    screen.next();
    nats.stop();
    let asked = Instant::now();
    let refusal = api.put_refused("G119", &json!({}), 503);
    assert!(asked.elapsed() < REFUSED_WITHIN, "{:?}", asked.elapsed());
    assert!(refusal.contains("publish it again"), "{refusal}");
    until("/readyz says so", PATIENCE, || api.unready());
    screen.text_with("\"behind\":", TOLD_WITHIN);
    assert_eq!(api.rows("main").len(), 1, "it serves what it has");
    let mut newcomer = Follower::open(server.address);
    assert_eq!(newcomer.next().name, "timetable");
    let told = newcomer.text.find("\"behind\":").expect("it is told");
    assert!(told < newcomer.text.find("event: timetable").unwrap(), "{}", newcomer.text);

    nats.start_again();
    until("it is ready again", PATIENCE, || api.is_ready().then_some(()));
    api.put("G119", &json!({"origin": "Tokyo"}));
    assert_eq!(screen.next().name, "flightAddition");
    assert_eq!(newcomer.next().name, "flightAddition");
}

#[test]
fn when_the_stream_is_made_anew_all_begin_again_with_it() {
    let mut nats = NatsServer::start();
    let replicas = [replica(&nats), replica(&nats)];
    let [one, other] = replicas.each_ref().map(Server::api);
    let lost = one.put("I768", &json!({"origin": "Rome"}));
    let mut screen = Follower::open(replicas[0].address);
    screen.next();
    nats.stop();
    fs::remove_dir_all(nats.store()).unwrap();
    nats.start_again();
    screen.rest(TOLD_WITHIN);
    assert_eq!(screen.text.matches("retry: ").count(), 2, "it is told to come back");
    for api in [&one, &other] {
        until("it has begun again", TOLD_WITHIN, || {
            (api.is_ready() && api.rows("main").is_empty()).then_some(())
        });
    }
    let put = one.put("G119", &json!({"origin": "Tokyo"}));
    assert_ne!(put.split_once('-').unwrap().0, lost.split_once('-').unwrap().0);
    for replica in &replicas {
        until("it comes to all", PATIENCE, || {
            (replica.api().rows("main").len() == 1).then_some(())
        });
        let first = Follower::resume(replica.address, &lost).next();
        assert_eq!((first.name.as_str(), &first.data["reason"]), ("timetable", &json!("unknown")));
    }
}

#[test]
fn all_settings_come_from_the_environment_too() {
    let nats = NatsServer::start();
    let mut command = flightboard(["serve", "--listen", "127.0.0.1:0"]);
    command.env("FLIGHTBOARD_NATS", nats.url());
    command.env("FLIGHTBOARD_NATS_PREFIX", "airport");
    command.env("FLIGHTBOARD_NATS_STORAGE", "memory");
    let server = Server::start(&mut command);
    server.api().put("I768", &json!({}));
    let streams = nats.store().join("jetstream/$G/streams");
    assert!(!streams.join("airport").exists(), "it is in memory");
    let other = replica(&nats);
    assert!(streams.join("flightboard").exists());
    assert_eq!(other.api().rows("main").len(), 0, "of another prefix");
}
