//! AIDX messages about boards that a token may change, and about others.

use access::{BoardSet, Token, TokenLine};
use axum::body::Body;
use axum::extract::Request;
use flight::PublisherName;
use serde_json::{Value, json};

use crate::aidx::message;
use crate::authorisation::server_with_tokens;
use crate::test_server::{TestResponse, TestServer};

/// The boards with their settings. The flights of the tests leave from Copenhagen.
const BOARDS: [(&str, &str, &str); 3] =
    [("osl", "OSL", "arrivals"), ("bgo", "BGO", "arrivals"), ("cph", "CPH", "departures")];

/// A door for AIDX, and tokens.
struct GuardedDoor {
    server: TestServer,
    /// May change all boards.
    all: Token,
    /// May change the board `osl`.
    osl: Token,
    /// May change a board that is not there.
    other: Token,
}

impl GuardedDoor {
    async fn start() -> Self {
        let [all, osl, other] = [(); 3].map(|()| Token::generate());
        let lines = [(&all, "*"), (&osl, "osl"), (&other, "other")].map(|(token, boards)| {
            let line = TokenLine::new(token, PublisherName::parse("aodb").unwrap());
            line.with_publish(BoardSet::parse(boards).unwrap()).to_string()
        });
        let door = Self { server: server_with_tokens(&lines.join("\n")).await, all, osl, other };
        for (board, airport, kind) in BOARDS {
            door.put_board(board, json!({ "airport": airport, "kind": kind })).await;
        }
        door
    }

    async fn put_board(&self, board: &str, settings: Value) {
        let request = Request::put(format!("/boards/{board}"));
        let request = request.header("authorization", bearer(&self.all));
        let request = request.header("content-type", "application/json");
        let request = request.body(Body::from(settings.to_string())).unwrap();
        assert!(self.server.request(request).await.status.is_success());
    }

    async fn post(&self, token: Option<&Token>, message: &str) -> TestResponse {
        let mut request = Request::post("/aidx").header("content-type", "application/xml");
        if let Some(token) = token {
            request = request.header("authorization", bearer(token));
        }
        self.server.request(request.body(Body::from(message.to_owned())).unwrap()).await
    }

    /// The numbers of the flights of a board.
    async fn flights(&self, board: &str) -> Vec<String> {
        let request = Request::get(format!("/boards/{board}/flights"));
        let request = request.header("authorization", bearer(&self.all));
        let rows = self.server.request(request.body(Body::empty()).unwrap()).await.json();
        let rows = rows["flights"].as_array().unwrap().iter();
        rows.map(|row| row["flight"].as_str().unwrap().to_owned()).collect()
    }
}

fn bearer(token: &Token) -> String {
    format!("Bearer {}", token.secret())
}

/// A flight from Copenhagen at 9:10, in Oslo or Bergen at 10:10.
pub(crate) fn leg(number: u32, arrival: &str) -> String {
    format!(
        "<FlightLeg><LegIdentifier><Airline>SK</Airline><FlightNumber>{number}</FlightNumber>\
         <DepartureAirport>CPH</DepartureAirport><ArrivalAirport>{arrival}</ArrivalAirport>\
         <OriginDate>2026-11-22</OriginDate></LegIdentifier><LegData>\
         <OperationTime OperationQualifier=\"OFB\" TimeType=\"SCT\">2026-11-22T09:10:00Z</OperationTime>\
         <OperationTime OperationQualifier=\"ONB\" TimeType=\"SCT\">2026-11-22T10:10:00Z</OperationTime>\
         </LegData></FlightLeg>"
    )
}

#[tokio::test]
async fn legs_of_other_boards_are_reported() {
    let door = GuardedDoor::start().await;
    let message = message("2026-11-22T08:00:00Z", &(leg(101, "OSL") + &leg(102, "BGO")));
    let answer = door.post(Some(&door.osl), &message).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let refused = "may not be changed with this token";
    let warnings: Vec<_> = answer.body.split("<Warning ").skip(1).collect();
    let [first, second] = warnings[..] else { panic!("{}", answer.body) };
    assert!(first.contains("SK101") && first.contains(&format!("on cph: {refused}")), "{first}");
    assert!(!first.contains("on osl"), "{first}");
    assert!(second.contains("SK102"), "{second}");
    for board in ["bgo", "cph"] {
        assert!(second.contains(&format!("on {board}: {refused}")), "{second}");
        assert_eq!(door.flights(board).await, [""; 0], "{board}");
    }
    assert_eq!(door.flights("osl").await, ["SK101"]);

    // The same message again, by a sender with all rights: the rest is applied.
    let answer = door.post(Some(&door.all), &message).await;
    assert!(answer.status == 200 && !answer.body.contains(refused), "{}", answer.body);
    assert_eq!(door.flights("bgo").await, ["SK102"]);
    assert_eq!(door.flights("cph").await, ["SK101", "SK102"]);
}

#[tokio::test]
async fn messages_without_rights_change_nothing() {
    let door = GuardedDoor::start().await;
    let message = message("2026-11-22T08:00:00Z", &(leg(101, "OSL") + &leg(102, "BGO")));
    let unknown = Token::generate();
    for (token, status, challenge) in [
        (None, 401, "realm=\"flightboard\""),
        (Some(&unknown), 401, "error=\"invalid_token\""),
        (Some(&door.other), 403, "error=\"insufficient_scope\""),
    ] {
        let answer = door.post(token, &message).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert!(answer.header("www-authenticate").contains(challenge), "{:?}", answer.headers);
    }
    for (board, ..) in BOARDS {
        assert_eq!(door.flights(board).await, [""; 0], "{board}");
    }
}

#[tokio::test]
async fn private_boards_stay_unknown() {
    let door = GuardedDoor::start().await;
    let to_bergen = message("2026-11-22T08:00:00Z", &leg(102, "BGO"));
    for board in ["bgo", "cph"] {
        door.put_board(board, json!({ "airport": board.to_uppercase(), "private": true })).await;
    }
    let answer = door.post(Some(&door.osl), &to_bergen).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body.contains("has no open board"), "{}", answer.body);
    assert!(!answer.body.contains("token"), "{}", answer.body);
    assert_eq!(door.flights("bgo").await, [""; 0]);
    assert_eq!(door.post(Some(&door.all), &to_bergen).await.status, 200);
    assert_eq!(door.flights("bgo").await, ["SK102"]);
}
