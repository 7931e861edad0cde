//! The words by which operations and outcomes are kept and exported. They never change: hashes are
//! made of them.

use super::{AuditOperation, AuditOutcome};

impl AuditOperation {
    /// Every operation, in the order of the filter.
    pub const ALL: [Self; 10] = [
        Self::Create,
        Self::Put,
        Self::Delete,
        Self::Copy,
        Self::Rename,
        Self::Restore,
        Self::GrantLease,
        Self::KeepLease,
        Self::RevokeLease,
        Self::Note,
    ];

    /// Its word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Put => "put",
            Self::Delete => "delete",
            Self::Copy => "copy",
            Self::Rename => "rename",
            Self::Restore => "restore",
            Self::GrantLease => "grant",
            Self::KeepLease => "keep",
            Self::RevokeLease => "revoke",
            Self::Note => "note",
        }
    }

    /// The operation of this word.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }
}

impl AuditOutcome {
    /// Its word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Done { .. } => "done",
            Self::Conflict => "conflict",
            Self::Refused(_) => "refused",
            Self::Unknown(_) => "unknown",
            Self::Noted(_) => "noted",
        }
    }

    /// The revision that it was committed at; 0: none.
    #[must_use]
    pub fn revision(&self) -> i64 {
        match self {
            Self::Done { revision } => *revision,
            _ => 0,
        }
    }

    /// Its reason; empty where there is none.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::Refused(detail) | Self::Unknown(detail) | Self::Noted(detail) => detail,
            Self::Asked | Self::Done { .. } | Self::Conflict => "",
        }
    }

    /// The outcome of this word.
    #[must_use]
    pub fn of_parts(name: &str, revision: i64, detail: String) -> Option<Self> {
        Some(match name {
            "asked" => Self::Asked,
            "done" => Self::Done { revision },
            "conflict" => Self::Conflict,
            "refused" => Self::Refused(detail),
            "unknown" => Self::Unknown(detail),
            "noted" => Self::Noted(detail),
            _ => return None,
        })
    }

    /// Whether it was not done, or is not known to have been.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Asked | Self::Conflict | Self::Refused(_) | Self::Unknown(_))
    }
}
