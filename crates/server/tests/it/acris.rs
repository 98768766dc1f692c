//! Rows in the model of ACRIS.

use axum::body::Body;
use axum::extract::Request;
use serde_json::{Value, json};

use crate::test_server::TestServer;

async fn server() -> TestServer {
    let server = TestServer::new().await;
    for (board, kind) in [("in", "arrivals"), ("out", "departures")] {
        let settings = json!({"kind": kind, "airport": "ENGM", "timeZone": "Europe/Oslo"});
        server.send("PUT", &format!("/boards/{board}"), settings).await;
    }
    let late = json!({
        "origin": "CPH", "via": ["BGO"], "airline": "SAS", "codeshares": ["UA9876"], "aircraft": "LN-RGE",
        "departure": "2026-11-22T08:55:00Z", "arrival": "2026-11-22T11:10:00+01:00",
        "estimated": "2026-11-22T10:20:00Z", "state": "landing", "terminal": "1", "gate": "B12", "belt": "4",
    });
    server.send("PUT", "/boards/in/flights/SK1472?date=2026-11-22", late).await;
    let early =
        json!({"origin": "Rome", "arrival": "10:00", "state": "at gate", "actual": "10:05"});
    server.send("PUT", "/boards/in/flights/AZ77A?date=2026-11-22", early).await;
    let departure = json!({
        "destination": "LIRF", "departure": "2026-11-22T12:00:00Z", "checkIn": "A1-A4", "aircraft": "73H",
        "state": "final call",
    });
    server.send("PUT", "/boards/out/flights/DY1830", departure).await;
    server
}

/// The list at `path`, without `lastUpdate`, which is checked.
async fn flights(server: &TestServer, path: &str) -> Value {
    let answer = server.get(path).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let mut flights = answer.json();
    for flight in flights.as_array_mut().unwrap() {
        let update = flight.as_object_mut().unwrap().remove("lastUpdate").unwrap();
        assert!(update.as_str().unwrap().ends_with('Z'), "{update}");
    }
    flights
}

#[tokio::test]
async fn rows_match_the_acris_model() {
    let server = server().await;
    let arrivals = json!([
        {
            "operatingAirline": {"iataCode": "AZ", "icaoCode": "ITY", "name": "ITA Airways"},
            "flightNumber": {"airlineCode": "AZ", "trackNumber": "77", "suffix": "A"},
            "departureAirport": "Rome", "arrivalAirport": "OSL", "originDate": "2026-11-22",
            "arrival": {"scheduled": "2026-11-22T09:00:00Z", "actual": "2026-11-22T09:05:00Z"},
            "flightStatus": "BagClaimStarted",
        },
        {
            "operatingAirline": {"iataCode": "SK", "icaoCode": "SAS", "name": "SAS"},
            "aircraftType": {"registration": "LN-RGE"},
            "flightNumber": {"airlineCode": "SK", "trackNumber": "1472"},
            "codeShares": [{"airlineCode": "UA", "trackNumber": "9876"}],
            "departureAirport": "CPH", "arrivalAirport": "OSL", "originDate": "2026-11-22",
            "departure": {"scheduled": "2026-11-22T08:55:00Z"},
            "arrival": {
                "scheduled": "2026-11-22T10:10:00Z", "estimated": "2026-11-22T10:20:00Z",
                "terminal": "1", "gate": "B12", "baggageClaim": {"carousel": "4"},
            },
            "flightStatus": "InApproach", "via": [{"viaAirport": "BGO"}],
        },
    ]);
    assert_eq!(flights(&server, "/acris/flight/OSL/arrival").await, arrivals);
    let departures = json!([{
        "operatingAirline": {"iataCode": "DY", "icaoCode": "NOZ", "name": "Norwegian"},
        "aircraftType": {"modelName": "73H"},
        "flightNumber": {"airlineCode": "DY", "trackNumber": "1830"},
        "departureAirport": "OSL", "arrivalAirport": "FCO",
        "departure": {
            "scheduled": "2026-11-22T12:00:00Z", "checkinInfo": {"checkinLocation": "A1-A4"},
        },
        "flightStatus": "Boarding",
    }]);
    assert_eq!(flights(&server, "/Acris/Flight/engm/Departure").await, departures);
}

#[tokio::test]
async fn time_spans_select_rows() {
    let server = server().await;
    for (query, expected) in [
        ("", 2),
        ("?startTime=2026-11-22T09:30:00Z", 1),
        ("?startTime=2026-11-22T11:20:00+01:00", 1),
        ("?startTime=2026-11-22T10:20:01Z", 0),
        ("?endTime=2026-11-22T09:00:00Z", 0),
        ("?endTime=2026-11-22T09:00:01Z", 1),
        ("?startTime=2026-11-22T09:05:00Z&endTime=2026-11-22T10:10:01Z", 2),
    ] {
        let list = flights(&server, &format!("/acris/flight/osl/arrival{query}")).await;
        assert_eq!(list.as_array().unwrap().len(), expected, "{query}");
    }
    for (query, field) in [
        ("?startTime=today", "startTime"),
        ("?endTime=2026-11-22T09:00:00", "endTime"),
        ("?endTime=2026-11-22T09:00:00Z&endTime=2026-11-22T09:00:00Z", "endTime"),
        ("?length=5", "query"),
    ] {
        let answer = server.get(&format!("/acris/flight/osl/arrival{query}")).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["field"]),
            (400, &json!(field)),
            "{query}"
        );
    }
}

#[tokio::test]
async fn unchanged_lists_are_not_sent() {
    let server = server().await;
    let list = server.get("/acris/flight/osl/arrival").await;
    assert_eq!(list.header("cache-control"), "no-cache");
    let conditional = |tag: &str| {
        let request = Request::get("/acris/flight/osl/arrival").header("if-none-match", tag);
        request.body(Body::empty()).unwrap()
    };
    let tag = list.header("etag").to_owned();
    assert_eq!(server.request(conditional(&tag)).await.status, 304);
    server.put_gate("in", "SK1472", "B13").await;
    assert_eq!(server.request(conditional(&tag)).await.status, 200);
}

#[tokio::test]
async fn airports_without_a_board_are_unknown() {
    let server = server().await;
    server.send("DELETE", "/boards/out", Value::Null).await;
    for path in ["/acris/flight/osl/departure", "/acris/flight/BGO/arrival"] {
        let answer = server.get(path).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["field"]), (404, &json!("airport")));
    }
    let closed = server.get("/acris/flight/osl/departure").await;
    assert_eq!(closed.json()["detail"], "no board of departures at OSL");
    assert_eq!(server.get("/acris/flight/osl/transfer").await.status, 404);
}
