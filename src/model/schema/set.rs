//! Every schema that a connection knows, and what applies to a key.

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use super::builtin::{Confidence, Kind};
use super::compile::{Documents, Schema};
use super::problem::{Problem, What};
use super::read::json;
use super::rule::{Pattern, RuleSchema, SchemaSettings, Weight};
use crate::model::bytes::Key;
use crate::model::keyspace::{Folder, Keyspace};

/// The field of a document that names its keys itself.
pub const KEYS_FIELD: &str = "x-etcdscope-keys";
/// A document names at most so many patterns.
const MAX_PATTERNS: usize = 200;

/// Which schema was found for a key, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Where the rule comes from.
    pub source: Source,
    /// The pattern that the key matches; empty where there is none.
    pub pattern: String,
    /// What it must be.
    pub schema: SchemaId,
}

/// Where a rule comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A rule of the profile, by its place.
    Profile(usize),
    /// A document in etcd, by where it lies.
    Place,
    /// A document in etcd that names its keys.
    Named,
    /// No rule: the value looks like one of a built-in kind.
    Recognised(Confidence),
    /// The key is a schema itself.
    Itself,
}

/// A schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaId {
    /// The document at this key.
    Key(Key),
    /// The document of this rule of the profile.
    Rule(usize),
    /// A built-in kind.
    Kind(Kind),
    /// A kind that this version does not know, by its name.
    UnknownKind(String),
    /// What every schema must be.
    Schema,
}

impl Applied {
    /// Whether a value that breaks it needs an override to be saved. What was only recognised warns.
    #[must_use]
    pub fn blocks(&self) -> bool {
        !matches!(self.source, Source::Recognised(_))
    }

    /// The key of the schema's document, if it is in etcd.
    #[must_use]
    pub fn key(&self) -> Option<&Key> {
        match &self.schema {
            SchemaId::Key(key) => Some(key),
            _ => None,
        }
    }
}

/// A pattern and what it demands.
#[derive(Debug)]
struct Rule {
    pattern: Pattern,
    weight: Weight,
    source: Source,
    schema: SchemaId,
    /// Whether its document's key begins with the separator.
    slash: bool,
}

/// Every schema that a connection knows. Cheap to be asked which one applies; documents are made ready
/// when they are used first.
#[derive(Debug)]
pub struct SchemaSet {
    settings: SchemaSettings,
    separator: u8,
    /// The folders that the documents were found in, with and without a separator before.
    folders: [Option<Arc<Folder>>; 2],
    documents: Arc<Documents>,
    rules: Vec<Rule>,
    ready: Vec<OnceLock<Arc<Result<Schema, Problem>>>>,
    own: Vec<OnceLock<Arc<Result<Schema, Problem>>>>,
}

impl Default for SchemaSet {
    fn default() -> Self {
        Self::new(&SchemaSettings::default(), &Keyspace::default())
    }
}

impl SchemaSet {
    /// The schemas of a profile and of a key space.
    #[must_use]
    pub fn new(settings: &SchemaSettings, keyspace: &Keyspace) -> Self {
        let separator = keyspace.separator();
        let folders = folders(settings, keyspace);
        let mut documents = Vec::new();
        for path in paths(settings, separator) {
            let _whole = keyspace.for_each_prefix(&path, &mut |key, view| {
                // A key that is the folder itself is no document.
                if key.len() > path.len() && !key.ends_with(&[separator]) {
                    documents.push((Key::from(key), view.value.cloned()));
                }
                ControlFlow::Continue(())
            });
        }
        let documents = Arc::new(Documents(documents));
        let ready = documents.0.iter().map(|_| OnceLock::new()).collect();
        let own = settings.rules.iter().map(|_| OnceLock::new()).collect();
        let mut this =
            Self { settings: settings.clone(), separator, folders, documents, rules: Vec::new(), ready, own };
        this.read_rules();
        this
    }

    /// Whether nothing that it was made of has changed since. Costs the depth of the folder.
    #[must_use]
    pub fn is_of(&self, settings: &SchemaSettings, keyspace: &Keyspace) -> bool {
        let same = |before: &Option<Arc<Folder>>, now: &Option<Arc<Folder>>| match (before, now) {
            (Some(before), Some(now)) => Arc::ptr_eq(before, now),
            (None, None) => true,
            _ => false,
        };
        let now = folders(settings, keyspace);
        self.separator == keyspace.separator()
            && self.settings == *settings
            && self.folders.iter().zip(&now).all(|(before, now)| same(before, now))
    }

