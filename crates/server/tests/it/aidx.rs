//! AIDX messages over HTTP: refusals, order and repetition, and values that messages leave alone.

use axum::body::Body;
use axum::extract::Request;
use futures_util::future::join_all;
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
use serde_json::{Value, json};

use crate::test_server::{TestResponse, TestServer};

/// A server with the boards of Oslo, and the arrivals of Bergen.
pub(crate) struct AidxServer(pub(crate) TestServer);

impl AidxServer {
    pub(crate) async fn new() -> Self {
        let server = TestServer::new().await;
        for (board, airport, kind) in [
            ("osl-arrivals", "OSL", "arrivals"),
            ("osl-departures", "engm", "departures"),
            ("bgo-arrivals", "BGO", "arrivals"),
        ] {
            let settings = json!({"airport": airport, "kind": kind, "timeZone": "Europe/Oslo"});
            let answer = server.send("PUT", &format!("/boards/{board}"), settings).await;
            assert_eq!(answer.status, 201, "{}", answer.body);
        }
        Self(server)
    }

    pub(crate) async fn post(&self, message: &str) -> TestResponse {
        self.post_as("application/xml", message).await
    }

    pub(crate) async fn post_as(
        &self,
        content_type: &str,
        message: impl Into<Vec<u8>>,
    ) -> TestResponse {
        let request = Request::post("/aidx").header("content-type", content_type);
        self.0.request(request.body(Body::from(message.into())).unwrap()).await
    }

    pub(crate) async fn rows(&self, board: &str) -> Vec<Value> {
        let board = self.0.get(&format!("/boards/{board}/flights")).await.json();
        board["flights"].as_array().unwrap().clone()
    }

    async fn row(&self, board: &str, flight: &str) -> Value {
        self.0.get(&format!("/boards/{board}/flights/{flight}")).await.json()
    }

    /// The id of the newest event of a board.
    async fn head(&self, board: &str) -> String {
        self.0.get(&format!("/boards/{board}")).await.json()["id"].as_str().unwrap().to_owned()
    }
}

/// A message of this time with these legs.
pub(crate) fn message(time: &str, legs: &str) -> String {
    format!(
        "<IATA_AIDX_FlightLegNotifRQ xmlns=\"http://www.iata.org/IATA/2007/00\" Version=\"21.2\" \
         TimeStamp=\"{time}\"><Originator CompanyShortName=\"AODB\"/>{legs}\
         </IATA_AIDX_FlightLegNotifRQ>"
    )
}

/// The arrival of `number` from Copenhagen, with `data` in its `LegData`.
fn arrival(number: &str, data: &str) -> String {
    format!(
        "<FlightLeg><LegIdentifier><Airline>SK</Airline><FlightNumber>{number}</FlightNumber>\
         <DepartureAirport>CPH</DepartureAirport><ArrivalAirport>OSL</ArrivalAirport>\
         <OriginDate>2026-11-22</OriginDate></LegIdentifier><LegData>\
         <OperationTime OperationQualifier=\"ONB\" TimeType=\"SCT\">2026-11-22T10:10:00Z\
         </OperationTime>{data}</LegData></FlightLeg>"
    )
}

fn gate(gate: &str) -> String {
    format!(
        "<AirportResources Usage=\"Actual\"><Resource DepartureOrArrival=\"Arrival\">\
         <PassengerGate>{gate}</PassengerGate></Resource></AirportResources>"
    )
}

