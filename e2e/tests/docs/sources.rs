//! Source files that git tracks, Rust ones parsed by `syn`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use crate::document::root;

/// Files with one of these extensions that git tracks or would track, relative to the root.
pub(crate) fn tracked_files(extensions: &[&str]) -> Vec<String> {
    let mut git = Command::new("git");
    git.args(["ls-files", "--cached", "--others", "--exclude-standard"]).current_dir(root());
    let output = git.output().expect("git is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let files = String::from_utf8(output.stdout).unwrap();
    let has_extension = |file: &str| {
        let extension = Path::new(file).extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| extensions.contains(&extension))
    };
    let files = files.lines().filter(|file| has_extension(file));
    // A file that was removed but not staged is still listed.
    files.filter(|file| root().join(file).is_file()).map(str::to_owned).collect()
}

pub(crate) fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

pub(crate) fn parse(file: &str) -> syn::File {
    syn::parse_file(&read(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The names of the tests in a file: functions with `#[test]` or the like, those inside macros such as
/// `proptest!`, and in JavaScript the titles.
pub(crate) fn test_names(file: &str) -> BTreeSet<String> {
    if !file.ends_with(".rs") {
        let text = read(file);
        let calls = text.split("(\"").skip(1);
        let titles = calls.filter_map(|call| Some(call.split_once("\",")?.0.to_owned()));
        return titles.filter(|title| !title.contains('\n')).collect();
    }
    let mut visitor = TestVisitor::default();
    visitor.visit_file(&parse(file));
    visitor.names
}

#[derive(Default)]
struct TestVisitor {
    names: BTreeSet<String>,
}

impl<'ast> Visit<'ast> for TestVisitor {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        let is_test = |attribute: &syn::Attribute| {
            attribute.path().segments.last().is_some_and(|segment| segment.ident == "test")
        };
        if function.attrs.iter().any(is_test) {
            self.names.insert(function.sig.ident.to_string());
        }
        visit::visit_item_fn(self, function);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if call.path.segments.last().is_some_and(|segment| segment.ident == CONTRACT_MACRO) {
            self.collect_contract();
        }
        self.collect(call.tokens.clone());
    }
}

/// Generates a test for each public, generic function of `crates/testkit/src/journal_contract/`.
const CONTRACT_MACRO: &str = "journal_contract";

impl TestVisitor {
    fn collect_contract(&mut self) {
        for file in tracked_files(&["rs"]) {
            if !file.starts_with("crates/testkit/src/journal_contract/") {
                continue;
            }
            for item in parse(&file).items {
                // The tests are generic over the journal; helpers are not.
                if let syn::Item::Fn(function) = item
                    && matches!(function.vis, syn::Visibility::Public(_))
                    && function.sig.generics.type_params().next().is_some()
                {
                    self.names.insert(function.sig.ident.to_string());
                }
            }
        }
    }

    /// Functions in the tokens of a macro: it may well put `#[test]` above them itself.
    fn collect(&mut self, tokens: TokenStream) {
        let mut follows_fn = false;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if follows_fn {
                        self.names.insert(ident.to_string());
                    }
                    follows_fn = ident == "fn";
                }
                TokenTree::Group(group) => self.collect(group.stream()),
                // The name is a parameter of the macro.
                TokenTree::Punct(_) => follows_fn = false,
                TokenTree::Literal(_) => {}
            }
        }
    }
}

/// Crates that are no part of the product.
const TOOLS: [&str; 2] = ["crates/bench/", "crates/testkit/"];

/// The values of all constants of the product that are integers or whole seconds, by name.
pub(crate) fn constants() -> Vec<(String, u64)> {
    let mut visitor = ConstantVisitor::default();
    for file in tracked_files(&["rs"]) {
        let is_tool = TOOLS.iter().any(|tool| file.starts_with(tool));
        if file.starts_with("crates/") && file.contains("/src/") && !is_tool {
            visitor.visit_file(&parse(&file));
        }
    }
    visitor.constants
}

#[derive(Default)]
struct ConstantVisitor {
    constants: Vec<(String, u64)>,
}

impl<'ast> Visit<'ast> for ConstantVisitor {
    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        let value = evaluate(&item.expr);
        self.constants.extend(value.map(|value| (item.ident.to_string(), value)));
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        let value = evaluate(&item.expr);
        self.constants.extend(value.map(|value| (item.ident.to_string(), value)));
    }
}

/// The value of `64 * 1024` or `Duration::from_secs(15)`.
fn evaluate(expression: &syn::Expr) -> Option<u64> {
    match expression {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(number), .. }) => {
            number.base10_parse().ok()
        }
        syn::Expr::Binary(syn::ExprBinary { left, op: syn::BinOp::Mul(_), right, .. }) => {
            Some(evaluate(left)? * evaluate(right)?)
        }
        syn::Expr::Call(call) => match &*call.func {
            syn::Expr::Path(function)
                if function.path.segments.last().is_some_and(|last| last.ident == "from_secs") =>
            {
                evaluate(call.args.first()?)
            }
            _ => None,
        },
        _ => None,
    }
}