    /// Its settings.
    #[must_use]
    pub fn settings(&self) -> &SchemaSettings {
        &self.settings
    }

    /// The keys of all documents in etcd.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.documents.0.iter().map(|(key, _)| key)
    }

    fn read_rules(&mut self) {
        for (at, rule) in self.settings.rules.iter().enumerate() {
            let schema = match &rule.schema {
                RuleSchema::Document(_) => SchemaId::Rule(at),
                RuleSchema::Key(key) => SchemaId::Key(self.known_key(key.as_bytes())),
                RuleSchema::Kind(name) => {
                    Kind::of_name(name).map_or_else(|| SchemaId::UnknownKind(name.clone()), SchemaId::Kind)
                }
            };
            let pattern = Pattern::new(rule.pattern.trim().as_bytes(), self.separator);
            if !rule.pattern.trim().is_empty() {
                self.rules.push(Rule {
                    weight: pattern.weight(),
                    pattern,
                    source: Source::Profile(at),
                    schema,
                    slash: false,
                });
            }
        }
        for (key, value) in &self.documents.0 {
            let slash = key.starts_with(&[self.separator]);
            let schema = SchemaId::Key(key.clone());
            let named = value.as_ref().map(|value| named_keys(value)).unwrap_or_default();
            if named.is_empty() {
                for pattern in self.patterns_of_place(key) {
                    let (source, schema) = (Source::Place, schema.clone());
                    self.rules.push(Rule { weight: pattern.weight(), pattern, source, schema, slash });
                }
            } else {
                for pattern in named {
                    let pattern = Pattern::new(pattern.as_bytes(), self.separator);
                    let (source, schema) = (Source::Named, schema.clone());
                    self.rules.push(Rule { weight: pattern.weight(), pattern, source, schema, slash });
                }
            }
        }
    }

    /// A key as it is in etcd: a separator before it makes no difference.
    fn known_key(&self, written: &[u8]) -> Key {
        let bare = written.strip_prefix(&[self.separator]).unwrap_or(written);
        let slashed = [&[self.separator], bare].concat();
        let known = self.documents.0.iter().find(|(key, _)| **key == *written);
        let known =
            known.or_else(|| self.documents.0.iter().find(|(key, _)| **key == *bare || **key == *slashed));
        known.map_or_else(|| Key::from(written), |(key, _)| key.clone())
    }

    /// `config/schema/<rest>` is for `config/<one segment>/<rest>` and for what lies below that. An
    /// extension of the document may stand for none.
    fn patterns_of_place(&self, key: &[u8]) -> Vec<Pattern> {
        let separator = self.separator;
        let Some(folder) = self.settings.folder(separator) else { return Vec::new() };
        let bare = key.strip_prefix(&[separator]).unwrap_or(key);
        let Some(rest) = bare.strip_prefix(folder.as_slice()) else { return Vec::new() };
        let folder = &folder[..folder.len() - 1];
        let base = memchr::memrchr(separator, folder).map_or(&[][..], |at| &folder[..=at]);
        let mut rests = vec![rest];
        for extension in [".schema.json", ".json"] {
            if let Some(short) = rest.strip_suffix(extension.as_bytes()).filter(|short| !short.is_empty()) {
                rests.push(short);
                break;
            }
        }
        let both = |rest: &[u8]| [false, true].map(|deeper| Pattern::below(base, rest, separator, deeper));
        rests.into_iter().flat_map(both).collect()
    }

    /// Whether a key is a schema itself.
    #[must_use]
    pub fn is_schema(&self, key: &[u8]) -> bool {
        let bare = key.strip_prefix(&[self.separator]).unwrap_or(key);
        self.settings.folder(self.separator).is_some_and(|folder| {
            bare.len() > folder.len() && bare.starts_with(&folder) && !bare.ends_with(&[self.separator])
        })
    }

    /// The schema that applies to a key by a rule: the most specific one; of equals a rule of the
    /// profile goes first, then a document that names its keys.
    #[must_use]
    pub fn applies(&self, key: &[u8]) -> Option<Applied> {
        if self.is_schema(key) {
            return Some(Applied {
                source: Source::Itself,
                pattern: String::new(),
                schema: SchemaId::Schema,
            });
        }
        let slash = key.starts_with(&[self.separator]);
        let rank = |rule: &Rule| {
            let source = match rule.source {
                Source::Profile(_) => 2,
                Source::Named => 1,
                _ => 0,
            };
            (rule.weight, source, rule.slash == slash)
        };
        let mut best: Option<&Rule> = None;
        for rule in &self.rules {
            if best.is_none_or(|best| rank(rule) > rank(best)) && rule.pattern.matches(key) {
                best = Some(rule);
            }
        }
        best.map(|rule| Applied {
            source: rule.source.clone(),
            pattern: rule.pattern.to_string(),
            schema: rule.schema.clone(),
        })
    }

    /// A schema, ready to check with, or why it is broken.
    #[must_use]
    pub fn schema(&self, id: &SchemaId) -> Arc<Result<Schema, Problem>> {
        let broken = |why: String| Arc::new(Err(Problem::new(Vec::new(), What::Broken(why))));
        match id {
            SchemaId::Kind(kind) => kind.schema(),
            SchemaId::UnknownKind(name) => broken(format!("this version knows no kind {name:?}")),
            SchemaId::Schema => broken(String::from("a schema is checked by making it ready")),
            SchemaId::Rule(at) => match (self.own.get(*at), self.settings.rules.get(*at)) {
                (Some(cell), Some(rule)) => {
                    let RuleSchema::Document(text) = &rule.schema else {
                        return broken(String::from("it is gone"));
                    };
                    cell.get_or_init(|| Arc::new(Schema::new(text, None, &self.documents))).clone()
                }
                _ => broken(String::from("it is gone")),
            },
            SchemaId::Key(key) => match self.documents.position(key) {
                None => {
                    let shown = crate::model::key_text::display_key(key);
                    broken(format!("there is no document {shown} below the schemas' folder"))
                }
                Some(at) => match (self.ready.get(at), self.documents.0.get(at)) {
                    (Some(cell), Some((key, value))) => {
                        cell.get_or_init(|| Arc::new(self.made_ready(key, value.as_deref()))).clone()
                    }
                    _ => broken(String::from("it is gone")),
                },
            },
        }
    }

    fn made_ready(&self, key: &Key, value: Option<&[u8]>) -> Result<Schema, Problem> {
        let broken = |why: &str| Err(Problem::new(Vec::new(), What::Broken(why.to_owned())));
        match value.map(std::str::from_utf8) {
            None => broken("its value is not in memory, because the cluster's values are more than are kept"),
            Some(Err(_)) => broken("it is no text"),
            Some(Ok(text)) => Schema::new(text, Some(key), &self.documents),
        }
    }

    /// A text that is to become the schema at this key, made ready.
    pub(super) fn trial(&self, key: &Key, text: &str) -> Result<Schema, Problem> {
        Schema::new(text, Some(key), &self.documents)
    }
}

