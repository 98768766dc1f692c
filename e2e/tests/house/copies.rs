//! A journal copied as the document says, while the server writes it, is a journal.

use rusqlite::Connection;

use crate::document::Document;
use crate::terminal::Desk;

#[test]
fn a_copy_made_by_sqlite_while_the_server_runs_is_a_journal() {
    let command = Document::read("docs/operations.md").code();
    let mut command = command.iter().filter_map(|code| code.strip_prefix("sqlite3 "));
    let (file, statement) = command.next().unwrap().split_once(' ').unwrap();

    let desk = Desk::new();
    let mut server = desk.start_server(&format!("--journal {file}"));
    let flight = format!("http://{}/boards/main/flights/I768", desk.address);
    let json = "-H 'Content-Type: application/json'";
    desk.run(&format!("curl -sf -X PUT {flight} {json} -d '{{\"gate\":\"B14\"}}'"));
    let journal = Connection::open(desk.folder().join(file)).unwrap();
    // SQLite's shell would be run in that folder.
    let copy = desk.folder().join("copy.db").display().to_string();
    journal.execute_batch(&statement.trim_matches('"').replace("copy.db", &copy)).unwrap();
    desk.run(&format!("curl -sf -X DELETE {flight}"));
    server.stop();

    let _server = desk.start_server("--journal copy.db");
    assert_eq!(desk.run(&format!("curl -sf {flight}")), r#"{"flight":"I768","gate":"B14"}"#);
}
