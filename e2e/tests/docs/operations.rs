//! `docs/operations.md` lists exactly the settings, metrics and permissions that exist.

use std::collections::{BTreeMap, BTreeSet};

use testkit::nats::users::NatsPermissions;

use crate::document::{Document, all_documents};
use crate::sandbox::Sandbox;
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// Variables without a flag: the log filter, a token, the keys of sources, and the binaries that tests run.
const VARIABLES_WITHOUT_FLAG: [&str; 7] = [
    "FLIGHTBOARD_LOG",
    "FLIGHTBOARD_TOKEN",
    "FLIGHTBOARD_KEY_SWEDAVIA",
    "FLIGHTBOARD_KEY_FINAVIA",
    "FLIGHTBOARD_KEY_AERODATABOX",
    "FLIGHTBOARD_BIN",
    "FLIGHTBOARD_TEST_NATS_SERVER",
];

/// The program, whose own flags all its commands have.
/// The name of the client crate in Rust, which no metric has.
const CLIENT_CRATE: &str = "flightboard_client";

const PROGRAM: &str = "flightboard";

/// A flag, its variable and its default, the last two empty if it has none.
type FlagEntry = (String, String, String);

#[test]
fn settings_match_the_help() {
    let document = Document::read("docs/operations.md");
    for command in commands() {
        let rows = document.table(&format!("### `{command}`"));
        let documented: BTreeSet<FlagEntry> =
            rows.into_iter().map(|row| (row[0].clone(), row[1].clone(), row[2].clone())).collect();
        assert_eq!(documented, settings(&command), "{command}");
    }
}

#[test]
fn named_flags_and_variables_exist() {
    let settings: BTreeSet<_> = commands().iter().flat_map(|command| settings(command)).collect();
    let mut flags: BTreeSet<_> = settings.iter().map(|(flag, ..)| flag.as_str()).collect();
    // Not settings: one of every command, one of `cargo xtask test`.
    flags.extend(["--help", "--quick"]);
    let mut variables: BTreeSet<_> = settings.iter().map(|(_, name, _)| name.as_str()).collect();
    variables.extend(VARIABLES_WITHOUT_FLAG);
    for document in all_documents() {
        let code = document.code_spans();
        for flag in code.iter().filter(|code| code.starts_with("--")) {
            let name = flag.split([' ', '=']).next().unwrap();
            assert!(flags.contains(name), "{}: {flag}", document.path);
        }
        for variable in words_with(document.text(), "FLIGHTBOARD_") {
            assert!(variables.contains(&*variable), "{}: {variable}", document.path);
        }
    }
}

#[test]
fn metrics_match_a_server() {
    let document = Document::read("docs/operations.md");
    let labels = |text: &str| text.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
    let rows = document.table("## Health and metrics").into_iter();
    let documented: BTreeMap<_, _> =
        rows.map(|row| (row[0].clone(), (row[1].clone(), labels(&row[2])))).collect();
    let actual = metrics();
    assert_eq!(documented, actual);

    for document in all_documents() {
        for name in words_with(document.text(), "flightboard_") {
            let is_known = actual.contains_key(&name) || name == CLIENT_CRATE;
            assert!(is_known, "{}: {name}", document.path);
        }
    }
}

#[test]
fn nats_permissions_match_the_tested_ones() {
    let rows = Document::read("docs/operations.md").table("### Users and TLS");
    let documented = |kind: &str| -> BTreeSet<_> {
        let rows = rows.iter().filter(|row| row[0] == kind);
        rows.flat_map(|row| row[1].split(", ").map(str::to_owned)).collect()
    };
    let NatsPermissions { publish, subscribe } = NatsPermissions::minimal();
    assert_eq!(documented("publish"), BTreeSet::from_iter(publish));
    assert_eq!(documented("subscribe"), BTreeSet::from_iter(subscribe));
}

/// The program, its commands, and of the sources of `flightboard feed` the first of those with the same settings.
fn commands() -> Vec<String> {
    let mut commands = vec![PROGRAM.to_owned()];
    commands.extend(subcommands(PROGRAM, "Commands"));
    // It has no flags of its own.
    commands.retain(|command| command != "flightboard token");
    commands.extend(subcommands("flightboard token", "Commands"));
    let mut known = BTreeSet::new();
    let sources = subcommands("flightboard feed", "Sources").into_iter();
    commands.extend(sources.filter(|source| known.insert(settings(source))));
    commands.push("flightboard-bench".to_owned());
    commands
}

