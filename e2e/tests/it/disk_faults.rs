//! Failing disks and wrong clocks under the real program.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::fault_library::{DiskFault, FaultLibrary};
use testkit::ports::free_address;

use crate::follower::TestFollower;
use crate::process::{ServerProcess, flightboard_command, run, start_server_at};
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// Starts `flightboard serve` with a disk and a clock that the test controls.
fn start_server(faults: &FaultLibrary, folder: &Path) -> ServerProcess {
    restart_server(&free_address().to_string(), faults, folder)
}

/// Like `start_server`, at the address of a server that has ended.
fn restart_server(address: &str, faults: &FaultLibrary, folder: &Path) -> ServerProcess {
    let mut command = flightboard_command(["serve", "--listen", address, "--journal"]);
    command.arg(folder.join("journal.db"));
    ServerProcess::start(faults.preload(&mut command, folder).unwrap())
}

/// A fault and a part of its error text.
struct ReportedFault {
    fault: DiskFault,
    words: &'static str,
}

const NO_SPACE: ReportedFault =
    ReportedFault { fault: DiskFault::NoSpace, words: "no space left for the journal" };
const SYNC_ERROR: ReportedFault =
    ReportedFault { fault: DiskFault::SyncError, words: "cannot read or write the journal" };

fn row(flight: &str) -> Value {
    json!({"flight": flight, "origin": "Rome"})
}

/// Puts rows with these flights and returns the ids of their events.
fn put(server: &ServerProcess, flights: &[&str]) -> Vec<String> {
    flights.iter().map(|flight| server.api().put_flight(flight, &row(flight))).collect()
}

/// Checks that updates are rejected and that the server is not ready.
fn check_rejection(server: &ServerProcess, reported: &ReportedFault) {
    for flight in ["NO1", "NO2", "NO3"] {
        let detail = server.api().put_rejected(flight, &row(flight), 503);
        assert!(detail.contains(reported.words) && detail.contains("retry later"), "{detail}");
    }
    let reason = server.api().unready_reason().expect("the server is not ready");
    assert!(reason.contains(reported.words), "{reason}");
}

/// Checks that a new follower gets these rows, and that a follower resumed after the first event gets the rest.
fn check_streams(address: SocketAddr, flights: &[&str], ids: &[String]) {
    let timetable = TestFollower::open(address).next_event();
    let rows: Vec<_> = flights.iter().map(|flight| row(flight)).collect();
    assert_eq!((timetable.name.as_str(), &timetable.data["flights"]), ("timetable", &json!(rows)));
    let missed = TestFollower::resume(address, &ids[0]).next_events(ids.len() - 1);
    assert_eq!(
        missed.iter().map(|event| &event.id).collect::<Vec<_>>(),
        ids[1..].iter().collect::<Vec<_>>()
    );
    assert!(missed.iter().map(|event| &event.data).eq(&rows[1..]));
}

/// Kills the server, restarts it without faults, and checks that no rejected update is in the journal.
fn check_after_kill(server: ServerProcess, folder: &Path, flights: &[&str], ids: &[String]) {
    let address = server.kill();
    let server = start_server_at(&address, folder, &[]);
    check_streams(server.address, flights, ids);
    let journal = rusqlite::Connection::open(folder.join("journal.db")).unwrap();
    let refused = "SELECT count(*) FROM record WHERE CAST(payload AS TEXT) LIKE '%NO_%'";
    let refused: i64 = journal.query_row(refused, [], |row| row.get(0)).unwrap();
    assert_eq!(refused, 0, "a rejected update is in the journal");
    assert_ne!(put(&server, &["AGAIN"]), ids[ids.len() - 1..]);
}

