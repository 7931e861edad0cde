//! Drafts: one file for each profile and key, so that windows never share one by chance. The name
//! is a hash, because keys are bytes of any length; the content is base64 for the same reason.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::files;
use crate::model::document::Draft;
use crate::model::fault::{Fault, FaultKind};
use crate::model::key_text;
use crate::model::record::{KeyMeta, KeyRecord};

const VERSION: u64 = 1;

/// A draft as it is written.
#[derive(Serialize, Deserialize)]
struct DraftFile {
    version: u64,
    profile: String,
    /// For people who look into the file; not read back.
    #[serde(default)]
    key_text: String,
    key: String,
    value: String,
    base: Option<BaseFile>,
    seen_at: i64,
}

/// What the key was when the draft was begun. Its key is the draft's.
#[derive(Serialize, Deserialize)]
struct BaseFile {
    create_revision: i64,
    mod_revision: i64,
    version: i64,
    lease: i64,
    value: Option<String>,
}

/// Reads every draft, the one changed last first.
pub(super) fn load(folder: &Path, faults: &mut Vec<Fault>) -> Vec<Draft> {
    let paths = match draft_paths(folder) {
        Ok(paths) => paths,
        Err(fault) => {
            faults.push(fault);
            return Vec::new();
        }
    };
    let mut drafts = Vec::new();
    for path in paths {
        match read(&path) {
            Ok(draft) => drafts.extend(draft),
            Err(fault) => faults.push(fault),
        }
    }
    drafts.sort_by(|a, b| b.seen_at.cmp(&a.seen_at).then_with(|| a.key.cmp(&b.key)));
    drafts
}

/// Keeps a draft.
pub(super) fn keep(folder: &Path, draft: &Draft) -> Result<(), Fault> {
    let encode = |bytes: &[u8]| STANDARD.encode(bytes);
    let base = draft.base.as_ref().map(|record| BaseFile {
        create_revision: record.meta.create_revision,
        mod_revision: record.meta.mod_revision,
        version: record.meta.version,
        lease: record.meta.lease,
        value: record.value.as_deref().map(encode),
    });
    let file = DraftFile {
        version: VERSION,
        profile: draft.profile.clone(),
        key_text: key_text::display_name(&draft.key).into_owned(),
        key: encode(&draft.key),
        value: encode(&draft.value),
        base,
        seen_at: draft.seen_at,
    };
    let mut bytes = serde_json::to_vec_pretty(&file)
        .map_err(|error| Fault::new(FaultKind::Invalid, format!("draft: {error}")))?;
    bytes.push(b'\n');
    files::replace(&path(folder, &draft.profile, &draft.key), &bytes)
}

/// Forgets a draft.
pub(super) fn forget(folder: &Path, profile: &str, key: &[u8]) -> Result<(), Fault> {
    files::remove(&path(folder, profile, key))
}

/// Takes the drafts of a profile over to its new name. A draft that the new name already has for
/// the same key stays, and the old one with it.
pub(super) fn rename_profile(folder: &Path, before: &str, now: &str) -> Result<(), Fault> {
    let mut faults = Vec::new();
    for draft in load(folder, &mut faults).into_iter().filter(|draft| draft.profile == before) {
        if path(folder, now, &draft.key).exists() {
            continue;
        }
        let key = draft.key.clone();
        // The new file first: a crash between the two leaves two drafts rather than none.
        keep(folder, &Draft { profile: now.to_owned(), ..draft })?;
        forget(folder, before, &key)?;
    }
    Ok(())
}

/// The file of a draft. The profile's length goes in first, so that no two pairs run together.
fn path(folder: &Path, profile: &str, key: &[u8]) -> PathBuf {
    let mut hash = Sha256::new();
    hash.update((profile.len() as u64).to_be_bytes());
    hash.update(profile.as_bytes());
    hash.update(key);
    let name: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    folder.join(format!("{name}.json"))
}

fn draft_paths(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(files::file_fault(folder, &error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| files::file_fault(folder, &error))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    Ok(paths)
}

/// Reads a draft; `None` where it has just been dropped.
fn read(path: &Path) -> Result<Option<Draft>, Fault> {
    let invalid = |detail: String| Fault::new(FaultKind::File, format!("{}: {detail}", path.display()));
    let Some(bytes) = files::read(path)? else { return Ok(None) };
    let file: DraftFile = serde_json::from_slice(&bytes).map_err(|error| invalid(error.to_string()))?;
    if file.version > VERSION {
        return Err(invalid("it was written by a newer version of the console".to_owned()));
    }
    let decode = |text: &str| STANDARD.decode(text).map_err(|error| invalid(error.to_string()));
    let key: crate::model::bytes::Key = decode(&file.key)?.into();
    let base = match file.base {
        None => None,
        Some(base) => Some(KeyRecord {
            key: key.clone(),
            meta: KeyMeta {
                create_revision: base.create_revision,
                mod_revision: base.mod_revision,
                version: base.version,
                lease: base.lease,
            },
            value: base.value.as_deref().map(decode).transpose()?.map(Into::into),
        }),
    };
    let value = decode(&file.value)?.into();
    Ok(Some(Draft { profile: file.profile, key, value, base, seen_at: file.seen_at }))
}
