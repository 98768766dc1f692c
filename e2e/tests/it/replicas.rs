//! Several servers with one journal on a real NATS server.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::nats::NatsServer;
use testkit::ports::free_address;

use crate::api::ApiClient;
use crate::follower::TestFollower;
use crate::process::{ServerProcess, TestProcess, flightboard_command, start_replica};
use crate::punctuality::{figures, publish_flights};
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// More updates than the server writes between two checkpoints.
const UPDATES: usize = 51_000;

/// Time in which every replica requests the removal: the delay of a landed row, one check for due rows, and the delay
/// of a loaded machine.
const REMOVAL_REQUESTED_WITHIN: Duration = Duration::from_millis(2_500);

/// The documented maximum time of a rejection, and the delay of a loaded machine.
const REJECTED_WITHIN: Duration = Duration::from_secs(25);

/// Far above the time after which a replica reports that it is stale, or restarts.
const NOTICED_WITHIN: Duration = Duration::from_secs(90);

fn replica(nats: &NatsServer) -> ServerProcess {
    replica_at(&free_address().to_string(), nats)
}

/// Starts a replica with a small window, so that it begins at a checkpoint.
fn replica_at(address: &str, nats: &NatsServer) -> ServerProcess {
    let nats = nats.url();
    let args = ["serve", "--listen", address, "--nats", &nats, "--window", "64KiB"];
    ServerProcess::start(&mut flightboard_command(args))
}

/// The frames that all followers share: without `retry:` and heartbeats.
fn shared_frames(text: &str) -> Vec<&str> {
    let first_event = text.find("id: ").expect("the stream has an event");
    let frames = text[first_event..].split_inclusive("\n\n");
    frames.filter(|frame| !frame.contains("event: heartbeat\n")).collect()
}

fn seq(id: &str) -> u64 {
    id.split_once('-').unwrap().1.parse().unwrap()
}

