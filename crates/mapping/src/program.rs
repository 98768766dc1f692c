//! Compiles and runs a program.

use jaq_core::compile::Undefined;
use jaq_core::data::HasLut;
use jaq_core::load::{self, Arena, File, Loader, lex, parse};
use jaq_core::native::{bome, v};
use jaq_core::{Compiler, Ctx, DataT, Filter, Lut, Vars, native, unwrap_valr};
use jaq_json::Val;
use jiff::Timestamp;

use crate::options::MapProgram;
use crate::protocol::shortened;

/// Filters that reach out of the program: the environment, the process, its standard error and other
/// inputs.
const LEFT_OUT: [&str; 12] = [
    "$ENV",
    "debug",
    "debug_empty",
    "env",
    "halt",
    "halt_error",
    "input",
    "input_filename",
    "input_line_number",
    "inputs",
    "stderr",
    "stderr_empty",
];

const NO_MODULES: &str = "modules and data files cannot be loaded";

/// Longest part of a program that a message repeats.
const MAX_FOUND_CHARS: usize = 20;

/// A program that can run.
pub(crate) struct CompiledProgram<'a> {
    source: &'a MapProgram,
    filter: Filter<MapRun>,
}

/// jaq's types for a run.
struct MapRun;

/// The knowledge of native filters about a run.
#[derive(Clone, Copy)]
struct RunContext<'a> {
    lut: &'a Lut<MapRun>,
    now: Timestamp,
}

impl DataT for MapRun {
    type V<'a> = Val;
    type Data<'a> = RunContext<'a>;
}

impl<'a> HasLut<'a, MapRun> for RunContext<'a> {
    fn lut(&self) -> &'a Lut<MapRun> {
        self.lut
    }
}

impl<'a> CompiledProgram<'a> {
    /// Compiles a program, or names the place and the reason in one sentence.
    pub(crate) fn compile(source: &'a MapProgram) -> Result<Self, String> {
        let arena = Arena::default();
        let filter = compile(&source.text, &arena);
        let filter = filter.map_err(|(part, reason)| at_place(source, part, &reason))?;
        Ok(Self { source, filter })
    }

    /// Runs the program with `input`. Passes each output to `output` until that returns `false`. If the
    /// program fails, names the place and the reason in one sentence.
    pub(crate) fn run(
        &self,
        input: Val,
        now: Timestamp,
        output: impl FnMut(&Val) -> bool,
    ) -> Result<(), String> {
        let ran = run(&self.filter, input.clone(), now, output);
        ran.map_err(|reason| at_place(self.source, self.failing_stage(&input, now), &reason))
    }

    /// The start of the stage that fails with `input`. Stages are separated by `|`. jaq's errors have no
    /// place, so this runs the stages up to each `|` where these are a program.
    fn failing_stage(&self, input: &Val, now: Timestamp) -> &'a str {
        let (code, arena) = (self.source.text.as_str(), Arena::default());
        let tokens = lex::Lexer::new(code).lex().unwrap_or_default();
        let mut stage = tokens.first().map_or(code, lex::Token::as_str);
        for pair in tokens.windows(2) {
            let [lex::Token(separator, lex::Tok::Sym), next] = pair else { continue };
            let before = &code[..load::span(code, separator).start];
            match *separator {
                // Ends a definition.
                ";" => stage = next.as_str(),
                "|" => {
                    let Ok(filter) = compile(before, &arena) else { continue };
                    if run(&filter, input.clone(), now, |_| true).is_err() {
                        break;
                    }
                    stage = next.as_str();
                }
                _ => {}
            }
        }
        stage
    }
}

/// Compiles `code`, or returns the part at fault and the reason.
fn compile<'a>(code: &'a str, arena: &'a Arena) -> Result<Filter<MapRun>, (&'a str, String)> {
    let unknown = || (code, "the program does not compile".to_owned());
    let load_error = |errors| first(errors).and_then(load_error).unwrap_or_else(unknown);
    let modules = Loader::new(definitions()).load(arena, File { code, path: () });
    let modules = modules.map_err(load_error)?;
    load::import(&modules, |_| Err(String::new())).map_err(load_error)?;
    let compiled = Compiler::default().with_funs(filters()).compile(modules);
    compiled.map_err(|errors| first(errors).and_then(undefined_error).unwrap_or_else(unknown))
}

