//! Names that a reader can search for: a type name is defined once, and no name is a metaphor, a preposition or a
//! word that says nothing.

use std::collections::BTreeMap;

use proc_macro2::Ident;
use syn::visit::{self, Visit};

use crate::sources::{parse, test_names, tracked_files};

/// Types that must have one name in several places.
const SHARED_NAMES: [(&str, &str); 1] =
    [("SendRing", "implemented once for Linux and once for other kernels")];

/// Words that say nothing, anywhere in the name of a type.
const EMPTY_WORDS: [&str; 8] =
    ["Manager", "Helper", "Helpers", "Util", "Utils", "Common", "Data", "Info"];

/// Prepositions, adverbs, participles and metaphors, as the whole name of a type.
const BANNED_TYPES: [&str; 44] = [
    "About", "After", "At", "Before", "Bell", "Came", "Claimed", "Company", "Crowd", "Desk",
    "Done", "Due", "Ended", "Ending", "Ends", "Found", "Gate", "Given", "Hall", "House", "Keeping",
    "Kept", "Lobby", "Making", "More", "Of", "Old", "Ordeal", "Place", "Placed", "Rest", "Room",
    "Said", "Scene", "Seated", "Seen", "Site", "Survey", "Told", "Waiting", "Was", "Why", "Words",
    "Written",
];

/// Names of functions that tell neither the change nor the result.
const BANNED_FUNCTIONS: [&str; 17] = [
    "again",
    "despair",
    "despairs",
    "feel",
    "hear",
    "inflict",
    "let_go",
    "let_go_on",
    "let_in",
    "look",
    "obey",
    "of",
    "place",
    "said",
    "settle",
    "tell",
    "told",
];

/// First words of sentences, not of a subject.
const BANNED_TEST_BEGINNINGS: [&str; 14] = [
    "a", "after", "all", "an", "each", "how", "it", "of", "one", "the", "those", "what", "who",
    "whoever",
];

const MAX_TEST_WORDS: usize = 6;

/// The names of one file.
#[derive(Default)]
struct NameVisitor {
    types: Vec<(String, usize)>,
    functions: Vec<(String, usize)>,
}

impl NameVisitor {
    fn add_type(&mut self, ident: &Ident) {
        self.types.push((ident.to_string(), ident.span().start().line));
    }

    fn add_function(&mut self, ident: &Ident) {
        self.functions.push((ident.to_string(), ident.span().start().line));
    }
}

/// Associated types and type parameters are not items, and so not counted.
impl<'ast> Visit<'ast> for NameVisitor {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.add_type(&item.ident);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.add_type(&item.ident);
    }

    fn visit_item_union(&mut self, item: &'ast syn::ItemUnion) {
        self.add_type(&item.ident);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.add_type(&item.ident);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.add_type(&item.ident);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add_function(&item.sig.ident);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add_function(&item.sig.ident);
        visit::visit_impl_item_fn(self, item);
    }
}

/// The names of all files, each with its places.
fn collect(names: fn(NameVisitor) -> Vec<(String, usize)>) -> BTreeMap<String, Vec<String>> {
    let mut places = BTreeMap::<_, Vec<_>>::new();
    for file in tracked_files(&["rs"]) {
        let mut visitor = NameVisitor::default();
        visitor.visit_file(&parse(&file));
        for (name, line) in names(visitor) {
            places.entry(name).or_default().push(format!("{file}:{line}"));
        }
    }
    places
}

/// The words of a name in camel case.
fn camel_words(name: &str) -> Vec<&str> {
    let starts = name.char_indices().filter(|(_, sign)| sign.is_uppercase()).map(|(at, _)| at);
    let starts: Vec<_> = starts.collect();
    let ends = starts.iter().skip(1).copied().chain([name.len()]);
    starts.iter().zip(ends).map(|(start, end)| &name[*start..end]).collect()
}

fn assert_none(problem: &str, found: &[String]) {
    assert!(found.is_empty(), "{} {problem}:\n{}", found.len(), found.join("\n"));
}

#[test]
fn type_names_are_unique() {
    let mut found = Vec::new();
    for (name, places) in collect(|visitor| visitor.types) {
        let is_shared = SHARED_NAMES.iter().any(|(shared, _)| *shared == name);
        if places.len() > 1 && !is_shared {
            found.push(format!("{name}: {}", places.join(", ")));
        }
    }
    assert_none("type names are defined more than once", &found);
}

#[test]
fn type_names_avoid_banned_words() {
    let mut found = Vec::new();
    for (name, places) in collect(|visitor| visitor.types) {
        let is_empty = camel_words(&name).iter().any(|word| EMPTY_WORDS.contains(word));
        if is_empty || BANNED_TYPES.contains(&&*name) {
            found.push(format!("{name}: {}", places.join(", ")));
        }
    }
    assert_none("types are named by a banned word", &found);
}

#[test]
fn function_names_avoid_banned_words() {
    let functions = collect(|visitor| visitor.functions).into_iter();
    let banned = functions.filter(|(name, _)| BANNED_FUNCTIONS.contains(&&**name));
    let found: Vec<_> =
        banned.map(|(name, places)| format!("{name}: {}", places.join(", "))).collect();
    assert_none("functions are named by a banned word", &found);
}

#[test]
fn test_names_are_short() {
    let mut found = Vec::new();
    for file in tracked_files(&["rs"]) {
        for name in test_names(&file) {
            let words: Vec<_> = name.split('_').collect();
            if !(2..=MAX_TEST_WORDS).contains(&words.len())
                || BANNED_TEST_BEGINNINGS.contains(&words[0])
            {
                found.push(format!("{file}::{name}"));
            }
        }
    }
    assert_none("tests are not named by a subject and an expectation", &found);
}

#[test]
fn camel_case_splits_into_words() {
    assert_eq!(camel_words("HttpInfo"), ["Http", "Info"]);
    assert_eq!(camel_words("At"), ["At"]);
}
