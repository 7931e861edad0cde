//! Plans: worked out, run, kept.

use super::audit::AuditTrail;
use super::jobs::Asker;
use crate::etcd::Cluster;
use crate::model::fault::{Fault, FaultKind};
use crate::model::message::{CommandKind, EventKind};

impl Asker {
    /// Answers a question about plans.
    pub(super) async fn plans(
        &self,
        _cluster: &Cluster,
        _trail: &AuditTrail,
        kind: CommandKind,
    ) -> Option<EventKind> {
        let not_yet = Fault::new(FaultKind::Unimplemented, "plans");
        match kind {
            CommandKind::MakePlan { .. } => Some(EventKind::Planned(Err(not_yet))),
            CommandKind::LoadPlans => Some(EventKind::Plans(Ok(Vec::new()))),
            _ => None,
        }
    }
}
