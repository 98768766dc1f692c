//! Several servers with one journal, in a real NATS server.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;
use testkit::nats::NatsServer;
use testkit::ports::free_address;

use crate::follower::TestFollower;
use crate::process::{ServerProcess, TestProcess, flightboard_command};
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// More than there are between two checkpoints.
const MANY: usize = 51_000;

/// The stay of a row that has landed, until the next look what is due, and more than a loaded machine adds.
const ASKED_WITHIN: Duration = Duration::from_millis(2_500);

/// What a refusal may take by what is promised, and more than a loaded machine adds.
const REFUSED_WITHIN: Duration = Duration::from_secs(25);

/// Far above the time after which a follower is told that its server is cut off, or has begun again.
const TOLD_WITHIN: Duration = Duration::from_secs(90);

fn replica(nats: &NatsServer) -> ServerProcess {
    replica_at(&free_address().to_string(), nats)
}

/// With a small window, so that a start goes by a checkpoint.
fn replica_at(address: &str, nats: &NatsServer) -> ServerProcess {
    let nats = nats.url();
    let args = ["serve", "--listen", address, "--nats", &nats, "--window", "64KiB"];
    ServerProcess::start(&mut flightboard_command(args))
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
    api.put_flight("I768", &json!({"origin": "Rome"}));
    let remarks: Vec<_> = (0..MANY).map(|n| format!("remark {n}")).collect();
    for part in remarks.chunks(1_000) {
        api.publish_remarks("I768", part);
    }
    let restarted = replica_at(&before.kill(), &nats);
    let from_a_checkpoint = replica(&nats);
    let replicas = [from_the_beginning, restarted, from_a_checkpoint];
    let from = api.patch_flight("I768", &json!({"remark": "from here"}));
    for (n, replica) in replicas.iter().enumerate() {
        let remark = json!("remark of another start");
        replica.api().put_flight(&format!("G{n}"), &json!({"origin": "Tokyo", "remark": remark}));
    }
    // All of them look every second what is due. While NATS stands still each asks for the removal, and one
    // record comes of it.
    let landed = seq(&api.patch_flight("G0", &json!({"state": "landed"})));
    for replica in &replicas {
        wait_until("it has landed everywhere", WAIT_TIMEOUT, || {
            replica.api().get_text("/boards/main/flights").contains("landed").then_some(())
        });
    }
    nats.pause();
    let frozen = Instant::now();
    wait_until("all have asked", WAIT_TIMEOUT, || (frozen.elapsed() > ASKED_WITHIN).then_some(()));
    nats.resume();
    for replica in &replicas {
        wait_until("the row leaves", WAIT_TIMEOUT, || {
            (replica.api().get_status("/boards/main/flights/G0") == 404).then_some(())
        });
    }
    let start = Instant::now();
    wait_until("several have looked", WAIT_TIMEOUT, || {
        (start.elapsed() > Duration::from_secs(3)).then_some(())
    });
    let last = api.patch_flight("I768", &json!({"remark": "the last"}));
    assert_eq!(seq(&last), landed + 2, "its end was written once");

    let came = |replica: &ServerProcess| {
        let rows = wait_until("the last update comes", WAIT_TIMEOUT, || {
            let rows = replica.api().get_text("/boards/main/flights");
            rows.contains("the last").then_some(rows)
        });
        let mut follower = TestFollower::resume(replica.address, &from);
        while follower.next_event().id != last {}
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
    let start = || TestProcess::start(&mut flightboard_command(args));
    let program = start();
    let api = testkit::api::ApiClient::new(address);
    wait_until("it listens", WAIT_TIMEOUT, || std::net::TcpStream::connect(address).ok());
    assert_eq!(api.get_status("/healthz"), 200);
    assert!(api.unready_reason().unwrap().contains(&url));
    let refusal = api.put_rejected("I768", &json!({}), 503);
    assert!(refusal.contains("retry later"), "{refusal}");
    let mut screen = TestFollower::request(address, "/events", "Origin: https://a.example\r\n");
    assert_eq!(screen.status(), 200, "any other would stop it for good");
    assert!(screen.head().contains("access-control-allow-origin: *"), "{}", screen.head());
    screen.read_to_end(WAIT_TIMEOUT);
    assert!(screen.text.starts_with("retry: "), "{}", screen.text);
    wait_until("the log says so", WAIT_TIMEOUT, || {
        program.log().contains("trying again").then_some(())
    });
    program.terminate();
    assert!(program.wait_for_exit(WAIT_TIMEOUT).status.success());

    let _program = start();
    wait_until("it waits", WAIT_TIMEOUT, || std::net::TcpStream::connect(address).ok());
    nats.restart();
    wait_until("it is ready", WAIT_TIMEOUT, || api.is_ready().then_some(()));
    api.put_flight("I768", &json!({}));
}

#[test]
fn a_server_that_is_cut_off_serves_on_refuses_and_tells_its_followers() {
    let mut nats = NatsServer::start();
    let server = replica(&nats);
    let api = server.api();
    api.put_flight("I768", &json!({"origin": "Rome"}));
    let mut screen = TestFollower::open(server.address);
    screen.next_event();
    nats.stop();
    let asked = Instant::now();
    let refusal = api.put_rejected("G119", &json!({}), 503);
    assert!(asked.elapsed() < REFUSED_WITHIN, "{:?}", asked.elapsed());
    assert!(refusal.contains("; retry "), "{refusal}");
    wait_until("/readyz says so", WAIT_TIMEOUT, || api.unready_reason());
    screen.wait_for_text("\"behind\":", TOLD_WITHIN);
    assert_eq!(api.rows("main").len(), 1, "it serves what it has");
    let mut newcomer = TestFollower::open(server.address);
    assert_eq!(newcomer.next_event().name, "timetable");
    let told = newcomer.text.find("\"behind\":").expect("it is told");
    assert!(told < newcomer.text.find("event: timetable").unwrap(), "{}", newcomer.text);

    nats.restart();
    wait_until("it is ready again", WAIT_TIMEOUT, || api.is_ready().then_some(()));
    api.put_flight("G119", &json!({"origin": "Tokyo"}));
    assert_eq!(screen.next_event().name, "flightAddition");
    assert_eq!(newcomer.next_event().name, "flightAddition");
}

#[test]
fn when_the_stream_is_made_anew_all_begin_again_with_it() {
    let mut nats = NatsServer::start();
    let replicas = [replica(&nats), replica(&nats)];
    let [one, other] = replicas.each_ref().map(ServerProcess::api);
    let lost = one.put_flight("I768", &json!({"origin": "Rome"}));
    let mut screen = TestFollower::open(replicas[0].address);
    screen.next_event();
    nats.stop();
    fs::remove_dir_all(nats.store()).unwrap();
    nats.restart();
    screen.read_to_end(TOLD_WITHIN);
    assert_eq!(screen.text.matches("retry: ").count(), 2, "it is told to come back");
    for api in [&one, &other] {
        wait_until("it has begun again", TOLD_WITHIN, || {
            (api.is_ready() && api.rows("main").is_empty()).then_some(())
        });
    }
    let put = one.put_flight("G119", &json!({"origin": "Tokyo"}));
    assert_ne!(put.split_once('-').unwrap().0, lost.split_once('-').unwrap().0);
    for replica in &replicas {
        wait_until("it comes to all", WAIT_TIMEOUT, || {
            (replica.api().rows("main").len() == 1).then_some(())
        });
        let first = TestFollower::resume(replica.address, &lost).next_event();
        assert_eq!((first.name.as_str(), &first.data["reason"]), ("timetable", &json!("unknown")));
    }
}

#[test]
fn all_settings_come_from_the_environment_too() {
    let nats = NatsServer::start();
    let mut command = flightboard_command(["serve", "--listen", "127.0.0.1:0"]);
    command.env("FLIGHTBOARD_NATS", nats.url());
    command.env("FLIGHTBOARD_NATS_PREFIX", "airport");
    command.env("FLIGHTBOARD_NATS_STORAGE", "memory");
    let server = ServerProcess::start(&mut command);
    server.api().put_flight("I768", &json!({}));
    let streams = nats.store().join("jetstream/$G/streams");
    assert!(!streams.join("airport").exists(), "it is in memory");
    let other = replica(&nats);
    assert!(streams.join("flightboard").exists());
    assert_eq!(other.api().rows("main").len(), 0, "of another prefix");
}
