//! What can go wrong with a journal, by what there is to be done.

use rusqlite::ErrorCode;

use crate::model::fault::{Fault, FaultKind};

/// Why a journal could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The file is damaged, or is no database: it is to be set aside, and a new one begun.
    Damaged(String),
    /// The cluster has another history than the one recorded: a new epoch is to be begun.
    Diverged(String),
    /// Another process held the file for too long; it may work the next time.
    Busy(String),
    /// Anything else; the fault tells.
    Fault(Fault),
}

impl Trouble {
    /// What is told of it.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Fault(fault) => fault.clone(),
            Self::Damaged(detail) | Self::Diverged(detail) | Self::Busy(detail) => {
                Fault::new(FaultKind::File, detail.clone())
            }
        }
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        let detail = format!("the journal: {error}");
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(detail),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(detail),
            Some(ErrorCode::DiskFull) => Self::Fault(Fault::new(FaultKind::DiskFull, detail)),
            _ => Self::Fault(Fault::new(FaultKind::File, detail)),
        }
    }
}
