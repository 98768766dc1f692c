//! The programs of `docs/examples/` and `docs/feeds.md`, with answers of the same form as those of their sources.

use flight::BoardKind;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::options::{CsvOptions, MapProgram};
use crate::outputs::MappedRows;
use crate::protocol::{MapReply, MapRequest};
use crate::worker::answer;

const FEEDS_PAGE: &str = include_str!("../../../docs/feeds.md");
const HONG_KONG: &str = include_str!("../../../docs/examples/hong-kong.jq");
const FINAVIA: &str = include_str!("../../../docs/examples/finavia.jq");
const TAOYUAN: &str = include_str!("../../../docs/examples/taoyuan.jq");

/// The rows that a program makes of an answer.
fn rows(program: &str, body: &str, kind: BoardKind, zone: &str) -> Value {
    let request = MapRequest {
        program: MapProgram { name: "a.jq".to_owned(), text: program.to_owned() },
        body: Some(body.into()),
        format: None,
        csv: CsvOptions::default(),
        now: "2026-11-22T08:15:00Z".parse().unwrap(),
    };
    let mut values = Vec::new();
    let answered = answer(request, |reply| {
        match reply {
            MapReply::Output(value) => values.push(value.clone()),
            MapReply::Failed(reason) => panic!("{reason}"),
            MapReply::Done(_) => {}
        }
        Ok(())
    });
    answered.unwrap();
    let mapped = MappedRows::read(&values, kind, &TimeZone::get(zone).unwrap()).unwrap();
    assert_eq!(mapped.refused, []);
    json!(mapped.rows.into_iter().map(|row| row.flight).collect::<Vec<_>>())
}

#[test]
fn programs_are_in_the_page() {
    for program in [HONG_KONG, FINAVIA, TAOYUAN] {
        assert!(FEEDS_PAGE.contains(&format!("```jq\n{program}```\n")), "{program}");
    }
}

#[test]
fn hong_kong_departures_are_read() {
    let answer = r#"[
      {"date": "2026-08-15", "arrival": false, "cargo": false, "list": [
        {"time": "21:45", "flight": [{"no": "ZZ 821D", "airline": "ZZZ"}, {"no": "YY 7 01", "airline": "YYY"}],
         "status": "Est at 13:15 (16/08/2026)", "statusCode": null, "destination": ["NRT", "LAX"], "terminal": "T1",
         "aisle": "G", "gate": ""},
        {"time": "08:05", "flight": [{"no": "ZZ 10", "airline": "ZZZ"}], "status": "Dep 08:17", "destination": ["SIN"],
         "terminal": "T1", "aisle": "A", "gate": "23"},
        {"time": "09:00", "flight": [{"no": "ZZ 12", "airline": "ZZZ"}], "status": "Delayed", "destination": ["SIN"]},
        {"time": "09:30", "flight": [{"no": "ZZ 14", "airline": "ZZZ"}], "status": "Call Off", "destination": ["SIN"]},
        {"time": "10:00", "flight": [{"no": "ZZ 16", "airline": "ZZZ"}], "status": "", "destination": ["SIN"]}]},
      {"date": "2026-08-15", "arrival": false, "cargo": true, "list": [
        {"time": "01:00", "flight": [{"no": "ZZ 900", "airline": "ZZZ"}], "status": "", "destination": ["SIN"]}]}]"#;
    let expected = json!([
        {"flight": "ZZ821D", "date": "2026-08-15", "destination": "LAX", "via": ["NRT"], "codeshares": ["YY701"],
         "departure": "2026-08-15T21:45:00+08:00", "estimated": "2026-08-16T13:15:00+08:00", "state": "expected",
         "terminal": "T1", "checkIn": "G"},
        {"flight": "ZZ10", "date": "2026-08-15", "destination": "SIN", "departure": "2026-08-15T08:05:00+08:00",
         "actual": "2026-08-15T08:17:00+08:00", "state": "departed", "terminal": "T1", "gate": "23", "checkIn": "A"},
        {"flight": "ZZ12", "date": "2026-08-15", "destination": "SIN", "departure": "2026-08-15T09:00:00+08:00",
         "state": "expected", "remark": "Delayed"},
        {"flight": "ZZ14", "date": "2026-08-15", "destination": "SIN", "departure": "2026-08-15T09:30:00+08:00",
         "remark": "Call Off"},
        {"flight": "ZZ16", "date": "2026-08-15", "destination": "SIN", "departure": "2026-08-15T10:00:00+08:00",
         "state": "scheduled"},
    ]);
    assert_eq!(rows(HONG_KONG, answer, BoardKind::Departures, "Asia/Hong_Kong"), expected);
}

#[test]
fn hong_kong_arrivals_are_read() {
    let answer = r#"[{"date": "2026-08-15", "arrival": true, "cargo": false, "list": [
        {"time": "23:50", "flight": [{"no": "ZZ 11", "airline": "ZZZ"}], "status": "At gate 00:20 (16/08/2026)",
         "origin": ["SIN", "BKK"], "baggage": "7", "hall": "B", "stand": "", "terminal": "T1"}]}]"#;
    let expected = json!([
        {"flight": "ZZ11", "date": "2026-08-15", "origin": "SIN", "via": ["BKK"],
         "arrival": "2026-08-15T23:50:00+08:00", "actual": "2026-08-16T00:20:00+08:00", "state": "at gate",
         "terminal": "T1", "belt": "7"},
    ]);
    assert_eq!(rows(HONG_KONG, answer, BoardKind::Arrivals, "Asia/Hong_Kong"), expected);
}