fn paths(settings: &SchemaSettings, separator: u8) -> Vec<Vec<u8>> {
    match settings.folder(separator) {
        Some(folder) => vec![[&[separator], folder.as_slice()].concat(), folder],
        None => Vec::new(),
    }
}

fn folders(settings: &SchemaSettings, keyspace: &Keyspace) -> [Option<Arc<Folder>>; 2] {
    let mut found =
        paths(settings, keyspace.separator()).into_iter().map(|path| keyspace.folder(&path).cloned());
    [found.next().flatten(), found.next().flatten()]
}

/// The patterns that a document names itself.
fn named_keys(value: &[u8]) -> Vec<String> {
    if memchr::memmem::find(value, KEYS_FIELD.as_bytes()).is_none() {
        return Vec::new();
    }
    let Some(document) = std::str::from_utf8(value).ok().and_then(|text| json(text).ok()) else {
        return Vec::new();
    };
    let written = match document.get(KEYS_FIELD) {
        Some(serde_json::Value::String(one)) => vec![one.clone()],
        Some(serde_json::Value::Array(many)) => {
            many.iter().filter_map(|one| one.as_str().map(str::to_owned)).take(MAX_PATTERNS).collect()
        }
        _ => Vec::new(),
    };
    written.into_iter().filter(|pattern| !pattern.trim().is_empty()).collect()
}
