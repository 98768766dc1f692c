//! `flightboard-bench`: its counts are exact. Tests make no claim about speed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{
    ProcessOutput, ServerProcess, TestProcess, bench_command, run, start_server, with_file_limit,
};
use crate::signals::Signal;
use crate::wait::{WAIT_TIMEOUT, wait_until};

const FOLLOWERS: u64 = 30;

const MESSAGES: u64 = 40;

fn bench(to: &str, flags: &[&str]) -> Command {
    let mut command = bench_command(["--to", to]);
    command.args(["--followers", &FOLLOWERS.to_string(), "--messages", &MESSAGES.to_string()]);
    command.args(flags);
    command
}

/// Runs a measurement that must lose nothing and returns its figures.
fn measure(command: &mut Command) -> Value {
    let output = run(command, "");
    assert!(output.status.success(), "{output:?}");
    let figures = figures(&output);
    let connected = &figures["connected"];
    assert_eq!(connected["open"], FOLLOWERS);
    assert!(connected["slowestMillis"].as_f64().unwrap() > 0.0, "{connected}");
    assert_eq!(figures["published"]["accepted"], MESSAGES);
    let delivered = &figures["delivered"];
    assert_eq!(delivered["count"], FOLLOWERS * MESSAGES);
    assert_eq!(delivered["expected"], FOLLOWERS * MESSAGES);
    assert_eq!(delivered["completeFollowers"], FOLLOWERS);
    assert_eq!(figures["latency"]["samples"], FOLLOWERS * MESSAGES, "every delivery is a sample");
    figures
}

fn figures(output: &ProcessOutput) -> Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// Runs a command that must fail with these words.
fn check_error(command: &mut Command, words: &[&str]) {
    let ProcessOutput { status, stdout, stderr } = run(command, "");
    assert_eq!((status.code(), &*stdout), (Some(1), ""), "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "{word}: {stderr}");
    }
}

/// Open boards of the load generator.
fn own_boards(server: &ServerProcess) -> Vec<String> {
    let boards = server.api().get("/boards")["boards"].as_array().unwrap().clone();
    let open = boards.iter().filter(|board| board["closed"] == false);
    let names = open.map(|board| board["name"].as_str().unwrap().to_owned());
    names.filter(|name| name.starts_with("bench")).collect()
}

#[test]
fn every_message_is_counted_once() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let pid = server.process.id().to_string();
    for load in [&["--rate", "200"][..], &["--window", "3", "--publishers", "2"]] {
        let figures = measure(bench(server.api().url(), &["--json", "--pid", &pid]).args(load));
        if cfg!(target_os = "linux") {
            assert!(figures["memory"]["connectedBytes"].as_u64().unwrap() > 0);
            assert!(figures["cpu"]["serverSecs"].as_f64().unwrap() >= 0.0);
        }
    }
    assert_eq!(own_boards(&server), [""; 0], "the boards are closed");
    assert_eq!(server.api().rows("main"), [Value::Null; 0], "other boards are unchanged");
}

#[test]
fn streams_of_flights_are_measured() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let figures = measure(&mut bench(server.api().url(), &["--json", "--subject", "flight"]));
    assert!(figures["stream"].as_str().unwrap().ends_with("/flights/BENCH1/events"), "{figures}");
    assert_eq!(figures["subject"], "flight");
}

#[test]
fn storm_counts_resumed_followers() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let storm = &measure(&mut bench(server.api().url(), &["--json", "--storm"]))["storm"];
    assert_eq!([&storm["left"], &storm["back"], &storm["resumed"]], [FOLLOWERS; 3]);
    assert_eq!(storm["returned"]["samples"], FOLLOWERS);
}

#[test]
fn storm_detects_missing_resumption() {
    let url = format!("http://{}", start_other_server());
    let publish = format!("{url}/publish");
    let output = run(&mut bench(&url, &["--json", "--storm", "--publish-url", &publish]), "");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let figures = figures(&output);
    assert_eq!(figures["delivered"]["completeFollowers"], FOLLOWERS);
    let storm = &figures["storm"];
    assert_eq!((&storm["back"], &storm["resumed"]), (&FOLLOWERS.into(), &0.into()));
}

