//! `Last-Event-ID` across cuts, crashes and foreign journals.

use std::net::SocketAddr;

use serde_json::json;
use tempfile::TempDir;

use crate::follower::{ReceivedEvent, TestFollower};
use crate::process::{start_server, start_server_at};
use crate::view::View;

/// The first event after resuming with `id`.
fn first_event(address: SocketAddr, id: &str) -> ReceivedEvent {
    TestFollower::resume(address, id).next_event()
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

#[test]
fn missed_events_replay_without_a_timetable() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let api = server.api();
    api.put_flight("I768", &json!({"origin": "Rome", "arrival": "10:10"}));
    let ids = api.patch_remarks("I768", &numbered(60));
    let missed: Vec<_> = ids[10..].iter().map(String::as_str).collect();

    let check = |address| {
        let mut follower = TestFollower::resume(address, &ids[9]);
        let events = follower.next_events(50);
        let received: Vec<_> = events.iter().map(|event| event.id.as_str()).collect();
        assert_eq!(received, missed);
        let expected =
            (10..60).map(|number| json!({"flight": "I768", "remark": number.to_string()}));
        assert!(events.iter().map(|event| &event.data).eq(expected.collect::<Vec<_>>().iter()));
        follower
    };
    let mut before = check(server.address);
    let next = api.patch_flight("I768", &json!({"state": "landing"}));
    assert_eq!(before.next_event().id, next);

    let address = server.kill();
    let server = start_server_at(&address, folder.path(), &[]);
    let mut after = check(server.address);
    assert_eq!(after.next_event().id, next);
    assert_eq!(
        server.api().update_count("changed"),
        62 + 1,
        "nothing was published after the restart"
    );

    let newest = server.api().patch_flight("I768", &json!({"state": "landed"}));
    assert_eq!(after.next_event().id, newest);
    assert_ne!(newest.split('-').next(), next.split('-').next(), "a restart begins a new epoch");
}

#[test]
fn foreign_ids_are_unknown() {
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let [server, other] = folders.each_ref().map(|folder| start_server(folder.path(), &[]));
    let put = |number: usize| json!({"origin": "Rome", "gate": number.to_string()});
    let own = server.api().put_flight("I768", &put(0));
    let foreign = other.api().put_flight("I768", &put(0));
    let (epoch, seq) = own.split_once('-').unwrap();
    let seq: u64 = seq.parse().unwrap();
    let beyond = format!("{epoch}-{}", seq + 1);
    let long = "7".repeat(5_000);

    for id in [&foreign, &beyond, "nonsense", "-", "0", "ffffffff-1", "%00", &long] {
        let event = first_event(server.address, id);
        let reason = &event.data["reason"];
        assert_eq!((event.name.as_str(), reason), ("timetable", &json!("unknown")), "{id}");
        assert_eq!(
            event.data["flights"],
            json!([{"flight": "I768", "origin": "Rome", "gate": "0"}])
        );
        assert_eq!(event.id, own);
    }
    let event = TestFollower::open(server.address).next_event();
    assert_eq!((event.name.as_str(), &event.data["reason"]), ("timetable", &json!("start")));
}

#[test]
fn ids_before_the_window_are_expired() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &["--window", "4KiB"]);
    let api = server.api();
    let oldest = api.put_flight("I768", &json!({"origin": "Rome"}));
    let ids = api.patch_remarks("I768", &numbered(200));
    let check = |address| {
        let event = first_event(address, &oldest);
        assert_eq!((event.name.as_str(), &event.data["reason"]), ("timetable", &json!("expired")));
        assert_eq!(event.id, ids[199]);
        let event = first_event(address, &ids[198]);
        assert_eq!((event.name.as_str(), &event.id), ("flightStateUpdate", &ids[199]));
    };
    check(server.address);
    let address = server.kill();
    check(start_server_at(&address, folder.path(), &["--window", "4KiB"]).address);
}

#[test]
fn often_cut_follower_has_all_rows() {
    let folder = TempDir::new().unwrap();
    let mut server = start_server(folder.path(), &[]);
    let mut view = View::default();
    let mut follower = TestFollower::open(server.address);
    let mut last = apply_next(&mut view, &mut follower, 1);
    for round in 0..6 {
        let api = server.api();
        let flight = format!("R{round}");
        api.put_flight(&flight, &json!({"origin": "Rome"}));
        api.patch_flight(&flight, &json!({"state": "landing"}));
        // One of the two events comes before the cut, the other after it.
        last = apply_next(&mut view, &mut follower, usize::from(round % 2 == 0)).or(last);
        drop(follower);
        if round % 3 == 2 {
            let address = server.kill();
            server = start_server_at(&address, folder.path(), &[]);
        }
        follower = TestFollower::resume(server.address, last.as_deref().unwrap());
        let missing = 1 + usize::from(round % 2 == 1);
        last = apply_next(&mut view, &mut follower, missing);
        view.assert_rows(&server.api().rows("main"));
    }
}

/// Applies the next events and returns the id of the last.
fn apply_next(view: &mut View, follower: &mut TestFollower, count: usize) -> Option<String> {
    let events = follower.next_events(count);
    events.iter().for_each(|event| view.apply(event));
    events.last().map(|event| event.id.clone())
}
