//! Where configuration is layered, found by the shape of the keys.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::settings::LayerSettings;
use crate::model::bytes::Key;
use crate::model::key_text::{display_key, parse_key};
use crate::model::keyspace::{Folder, Keyspace, NodeRef};

/// Folders with these names hold what every environment begins with.
const COMMON: [&str; 6] = ["common", "default", "defaults", "base", "shared", "global"];
/// Names of environments, in the order in which a change travels.
const ENVIRONMENTS: [&[&str]; 6] = [
    &["local", "sandbox", "ci"],
    &["dev", "develop", "development"],
    &["test", "testing", "qa", "integration", "int", "perf"],
    &["uat", "acceptance", "demo", "preview"],
    &["stage", "staging", "pre", "preprod", "pre-production", "preproduction", "canary"],
    &["prod", "production", "live"],
];
/// Folders beside environments that are none.
const OTHER: [&str; 12] = [
    "schema", "schemas", "status", "meta", "metadata", "lock", "locks", "history", "backup", "archive",
    "releases", "versions",
];
/// Folders nested deeper are not looked into.
const MAX_DEPTH: usize = 12;
/// At most so many places are found.
const MAX_SETS: usize = 32;
/// At most so many keys of a folder are compared with another's.
const SAMPLE: usize = 200;

/// How layers are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LayerStyle {
    /// A folder for each layer: `config/common/…`, `config/production/…`.
    Folders,
    /// A file for each layer: `application.yaml`, `application-production.yaml`.
    Files,
}

/// A layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Its name, as shown; the file that stands for all environments has none.
    pub name: String,
    /// The folder's path with its separator; of files the bytes between stem and extension
    /// (`-production`).
    pub mark: Vec<u8>,
}

/// A place where configuration is layered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerSet {
    /// How.
    pub style: LayerStyle,
    /// The folder that holds all of it, with its separator; empty: everything.
    pub base: Vec<u8>,
    /// The layers: the shared ones, lowest first, then the environments in the order of their tabs.
    pub layers: Vec<Layer>,
    /// How many of them are shared by all environments.
    pub shared: usize,
    /// Structured values are merged by path.
    pub deep: bool,
    /// Of files: the keys, by the name that they have in common and the layer.
    pub files: BTreeMap<Key, Vec<Option<Key>>>,
}

impl LayerSet {
    /// The places of the environments among the layers.
    #[must_use]
    pub fn environments(&self) -> std::ops::Range<usize> {
        self.shared..self.layers.len()
    }

    /// The place of the environment of this name.
    #[must_use]
    pub fn environment(&self, name: &str) -> Option<usize> {
        self.environments().find(|at| self.layers[*at].name == name)
    }

    /// What an environment consists of: the shared layers and itself, lowest first.
    #[must_use]
    pub fn stack(&self, environment: usize) -> Vec<usize> {
        let own = (environment >= self.shared).then_some(environment);
        let shared = if own.is_some() { self.shared } else { environment + 1 };
        (0..shared.min(self.layers.len())).chain(own).collect()
    }
}

/// Finds every place where configuration is layered. Costs a walk through all keys.
#[must_use]
pub fn find(keyspace: &Keyspace, settings: &LayerSettings) -> Vec<LayerSet> {
    let separator = keyspace.separator();
    let mut walk = Walk { separator, settings, folders: Vec::new(), files: BTreeMap::new() };
    let asked = parse_key(&settings.base).unwrap_or_default();
    if asked.is_empty() {
        walk.folder(keyspace.root(), &mut Vec::new(), 0);
    } else {
        let base = with_separator(asked, separator);
        if let Some(folder) = keyspace.folder(&base) {
            walk.folders.extend(of_folder(folder, &base, separator, settings, true));
            walk.folder(folder, &mut base.clone(), 0);
        }
    }
    let Walk { mut folders, files, .. } = walk;
    let mut seen = BTreeSet::new();
    folders.retain(|set| seen.insert(set.base.clone()));
    folders.extend(of_files(&files, separator, settings));
    folders.truncate(MAX_SETS);
    folders
}

fn with_separator(mut path: Vec<u8>, separator: u8) -> Vec<u8> {
    if !path.is_empty() && path.last() != Some(&separator) {
        path.push(separator);
    }
    path
}

/// A key that is a file of some layer: what its files have in common, and which.
type Files = BTreeMap<Key, BTreeMap<Vec<u8>, Key>>;