#[test]
fn churn_counts_no_missed_messages() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let pid = server.process.id().to_string();
    let mut bench = bench_command(["--to", server.api().url(), "--json", "--pid", &pid]);
    bench.args(["--followers", "30", "--boards", "3", "--processes", "2", "--rate", "50"]);
    let output = run(bench.args(["--churn", "10", "--for", "2s", "--may-grow", "1GiB"]), "");
    assert!(output.status.success(), "{output:?}");
    let figures = figures(&output);
    let counts = [&figures["published"]["accepted"], &figures["messages"]];
    assert_eq!(counts, [105, 105], "the same number on each board");
    let churned = &figures["churned"];
    assert!(churned["went"].as_u64().unwrap() > 0, "{churned}");
    assert_eq!(churned["cameBack"], churned["went"]);
    assert_eq!((&churned["missed"], &churned["again"]), (&0.into(), &0.into()));
    assert_eq!(churned["completeFollowers"], FOLLOWERS);
    assert_eq!(churned["rows"].as_array().unwrap().len(), 10);
    if cfg!(target_os = "linux") {
        assert!(churned["course"]["highestBytes"].as_u64().unwrap() > 0, "{churned}");
        assert!(churned["rows"][9]["openFiles"].as_u64().unwrap() > 0, "{churned}");
    }
}

#[test]
fn churn_detects_missed_messages() {
    let url = format!("http://{}", start_other_server());
    let publish = format!("{url}/publish");
    let mut bench = bench_command(["--to", &url, "--json", "--publish-url", &publish]);
    bench.args(["--followers", "30", "--rate", "50", "--churn", "10", "--for", "3s"]);
    let output = run(&mut bench, "");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let churned = &figures(&output)["churned"];
    assert!(churned["missed"].as_u64().unwrap() > 0, "{churned}");
    assert_eq!((&churned["ended"], &churned["failed"]), (&0.into(), &0.into()));
    assert_eq!(churned["completeFollowers"], FOLLOWERS, "all followers are complete at the end");
}

#[test]
fn boards_share_the_messages() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    for load in [&["--window", "5"][..], &["--rate", "200", "--processes", "2"]] {
        let mut bench = bench(server.api().url(), &["--json", "--storm", "--boards", "3"]);
        let output = run(bench.args(load), "");
        assert!(output.status.success(), "{output:?}");
        let figures = figures(&output);
        assert_eq!([&figures["boards"], &figures["published"]["accepted"]], [3, MESSAGES]);
        let delivered = &figures["delivered"];
        assert_eq!(delivered["count"], FOLLOWERS / 3 * MESSAGES);
        assert_eq!(delivered["expected"], FOLLOWERS / 3 * MESSAGES);
        assert_eq!(delivered["completeFollowers"], FOLLOWERS);
        assert_eq!(figures["storm"]["resumed"], FOLLOWERS);
    }
    assert_eq!(own_boards(&server), [""; 0], "all boards are closed");
}

#[test]
fn series_keeps_the_delivery_rate() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let pid = server.process.id().to_string();
    let mut bench = bench_command(["--to", server.api().url(), "--json", "--pid", &pid]);
    bench.args(["--followers", "10,20", "--boards", "1,2", "--rounds", "2"]);
    let output = run(bench.args(["--deliveries", "400", "--for", "500ms"]), "");
    assert!(output.status.success(), "{output:?}");
    let rows = figures(&output)["rows"].as_array().unwrap().clone();
    let kinds = rows.iter().map(|row| [&row["followers"], &row["boards"]]);
    assert!(kinds.eq([[10, 1], [10, 2], [20, 1], [20, 2]]), "{rows:?}");
    for row in &rows {
        let rounds = row["rounds"].as_array().unwrap();
        assert_eq!(rounds.len(), 2, "{row}");
        assert!(rounds.iter().all(|round| round["delivered"]["count"] == 200), "{row}");
        assert!(row["deliveriesPerSec"].as_f64().unwrap() > 0.0, "{row}");
    }
    assert_eq!(own_boards(&server), [""; 0], "all boards are closed");
}

#[test]
fn processes_add_their_counts() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let figures = measure(&mut bench(
        server.api().url(),
        &["--json", "--storm", "--processes", "4", "--window", "5"],
    ));
    assert_eq!(figures["processes"], 4);
    assert_eq!(figures["storm"]["resumed"], FOLLOWERS);
}

#[test]
fn file_limit_starts_more_processes() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let figures = measure(&mut with_file_limit(40, &bench(server.api().url(), &["--json"])));
    assert!(figures["processes"].as_u64().unwrap() > 1);
    let mut none = with_file_limit(40, &bench(server.api().url(), &["--processes", "1"]));
    check_error(&mut none, &["open files", "ulimit -Hn"]);
}

#[test]
fn other_servers_can_be_measured() {
    let url = format!("http://{}", start_other_server());
    let publish = format!("{url}/publish");
    let to = ["--json", "--publish-url", &publish];
    measure(&mut bench(&url, &to));
    let body = r#"<a at="{time}" number="{number}">"#;
    let more = ["--publish-method", "put", "--publish-header", "Content-Type: text/xml"];
    measure(bench(&url, &to).args(more).args(["--publish-body", body, "--mark", "number="]));
}

