//! Exporting a prefix to a file.

use std::path::PathBuf;

/// Format of an export file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExportFormat {
    /// Byte-exact, with revisions, versions and leases: `{"etcdscope":1,"cluster_id":…,
    /// "revision":…,"prefix":…,"keys":[…]}`; keys and values as text where they are UTF-8, else in
    /// base64 (`key_base64`, `value_base64`).
    Json,
    /// Readable: a mapping of key to value; what is not text is tagged `!!binary`.
    Yaml,
}

impl ExportFormat {
    /// The usual file extension.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Yaml => "yaml",
        }
    }
}

/// What to export, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportRequest {
    /// All keys that start with this; empty: everything the user may read.
    pub prefix: Vec<u8>,
    /// Only the key that the prefix itself is.
    pub only_key: bool,
    /// Format of the file.
    pub format: ExportFormat,
    /// The file; written aside and renamed at the end, readable by its owner alone.
    pub path: PathBuf,
}

/// A finished export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportReport {
    /// Keys written.
    pub keys: u64,
    /// Size of the file.
    pub size_bytes: u64,
    /// The revision at which all keys were read.
    pub revision: i64,
    /// The user may read only a part of what was asked for: other keys may exist.
    pub partial: bool,
    /// The file.
    pub path: PathBuf,
}