#[tokio::test]
async fn hostile_messages_are_refused_whole() {
    let server = AidxServer::new().await;
    let good = arrival("1472", "");
    let time = "2026-11-22T09:00:00Z";
    let whole = message(time, &good);
    let with_prolog = |prolog: &str| format!("{prolog}{whole}");
    let nested = |depth| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    let laughs = "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\
                  <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>";
    let many_attributes = (0..70).map(|number| format!(" a{number}=''")).collect::<String>();
    let cases: &[(String, u16, &str)] = &[
        (String::new(), 400, "the message is empty"),
        ("{}".to_owned(), 400, "has text outside of its root element"),
        (with_prolog("<!DOCTYPE a SYSTEM \"file:///etc/passwd\">"), 400, "must not have a DOCTYPE"),
        (
            with_prolog("<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/a.dtd\">"),
            400,
            "must not have a DOCTYPE",
        ),
        (with_prolog(laughs), 400, "must not have a DOCTYPE"),
        (message(time, &format!("{good}<x>&xxe;</x>")), 400, "must not have entities of its own"),
        (
            message(time, &format!("{good}{}", nested(1_000))),
            400,
            "is nested more than 64 levels deep",
        ),
        (message(time, &format!("{good}<x{many_attributes}/>")), 400, "more than 64 attributes"),
        (
            message(time, &format!("{good}{}", "<a/>".repeat(250_000))),
            400,
            "more than 250000 elements",
        ),
        (whole[..whole.rfind("</").unwrap()].to_owned(), 400, "ends within an element"),
        (with_prolog("<a/>"), 400, "must have a single root element"),
        (
            with_prolog("<?xml version=\"1.0\" encoding=\"klingon\"?>"),
            400,
            "unknown character set klingon",
        ),
        (message(time, ""), 422, "has no FlightLeg"),
        (message(time, &"<FlightLeg/>".repeat(5_001)), 413, "has 5001 legs, more than 5000"),
        (whole.replace("TimeStamp", "Stamp"), 422, "has no TimeStamp"),
        (message("yesterday", &good), 422, "has a TimeStamp that is not a time"),
        (
            whole.replace("Version=", "SequenceNmbr=\"x\" Version="),
            422,
            "has a SequenceNmbr that is not a number",
        ),
        (whole.replace("NotifRQ", "RQ"), 422, "not IATA_AIDX_FlightLegRQ"),
        (whole.replace("NotifRQ", "RS"), 422, "not IATA_AIDX_FlightLegRS"),
        ("<Envelope><Body><a/></Body></Envelope>".to_owned(), 422, "in its SOAP body"),
    ];
    let head = server.head("osl-arrivals").await;
    for (body, status, reason) in cases {
        let answer = server.post(body).await;
        assert_eq!(answer.status.as_u16(), *status, "{reason}: {}", answer.body);
        assert!(answer.body.contains("<Errors><Error Type=\"294\""), "{reason}: {}", answer.body);
        assert!(answer.body.contains(reason), "{reason}: {}", answer.body);
        assert!(!answer.body.contains("root:"), "no file was read: {}", answer.body);
    }
    assert_eq!(server.head("osl-arrivals").await, head);
}

#[tokio::test]
async fn oversized_messages_are_refused() {
    let server = AidxServer::new().await;
    let padding = format!("<!--{}-->", "x".repeat(10_000_000));
    let message = message("2026-11-22T09:00:00Z", &(arrival("1472", "") + &padding));
    let answer = server.post(&message).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.header("content-type"), "application/xml; charset=utf-8");
    assert!(answer.body.contains("body must be at most 8388608 bytes"), "{}", answer.body);
    assert_eq!(server.rows("osl-arrivals").await, Vec::<Value>::new());
}

#[tokio::test]
async fn forms_cannot_publish_messages() {
    let server = AidxServer::new().await;
    let message = message("2026-11-22T09:00:00Z", &arrival("1472", ""));
    for content_type in
        ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/html"]
    {
        let answer = server.post_as(content_type, &*message).await;
        assert_eq!(answer.status, 415, "{content_type}");
        assert_eq!(answer.json()["field"], "Content-Type");
    }
    assert_eq!(server.rows("osl-arrivals").await, Vec::<Value>::new());
}

#[tokio::test]
async fn declared_character_sets_are_used() {
    let server = AidxServer::new().await;
    let text = |number| arrival(number, "<RemarkFreeText>Bagasje på bånd 4</RemarkFreeText>");
    let latin = message("2026-11-22T09:00:00Z", &text("101"));
    let latin = format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{latin}");
    let latin: Vec<u8> = latin.chars().map(|char| u8::try_from(char).unwrap()).collect();
    assert_eq!(server.post_as("application/xml", latin.clone()).await.status, 200);
    let wide = message("2026-11-22T09:00:00Z", &text("102"));
    let wide: Vec<u8> = wide.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(server.post_as("text/xml; charset=utf-16", wide).await.status, 200);
    for flight in ["SK101", "SK102"] {
        assert_eq!(server.row("osl-arrivals", flight).await["remark"], "Bagasje på bånd 4");
    }
    let answer = server.post_as("application/xml; charset=utf-8", latin).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("the message is not valid UTF-8"), "{}", answer.body);
}

