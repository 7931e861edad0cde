//! The JSON form of an export: one key a line, byte-exact, with revisions, versions and leases.
//!
//! ```json
//! {"etcdscope":1,"cluster_id":"cdf818194e3a8c32","revision":42,"prefix":"/a","keys":[
//! {"key":"/a/b","value":"text","create_revision":7,"mod_revision":9,"version":3,"lease":"0"},
//! {"key_base64":"/w==","value_base64":"AP8=","create_revision":8,…}
//! ],"sha256":"…"}
//! ```
//!
//! Ids are in hexadecimal, as etcdctl prints them: they need all 64 bits, which a JSON number does
//! not keep in every reader. The checksum at the end is over what the file says, not over its layout;
//! whoever changes a file by hand takes it out.

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::ExportHeader;
use super::digest::ContentDigest;
use crate::model::fault::{Fault, FaultKind};
use crate::model::record::{KeyMeta, KeyRecord};

/// The version of the format that this writes and reads.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Head<'a> {
    etcdscope: u32,
    cluster_id: String,
    revision: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix_base64: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    only_key: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
}

#[derive(Serialize)]
struct Entry<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<String>,
    create_revision: i64,
    mod_revision: i64,
    version: i64,
    lease: String,
}

/// The bytes as text where they are UTF-8, else in base64.
fn text_or_base64(bytes: &[u8]) -> (Option<&str>, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Some(text), None),
        Err(_) => (None, Some(STANDARD.encode(bytes))),
    }
}

pub(super) fn write_header(out: &mut impl Write, header: &ExportHeader) -> std::io::Result<()> {
    let (prefix, prefix_base64) = text_or_base64(&header.prefix);
    let head = Head {
        etcdscope: FORMAT,
        cluster_id: format!("{:x}", header.cluster_id),
        revision: header.revision,
        prefix,
        prefix_base64,
        only_key: header.only_key,
        partial: header.partial,
    };
    let text = serde_json::to_string(&head)?;
    out.write_all(text.trim_end_matches('}').as_bytes())?;
    out.write_all(b",\"keys\":[")
}

pub(super) fn write_entry(
    out: &mut impl Write,
    first: bool,
    key: &[u8],
    value: &[u8],
    meta: &KeyMeta,
) -> std::io::Result<()> {
    let (key, key_base64) = text_or_base64(key);
    let (value, value_base64) = text_or_base64(value);
    let entry = Entry {
        key,
        key_base64,
        value,
        value_base64,
        create_revision: meta.create_revision,
        mod_revision: meta.mod_revision,
        version: meta.version,
        lease: format!("{:x}", meta.lease),
    };
    out.write_all(if first { b"\n" } else { b",\n" })?;
    serde_json::to_writer(out, &entry)?;
    Ok(())
}

pub(super) fn write_end(out: &mut impl Write, sha256: &str) -> std::io::Result<()> {
    writeln!(out, "\n],\"sha256\":\"{sha256}\"}}")
}

/// A JSON export read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonExport {
    /// What it says of itself.
    pub header: ExportHeader,
    /// Its keys with their values, in the order of the file.
    pub records: Vec<KeyRecord>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    etcdscope: u32,
    cluster_id: String,
    revision: i64,
    prefix: Option<String>,
    prefix_base64: Option<String>,
    #[serde(default)]
    only_key: bool,
    #[serde(default)]
    partial: bool,
    keys: Vec<FileEntry>,
    sha256: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEntry {
    key: Option<String>,
    key_base64: Option<String>,
    value: Option<String>,
    value_base64: Option<String>,
    create_revision: i64,
    mod_revision: i64,
    version: i64,
    lease: String,
}

/// Reads a JSON export, all or nothing: what is cut off, of another format, or says a thing twice
/// or not at all is refused with its place, and what does not fit its checksum is refused.
///
/// # Errors
/// [`FaultKind::File`] where it cannot be read, [`FaultKind::Invalid`] where it is not an export.
pub fn read_json_export(reader: impl Read) -> Result<JsonExport, Fault> {
    let file: File = serde_json::from_reader(std::io::BufReader::new(reader)).map_err(|error| {
        let kind = if error.is_io() { FaultKind::File } else { FaultKind::Invalid };
        Fault::new(kind, format!("reading the export: {error}"))
    })?;
    if file.etcdscope != FORMAT {
        return Err(invalid("export", format_args!("format {} is not known", file.etcdscope)));
    }
    let header = ExportHeader {
        cluster_id: u64::from_str_radix(&file.cluster_id, 16)
            .map_err(|error| invalid("cluster_id", error))?,
        revision: file.revision,
        prefix: bytes("prefix", file.prefix, file.prefix_base64)?,
        only_key: file.only_key,
        partial: file.partial,
    };
    let mut records = Vec::with_capacity(file.keys.len());
    for (index, entry) in file.keys.into_iter().enumerate() {
        records.push(record(index, entry)?);
    }
    let mut digest = ContentDigest::new(&header);
    for record in &records {
        digest.add(&record.key, record.value.as_deref().unwrap_or_default(), &record.meta);
    }
    if file.sha256.is_some_and(|written| written != digest.finish()) {
        let why = "the file was changed since it was written; take the checksum out if that was meant";
        return Err(invalid("sha256", why));
    }
    Ok(JsonExport { header, records })
}

fn record(index: usize, entry: FileEntry) -> Result<KeyRecord, Fault> {
    let key = bytes(&format!("keys[{index}].key"), entry.key, entry.key_base64)?;
    let value = bytes(&format!("keys[{index}].value"), entry.value, entry.value_base64)?;
    let lease = i64::from_str_radix(&entry.lease, 16)
        .map_err(|error| invalid(&format!("keys[{index}].lease"), error))?;
    Ok(KeyRecord {
        key: key.into(),
        meta: KeyMeta {
            create_revision: entry.create_revision,
            mod_revision: entry.mod_revision,
            version: entry.version,
            lease,
        },
        value: Some(value.into()),
    })
}

/// The bytes of a field that is there once, as text or in base64.
fn bytes(name: &str, text: Option<String>, base64: Option<String>) -> Result<Vec<u8>, Fault> {
    match (text, base64) {
        (Some(text), None) => Ok(text.into_bytes()),
        (None, Some(base64)) => STANDARD.decode(base64).map_err(|error| invalid(name, error)),
        (Some(_), Some(_)) => Err(invalid(name, "given both as text and in base64")),
        (None, None) => Err(invalid(name, "missing")),
    }
}

fn invalid(name: &str, why: impl std::fmt::Display) -> Fault {
    Fault::new(FaultKind::Invalid, format!("{name}: {why}"))
}