fn run(
    filter: &Filter<MapRun>,
    input: Val,
    now: Timestamp,
    mut output: impl FnMut(&Val) -> bool,
) -> Result<(), String> {
    let context = Ctx::<MapRun>::new(RunContext { lut: &filter.lut, now }, Vars::new([]));
    for value in filter.id.run((context, input)).map(unwrap_valr) {
        if !output(&value.map_err(error_text)?) {
            break;
        }
    }
    Ok(())
}

/// The definitions of jq's standard library.
fn definitions() -> impl Iterator<Item = load::parse::Def<&'static str>> {
    let all = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    all.filter(|definition| !LEFT_OUT.contains(&definition.name))
}

/// The native filters of the standard library, and `now`.
fn filters() -> impl Iterator<Item = native::Fun<MapRun>> {
    let all = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let now = native::run::<MapRun>(("now", v(0), |cv| {
        let now = cv.0.data().now.as_microsecond();
        bome(Ok(Val::from(now as f64 / 1e6)))
    }));
    all.filter(|(name, ..)| *name != "now" && !LEFT_OUT.contains(name)).chain([now])
}

/// The first error, which usually causes the others.
fn first<E>(errors: load::Errors<&str, (), E>) -> Option<E> {
    errors.into_iter().map(|(_, error)| error).next()
}

/// The part of the program at fault, and the reason.
fn load_error(error: load::Error<&str>) -> Option<(&str, String)> {
    match error {
        load::Error::Io(errors) => {
            errors.into_iter().next().map(|(path, _)| (path, NO_MODULES.to_owned()))
        }
        load::Error::Lex(errors) => errors.into_iter().next().map(lex_error),
        load::Error::Parse(errors) => {
            let (expected, found) = errors.into_iter().next()?;
            let expected = match expected {
                parse::Expect::Just(word) => format!("\"{word}\""),
                other => other.as_str().to_owned(),
            };
            Some((found, format!("expected {expected}, not {}", found_text(found))))
        }
    }
}

fn lex_error((expected, found): lex::Error<&str>) -> (&str, String) {
    if let lex::Expect::Delim(open) = expected {
        return (open, format!("{open} is not closed"));
    }
    let character = found.char_indices().nth(1).map_or(found, |(at, _)| &found[..at]);
    (found, format!("expected a {}, not {}", expected.as_str(), found_text(character)))
}

fn undefined_error(errors: Vec<(&str, Undefined)>) -> Option<(&str, String)> {
    let (name, undefined) = errors.into_iter().next()?;
    let reason = match undefined {
        _ if LEFT_OUT.contains(&name) => format!("{name} is not available here"),
        Undefined::Filter(arguments) => format!("there is no filter {name}/{arguments}"),
        other => format!("there is no {} {name}", other.as_str()),
    };
    Some((name, reason))
}

/// The message of a failed run. Values in it are cut.
fn error_text(error: jaq_json::Error) -> String {
    let text = match error.into_val() {
        Val::TStr(text) => String::from_utf8_lossy(&text).into_owned(),
        value => value.to_string(),
    };
    shortened(text)
}

fn at_place(program: &MapProgram, part: &str, reason: &str) -> String {
    let (line, column) = line_and_column(&program.text, part);
    format!("{}, line {line}, column {column}: {reason}", program.name)
}

/// The text that was found, for a message.
fn found_text(found: &str) -> String {
    match found.lines().next() {
        None => "the end of the program".to_owned(),
        Some(line) => format!("\"{}\"", line.chars().take(MAX_FOUND_CHARS).collect::<String>()),
    }
}

