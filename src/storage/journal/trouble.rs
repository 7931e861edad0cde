//! What can go wrong with a journal, by what there is to be done.

use super::super::database;
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
        if database::is_damaged(&error) {
            Self::Damaged(detail)
        } else if database::is_busy(&error) {
            Self::Busy(detail)
        } else {
            Self::Fault(Fault::new(database::fault_kind(&error), detail))
        }
    }
}

impl From<database::Trouble> for Trouble {
    fn from(trouble: database::Trouble) -> Self {
        match trouble {
            database::Trouble::Sql(error) => error.into(),
            database::Trouble::Fault(fault) => fault.into(),
        }
    }
}
