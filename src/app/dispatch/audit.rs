//! The audit log: it belongs to no connection.

use std::path::PathBuf;

use super::super::App;
use crate::model::audit::{AuditPart, AuditQuery};
use crate::model::message::{CommandKind, SessionId};

impl App {
    /// Asks for a part of the log.
    pub(super) fn load_audit(&mut self, query: AuditQuery) {
        let shown = &self.world.audit;
        let same = AuditQuery { below: None, ..query.clone() } == shown.query;
        let part = match (same && shown.page.value().is_some(), query.below) {
            (false, _) => AuditPart::Anew,
            (true, None) => AuditPart::Newest,
            (true, Some(_)) => AuditPart::Older,
        };
        let query = if part == AuditPart::Anew { AuditQuery { below: None, ..query } } else { query };
        let request = self.send(SessionId::default(), CommandKind::Audit(query.clone()));
        let view = &mut self.world.audit;
        view.query = AuditQuery { below: None, ..query };
        view.page.ask();
        view.request = request;
        view.part = part;
        view.asked_at = self.world.now;
    }

    /// Writes what the query finds to a file.
    pub(super) fn export_audit(&mut self, query: AuditQuery, path: PathBuf) {
        self.send(SessionId::default(), CommandKind::ExportAudit(query, path));
    }
}