#[tokio::test]
async fn repeated_messages_overwrite_nothing() {
    let server = AidxServer::new().await;
    let message = message("2026-11-22T09:00:00Z", &arrival("1472", &gate("B2")));
    let answer = server.post(&message).await;
    assert!(!answer.body.contains("Warning"), "{}", answer.body);
    server.0.send("PATCH", "/boards/osl-arrivals/flights/SK1472", json!({"gate": "B9"})).await;
    let head = server.head("osl-arrivals").await;
    for _ in 0..2 {
        let answer = server.post(&message).await;
        assert!(answer.body.contains("<Success/><Warnings>"), "{}", answer.body);
        assert!(answer.body.contains("was applied before"), "{}", answer.body);
    }
    assert_eq!(server.head("osl-arrivals").await, head);
    assert_eq!(server.row("osl-arrivals", "SK1472").await["gate"], "B9");
    // A board that was opened again is empty, and takes the message again.
    server.0.send("DELETE", "/boards/osl-arrivals", Value::Null).await;
    let closed = server.post(&message).await;
    assert!(closed.body.contains("has no open board"), "{}", closed.body);
    let settings = json!({"airport": "OSL", "kind": "arrivals"});
    server.0.send("PUT", "/boards/osl-arrivals", settings).await;
    let answer = server.post(&message).await;
    assert!(!answer.body.contains("Warning"), "{}", answer.body);
    assert_eq!(server.row("osl-arrivals", "SK1472").await["gate"], "B2");
}

#[tokio::test]
async fn concurrent_messages_end_in_the_newest() {
    let server = AidxServer::new().await;
    // Each of them reads the row before another changes it, so most are made for an old version.
    let messages = (10..30).map(|minute| {
        let leg = arrival("1472", &gate(&format!("B{minute}")));
        message(&format!("2026-11-22T09:{minute}:00Z"), &leg)
    });
    let messages: Vec<_> = messages.collect();
    let answers = join_all(messages.iter().map(|message| server.post(message))).await;
    for answer in answers {
        assert_eq!(answer.status, 200, "{}", answer.body);
        let is_expected = !answer.body.contains("Warning") || answer.body.contains("overtaken");
        assert!(is_expected, "{}", answer.body);
    }
    assert_eq!(server.row("osl-arrivals", "SK1472").await["gate"], "B29");
}

#[tokio::test]
async fn changes_of_a_row_are_bounded() {
    let server = AidxServer::new().await;
    let legs = |count: usize| -> String {
        (1..=count).map(|number| arrival("1472", &gate(&format!("B{number}")))).collect()
    };
    let answer = server.post(&message("2026-11-22T09:00:00Z", &legs(100))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(server.row("osl-arrivals", "SK1472").await["gate"], "B100");
    let answer = server.post(&message("2026-11-22T09:01:00Z", &legs(101))).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "5"));
    assert!(answer.body.contains("a row changes all the time"), "{}", answer.body);
}

#[tokio::test]
async fn long_messages_are_applied_in_batches() {
    let server = AidxServer::new().await;
    let legs = |data: &str| -> String {
        (1..=2_500).map(|number| arrival(&number.to_string(), data)).collect()
    };
    let answer = server.post(&message("2026-11-22T09:00:00Z", &legs(""))).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.body.contains("Warning"), "{}", answer.body);
    // The same leg twice in a message is applied in order.
    let legs = legs(&gate("B1")) + &arrival("7", &gate("B2"));
    let answer = server.post(&message("2026-11-22T09:01:00Z", &legs)).await;
    assert!(!answer.body.contains("Warning"), "{}", answer.body);
    let rows = server.rows("osl-arrivals").await;
    assert_eq!(rows.len(), 2_500);
    for row in rows {
        let expected = if row["flight"] == "SK007" { "B2" } else { "B1" };
        assert_eq!(row["gate"], expected, "{row}");
    }
}

