//! Whether a connection may write at all: the last thing asked before anything is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::model::fault::{Fault, FaultKind};
use crate::model::profile::Profile;

/// Lets writes through, or not. Clones are one gate. A gate that was closed stays closed: a
/// connection that may write again is a new one.
#[derive(Clone, Debug)]
pub struct WriteGate {
    profile: Arc<str>,
    closed: Arc<AtomicBool>,
}

impl WriteGate {
    /// Closed for a read-only profile, open for others.
    #[must_use]
    pub fn of(profile: &Profile) -> Self {
        Self { profile: profile.name.as_str().into(), closed: Arc::new(profile.read_only.into()) }
    }

    /// From now on nothing is written through this connection.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    /// Whether a write may be sent now.
    ///
    /// # Errors
    /// [`FaultKind::ReadOnly`], naming the profile, where the gate is closed.
    pub fn pass(&self) -> Result<(), Fault> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(Fault::new(FaultKind::ReadOnly, &*self.profile));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_gate_stays_closed_for_every_clone() {
        let gate = WriteGate::of(&Profile { name: "prod".into(), ..Profile::default() });
        let clone = gate.clone();
        assert_eq!(gate.pass(), Ok(()));
        clone.close();
        assert_eq!(gate.pass(), Err(Fault::new(FaultKind::ReadOnly, "prod")));
        let read_only = Profile { read_only: true, ..Profile::default() };
        assert!(WriteGate::of(&read_only).pass().is_err());
    }
}
