//! A disk that fails and a clock that jumps, under the real program.

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

/// `flightboard serve` on a disk and with a clock that the test holds.
fn start_server(faults: &FaultLibrary, folder: &Path) -> ServerProcess {
    serve_again(&free_address().to_string(), faults, folder)
}

/// The same on the address of a server that has ended.
fn serve_again(address: &str, faults: &FaultLibrary, folder: &Path) -> ServerProcess {
    let mut command = flightboard_command(["serve", "--listen", address, "--journal"]);
    command.arg(folder.join("journal.db"));
    ServerProcess::start(faults.preload(&mut command, folder).unwrap())
}

/// What a failing disk is called by those who have to do with it.
struct Told {
    fault: DiskFault,
    words: &'static str,
}

const NO_ROOM: Told = Told { fault: DiskFault::NoSpace, words: "no space left for the journal" };
const FAILING_SYNC: Told =
    Told { fault: DiskFault::SyncError, words: "cannot read or write the journal" };

fn row(flight: &str) -> Value {
    json!({"flight": flight, "origin": "Rome"})
}

/// Puts rows of these names, and answers with the ids of their events.
fn put(server: &ServerProcess, flights: &[&str]) -> Vec<String> {
    flights.iter().map(|flight| server.api().put_flight(flight, &row(flight))).collect()
}

fn refuse(server: &ServerProcess, told: &Told) {
    for flight in ["NO1", "NO2", "NO3"] {
        let detail = server.api().put_rejected(flight, &row(flight), 503);
        assert!(detail.contains(told.words) && detail.contains("again later"), "{detail}");
    }
    let reason = server.api().unready_reason().expect("it is not ready");
    assert!(reason.contains(told.words), "{reason}");
}