#[tokio::test]
async fn held_fields_are_left_alone() {
    let server = AidxServer::new().await;
    let send = async |time: &str, data: &str| {
        server.post(&message(time, &arrival("1472", data))).await.body
    };
    send("2026-11-22T09:00:00Z", &gate("B2")).await;
    let row = "/boards/osl-arrivals/flights/SK1472";
    server.0.send("PATCH", row, json!({"gate": "B9", "held": ["gate"]})).await;
    let landed = "<OperationTime OperationQualifier=\"TDN\" TimeType=\"ACT\">2026-11-22T10:02:00Z\
                  </OperationTime>";
    let answer = send("2026-11-22T10:03:00Z", &format!("{}{landed}", gate("B3"))).await;
    assert!(!answer.contains("Warning"), "{answer}");
    let row = server.row("osl-arrivals", "SK1472").await;
    assert_eq!((&row["gate"], &row["state"]), (&json!("B9"), &json!("landed")));
    let answer = send("2026-11-22T10:04:00Z", &gate("B4")).await;
    assert!(answer.contains("changes nothing"), "{answer}");
}

#[tokio::test]
async fn hidden_legs_stay_hidden() {
    let server = AidxServer::new().await;
    let leg = arrival("1472", "");
    let delete = leg.replace("<LegData>", "<SpecialAction>Delete</SpecialAction><LegData>");
    let answer = server.post(&message("2026-11-22T09:00:00Z", &delete)).await;
    assert!(answer.body.contains("is not on the board"), "{}", answer.body);
    let answer = server.post(&message("2026-11-22T08:59:00Z", &leg)).await;
    assert!(answer.body.contains("was overtaken by a newer message"), "{}", answer.body);
    assert_eq!(server.rows("osl-arrivals").await, Vec::<Value>::new());
    server.post(&message("2026-11-22T09:01:00Z", &leg)).await;
    assert_eq!(server.rows("osl-arrivals").await.len(), 1);
}

#[tokio::test]
async fn finished_flights_do_not_return() {
    let server = AidxServer::new().await;
    let time = |code: &str, time: &str| {
        format!(
            "<OperationTime OperationQualifier=\"{code}\" TimeType=\"ACT\">{time}</OperationTime>"
        )
    };
    let landed = time("TDN", "2026-11-22T10:02:00Z");
    server.post(&message("2026-11-22T10:03:00Z", &arrival("1472", &landed))).await;
    server.0.send("DELETE", "/boards/osl-arrivals/flights/SK1472", Value::Null).await;
    let bags = landed + &time("LBG", "2026-11-22T10:42:00Z");
    let answer = server.post(&message("2026-11-22T10:43:00Z", &arrival("1472", &bags))).await;
    assert!(answer.body.contains("has left the board, and is baggage"), "{}", answer.body);
    assert_eq!(server.rows("osl-arrivals").await, Vec::<Value>::new());
}

/// A message that says all of the flight, numbered by its minute.
fn whole_state(minute: u32, status: usize, milestone: usize) -> String {
    let data = format!(
        "<OperationalStatus>{}</OperationalStatus>{}\
         <OperationTime OperationQualifier=\"ONB\" TimeType=\"EST\">2026-11-22T10:{minute:02}:00Z</OperationTime>\
         <OperationTime OperationQualifier=\"{}\" TimeType=\"ACT\">2026-11-22T09:{minute:02}:00Z</OperationTime>",
        ["SQ", "DX", "DV"][status],
        gate(&format!("B{minute}")),
        ["TDN", "ONB"][milestone],
    );
    // A cancellation lasts until it is taken back, so each message does one or the other.
    let data = data.replace(">DV<", ">SQ</OperationalStatus><OperationalStatus>DV<");
    message(&format!("2026-11-22T09:{minute:02}:00Z"), &arrival("1472", &data))
}

#[test]
fn any_order_ends_in_newest_message() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let messages = proptest::collection::vec((0..3_usize, 0..2_usize), 1..6);
    let order =
        proptest::collection::vec(proptest::prelude::any::<proptest::sample::Index>(), 0..8);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) };
    proptest!(config, |(messages in messages, order in order)| {
        let messages: Vec<_> = (1..)
            .zip(&messages)
            .map(|(minute, (status, milestone))| whole_state(minute, *status, *milestone))
            .collect();
        let rows = runtime.block_on(async {
            let (newest_only, any_order) = (AidxServer::new().await, AidxServer::new().await);
            newest_only.post(messages.last().unwrap()).await;
            for index in &order {
                any_order.post(&messages[index.index(messages.len())]).await;
            }
            any_order.post(messages.last().unwrap()).await;
            for index in &order {
                any_order.post(&messages[index.index(messages.len())]).await;
            }
            (newest_only.rows("osl-arrivals").await, any_order.rows("osl-arrivals").await)
        });
        prop_assert_eq!(&rows.0, &rows.1);
    });
}
