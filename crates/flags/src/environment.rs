//! Environment variables that are empty, that say no, or that no flag has.

use std::collections::BTreeMap;

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, Command, Error, Parser};

use crate::nearest::nearest_name;

/// Texts that say no, as in clap's `BoolishValueParser`.
const FALSE_TEXTS: [&str; 6] = ["n", "no", "f", "false", "off", "0"];

/// Set in each container of a Kubernetes cluster.
const KUBERNETES_VARIABLE: &str = "KUBERNETES_SERVICE_HOST";

/// Names and values of environment variables. Those that are not Unicode are missing; clap reports them.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

/// Parses the command line, and the environment for flags that are not in it. An empty variable is not set.
///
/// # Errors
/// The usage is wrong, or help is wanted.
pub fn parse<P: Parser>() -> Result<P, Error> {
    let command = || Environment::of_process().prepare(P::command());
    let mut matches = command().try_get_matches()?;
    P::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command()))
}

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        let unicode = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self(unicode.collect())
    }

    /// Makes `command` and its subcommands ignore variables that are empty. A flag without a value takes several
    /// words for yes and no, and ignores a variable that says no: clap would otherwise find that the flag
    /// conflicts with others.
    pub fn prepare(&self, command: Command) -> Command {
        command
            .mut_args(|arg| {
                let arg = match arg.get_action() {
                    ArgAction::SetTrue => arg.value_parser(BoolishValueParser::new()),
                    _ => arg,
                };
                if self.is_unset(&arg) { arg.env(None) } else { arg }
            })
            .mut_subcommands(|subcommand| self.prepare(subcommand))
    }

    fn is_unset(&self, arg: &Arg) -> bool {
        let variable = arg.get_env().and_then(|name| name.to_str());
        let Some(value) = variable.and_then(|name| self.0.get(name)) else { return false };
        let value = value.trim().to_ascii_lowercase();
        let says_no = FALSE_TEXTS.contains(&&*value);
        value.is_empty() || (says_no && matches!(arg.get_action(), ArgAction::SetTrue))
    }

    /// Returns a sentence about each variable that sets no flag, but starts with `prefix` or almost has the name of
    /// one that does. Skips variables that start with one of `others`, and those of other programs whose prefix
    /// has the same first word.
    pub fn unknown_variables(
        &self,
        command: &Command,
        prefix: &str,
        others: &[&str],
    ) -> Vec<String> {
        let mut known = Vec::new();
        add_variables(command, &mut known);
        let in_cluster = self.0.contains_key(KUBERNETES_VARIABLE);
        let first_word = prefix.split_inclusive('_').next().unwrap_or_default();
        let mut sentences = Vec::new();
        for name in self.0.keys() {
            let upper = name.to_ascii_uppercase();
            let has_prefix = upper.starts_with(prefix);
            let is_other = known.contains(name)
                || others.iter().any(|other| name.starts_with(other))
                || (!has_prefix && upper.starts_with(first_word))
                || (in_cluster && is_of_a_service(name));
            match nearest_name(&upper, &known, prefix) {
                _ if is_other => {}
                Some(known) => {
                    sentences.push(format!("{name} is not a setting: did you mean {known}?"));
                }
                None if has_prefix => sentences.push(format!("{name} is not a setting")),
                None => {}
            }
        }
        sentences
    }
}

/// Kubernetes sets such variables for each service, which may have the name of this program.
fn is_of_a_service(name: &str) -> bool {
    name.split('_').any(|word| word == "SERVICE" || word == "PORT")
}

fn add_variables(command: &Command, names: &mut Vec<String>) {
    let variables = command.get_arguments().filter_map(|arg| arg.get_env()?.to_str());
    names.extend(variables.map(str::to_owned));
    for subcommand in command.get_subcommands() {
        add_variables(subcommand, names);
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(variables: [(&str, &str); N]) -> Self {
        Self(variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> Command {
        let listen = Arg::new("listen").long("listen").env("X_LISTEN");
        let memory = Arg::new("memory").long("memory").env("X_MEMORY").action(ArgAction::SetTrue);
        Command::new("x").subcommand(Command::new("serve").args([listen, memory]))
    }

    fn variables(environment: &Environment) -> Vec<String> {
        let mut names = Vec::new();
        add_variables(&environment.prepare(command()), &mut names);
        names
    }

    #[test]
    fn empty_variables_are_unset() {
        for value in ["", " ", "\t\n"] {
            let both = [("X_LISTEN", value), ("X_MEMORY", value)];
            assert_eq!(variables(&both.into()), [""; 0], "{value:?}");
        }
        assert_eq!(variables(&[("X_LISTEN", "0"), ("X_MEMORY", "")].into()), ["X_LISTEN"]);
    }

    #[test]
    fn only_boolean_variables_say_no() {
        for no in ["false", "False", "FALSE", "0", "no", "off", " OFF ", "n", "f"] {
            let both = [("X_LISTEN", no), ("X_MEMORY", no)];
            assert_eq!(variables(&both.into()), ["X_LISTEN"], "{no}");
        }
        for other in ["true", "1", "yes", "On", "maybe", "2"] {
            assert_eq!(variables(&[("X_MEMORY", other)].into()), ["X_LISTEN", "X_MEMORY"]);
        }
    }

    #[test]
    fn unknown_variables_are_named() {
        let sentences = |name: &str, more: (&str, &str)| {
            let environment = Environment::from([(name, "1"), more]);
            environment.unknown_variables(&command(), "X_", &["X_TEST_"])
        };
        let nothing = ("HOME", "/");
        for known in ["X_LISTEN", "X_MEMORY", "X_TEST_LISTEN", "LISTEN_PID", "PATH"] {
            assert_eq!(sentences(known, nothing), [""; 0], "{known}");
        }
        for (typo, known) in [
            ("X_LISTN", "X_LISTEN"),
            ("X_LITSEN", "X_LISTEN"),
            ("x_listen", "X_LISTEN"),
            ("XLISTEN", "X_LISTEN"),
            ("X_MEMROY", "X_MEMORY"),
        ] {
            let expected = format!("{typo} is not a setting: did you mean {known}?");
            assert_eq!(sentences(typo, nothing), [expected]);
        }
        assert_eq!(sentences("X_COLOUR", nothing), ["X_COLOUR is not a setting"]);
        let cluster = (KUBERNETES_VARIABLE, "10.0.0.1");
        for service in ["X_SERVICE_HOST", "X_PORT", "X_PORT_5000_TCP_ADDR"] {
            assert_eq!(sentences(service, nothing).len(), 1, "{service}");
            assert_eq!(sentences(service, cluster), [""; 0], "{service}");
        }
    }
}
