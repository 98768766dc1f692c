//! Settings and metrics are documented, all of them and no others.

use std::collections::{BTreeMap, BTreeSet};

use testkit::nats::users::NatsPermissions;

use crate::document::{self, Document};
use crate::terminal::Desk;
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// Variables that belong to no flag: what is logged, and the program that tests run.
const VARIABLES_WITHOUT_FLAG: [&str; 3] =
    ["FLIGHTBOARD_LOG", "FLIGHTBOARD_BIN", "FLIGHTBOARD_TEST_NATS_SERVER"];

/// A flag with its variable and its default, empty where it has none.
type Setting = (String, String, String);

#[test]
fn settings_are_those_of_the_help() {
    let document = Document::read("docs/operations.md");
    for command in commands() {
        let rows = document.table(&format!("### `{command}`"));
        let documented: BTreeSet<Setting> =
            rows.into_iter().map(|row| (row[0].clone(), row[1].clone(), row[2].clone())).collect();
        assert_eq!(documented, settings(&command), "{command}");
    }
}

#[test]
fn flags_and_variables_named_anywhere_exist() {
    let settings: BTreeSet<_> = commands().iter().flat_map(|command| settings(command)).collect();
    let mut flags: BTreeSet<_> = settings.iter().map(|(flag, ..)| flag.as_str()).collect();
    // Each command has it, and it sets nothing.
    flags.insert("--help");
    let mut variables: BTreeSet<_> = settings.iter().map(|(_, name, _)| name.as_str()).collect();
    variables.extend(VARIABLES_WITHOUT_FLAG);
    for document in document::all() {
        let code = document.code();
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
fn metrics_are_those_of_a_server() {
    let document = Document::read("docs/operations.md");
    let labels = |text: &str| text.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
    let rows = document.table("## Is it well?").into_iter();
    let documented: BTreeMap<_, _> =
        rows.map(|row| (row[0].clone(), (row[1].clone(), labels(&row[2])))).collect();
    let given = metrics();
    assert_eq!(documented, given);

    for document in document::all() {
        for name in words_with(document.text(), "flightboard_") {
            assert!(given.contains_key(&name), "{}: {name}", document.path);
        }
    }
}

#[test]
fn rights_in_nats_are_those_that_are_tried() {
    let rows = Document::read("docs/operations.md").table("### Users and TLS");
    let documented = |kind: &str| -> BTreeSet<_> {
        let rows = rows.iter().filter(|row| row[0] == kind);
        rows.flat_map(|row| row[1].split(", ").map(str::to_owned)).collect()
    };
    let NatsPermissions { publish, subscribe } = NatsPermissions::minimal();
    assert_eq!(documented("publish"), BTreeSet::from_iter(publish));
    assert_eq!(documented("subscribe"), BTreeSet::from_iter(subscribe));
}

fn commands() -> Vec<String> {
    let help = Desk::new().run("flightboard --help");
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let lines = commands.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names = names.filter(|name| !name.is_empty() && *name != "help");
    let commands = names.map(|name| format!("flightboard {name}"));
    commands.chain(["flightboard-bench".to_owned()]).collect()
}

fn settings(command: &str) -> BTreeSet<Setting> {
    let help = Desk::new().run(&format!("{command} --help"));
    let (_, options) = help.split_once("\nOptions:\n").unwrap();
    let options = format!("\n{options}");
    let words: Vec<_> = options.split_whitespace().collect();
    let text = words.join(" ");
    let flags = options.split('\n').filter_map(|line| line.trim_start().strip_prefix("--"));
    let flags: Vec<_> = flags.map(|rest| format!("--{}", first_word(rest))).collect();
    let setting = |at: usize| {
        let flag = &flags[at];
        let (_, rest) = text.split_once(&format!("{flag} ")).unwrap();
        let end = flags.get(at + 1).and_then(|next| rest.find(&format!("{next} ")));
        let of_flag = rest[..end.unwrap_or(rest.len())].split(" -h, --help").next().unwrap();
        let value = |name: &str, end: &[char]| {
            let (_, value) = of_flag.split_once(&format!("[{name}: "))?;
            Some(value.split(end).next()?.to_owned())
        };
        // What may hold a password is not shown, and has no `=`.
        let variable = value("env", &['=', ']']).unwrap_or_default();
        (flag.clone(), variable, value("default", &[']']).unwrap_or_default())
    };
    (0..flags.len()).map(setting).collect()
}

/// Name, type and labels of each metric, of a server with a follower.
fn metrics() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let desk = Desk::new();
    let _server = desk.start_server("--memory");
    let url = format!("http://{}", desk.address);
    let follower = desk.start(&format!("curl -sN {url}/events"));
    wait_until("the follower is served", WAIT_TIMEOUT, || {
        follower.output().contains("timetable").then_some(())
    });
    let text = desk.run(&format!("curl -s {url}/metrics"));
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let labels = |metric: &str| {
        let samples = text.lines().filter(|line| line.starts_with(metric));
        let labels = samples.filter_map(|line| line.split_once('{')?.1.split_once('}'));
        let names = labels.flat_map(|(labels, _)| labels.split(',').filter_map(name_of));
        names.filter(|name| name != "le").collect()
    };
    types.map(|(name, kind)| (name.to_owned(), (kind.to_owned(), labels(name)))).collect()
}

fn name_of(label: &str) -> Option<String> {
    Some(label.split_once('=')?.0.to_owned())
}

fn first_word(text: &str) -> &str {
    text.split([' ', ',']).next().unwrap()
}

/// All words of letters and underscores that begin so.
fn words_with(text: &str, beginning: &str) -> Vec<String> {
    let after = text.split(beginning).skip(1);
    let letters = |rest: &str| -> String {
        rest.chars().take_while(|sign| sign.is_ascii_alphabetic() || *sign == '_').collect()
    };
    after.map(|rest| format!("{beginning}{}", letters(rest))).collect()
}
