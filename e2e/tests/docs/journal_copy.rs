//! The backup command of `docs/operations.md` copies a journal while the server writes to it.

use rusqlite::Connection;

use crate::document::Document;
use crate::sandbox::Sandbox;

#[test]
fn sqlite_backup_is_a_journal() {
    let command = Document::read("docs/operations.md").code_spans();
    let mut command = command.iter().filter_map(|code| code.strip_prefix("sqlite3 "));
    let (file, statement) = command.next().unwrap().split_once(' ').unwrap();

    let sandbox = Sandbox::new();
    let mut server = sandbox.start_server(&format!("--journal {file}"));
    let flight = format!("http://{}/boards/main/flights/I768", sandbox.address);
    let json = "-H 'Content-Type: application/json'";
    sandbox.run(&format!("curl -sf -X PUT {flight} {json} -d '{{\"gate\":\"B14\"}}'"));
    let journal = Connection::open(sandbox.folder().join(file)).unwrap();
    // The document runs `sqlite3` in that folder.
    let copy = sandbox.folder().join("copy.db").display().to_string();
    journal.execute_batch(&statement.trim_matches('"').replace("copy.db", &copy)).unwrap();
    sandbox.run(&format!("curl -sf -X DELETE {flight}"));
    server.stop();

    let _server = sandbox.start_server("--journal copy.db");
    assert_eq!(sandbox.run(&format!("curl -sf {flight}")), r#"{"flight":"I768","gate":"B14"}"#);
}
