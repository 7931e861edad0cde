//! A checksum over what an export says: header and keys, as bytes and numbers, so that another
//! layout of the same JSON has the same one and a changed byte of a value has not.

use sha2::{Digest as _, Sha256};

use super::ExportHeader;
use crate::model::record::KeyMeta;

/// The checksum of an export on its way.
#[derive(Clone, Debug)]
pub(super) struct ContentDigest(Sha256);

impl ContentDigest {
    pub(super) fn new(header: &ExportHeader) -> Self {
        let mut digest = Self(Sha256::new());
        digest.0.update(header.cluster_id.to_be_bytes());
        digest.0.update(header.revision.to_be_bytes());
        digest.0.update([u8::from(header.only_key) | u8::from(header.partial) << 1]);
        digest.bytes(&header.prefix);
        digest
    }

    pub(super) fn add(&mut self, key: &[u8], value: &[u8], meta: &KeyMeta) {
        self.bytes(key);
        self.bytes(value);
        for number in [meta.create_revision, meta.mod_revision, meta.version, meta.lease] {
            self.0.update(number.to_be_bytes());
        }
    }

    /// With their length in front, so that no two neighbours run together.
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    /// In hexadecimal.
    pub(super) fn finish(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