/// A new follower gets exactly these rows, and one that was away all that came after the first.
fn check(address: SocketAddr, flights: &[&str], ids: &[String]) {
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

/// Starts again on a disk that is well, after SIGKILL: what was refused appears never.
fn check_after_kill(server: ServerProcess, folder: &Path, flights: &[&str], ids: &[String]) {
    let address = server.kill();
    let server = start_server_at(&address, folder, &[]);
    check(server.address, flights, ids);
    let journal = rusqlite::Connection::open(folder.join("journal.db")).unwrap();
    let refused = "SELECT count(*) FROM record WHERE CAST(payload AS TEXT) LIKE '%NO_%'";
    let refused: i64 = journal.query_row(refused, [], |row| row.get(0)).unwrap();
    assert_eq!(refused, 0, "what was refused is in the journal");
    assert_ne!(put(&server, &["AGAIN"]), ids[ids.len() - 1..]);
}

fn a_disk_that_fails_and_is_well_again(told: &Told) {
    let (faults, folder) = (FaultLibrary::build().unwrap(), TempDir::new().unwrap());
    let server = start_server(&faults, folder.path());
    let mut ids = put(&server, &["I768", "G119"]);
    let mut open = TestFollower::open(server.address);
    assert_eq!(open.next_event().name, "timetable");

    faults.set_disk_fault(told.fault).unwrap();
    refuse(&server, told);
    check(server.address, &["I768", "G119"], &ids);
    let failures = faults.failed_calls().unwrap();
    wait_until("it has tried again by itself", WAIT_TIMEOUT, || {
        (faults.failed_calls().unwrap() > failures + 1).then_some(())
    });
    refuse(&server, told);

    faults.set_disk_fault(DiskFault::None).unwrap();
    wait_until("it is ready without a publisher", WAIT_TIMEOUT, || {
        server.api().unready_reason().is_none().then_some(())
    });
    assert_eq!(server.api().update_count("changed"), 3, "the board and two rows");
    ids.extend(put(&server, &["X1"]));
    assert_eq!(open.next_event().id, ids[2], "nothing was sent in between");
    check(server.address, &["I768", "G119", "X1"], &ids);
    let log = server.process.log();
    assert_eq!(log.matches("journal unavailable, rejecting updates").count(), 1, "{log}");
    assert_eq!(log.matches("journal available again").count(), 1, "{log}");
    assert!(log.lines().count() <= 4, "{log}");
    check_after_kill(server, folder.path(), &["I768", "G119", "X1"], &ids);
}

#[test]
fn a_full_disk_stops_publishing_alone_until_there_is_room() {
    a_disk_that_fails_and_is_well_again(&NO_ROOM);
}

#[test]
fn a_disk_that_confirms_nothing_stops_publishing_alone_until_it_does() {
    a_disk_that_fails_and_is_well_again(&FAILING_SYNC);
}

#[test]
fn what_a_failing_disk_refused_is_not_there_after_a_kill_either() {
    for told in [NO_ROOM, FAILING_SYNC] {
        let (faults, folder) = (FaultLibrary::build().unwrap(), TempDir::new().unwrap());
        let server = start_server(&faults, folder.path());
        let ids = put(&server, &["I768", "G119", "X1"]);
        faults.set_disk_fault(told.fault).unwrap();
        refuse(&server, &told);
        check_after_kill(server, folder.path(), &["I768", "G119", "X1"], &ids);
    }
}

#[test]
fn a_start_on_a_failing_disk_ends_with_one_sentence_and_harms_nothing() {
    let (faults, folder) = (FaultLibrary::build().unwrap(), TempDir::new().unwrap());
    let journal = folder.path().join("journal.db");
    let start = |told: &Told| {
        let mut command = flightboard_command(["serve", "--listen", "127.0.0.1:0", "--journal"]);
        faults.set_disk_fault(told.fault).unwrap();
        let ended = run(faults.preload(command.arg(&journal), folder.path()).unwrap(), "");
        faults.set_disk_fault(DiskFault::None).unwrap();
        assert_eq!((ended.status.code(), &*ended.stdout), (Some(1), ""), "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        for words in ["flightboard: ", &journal.display().to_string(), told.words] {
            assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
        }
    };
    let both = || [&NO_ROOM, &FAILING_SYNC].map(start);
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
    check(start_server(&faults, folder.path()).address, &["I768", "G119"], &ids);
}

#[test]
fn a_failing_disk_does_not_hold_a_stop() {
    for told in [NO_ROOM, FAILING_SYNC] {
        let (faults, folder) = (FaultLibrary::build().unwrap(), TempDir::new().unwrap());
        let server = start_server(&faults, folder.path());
        let ids = put(&server, &["I768", "G119"]);
        let mut open = TestFollower::open(server.address);
        assert_eq!(open.next_event().name, "timetable");
        faults.set_disk_fault(told.fault).unwrap();
        refuse(&server, &told);
        server.process.terminate();
        assert_eq!(open.read_to_end(WAIT_TIMEOUT), [], "its end is as good as any");
        let ended = server.process.wait_for_exit(WAIT_TIMEOUT);
        assert!(ended.status.success(), "{ended:?}");
        faults.set_disk_fault(DiskFault::None).unwrap();
        check(start_server(&faults, folder.path()).address, &["I768", "G119"], &ids);
    }
}

const DAY_SECS: i64 = 24 * 60 * 60;

/// The clock goes a day forward and a day back again and again, while updates come.
#[test]
fn a_clock_that_jumps_disturbs_neither_order_nor_heartbeats() {
    let (faults, folder) = (FaultLibrary::build().unwrap(), TempDir::new().unwrap());
    let server = start_server(&faults, folder.path());
    let mut ids = put(&server, &["I768"]);
    let mut follower = TestFollower::open(server.address);
    assert_eq!(follower.next_event().id, ids[0]);
    let mut first_beat = None;
    let mut offsets = [DAY_SECS, -DAY_SECS, 0].into_iter().cycle();
    wait_until("two heartbeats come", 2 * WAIT_TIMEOUT, || {
        if ids.len().is_multiple_of(20) {
            faults.set_clock_offset(offsets.next()?).unwrap();
        }
        ids.push(server.api().patch_flight("I768", &json!({"gate": ids.len().to_string()})));
        assert_eq!(follower.next_event().id, ids[ids.len() - 1]);
        let beats = follower.text.matches("event: heartbeat").count();
        if beats > 0 {
            first_beat.get_or_insert_with(Instant::now);
        }
        (beats > 1).then_some(())
    });
    let between = first_beat.unwrap().elapsed();
    assert!(between >= Duration::from_secs(14), "after {between:?}");

    let (epoch, first) = ids[0].split_once('-').unwrap();
    let first: u64 = first.parse().unwrap();
    let expected: Vec<_> = (first..).take(ids.len()).map(|seq| format!("{epoch}-{seq}")).collect();
    assert_eq!(ids, expected);
    let times = times(folder.path());
    assert!(times.is_sorted(), "{times:?}");
    let jumped = times[times.len() - 1] - times[0];
    assert!(jumped >= DAY_SECS * 1000, "the clock did not jump: {jumped} ms");
}

/// The times of all records, in order.
fn times(folder: &Path) -> Vec<i64> {
    let journal = rusqlite::Connection::open(folder.join("journal.db")).unwrap();
    let mut times = journal.prepare("SELECT time FROM record ORDER BY seq").unwrap();
    let times = times.query_map([], |row| row.get(0)).unwrap();
    times.map(Result::unwrap).collect()
}

/// Updates keep the time of the jump until the clock has caught up, and stays count from there.
#[test]
fn after_a_clock_has_jumped_and_is_right_again_no_row_leaves_early() {
    let (faults, folder) = (FaultLibrary::build().unwrap(), TempDir::new().unwrap());
    let server = start_server(&faults, folder.path());
    let api = server.api();
    api.put_board("main", &json!({"removeAfter": {"landed": "1h", "departed": "0s"}}));
    let flights = || -> Vec<String> {
        let rows = server.api().rows("main");
        rows.iter().map(|row| row["flight"].as_str().unwrap().to_owned()).collect()
    };
    let are = |wanted: &[&str]| {
        wait_until(&format!("the rows are {wanted:?}"), WAIT_TIMEOUT, || {
            (flights() == wanted).then_some(())
        });
    };
    // Has left as soon as the server has looked for rows that are due.
    let look = || api.put_flight("LEAVES", &json!({"state": "departed"}));

    api.put_flight("I768", &json!({"state": "landed"}));
    look();
    are(&["I768"]);
    faults.set_clock_offset(DAY_SECS).unwrap();
    are(&[]);
    api.put_flight("ALOFT", &json!({}));
    faults.set_clock_offset(0).unwrap();
    api.put_flight("G119", &json!({"state": "landed"}));
    faults.set_clock_offset(DAY_SECS + 30 * 60).unwrap();
    look();
    are(&["ALOFT", "G119"]);
    faults.set_clock_offset(DAY_SECS - 30 * 60).unwrap();
    api.put_flight("X1", &json!({"state": "landed"}));
    let before = server.api().rows("main");
    assert_eq!(api.update_count("refused"), 0, "nothing is asked for that is not due");
    let server = serve_again(&server.kill(), &faults, folder.path());
    assert_eq!(server.api().rows("main"), before, "a start comes to the same rows");
    faults.set_clock_offset(DAY_SECS + 61 * 60).unwrap();
    wait_until("G119 leaves", WAIT_TIMEOUT, || {
        (server.api().rows("main").len() == 2).then_some(())
    });
    assert_eq!(server.api().update_count("refused"), 0);
}
