//! The chain: how an entry is hashed, and whether a log is what was written.
//!
//! The hash of an entry is SHA-256 over sixteen netstrings (`<length in decimal>:<bytes>,`), in this
//! order, so that any tool can make it again from an export:
//!
//! 1. the words `etcdscope audit 1`;
//! 2. the hash of the entry before, in lower-case hexadecimal (64 zeros for the first one);
//! 3. its number, in decimal;
//! 4. when, in milliseconds since the Unix epoch, in decimal;
//! 5. the profile;
//! 6. the cluster's id, as 16 hexadecimal digits;
//! 7. the user: empty, or `=` and the name;
//! 8. the operation's word;
//! 9. the key's bytes;
//! 10. where it was copied from: empty, or `=` and the key's bytes;
//! 11. the mod revision before, in decimal;
//! 12. the outcome's word;
//! 13. the revision after, in decimal (0: none);
//! 14. the reason (empty: none);
//! 15. the plan: empty, or `=` and its number;
//! 16. the id that the two entries of a write share.
//!
//! What is changed, removed, inserted or moved does not fit its neighbours. What is cut off at the end
//! shows because the head (how many entries, and the last one's hash) is kept apart. It is written
//! after the entries, so it may lag behind them when the console or the machine is ended in between:
//! then the entries above it must follow from the one that it names, hash by hash. It is never ahead.
//!
//! No key is involved: who may write the files can also make a whole new log with its head. Against
//! that helps to note the head elsewhere, as `etcdscope audit --verify` prints it.

use sha2::{Digest as _, Sha256};

use super::{AuditEntry, AuditWrite, ChainState};

const KIND: &str = "etcdscope audit 1";

/// What is kept apart from the log: how long it is, and its last hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// The number of the last entry; 0: there is none.
    pub entries: u64,
    /// Its hash.
    pub hash: String,
}

impl Default for ChainHead {
    fn default() -> Self {
        Self { entries: 0, hash: first_hash() }
    }
}

/// What stands for the hash before the first entry.
#[must_use]
pub fn first_hash() -> String {
    "0".repeat(64)
}

/// The bytes that are hashed.
#[must_use]
pub fn canonical(before: &str, number: u64, write: &AuditWrite) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(320 + write.key.len());
    let mut field = |field: &[u8]| {
        bytes.extend_from_slice(field.len().to_string().as_bytes());
        bytes.push(b':');
        bytes.extend_from_slice(field);
        bytes.push(b',');
    };
    field(KIND.as_bytes());
    field(before.as_bytes());
    field(number.to_string().as_bytes());
    field(write.at.to_string().as_bytes());
    field(write.profile.as_bytes());
    field(format!("{:016x}", write.cluster_id).as_bytes());
    field(&optional(write.user.as_deref().map(str::as_bytes)));
    field(write.operation.name().as_bytes());
    field(&write.key);
    field(&optional(write.source.as_deref()));
    field(write.before.to_string().as_bytes());
    field(write.outcome.name().as_bytes());
    field(write.outcome.revision().to_string().as_bytes());
    field(write.outcome.detail().as_bytes());
    field(&optional(write.plan.as_deref().map(str::as_bytes)));
    field(write.write_id.as_bytes());
    bytes
}

fn optional(field: Option<&[u8]>) -> Vec<u8> {
    field.map_or_else(Vec::new, |field| [b"=", field].concat())
}

/// The hash of an entry, in lower-case hexadecimal.
#[must_use]
pub fn chained_hash(before: &str, number: u64, write: &AuditWrite) -> String {
    let hash = Sha256::digest(canonical(before, number, write));
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Goes through a log from its first entry to its last.
#[derive(Clone, Debug)]
pub struct ChainCheck {
    head: Option<ChainHead>,
    last: ChainHead,
    broken_at: Option<u64>,
    head_found: bool,
}

impl ChainCheck {
    /// Begins. The head must have been read before the entries: these may only be more.
    #[must_use]
    pub fn new(head: Option<ChainHead>) -> Self {
        Self { head, last: ChainHead::default(), broken_at: None, head_found: false }
    }

    /// Takes the next entry in.
    pub fn add(&mut self, entry: &AuditEntry) {
        let expected = self.last.entries + 1;
        let fits = entry.number == expected
            && chained_hash(&self.last.hash, entry.number, &entry.write) == entry.hash;
        if !fits && self.broken_at.is_none() {
            self.broken_at = Some(expected);
        }
        if let Some(head) = self.head.as_ref().filter(|head| head.entries == entry.number) {
            self.head_found = head.hash == entry.hash;
        }
        self.last = ChainHead { entries: entry.number, hash: entry.hash.clone() };
    }

    /// The last entry that was taken in.
    #[must_use]
    pub fn last(&self) -> &ChainHead {
        &self.last
    }

    /// Whether the log is what was written.
    #[must_use]
    pub fn finish(self) -> ChainState {
        if let Some(number) = self.broken_at {
            return ChainState::BrokenAt(number);
        }
        let found = self.last.entries;
        match self.head {
            None if found == 0 => ChainState::Whole,
            None => ChainState::HeadMissing,
            Some(head) if head.entries > found => ChainState::Shortened { expected: head.entries, found },
            Some(head) if head.entries > 0 && !self.head_found => ChainState::BrokenAt(head.entries),
            Some(_) => ChainState::Whole,
        }
    }
}

#[cfg(test)]
mod tests;