fn check_fault_and_recovery(reported: &ReportedFault) {
    let faults = FaultLibrary::build().unwrap();
    let folder = TempDir::new().unwrap();
    let server = start_server(&faults, folder.path());
    let mut ids = put(&server, &["I768", "G119"]);
    let mut open = TestFollower::open(server.address);
    assert_eq!(open.next_event().name, "timetable");

    faults.set_disk_fault(reported.fault).unwrap();
    check_rejection(&server, reported);
    check_streams(server.address, &["I768", "G119"], &ids);
    let failures = faults.failed_calls().unwrap();
    wait_until("the server has retried", WAIT_TIMEOUT, || {
        (faults.failed_calls().unwrap() > failures + 1).then_some(())
    });
    check_rejection(&server, reported);

    faults.set_disk_fault(DiskFault::None).unwrap();
    wait_until("the server recovers without a publisher", WAIT_TIMEOUT, || {
        server.api().unready_reason().is_none().then_some(())
    });
    assert_eq!(server.api().update_count("changed"), 3, "the board and two rows");
    ids.extend(put(&server, &["X1"]));
    assert_eq!(open.next_event().id, ids[2], "no event was sent in between");
    check_streams(server.address, &["I768", "G119", "X1"], &ids);
    let log = server.process.wait_for_log("journal available again");
    assert_eq!(log.matches("journal unavailable, rejecting updates").count(), 1, "{log}");
    assert_eq!(log.matches("journal available again").count(), 1, "{log}");
    assert!(log.lines().count() <= 4, "{log}");
    check_after_kill(server, folder.path(), &["I768", "G119", "X1"], &ids);
}

#[test]
fn full_disk_stops_only_publishing() {
    check_fault_and_recovery(&NO_SPACE);
}

#[test]
fn failing_sync_stops_only_publishing() {
    check_fault_and_recovery(&SYNC_ERROR);
}

#[test]
fn rejected_updates_stay_absent_after_kill() {
    for reported in [NO_SPACE, SYNC_ERROR] {
        let faults = FaultLibrary::build().unwrap();
        let folder = TempDir::new().unwrap();
        let server = start_server(&faults, folder.path());
        let ids = put(&server, &["I768", "G119", "X1"]);
        faults.set_disk_fault(reported.fault).unwrap();
        check_rejection(&server, &reported);
        check_after_kill(server, folder.path(), &["I768", "G119", "X1"], &ids);
    }
}

#[test]
fn failing_disk_start_reports_one_error() {
    let faults = FaultLibrary::build().unwrap();
    let folder = TempDir::new().unwrap();
    let journal = folder.path().join("journal.db");
    let start = |reported: &ReportedFault| {
        let mut command = flightboard_command(["serve", "--listen", "127.0.0.1:0", "--journal"]);
        faults.set_disk_fault(reported.fault).unwrap();
        let output = run(faults.preload(command.arg(&journal), folder.path()).unwrap(), "");
        faults.set_disk_fault(DiskFault::None).unwrap();
        assert_eq!((output.status.code(), &*output.stdout), (Some(1), ""), "{output:?}");
        assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
        for words in ["flightboard: ", &journal.display().to_string(), reported.words] {
            assert!(output.stderr.contains(words), "{words}: {}", output.stderr);
        }
    };
    let both = || [&NO_SPACE, &SYNC_ERROR].map(start);
    both();
    let server = start_server(&faults, folder.path());
    let mut ids = put(&server, &["I768"]);
    server.process.terminate();
    assert!(server.process.wait_for_exit(WAIT_TIMEOUT).status.success());
    both();
    let server = start_server(&faults, folder.path());
    ids.extend(put(&server, &["G119"]));
    server.kill();
    both();
    check_streams(start_server(&faults, folder.path()).address, &["I768", "G119"], &ids);
}

#[test]
fn failing_disk_does_not_delay_shutdown() {
    for reported in [NO_SPACE, SYNC_ERROR] {
        let faults = FaultLibrary::build().unwrap();
        let folder = TempDir::new().unwrap();
        let server = start_server(&faults, folder.path());
        let ids = put(&server, &["I768", "G119"]);
        let mut open = TestFollower::open(server.address);
        assert_eq!(open.next_event().name, "timetable");
        faults.set_disk_fault(reported.fault).unwrap();
        check_rejection(&server, &reported);
        server.process.terminate();
        assert_eq!(open.read_to_end(WAIT_TIMEOUT), [], "the stream ends without further events");
        let output = server.process.wait_for_exit(WAIT_TIMEOUT);
        assert!(output.status.success(), "{output:?}");
        faults.set_disk_fault(DiskFault::None).unwrap();
        check_streams(start_server(&faults, folder.path()).address, &["I768", "G119"], &ids);
    }
}

const DAY_SECS: i64 = 24 * 60 * 60;