struct Walk<'s> {
    separator: u8,
    settings: &'s LayerSettings,
    folders: Vec<LayerSet>,
    files: Files,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Arc<Folder>, path: &mut Vec<u8>, depth: usize) {
        if let Some(set) = of_folder(folder, path, self.separator, self.settings, false) {
            self.folders.push(set);
        }
        for (name, node) in folder.children_from(0) {
            match node {
                NodeRef::Leaf { .. } => {
                    // A separator at the very start belongs to the first name.
                    let lead = usize::from(path.is_empty() && name.first() == Some(&self.separator));
                    if let Some((stem, mark, extension)) = file_name(&name[lead..]) {
                        let whole = [path.as_slice(), name].concat();
                        let common = [path.as_slice(), &name[..lead], stem, extension].concat();
                        self.files.entry(common.into()).or_default().insert(mark.to_vec(), whole.into());
                    }
                }
                NodeRef::Folder(child) if depth < MAX_DEPTH => {
                    let length = path.len();
                    path.extend_from_slice(name);
                    self.folder(child, path, depth + 1);
                    path.truncate(length);
                }
                NodeRef::Folder(_) => {}
            }
        }
    }
}

/// `application`, `-production`, `.yaml` of `application-production.yaml`.
fn file_name(name: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    const STEM: &[u8] = b"application";
    let rest = name.strip_prefix(STEM)?;
    let dot = memchr::memrchr(b'.', rest)?;
    let (mark, extension) = rest.split_at(dot);
    let known = [&b".yaml"[..], b".yml", b".json", b".toml", b".properties"].contains(&extension);
    let fits = mark.is_empty() || (mark.len() > 1 && mark[0] == b'-' && std::str::from_utf8(mark).is_ok());
    (known && fits).then_some((STEM, mark, extension))
}

/// The layers that the folders in this folder are, if they are.
fn of_folder(
    folder: &Arc<Folder>,
    base: &[u8],
    separator: u8,
    settings: &LayerSettings,
    asked: bool,
) -> Option<LayerSet> {
    let wanted = Some(settings.common.as_str()).filter(|name| !name.is_empty());
    let is_common = |name: &str| match wanted {
        Some(wanted) => name == wanted,
        None => COMMON.contains(&name.to_ascii_lowercase().as_str()),
    };
    let mut children: BTreeMap<String, (Vec<u8>, &Arc<Folder>)> = BTreeMap::new();
    for (name, node) in folder.children_from(0) {
        let NodeRef::Folder(child) = node else { continue };
        let bare = name.strip_suffix(&[separator]).unwrap_or(name);
        children.insert(display_key(bare).into_owned(), ([base, name].concat(), child));
    }
    let common = children.keys().find(|name| is_common(name)).cloned();
    if common.is_none() && !asked {
        return None;
    }
    let mut shared: Vec<String> = common.into_iter().collect();
    shared.extend(settings.order.iter().filter(|name| children.contains_key(*name)).cloned());
    shared.dedup();
    let others: Vec<&String> = children.keys().filter(|name| !shared.contains(name)).collect();
    let environments = if settings.environments.is_empty() {
        let samples =
            |name: &String| children.get(name).map(|(_, folder)| sample(folder)).unwrap_or_default();
        detected(&shared, &others, &samples)
    } else {
        settings.environments.iter().filter(|name| children.contains_key(*name)).cloned().collect()
    };
    if environments.is_empty() {
        return None;
    }
    let layer = |name: &String| {
        let (path, _) = children.get(name)?;
        Some(Layer { name: name.clone(), mark: path.clone() })
    };
    Some(LayerSet {
        style: LayerStyle::Folders,
        base: base.to_vec(),
        layers: shared.iter().chain(&environments).filter_map(layer).collect(),
        shared: shared.len(),
        deep: settings.deep,
        files: BTreeMap::new(),
    })
}