fn subcommands(command: &str, heading: &str) -> Vec<String> {
    let help = Sandbox::new().run(&format!("{command} --help"));
    let (_, subcommands) = help.split_once(&format!("\n{heading}:\n")).unwrap();
    let lines = subcommands.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names = names.filter(|name| !name.is_empty() && *name != "help");
    names.map(|name| format!("{command} {name}")).collect()
}

/// The settings of a command without those that all commands have.
fn settings(command: &str) -> BTreeSet<FlagEntry> {
    let settings = help_entries(command);
    if command == PROGRAM {
        return settings;
    }
    settings.difference(&help_entries(PROGRAM)).cloned().collect()
}

fn help_entries(command: &str) -> BTreeSet<FlagEntry> {
    let help = Sandbox::new().run(&format!("{command} --help"));
    let (_, options) = help.split_once("\nOptions:\n").unwrap();
    let mut flags: Vec<(String, String)> = Vec::new();
    // Clap indents a flag by six spaces, and its description, which may name other flags, by more.
    for line in options.lines().take_while(|line| !line.starts_with("  -")) {
        if let Some(flag) = line.strip_prefix("      --") {
            flags.push((format!("--{}", first_word(flag)), String::new()));
        }
        let (_, text) = flags.last_mut().unwrap();
        text.extend(line.split_whitespace().flat_map(|word| [word, " "]));
    }
    let entry = |(flag, text): (String, String)| {
        let value = |name: &str, end: &[char]| {
            let (_, value) = text.split_once(&format!("[{name}: "))?;
            Some(value.split(end).next()?.to_owned())
        };
        // A variable that may hold a password is shown without `=` and value.
        let variable = value("env", &['=', ']']).unwrap_or_default();
        let default = value("default", &[']']).unwrap_or_default();
        (flag, variable, default)
    };
    flags.into_iter().map(entry).collect()
}

/// A board's source, as an update.
const SOURCE: &str = r#"{"event": "sourceUpdate", "data": {"name": "Oslo", "attribution": "Data from Oslo", "lastAnswer": "2026-11-22T10:00:00Z", "status": "current"}}"#;

/// Name, type and labels of each metric, from a server with one follower and one source.
pub(crate) fn metrics() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let sandbox = Sandbox::new();
    // The metrics of feeds appear with the first feed. This one's source does not answer.
    let feed = "swedavia/ARN,source-url=http://127.0.0.1:9,monthly-requests=10000";
    let _server = sandbox.start_server(&format!("--memory --feed {feed}"));
    let url = format!("http://{}", sandbox.address);
    let follower = sandbox.start(&format!("curl -sN {url}/events"));
    wait_until("the follower is served", WAIT_TIMEOUT, || {
        follower.output().contains("timetable").then_some(())
    });
    let post = format!("curl -s -H 'Content-Type: application/json' -d '{SOURCE}'");
    sandbox.run(&format!("{post} {url}/boards/main/flights"));
    let text = sandbox.run(&format!("curl -s {url}/metrics"));
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let labels = |metric: &str| {
        let samples = text.lines().filter(|line| line.starts_with(metric));
        let labels = samples.filter_map(|line| line.split_once('{')?.1.split_once('}'));
        let names = labels.flat_map(|(labels, _)| labels.split(',').filter_map(label_name));
        names.filter(|name| name != "le").collect()
    };
    types.map(|(name, kind)| (name.to_owned(), (kind.to_owned(), labels(name)))).collect()
}

fn label_name(label: &str) -> Option<String> {
    Some(label.split_once('=')?.0.to_owned())
}

fn first_word(text: &str) -> &str {
    text.split([' ', ',']).next().unwrap()
}

/// All words of letters and underscores with this prefix.
fn words_with(text: &str, prefix: &str) -> Vec<String> {
    let after = text.split(prefix).skip(1);
    let letters = |rest: &str| -> String {
        rest.chars().take_while(|sign| sign.is_ascii_alphanumeric() || *sign == '_').collect()
    };
    after.map(|rest| format!("{prefix}{}", letters(rest))).collect()
}