/// The clock jumps a day forward and back repeatedly while updates come.
#[test]
fn clock_jumps_keep_order_and_heartbeats() {
    let faults = FaultLibrary::build().unwrap();
    let folder = TempDir::new().unwrap();
    let server = start_server(&faults, folder.path());
    let mut ids = put(&server, &["I768"]);
    let mut follower = TestFollower::open(server.address);
    assert_eq!(follower.next_event().id, ids[0]);
    let mut first_heartbeat = None;
    let mut offsets = [DAY_SECS, -DAY_SECS, 0].into_iter().cycle();
    wait_until("two heartbeats arrive", 2 * WAIT_TIMEOUT, || {
        if ids.len().is_multiple_of(20) {
            faults.set_clock_offset(offsets.next()?).unwrap();
        }
        ids.push(server.api().patch_flight("I768", &json!({"gate": ids.len().to_string()})));
        assert_eq!(follower.next_event().id, ids[ids.len() - 1]);
        let heartbeats = follower.text.matches("event: heartbeat").count();
        if heartbeats > 0 {
            first_heartbeat.get_or_insert_with(Instant::now);
        }
        (heartbeats > 1).then_some(())
    });
    let between = first_heartbeat.unwrap().elapsed();
    assert!(between >= Duration::from_secs(14), "after {between:?}");

    let (epoch, first) = ids[0].split_once('-').unwrap();
    let first: u64 = first.parse().unwrap();
    let expected: Vec<_> = (first..).take(ids.len()).map(|seq| format!("{epoch}-{seq}")).collect();
    assert_eq!(ids, expected);
    let times = record_times(folder.path());
    assert!(times.is_sorted(), "{times:?}");
    let jumped = times[times.len() - 1] - times[0];
    assert!(jumped >= DAY_SECS * 1000, "the clock did not jump: {jumped} ms");
}

/// The times of all records, in order.
fn record_times(folder: &Path) -> Vec<i64> {
    let journal = rusqlite::Connection::open(folder.join("journal.db")).unwrap();
    let mut times = journal.prepare("SELECT time FROM record ORDER BY seq").unwrap();
    let times = times.query_map([], |row| row.get(0)).unwrap();
    times.map(Result::unwrap).collect()
}

/// Updates keep the time of the jump until the clock has caught up; removal delays count from there.
#[test]
fn clock_jumps_expire_no_row_early() {
    let faults = FaultLibrary::build().unwrap();
    let folder = TempDir::new().unwrap();
    let server = start_server(&faults, folder.path());
    let api = server.api();
    api.put_board("main", &json!({"removeAfter": {"landed": "1h", "departed": "0s"}}));
    let flights = || -> Vec<String> {
        let rows = server.api().rows("main");
        rows.iter().map(|row| row["flight"].as_str().unwrap().to_owned()).collect()
    };
    let wait_for_rows = |wanted: &[&str]| {
        wait_until(&format!("the rows are {wanted:?}"), WAIT_TIMEOUT, || {
            (flights() == wanted).then_some(())
        });
    };
    // This row expires at the next check for due rows, so its absence shows that a check took place.
    let put_expiring_row = || api.put_flight("LEAVES", &json!({"state": "departed"}));

    api.put_flight("I768", &json!({"state": "landed"}));
    put_expiring_row();
    wait_for_rows(&["I768"]);
    faults.set_clock_offset(DAY_SECS).unwrap();
    wait_for_rows(&[]);
    api.put_flight("ALOFT", &json!({}));
    faults.set_clock_offset(0).unwrap();
    api.put_flight("G119", &json!({"state": "landed"}));
    faults.set_clock_offset(DAY_SECS + 30 * 60).unwrap();
    put_expiring_row();
    wait_for_rows(&["ALOFT", "G119"]);
    faults.set_clock_offset(DAY_SECS - 30 * 60).unwrap();
    api.put_flight("X1", &json!({"state": "landed"}));
    let before = server.api().rows("main");
    assert_eq!(api.update_count("refused"), 0, "no removal is requested early");
    let server = restart_server(&server.kill(), &faults, folder.path());
    assert_eq!(server.api().rows("main"), before, "a restart has the same rows");
    faults.set_clock_offset(DAY_SECS + 61 * 60).unwrap();
    wait_until("G119 expires", WAIT_TIMEOUT, || {
        (server.api().rows("main").len() == 2).then_some(())
    });
    assert_eq!(server.api().update_count("refused"), 0);
}