/// Which of the other folders are environments: those named like one; and those that have a key in
/// common with another layer, since a folder beside them may be anything.
fn detected(
    shared: &[String],
    others: &[&String],
    sample: &dyn Fn(&String) -> BTreeSet<Vec<u8>>,
) -> Vec<String> {
    let usual =
        |name: &str| !OTHER.contains(&name.to_ascii_lowercase().as_str()) && !name.starts_with(['_', '.']);
    let mut known: BTreeSet<Vec<u8>> = shared.iter().flat_map(sample).collect();
    let (named, unnamed): (Vec<&String>, Vec<&String>) =
        others.iter().copied().filter(|name| usual(name)).partition(|name| rank(name).is_some());
    known.extend(named.iter().copied().flat_map(sample));
    let alike = |name: &&String| sample(name).iter().any(|key| known.contains(key));
    let mut found: Vec<String> =
        named.into_iter().chain(unnamed.into_iter().filter(alike)).cloned().collect();
    sort(&mut found);
    found
}

/// Some of the keys in a folder, by their path in it.
fn sample(folder: &Arc<Folder>) -> BTreeSet<Vec<u8>> {
    fn walk(folder: &Folder, path: &mut Vec<u8>, found: &mut BTreeSet<Vec<u8>>) -> ControlFlow<()> {
        for (name, node) in folder.children_from(0) {
            let length = path.len();
            path.extend_from_slice(name);
            match node {
                NodeRef::Leaf { .. } => {
                    found.insert(path.clone());
                }
                NodeRef::Folder(child) => walk(child, path, found)?,
            }
            path.truncate(length);
            if found.len() >= SAMPLE {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }
    let mut found = BTreeSet::new();
    // What breaks it off is that there are enough.
    let _enough = walk(folder, &mut Vec::new(), &mut found);
    found
}

/// How far down the way of a change an environment is; `prod-eu` counts as `prod`.
fn rank(name: &str) -> Option<usize> {
    let name = name.to_ascii_lowercase();
    let place = |word: &str| ENVIRONMENTS.iter().position(|names| names.contains(&word));
    place(&name).or_else(|| name.split(['-', '_', '.']).filter_map(place).max())
}

fn sort(names: &mut [String]) {
    names.sort_by(|one, two| {
        let place = |name: &str| rank(name).unwrap_or(ENVIRONMENTS.len());
        place(one).cmp(&place(two)).then_with(|| one.cmp(two))
    });
}

/// The layers that files are: those of which there is at least one for an environment.
fn of_files(files: &Files, separator: u8, settings: &LayerSettings) -> Option<LayerSet> {
    let layered: BTreeMap<&Key, &BTreeMap<Vec<u8>, Key>> =
        files.iter().filter(|(_, marks)| marks.keys().any(|mark| !mark.is_empty())).collect();
    let marks: BTreeSet<&Vec<u8>> = layered.values().flat_map(|marks| marks.keys()).collect();
    let name_of = |mark: &[u8]| display_key(mark.get(1..).unwrap_or_default()).into_owned();
    let mut names: Vec<String> =
        marks.iter().filter(|mark| !mark.is_empty()).map(|mark| name_of(mark)).collect();
    sort(&mut names);
    if !settings.environments.is_empty() {
        let place = |name: &String| settings.environments.iter().position(|known| known == name);
        names.sort_by_key(|name| place(name).unwrap_or(usize::MAX));
    }
    let by_name: BTreeMap<String, &Vec<u8>> =
        marks.iter().filter(|mark| !mark.is_empty()).map(|mark| (name_of(mark), *mark)).collect();
    let mut layers = vec![Layer { name: String::new(), mark: Vec::new() }];
    layers.extend(names.iter().filter_map(|name| {
        Some(Layer { name: name.clone(), mark: by_name.get(name).map(|mark| (*mark).clone())? })
    }));
    if layers.len() < 2 {
        return None;
    }
    let base = common_folder(layered.keys().copied(), separator);
    let entries = layered.iter().map(|(common, marks)| {
        let keys = layers.iter().map(|layer| marks.get(&layer.mark).cloned()).collect();
        (Key::from(&common[base.len()..]), keys)
    });
    let files = entries.collect();
    Some(LayerSet { style: LayerStyle::Files, base, layers, shared: 1, deep: true, files })
}

/// The innermost folder that all of these are in.
fn common_folder<'k>(mut keys: impl Iterator<Item = &'k Key>, separator: u8) -> Vec<u8> {
    let Some(first) = keys.next() else { return Vec::new() };
    let mut common: &[u8] = first;
    for key in keys {
        let same = common.iter().zip(key.iter()).take_while(|(one, two)| one == two).count();
        common = &common[..same];
    }
    let end = common.iter().rposition(|byte| *byte == separator).map_or(0, |at| at + 1);
    common[..end].to_vec()
}