#[test]
fn finavia_arrivals_are_read() {
    let flight = |fields: &str| format!("<flight><h_apt>RVN</h_apt>{fields}</flight>");
    let answer = |flights: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<flights xmlns=\"urn:example\"><arr><header/>\
             <body>{flights}</body></arr></flights>"
        )
    };
    let first = flight(
        "<fltnr>ZZZ5245</fltnr><sdt>2022-12-17T22:30:00Z</sdt><sdate>20221218</sdate><acreg>OHABC</acreg>\
         <mfltnr/><cflight_1>ZZ5245</cflight_1><cflight_2/><route_1>DUB</route_1><route_2>HEL</route_2>\
         <route_n_1>Dublin &amp; Cork</route_n_1><park>12</park><gate/><prt>Landed</prt>\
         <pest_d>2022-12-17T22:36:40Z</pest_d><act_d>2022-12-17T22:36:00Z</act_d><bltarea>2</bltarea>",
    );
    let second = flight(
        "<fltnr>ZZ1</fltnr><sdt>2022-12-17T10:00:00Z</sdt><sdate>20221217</sdate><route_n_1>Oulu</route_n_1><prt/>",
    );
    let third = flight(
        "<fltnr>ZZ2</fltnr><sdt>2022-12-17T10:00:00Z</sdt><sdate>20221217</sdate><prt>Ice on runway</prt>",
    );
    let first_row = json!(
        {"flight": "ZZZ5245", "date": "2022-12-18", "origin": "Dublin & Cork", "via": ["HEL"],
         "codeshares": ["ZZ5245"], "aircraft": "OHABC", "arrival": "2022-12-18T00:30:00+02:00",
         "estimated": "2022-12-18T00:36:00+02:00", "actual": "2022-12-18T00:36:00+02:00", "state": "landed",
         "stand": "12", "belt": "2"}
    );
    let expected = json!([
        first_row,
        {"flight": "ZZ1", "date": "2022-12-17", "origin": "Oulu", "arrival": "2022-12-17T12:00:00+02:00",
         "state": "scheduled"},
        {"flight": "ZZ2", "date": "2022-12-17", "arrival": "2022-12-17T12:00:00+02:00",
         "remark": "Ice on runway"},
    ]);
    let read = |body: &str| rows(FINAVIA, body, BoardKind::Arrivals, "Europe/Helsinki");
    assert_eq!(read(&answer(&format!("{first}{second}{third}"))), expected);
    assert_eq!(read(&answer(&first)), json!([first_row]), "a single element is no array");
    assert_eq!(read(&answer("")), json!([]), "there are no elements");
}

#[test]
fn taoyuan_departures_are_read() {
    let answer = "\
        2,A,ZZ,航空    ,32  ,C5  ,2026/07/09,06:10:00,2026/07/09,05:48:00,JFK,New York,紐約,已抵達Arrived   ,B777,,,,6,,,\r\n\
        1,D,ZZ,航空    , 531,A7  ,2026/07/09,16:05:00,2026/07/09,16:40:00,NGO,Nagoya,名古屋,延遲Delay      ,A350-900,,,,,7,,Boarding\r\n\
        1,D,YY,航空    ,0017,A7  ,2026/07/09,16:05:00,2026/07/09,16:40:00,NGO,Nagoya,名古屋,延遲Delay      ,        ,,,,,7,,Boarding\r\n\
        2,D,ZZ,航空    ,  65,D7  ,2026/07/09,23:10:00,2026/07/10,00:25:00,VIE,Vienna,維也納,Time Changed,A350-900,BKK,Bangkok,曼谷,,4,,\r\n\
        1,D,ZZ,航空    , 932,B6  ,2026/07/09,17:25:00,2026/07/09,17:25:00,KIX,Osaka,大阪,取消Cancelled  ,-,,,,,2,,\r\n";
    let expected = json!([
        {"flight": "ZZ531", "date": "2026-07-09", "destination": "NGO", "codeshares": ["YY0017"],
         "departure": "2026-07-09T16:05:00+08:00", "estimated": "2026-07-09T16:40:00+08:00", "state": "boarding",
         "terminal": "1", "gate": "A7", "checkIn": "7"},
        {"flight": "ZZ932", "date": "2026-07-09", "destination": "KIX", "departure": "2026-07-09T17:25:00+08:00",
         "state": "cancelled", "terminal": "1", "gate": "B6", "checkIn": "2"},
        {"flight": "ZZ65", "date": "2026-07-09", "destination": "VIE", "via": ["BKK"],
         "departure": "2026-07-09T23:10:00+08:00", "estimated": "2026-07-10T00:25:00+08:00", "state": "expected",
         "terminal": "2", "gate": "D7", "checkIn": "4"},
    ]);
    assert_eq!(rows(TAOYUAN, answer, BoardKind::Departures, "Asia/Taipei"), expected);
}
