//! Drafts: one file for each profile, key and window. The name is a hash, because keys are bytes of
//! any length, and the window's process; the content is base64 for the same reason.
//!
//! A window writes and removes its own files alone. What a window left that is gone is taken over by
//! the next one that reads the drafts; what a window has that lives is not touched.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::files;
use super::owner::{self, Gone};
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

/// Reads the drafts of this window and those of windows that are gone, which are this one's from
/// now on; the one changed last first.
pub(super) fn load(folder: &Path, faults: &mut Vec<Fault>) -> Vec<Draft> {
    let files = match draft_files(folder) {
        Ok(files) => files,
        Err(fault) => {
            faults.push(fault);
            return Vec::new();
        }
    };
    let mut drafts: Vec<Draft> = Vec::new();
    let mut gone: HashMap<Option<String>, Option<Gone>> = HashMap::new();
    let (ours, others): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| file.owner.as_deref() == Some(owner::name()));
    for file in ours {
        match read(&file.path) {
            Ok(draft) => drafts.extend(draft),
            Err(fault) => faults.push(fault),
        }
    }
    for file in others {
        let owner = gone.entry(file.owner.clone()).or_insert_with(|| {
            // Drafts of an older console have no owner.
            Gone::find(folder, file.owner.as_deref().unwrap_or("nobody"))
        });
        if owner.is_none() {
            continue;
        }
        match take_over(folder, &file, &mut drafts) {
            Ok(None) => {}
            Ok(Some(aside)) => faults.push(aside),
            Err(fault) => faults.push(fault),
        }
    }
    gone.into_values().flatten().for_each(Gone::forget);
    drafts.sort_by(|a, b| b.seen_at.cmp(&a.seen_at).then_with(|| a.key.cmp(&b.key)));
    drafts
}

/// Takes a draft over from a window that is gone. Where there are two of a key the one changed last
/// counts; the other stays beside it as a file, which the returned fault names.
fn take_over(folder: &Path, file: &DraftName, drafts: &mut Vec<Draft>) -> Result<Option<Fault>, Fault> {
    let Some(draft) = read(&file.path)? else { return Ok(None) };
    owner::claim(folder)?;
    let same = |other: &Draft| other.profile == draft.profile && other.key == draft.key;
    let Some(at) = drafts.iter().position(same) else {
        let ours = path(folder, &draft.profile, &draft.key);
        fs::rename(&file.path, &ours).map_err(|error| files::file_fault(&file.path, &error))?;
        drafts.push(draft);
        return Ok(None);
    };
    if drafts[at].value == draft.value {
        files::remove(&file.path)?;
        return Ok(None);
    }
    let newer = if drafts[at].seen_at < draft.seen_at { &draft } else { &drafts[at] };
    let older = if drafts[at].seen_at < draft.seen_at { &drafts[at] } else { &draft };
    let aside = file.path.with_extension("older");
    write(&aside, older)?;
    keep(folder, newer)?;
    files::remove(&file.path)?;
    let detail = format!(
        "{}: the older one of two drafts of {} ({}) is kept there",
        aside.display(),
        key_text::display_name(&draft.key),
        draft.profile
    );
    drafts[at] = newer.clone();
    Ok(Some(Fault::new(FaultKind::File, detail)))
}

/// Keeps a draft as this window's.
pub(super) fn keep(folder: &Path, draft: &Draft) -> Result<(), Fault> {
    owner::claim(folder)?;
    write(&path(folder, &draft.profile, &draft.key), draft)
}

fn write(path: &Path, draft: &Draft) -> Result<(), Fault> {
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
    files::replace(path, &bytes)
}

/// Forgets this window's draft.
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

/// The file of this window's draft. The profile's length goes in first, so that no two pairs run together.
fn path(folder: &Path, profile: &str, key: &[u8]) -> PathBuf {
    let mut hash = Sha256::new();
    hash.update((profile.len() as u64).to_be_bytes());
    hash.update(profile.as_bytes());
    hash.update(key);
    let name: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    folder.join(format!("{name}.{}.json", owner::name()))
}

/// A file that holds a draft, by its name.
struct DraftName {
    path: PathBuf,
    /// The window that wrote it; `None`: an older console.
    owner: Option<String>,
}

fn draft_files(folder: &Path) -> Result<Vec<DraftName>, Fault> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(files::file_fault(folder, &error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| files::file_fault(folder, &error))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let owner = stem.split_once('.').map(|(_, owner)| owner.to_owned());
            found.push(DraftName { owner, path });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
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