#[test]
fn board_numbers_fill_the_url() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let api = server.api();
    for board in 1..=3 {
        api.put_board(&board.to_string(), &json!({"title": "A board"}));
    }
    let url = api.url();
    let publish = format!("{url}/boards/{{board}}/flights/B1");
    let mut bench = bench(url, &["--json", "--boards", "3", "--publish-url", &publish]);
    bench.args(["--publish-method", "PUT", "--publish-body", r#"{"remark":"{time}"}"#]);
    let output = run(bench.args(["--path", "/boards/{board}/events"]), "");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(figures(&output)["delivered"]["count"], FOLLOWERS / 3 * MESSAGES);
}

#[test]
fn invalid_measurements_are_rejected() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nowhere = format!("http://{free}");
    check_error(&mut bench(&nowhere, &[]), &[&nowhere, "no server answers", "--to"]);

    check_error(
        &mut bench(&nowhere, &["--boards", "7"]),
        &["30 followers", "7 boards", "multiple"],
    );
    check_error(&mut bench(&nowhere, &["--storm", "--rounds", "2"]), &["--storm", "once"]);

    let url = format!("http://{}", start_other_server());
    check_error(&mut bench(&url, &[]), &["not a flightboard", "--publish-url"]);
    let publish = format!("{url}/publish");
    let other = ["--publish-url", &publish, "--path", "/other"];
    check_error(&mut bench(&url, &other), &["/other answers 404", "--path"]);
    let one = ["--publish-url", &publish, "--boards", "2"];
    check_error(&mut bench(&url, &one), &["--publish-url", "{board}", "2 boards"]);
    let unmarked = ["--publish-url", &publish, "--mark", "not there"];
    check_error(&mut bench(&url, &unmarked), &["none came", "not there", "--mark"]);
    let more = ["--publish-url", &publish, "--rate", "1", "--churn", "16"];
    let mut many = bench_command(["--to", &url, "--followers", "30"]);
    check_error(many.args(more), &["too few", "--followers", "--churn"]);
    let lost = format!("{url}/lost");
    check_error(&mut bench(&url, &["--publish-url", &lost]), &[&lost, "refuses", "404"]);
}

#[test]
fn table_names_missing_figures() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let output = run(&mut bench(server.api().url(), &[]), "");
    let count = FOLLOWERS * MESSAGES;
    for words in [&format!("{count} of {count}"), "latency", "generator", "--pid"] {
        assert!(output.stdout.contains(words), "{words}: {}", output.stdout);
    }
}

#[test]
fn signal_closes_the_boards() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let slow = ["--rate", "0.01", "--json", "--boards", "3"];
    let bench = TestProcess::start(&mut bench(server.api().url(), &slow));
    let boards = wait_until("all followers are connected", WAIT_TIMEOUT, || {
        let names = own_boards(&server);
        let followers: u64 = names.iter().map(|name| server.api().follower_count(name)).sum();
        (followers == FOLLOWERS).then_some(names)
    });
    assert_eq!(boards.len(), 3);
    bench.send_signal(Signal::INT);
    let output = bench.wait_for_exit(WAIT_TIMEOUT);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stderr.contains("stopped before all measurements were complete"), "{output:?}");
    assert_eq!(figures(&output)["delivered"], Value::Null);
    for board in boards {
        assert_eq!(server.api().get_status(&format!("/boards/{board}/events")), 204);
    }
}

type OpenStreams = Arc<Mutex<Vec<TcpStream>>>;

/// Starts a server of another kind: it sends each body of `/publish` to all clients of `/events`, without ids and
/// without chunked encoding.
fn start_other_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let streams = OpenStreams::default();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let streams = Arc::clone(&streams);
            thread::spawn(move || serve_connection(socket.unwrap(), &streams));
        }
    });
    address
}

fn serve_connection(mut socket: TcpStream, streams: &OpenStreams) -> Option<()> {
    let mut requests = BufReader::new(socket.try_clone().unwrap());
    loop {
        let head = requests.by_ref().lines().map_while(Result::ok);
        let head: Vec<_> = head.take_while(|line| !line.is_empty()).collect();
        let (first, headers) = head.split_first()?;
        let length = headers.iter().find_map(|line| {
            line.to_lowercase().strip_prefix("content-length: ").map(|text| text.parse().unwrap())
        });
        let mut body = vec![0; length.unwrap_or(0)];
        requests.read_exact(&mut body).ok()?;
        let status = match first.split(' ').nth(1)? {
            "/events" => {
                let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: hello\n\n";
                let mut streams = streams.lock().unwrap();
                socket.write_all(head).ok()?;
                streams.push(socket);
                return None;
            }
            "/publish" => {
                let event = [b"data: ", &*body, b"\n\n"].concat();
                streams.lock().unwrap().retain_mut(|stream| stream.write_all(&event).is_ok());
                "202 Accepted"
            }
            _ => "404 Not Found",
        };
        let response = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        socket.write_all(response.as_bytes()).ok()?;
    }
}
