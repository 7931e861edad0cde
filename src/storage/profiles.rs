//! `profiles.json`: `{"version": 1, "profiles": […]}`.
//!
//! It is changed in place, entry by entry: what another version of the console wrote into it stays,
//! and so does an entry that cannot be read.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::files::{self, FolderLock};
use crate::model::endpoint::behind_user;
use crate::model::fault::{Fault, FaultKind};
use crate::model::profile::Profile;

const FILE: &str = "profiles.json";
const VERSION: u64 = 1;

/// Reads the profiles, sorted by name.
pub(super) fn load(folder: &Path, faults: &mut Vec<Fault>) -> Vec<Profile> {
    let path = folder.join(FILE);
    let entries = match files::read(&path).and_then(|bytes| parse(&path, bytes.as_deref())) {
        Ok(Content::Entries(document)) => entries(&document).to_vec(),
        Ok(Content::Broken(fault)) | Err(fault) => {
            faults.push(fault);
            return Vec::new();
        }
    };
    let mut profiles: Vec<Profile> = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        match serde_json::from_value::<Profile>(entry) {
            Ok(profile) if profile.name.is_empty() => {
                faults.push(invalid(&path, format!("profile {} has no name", index + 1)));
            }
            Ok(profile) if profiles.iter().any(|other| other.name == profile.name) => {
                faults.push(invalid(&path, format!("there is a second profile {:?}", profile.name)));
            }
            Ok(profile) => profiles.push(profile),
            Err(error) => faults.push(invalid(&path, format!("profile {}: {error}", index + 1))),
        }
    }
    profiles.sort_by_cached_key(|profile| (profile.name.to_lowercase(), profile.name.clone()));
    profiles
}

/// Keeps a profile; see [`super::Storage::keep_profile`].
pub(super) fn keep(folder: &Path, profile: &Profile, renamed_from: Option<&str>) -> Result<(), Fault> {
    check(profile)?;
    let fresh = serde_json::to_value(profile)
        .map_err(|error| Fault::new(FaultKind::Invalid, format!("profile {:?}: {error}", profile.name)))?;
    change(folder, |entries| {
        let before = renamed_from.unwrap_or(&profile.name);
        let position = |name: &str| entries.iter().position(|entry| has_name(entry, name));
        if before != profile.name && position(&profile.name).is_some() {
            let detail = format!("there already is a profile {:?}", profile.name);
            return Err(Fault::new(FaultKind::Invalid, detail));
        }
        match position(before) {
            Some(at) => overlay(&mut entries[at], fresh),
            None => entries.push(fresh),
        }
        Ok(())
    })
}

/// Removes a profile.
pub(super) fn remove(folder: &Path, name: &str) -> Result<(), Fault> {
    change(folder, |entries| {
        entries.retain(|entry| !has_name(entry, name));
        Ok(())
    })
}

/// What must hold of a profile before it is written.
fn check(profile: &Profile) -> Result<(), Fault> {
    let invalid = |detail: String| Err(Fault::new(FaultKind::Invalid, detail));
    if profile.name.trim().is_empty() {
        return invalid("a profile needs a name".to_owned());
    }
    for endpoint in &profile.endpoints {
        if let Some(host) = behind_user(endpoint) {
            return invalid(format!(
                "the endpoint at {host} contains a user; user and password have their own fields"
            ));
        }
    }
    Ok(())
}

enum Content {
    /// The document, with a list of profiles in it.
    Entries(Map<String, Value>),
    /// It is there but is not what it should be.
    Broken(Fault),
}

fn parse(path: &Path, bytes: Option<&[u8]>) -> Result<Content, Fault> {
    let empty =
        || Map::from_iter([("version".to_owned(), json!(VERSION)), ("profiles".to_owned(), json!([]))]);
    let Some(bytes) = bytes else { return Ok(Content::Entries(empty())) };
    match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Object(document)) => {
            let version = document.get("version").and_then(Value::as_u64);
            if version.is_some_and(|version| version > VERSION) {
                // Written by a newer console: neither understood nor touched.
                return Err(invalid(path, "it was written by a newer version of the console"));
            }
            Ok(match document.get("profiles") {
                Some(Value::Array(_)) => Content::Entries(document),
                _ => Content::Broken(invalid(path, "it holds no list of profiles")),
            })
        }
        Ok(_) => Ok(Content::Broken(invalid(path, "it holds no list of profiles"))),
        Err(error) => Ok(Content::Broken(invalid(path, error))),
    }
}

fn entries(document: &Map<String, Value>) -> &[Value] {
    document.get("profiles").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Reads, changes and writes under the folder's lock. A broken file is kept beside the new one.
fn change(folder: &Path, edit: impl FnOnce(&mut Vec<Value>) -> Result<(), Fault>) -> Result<(), Fault> {
    let _lock = FolderLock::take(folder)?;
    let path = folder.join(FILE);
    let bytes = files::read(&path)?;
    let (mut document, broken) = match parse(&path, bytes.as_deref())? {
        Content::Entries(document) => (document, false),
        Content::Broken(_) => (Map::from_iter([("version".to_owned(), json!(VERSION))]), true),
    };
    let mut list = match document.remove("profiles") {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let before = list.clone();
    edit(&mut list)?;
    if list == before && (broken || bytes.is_some()) {
        // Nothing to write: a broken file stays where it is.
        return Ok(());
    }
    document.insert("profiles".to_owned(), Value::Array(list));
    if broken {
        files::set_aside(&path)?;
    }
    files::replace(&path, &pretty(&document)?)
}

/// JSON for people, ending with a newline.
pub(super) fn pretty(document: &Map<String, Value>) -> Result<Vec<u8>, Fault> {
    let mut bytes = serde_json::to_vec_pretty(document)
        .map_err(|error| Fault::new(FaultKind::Invalid, error.to_string()))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Puts the fields of `fresh` over those of `entry`; fields that this version does not know stay.
pub(super) fn overlay(entry: &mut Value, fresh: Value) {
    match (entry, fresh) {
        (Value::Object(entry), Value::Object(fresh)) => {
            for (name, value) in fresh {
                match entry.get_mut(&name) {
                    Some(old) => overlay(old, value),
                    None => drop(entry.insert(name, value)),
                }
            }
        }
        (entry, fresh) => *entry = fresh,
    }
}

fn has_name(entry: &Value, name: &str) -> bool {
    entry.get("name").and_then(Value::as_str) == Some(name)
}

fn invalid(path: &Path, detail: impl std::fmt::Display) -> Fault {
    Fault::new(FaultKind::File, format!("{}: {detail}", path.display()))
}