/// The line and column of `part` in `code`, which contains it, from 1. Columns are characters.
fn line_and_column(code: &str, part: &str) -> (usize, usize) {
    let before = code.get(..load::span(code, part).start).unwrap_or(code);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(text: &str) -> MapProgram {
        MapProgram { name: "a.jq".to_owned(), text: text.to_owned() }
    }

    fn compile_error(text: &str) -> Option<String> {
        CompiledProgram::compile(&program(text)).err()
    }

    fn run(text: &str, input: &str) -> Result<Vec<String>, String> {
        let (program, now) = (program(text), "2026-11-22T08:15:00Z".parse().unwrap());
        let mut outputs = Vec::new();
        let input = serde_json::from_str(input).unwrap();
        CompiledProgram::compile(&program)?.run(input, now, |output| {
            outputs.push(output.to_string());
            outputs.len() < 3
        })?;
        Ok(outputs)
    }

    #[test]
    fn programs_run_as_in_jq() {
        assert_eq!(run(".[] | {a: (. + 1)}", "[1,2]").unwrap(), ["{\"a\":2}", "{\"a\":3}"]);
        let text =
            r#""CX 251 " | gsub(" "; "") | capture("(?<code>[A-Z]+)(?<number>[0-9]+)") | .number"#;
        assert_eq!(run(text, "null").unwrap(), ["\"251\""]);
        assert_eq!(run("range(10)", "null").unwrap(), ["0", "1", "2"]);
    }

    #[test]
    fn now_is_the_given_time() {
        assert_eq!(run("now | todate", "null").unwrap(), ["\"2026-11-22T08:15:00Z\""]);
    }

    #[test]
    fn wrong_programs_name_the_place() {
        for (text, error) in [
            (".[] |\n  foo(1)", "line 2, column 3: there is no filter foo/1"),
            ("def f: 1;\n  $x", "line 2, column 3: there is no variable $x"),
            ("{a: [1, 2}", "line 1, column 5: [ is not closed"),
            ("{a: 1 b}", "line 1, column 7: expected comma or right brace, not \"b\""),
            ("if . then 1", "line 1, column 12: expected else or end, not the end of the program"),
            (". as x", "line 1, column 6: expected pattern, not \"x\""),
            ("äö (", "line 1, column 1: expected a token, not \"ä\""),
            (".a | (.b", "line 1, column 6: ( is not closed"),
            ("\"abc", "line 1, column 1: \" is not closed"),
            ("", "line 1, column 1: expected term, not the end of the program"),
            ("break $out", "line 1, column 7: there is no label $out"),
            ("import \"a\" as a; .", "line 1, column 9: modules and data files cannot be loaded"),
            ("include \"a\"; .", "line 1, column 10: modules and data files cannot be loaded"),
            ("import \"a\" as $a; .", "line 1, column 9: modules and data files cannot be loaded"),
        ] {
            assert_eq!(compile_error(text).unwrap(), format!("a.jq, {error}"), "{text}");
        }
    }

    #[test]
    fn outside_filters_are_left_out() {
        for name in LEFT_OUT {
            let error = compile_error(&format!(". | {name}")).unwrap();
            assert_eq!(error, format!("a.jq, line 1, column 5: {name} is not available here"));
        }
        assert!(compile_error("debug(.)").is_some() && compile_error("halt(1)").is_some());
    }

    #[test]
    fn failed_runs_name_the_stage() {
        let type_error = "cannot use null as iterable (array or object)";
        for (text, error) in [
            (".[]", format!("line 1, column 1: {type_error}")),
            (". as $all | .a | .b[]", format!("line 1, column 18: {type_error}")),
            (
                "def f: . | .[];\n# a | b\n. | # c\nif . then . | f else f end | 1",
                format!("line 4, column 1: {type_error}"),
            ),
            ("def f: 1;\n# a\n.[] | f", format!("line 3, column 1: {type_error}")),
            ("[1 | 2]\n| .[]\n| (error | .)", "line 3, column 3: 2".to_owned()),
            ("1 | error(\"no data\")", "line 1, column 5: no data".to_owned()),
        ] {
            assert_eq!(run(text, "null").unwrap_err(), format!("a.jq, {error}"), "{text}");
        }
        let long = format!("\"{}\"", "x".repeat(5000));
        let error = run(".[]", &long).unwrap_err();
        assert!(error.starts_with("a.jq, line 1, column 1: cannot use \"xxx"), "{error}");
        assert!(error.chars().count() < 350, "{error}");
    }
}
