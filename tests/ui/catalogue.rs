//! The catalogues: complete in both languages, and every word that the source asks for is there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use etcdscope::action::UserCommand;
use etcdscope::model::fault::FaultKind;
use serde_yaml_ng::Value;

const LANGUAGES: [&str; 2] = ["en", "zh-CN"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All words of one file, by their full name.
fn words_of(path: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(path).expect("the catalogue can be read");
    let tree: Value =
        serde_yaml_ng::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut words = BTreeMap::new();
    collect(&tree, "", path, &mut words);
    assert_eq!(words.remove("_version").as_deref(), Some("1"), "{}", path.display());
    words
}

fn collect(tree: &Value, name: &str, path: &Path, words: &mut BTreeMap<String, String>) {
    match tree {
        Value::Mapping(map) => {
            for (key, value) in map {
                let key = key
                    .as_str()
                    .unwrap_or_else(|| panic!("{}: a name below {name} is no text", path.display()));
                let full = if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
                collect(value, &full, path, words);
            }
        }
        Value::String(text) => {
            words.insert(name.to_owned(), text.clone());
        }
        Value::Number(number) if name == "_version" => {
            words.insert(name.to_owned(), number.to_string());
        }
        other => panic!("{}: {name} is no text: {other:?}", path.display()),
    }
}

/// Domains and their words in each language.
fn domains() -> BTreeMap<String, [BTreeMap<String, String>; 2]> {
    let folder = root().join("assets/locales");
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(&folder).expect("there are catalogues") {
        let name = entry.expect("a readable entry").file_name().into_string().expect("a plain name");
        let parts: Vec<&str> = name.split('.').collect();
        let [domain, language, "yml"] = parts.as_slice() else { panic!("{name} is no catalogue") };
        assert!(LANGUAGES.contains(language), "{name}: unknown language");
        names.insert((*domain).to_owned());
    }
    names
        .into_iter()
        .map(|domain| {
            let words = LANGUAGES.map(|language| words_of(&folder.join(format!("{domain}.{language}.yml"))));
            (domain, words)
        })
        .collect()
}

/// The `%{name}` parameters of a text.
fn parameters(text: &str) -> BTreeSet<&str> {
    text.split("%{").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

#[test]
fn both_languages_have_the_same_words_with_the_same_parameters() {
    let mut problems = Vec::new();
    for (domain, [english, chinese]) in domains() {
        for name in english.keys().chain(chinese.keys()) {
            match (english.get(name), chinese.get(name)) {
                (Some(en), Some(zh)) => {
                    if en.trim().is_empty() || zh.trim().is_empty() {
                        problems.push(format!("{domain}: {name} is empty"));
                    }
                    if parameters(en) != parameters(zh) {
                        problems.push(format!("{domain}: {name} has other parameters in Chinese"));
                    }
                }
                (en, _) => {
                    let language = if en.is_none() { "en" } else { "zh-CN" };
                    problems.push(format!("{domain}: {name} is missing in {language}"));
                }
            }
            if name.split('.').next() != Some(domain.as_str()) {
                problems.push(format!("{domain}: {name} lies outside its domain"));
            }
        }
    }
    problems.dedup();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the source can be read") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The names in `t!("…")` of a source text. A name made by `format!` is not among them.
fn asked(source: &str) -> impl Iterator<Item = &str> {
    source.split("t!(").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
}

#[test]
fn every_word_that_the_source_asks_for_is_in_the_catalogues() {
    let known: BTreeSet<String> =
        domains().into_values().flat_map(|[english, _]| english.into_keys()).collect();
    let mut paths = Vec::new();
    sources(&root().join("src"), &mut paths);
    let mut count = 0;
    let mut missing = BTreeSet::new();
    for path in paths {
        let source = std::fs::read_to_string(&path).expect("the source can be read");
        for name in asked(&source) {
            // Other macros end in `t!` too (`assert!`, `format!`); names of words have a dot and no space.
            let is_name = name.contains('.') && !name.contains([' ', '{', '/', '\\', ':']);
            let domain_like = name.split('.').next().is_some_and(|domain| {
                !domain.is_empty() && domain.chars().all(|sign| sign.is_ascii_lowercase() || sign == '_')
            });
            if is_name && domain_like {
                count += 1;
                if !known.contains(name) {
                    missing.insert(format!("{name} ({})", path.display()));
                }
            }
        }
    }
    assert!(count > 10, "the search finds nothing: {count}");
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_fault_and_every_command_has_words() {
    let known: BTreeSet<String> =
        domains().into_values().flat_map(|[english, _]| english.into_keys()).collect();
    for kind in FaultKind::ALL {
        let name = kind.name();
        assert!(known.contains(&format!("fault.{name}")), "{name}");
        assert!(known.contains(&format!("fault.{name}_advice")), "{name}");
    }
    for command in UserCommand::ALL {
        let id = command.id();
        assert!(known.contains(&format!("command.{id}")), "{id}");
        assert!(known.contains(&format!("command.{id}_hint")), "{id}");
    }
}