/// Reports an answer of the board's source.
fn put_source(api: &ApiClient, last_answer: &str, late_after: Option<u64>) {
    let data = json!({"name": "Oslo", "attribution": "Data from Oslo", "status": "current",
        "lastAnswer": last_answer, "lateAfter": late_after});
    let line = json!({"event": "sourceUpdate", "data": data});
    let outcome = api.publish_lines("main", &line.to_string());
    assert!(outcome.contains(r#""status":200"#), "{outcome}");
}

#[test]
fn replicas_send_identical_bytes() {
    let nats = NatsServer::start();
    let from_the_beginning = replica(&nats);
    let before = replica(&nats);
    let api = from_the_beginning.api();
    api.put_board("main", &json!({"title": "Arrivals", "removeAfter": {"landed": "1s"}}));
    api.put_flight("I768", &json!({"origin": "Rome"}));
    api.put_flight("ET645?leg=23:55", &json!({"origin": "ADD", "held": ["gate"]}));
    put_source(&api, "2026-01-01T00:00:00Z", None);
    let remarks: Vec<_> = (0..UPDATES).map(|n| format!("remark {n}")).collect();
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
    // All replicas check every second for due rows. While NATS is paused each requests the removal; only one record
    // must result.
    let landed = seq(&api.patch_flight("G0", &json!({"state": "landed"})));
    for replica in &replicas {
        wait_until("the row has landed on all replicas", WAIT_TIMEOUT, || {
            replica.api().get_text("/boards/main/flights").contains("landed").then_some(())
        });
    }
    nats.pause();
    let paused = Instant::now();
    wait_until("all replicas have requested the removal", WAIT_TIMEOUT, || {
        (paused.elapsed() > REMOVAL_REQUESTED_WITHIN).then_some(())
    });
    nats.resume();
    for replica in &replicas {
        wait_until("the row expires", WAIT_TIMEOUT, || {
            (replica.api().get_status("/boards/main/flights/G0") == 404).then_some(())
        });
    }
    let start = Instant::now();
    wait_until("the replicas have checked again", WAIT_TIMEOUT, || {
        (start.elapsed() > Duration::from_secs(3)).then_some(())
    });
    let next = api.patch_flight("I768", &json!({"remark": "after the removal"}));
    assert_eq!(seq(&next), landed + 2, "the removal was written once");

    put_source(&api, "2026-01-01T00:01:00Z", Some(60));
    for replica in &replicas {
        wait_until("the source is late", WAIT_TIMEOUT, || {
            (replica.api().get("/boards/main")["source"]["status"] == "late").then_some(())
        });
    }
    let last = api.patch_flight("I768", &json!({"remark": "the last"}));
    assert_eq!(seq(&last), seq(&next) + 3, "the lateness was written once");

    let read_all = |replica: &ServerProcess| {
        let rows = wait_until("the last update arrives", WAIT_TIMEOUT, || {
            let rows = replica.api().get_text("/boards/main/flights");
            rows.contains("the last").then_some(rows)
        });
        let mut follower = TestFollower::resume(replica.address, &from);
        while follower.next_event().id != last {}
        (rows, shared_frames(&follower.text).concat())
    };
    let [first, second, third] = replicas.each_ref().map(read_all);
    assert_eq!(first, second);
    assert_eq!(first, third);
    let count = |name: &str| first.1.matches(&format!("event: {name}\n")).count();
    let counts = ["flightAddition", "flightStateUpdate", "flightRemoval", "timetable"].map(count);
    assert_eq!(counts, [3, 3, 1, 0], "{}", first.1);
    assert_eq!(count("sourceUpdate"), 2, "{}", first.1);
}

#[test]
fn refusals_leave_few_records() {
    const REFUSED: usize = 2_000;
    let nats = NatsServer::start();
    let [one, other] = [(); 2].map(|()| replica(&nats));
    for number in 0..50 {
        let flight = format!("F{number}");
        one.api().put_flight(&flight, &json!({}));
        // Fails if the other replica has not read the row yet and refuses.
        other.api().patch_flight(&flight, &json!({"gate": "1"}));
    }
    let before = seq(&one.api().put_flight("BEFORE", &json!({})));
    let patch = json!({"event": "flightStateUpdate", "data": {"flight": "GHOST", "gate": "1"}});
    let outcomes = other.api().publish_lines("main", &format!("{patch}\n").repeat(REFUSED));
    assert_eq!(outcomes.matches(r#""status":404"#).count(), REFUSED, "{outcomes}");
    let after = seq(&one.api().put_flight("AFTER", &json!({})));
    let records = after - before - 1;
    assert!((1..20).contains(&records), "{records} records of {REFUSED} refused lines");
}

#[test]
fn server_waits_for_nats() {
    let mut nats = NatsServer::start();
    nats.stop();
    let address = free_address();
    let listen = address.to_string();
    let url = nats.url();
    let args = ["serve", "--listen", &listen, "--nats", &url, "--allow-origin", "*"];
    let start = || TestProcess::start(&mut flightboard_command(args));
    let process = start();
    let api = testkit::api::ApiClient::new(address);
    wait_until("the server listens", WAIT_TIMEOUT, || std::net::TcpStream::connect(address).ok());
    assert_eq!(api.get_status("/healthz"), 200);
    assert!(api.unready_reason().unwrap().contains(&url));
    let rejection = api.put_rejected("I768", &json!({}), 503);
    assert!(rejection.contains("retry later"), "{rejection}");
    let mut follower = TestFollower::request(address, "/events", "Origin: https://a.example\r\n");
    assert_eq!(follower.status(), 200, "any other status stops an `EventSource` for good");
    assert!(follower.head().contains("access-control-allow-origin: *"), "{}", follower.head());
    follower.read_to_end(WAIT_TIMEOUT);
    assert!(follower.text.starts_with("retry: "), "{}", follower.text);
    wait_until("the log reports the attempts", WAIT_TIMEOUT, || {
        process.log().contains("trying again").then_some(())
    });
    process.terminate();
    assert!(process.wait_for_exit(WAIT_TIMEOUT).status.success());

    let _program = start();
    wait_until("the server waits", WAIT_TIMEOUT, || std::net::TcpStream::connect(address).ok());
    nats.restart();
    wait_until("the server is ready", WAIT_TIMEOUT, || api.is_ready().then_some(()));
    api.put_flight("I768", &json!({}));
}

#[test]
fn disconnected_replica_serves_stale_rows() {
    let mut nats = NatsServer::start();
    let server = replica(&nats);
    let api = server.api();
    api.put_flight("I768", &json!({"origin": "Rome"}));
    let mut follower = TestFollower::open(server.address);
    follower.next_event();
    nats.stop();
    let asked = Instant::now();
    let rejection = api.put_rejected("G119", &json!({}), 503);
    assert!(asked.elapsed() < REJECTED_WITHIN, "{:?}", asked.elapsed());
    assert!(rejection.contains("; retry "), "{rejection}");
    wait_until("/readyz reports the outage", WAIT_TIMEOUT, || api.unready_reason());
    follower.wait_for_text("\"behind\":", NOTICED_WITHIN);
    assert_eq!(api.rows("main").len(), 1, "it serves the rows that it has");
    let mut newcomer = TestFollower::open(server.address);
    assert_eq!(newcomer.next_event().name, "timetable");
    let stale_at = newcomer.text.find("\"behind\":").expect("a new follower learns it");
    assert!(stale_at < newcomer.text.find("event: timetable").unwrap(), "{}", newcomer.text);

    nats.restart();
    wait_until("the server is ready again", WAIT_TIMEOUT, || api.is_ready().then_some(()));
    api.put_flight("G119", &json!({"origin": "Tokyo"}));
    assert_eq!(follower.next_event().name, "flightAddition");
    assert_eq!(newcomer.next_event().name, "flightAddition");
}

#[test]
fn recreated_stream_restarts_all_replicas() {
    let mut nats = NatsServer::start();
    let replicas = [replica(&nats), replica(&nats)];
    let [one, other] = replicas.each_ref().map(ServerProcess::api);
    let lost = one.put_flight("I768", &json!({"origin": "Rome"}));
    let mut follower = TestFollower::open(replicas[0].address);
    follower.next_event();
    nats.stop();
    fs::remove_dir_all(nats.store()).unwrap();
    nats.restart();
    follower.read_to_end(NOTICED_WITHIN);
    assert_eq!(follower.text.matches("retry: ").count(), 2, "the stream ends with a retry time");
    for api in [&one, &other] {
        wait_until("the replica has restarted", NOTICED_WITHIN, || {
            (api.is_ready() && api.rows("main").is_empty()).then_some(())
        });
    }
    let put = one.put_flight("G119", &json!({"origin": "Tokyo"}));
    assert_ne!(put.split_once('-').unwrap().0, lost.split_once('-').unwrap().0);
    for replica in &replicas {
        wait_until("all replicas have the row", WAIT_TIMEOUT, || {
            (replica.api().rows("main").len() == 1).then_some(())
        });
        let first = TestFollower::resume(replica.address, &lost).next_event();
        assert_eq!((first.name.as_str(), &first.data["reason"]), ("timetable", &json!("unknown")));
    }
}

#[test]
fn nats_settings_come_from_the_environment() {
    let nats = NatsServer::start();
    let mut command = flightboard_command(["serve", "--listen", "127.0.0.1:0"]);
    command.env("FLIGHTBOARD_NATS", nats.url());
    command.env("FLIGHTBOARD_NATS_PREFIX", "airport");
    command.env("FLIGHTBOARD_NATS_STORAGE", "memory");
    let server = ServerProcess::start(&mut command);
    server.api().put_flight("I768", &json!({}));
    let streams = nats.store().join("jetstream/$G/streams");
    assert!(!streams.join("airport").exists(), "the stream is in memory");
    let other = replica(&nats);
    assert!(streams.join("flightboard").exists());
    assert_eq!(other.api().rows("main").len(), 0, "the other prefix has no rows");
}

#[test]
fn replicas_remember_the_same_past() {
    let nats = NatsServer::start();
    let replicas = [(); 3].map(|()| replica(&nats));
    for n in 0..60 {
        let api = replicas[n % 3].api();
        api.put_flight(&format!("X{}", n % 7), &json!({"gate": n.to_string()}));
    }
    let punctuality = publish_flights(&replicas[1].api());
    let id = replicas[0].api().put_flight("X1", &json!({"gate": "last"}));
    let changes = replicas.each_ref().map(|replica| {
        wait_until("the replica has the last event", WAIT_TIMEOUT, || {
            let changes = replica.api().get("/boards/main/changes?limit=1000");
            (changes["changes"][0]["id"] == *id).then_some(changes)
        })
    });
    assert!(changes[0]["changes"].as_array().unwrap().len() > 60);
    assert_eq!(changes[1], changes[0]);
    assert_eq!(changes[2], changes[0]);
    let restarted = replica(&nats);
    let expected = figures(&replicas[0].api(), &punctuality);
    assert_eq!(expected["overall"]["flights"], 3);
    for replica in replicas[1..].iter().chain([&restarted]) {
        assert_eq!(figures(&replica.api(), &punctuality), expected);
    }
    for change in changes[0]["changes"].as_array().unwrap() {
        for at in [&change["id"], &change["time"]] {
            let path = format!("/boards/main/flights?at={}", at.as_str().unwrap());
            let expected = replicas[0].api().get_text(&path);
            for replica in replicas[1..].iter().chain([&restarted]) {
                assert_eq!(replica.api().get_text(&path), expected, "{at}");
            }
        }
    }
}

/// The name, id and data of each event up to `live`, whose time differs.
fn play_to_live(follower: &mut TestFollower) -> Vec<(String, String, Value)> {
    let mut events = Vec::new();
    loop {
        let event = follower.next_event();
        if event.name == "live" {
            return events;
        }
        events.push((event.name, event.id, event.data));
    }
}

#[test]
fn replicas_play_the_same_past() {
    let nats = NatsServer::start();
    let replicas = [(); 3].map(|()| replica(&nats));
    for n in 0..120 {
        let api = replicas[n % 3].api();
        api.put_flight(&format!("X{}", n % 7), &json!({"gate": n.to_string()}));
    }
    let newest = replicas[0].api().put_flight("X1", &json!({"gate": "last"}));
    for replica in &replicas {
        wait_until("the replica has the last event", WAIT_TIMEOUT, || {
            let changes = replica.api().get("/boards/main/changes?limit=1");
            (changes["changes"][0]["id"] == *newest).then_some(())
        });
    }
    let oldest = replicas[0].api().get("/boards/main/changes?order=oldest&limit=2");
    let from = oldest["changes"][1]["time"].as_str().unwrap().to_owned();
    let path = format!("/boards/main/events?from={from}&speed=60");
    let [first, second, third] = &replicas;
    let mut followers =
        replicas.each_ref().map(|replica| TestFollower::request(replica.address, &path, ""));
    let played = followers.each_mut().map(play_to_live);
    assert!(played[0].len() > 100 && played[0][0].0 == "timetable", "{:?}", played[0]);
    assert_eq!(played[1], played[0]);
    assert_eq!(played[2], played[0]);

    let mut cut = TestFollower::request(first.address, &path, "");
    let before = cut.next_events(20);
    drop(cut);
    let last = format!("Last-Event-ID: {}\r\n", before[19].id);
    let mut resumed = TestFollower::request(second.address, &path, &last);
    let rest = play_to_live(&mut resumed);
    let before = before.into_iter().map(|event| (event.name, event.id, event.data));
    assert_eq!(before.chain(rest).collect::<Vec<_>>(), played[0]);

    let id = third.api().put_flight("X1", &json!({"gate": "live"}));
    for follower in followers.iter_mut().chain([&mut resumed]) {
        assert_eq!(follower.next_event().id, id);
    }
}

/// Marks the newest change of an index, while no server uses it.
fn mark_newest_change(index: &Path) {
    let db = rusqlite::Connection::open(index).unwrap();
    let mark = r#"UPDATE change SET fields = '{"gate":{"from":null,"to":"marked"}}'
        WHERE seq = (SELECT max(seq) FROM change)"#;
    assert_eq!(db.execute(mark, []).unwrap(), 1);
}

#[test]
fn replicas_go_on_with_their_index() {
    let nats = NatsServer::start();
    let folder = TempDir::new().unwrap();
    let index = folder.path().join("index");
    let start = |prefix: &str| {
        let history = format!("--history={}", index.display());
        start_replica(&nats.url(), &[&history, &format!("--nats-prefix={prefix}")])
    };
    let stop = |replica: ServerProcess| {
        replica.process.terminate();
        assert!(replica.process.wait_for_exit(WAIT_TIMEOUT).status.success());
    };
    let changes = |replica: &ServerProcess, newest: &str| {
        wait_until("the replica has the last event", WAIT_TIMEOUT, || {
            let changes = replica.api().get("/boards/main/changes?limit=1000");
            (changes["changes"][0]["id"] == *newest).then_some(changes.to_string())
        })
    };
    let replica = start("flightboard");
    wait_until("the replica is ready", WAIT_TIMEOUT, || replica.api().is_ready().then_some(()));
    let id = replica.api().put_flight("X1", &json!({"gate": "A1"}));
    changes(&replica, &id);
    stop(replica);
    mark_newest_change(&index);

    // Another replica has published meanwhile.
    let other = self::replica(&nats);
    other.api().put_flight("X1", &json!({"gate": "A2"}));
    let replica = start("flightboard");
    wait_until("the replica is ready", WAIT_TIMEOUT, || replica.api().is_ready().then_some(()));
    let id = replica.api().put_flight("X1", &json!({"gate": "A3"}));
    let listed = changes(&replica, &id);
    for gate in ["marked", "A2", "A3"] {
        assert!(listed.contains(gate), "{gate}: {listed}");
    }
    stop(replica);

    let replica = start("airport");
    wait_until("the replica is ready", WAIT_TIMEOUT, || replica.api().is_ready().then_some(()));
    let id = replica.api().put_flight("X1", &json!({"gate": "B1"}));
    let listed = changes(&replica, &id);
    assert!(!listed.contains("marked") && listed.contains("B1"), "{listed}");
}
