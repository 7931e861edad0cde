//! News of the audit log.

use std::sync::Arc;

use crate::model::audit::{AuditPage, AuditPart, ChainState};
use crate::model::fault::Fault;
use crate::model::message::RequestId;
use crate::model::world::{ToastKind, ToastText, World};

impl World {
    /// Takes a part of the log in: the newest entries, or older ones behind those that are shown.
    pub(super) fn apply_audit(&mut self, request: RequestId, page: Result<Arc<AuditPage>, Fault>) {
        let view = &mut self.audit;
        if view.request != request {
            return;
        }
        let page = page.map(|page| {
            let mut page = Arc::unwrap_or_clone(page);
            if let Some(shown) = view.page.value() {
                match view.part {
                    AuditPart::Anew => {}
                    AuditPart::Newest => page.keep_behind(shown),
                    AuditPart::Older => drop(page.entries.splice(0..0, shown.entries.iter().cloned())),
                }
                if page.chain == ChainState::Unchecked {
                    page.chain = shown.chain.clone();
                }
            }
            page
        });
        view.page.answer(page);
    }

    pub(super) fn apply_audit_chain(&mut self, chain: ChainState) {
        if let Some(page) = self.audit.page.value_mut() {
            page.chain = chain;
        }
    }

    pub(super) fn apply_audit_exported(&mut self, written: Result<u64, Fault>) {
        match written {
            Ok(count) => self.toast(ToastKind::Success, ToastText::AuditExported(count)),
            Err(fault) => self.toast_fault(fault),
        }
    }
}

impl AuditPage {
    /// A newest page over entries that are shown already: those behind it stay, if nothing lies
    /// between.
    fn keep_behind(&mut self, shown: &Self) {
        let Some(oldest) = self.entries.last().map(|entry| entry.number) else { return };
        let newest_shown = shown.entries.first().map_or(0, |entry| entry.number);
        if self.more && newest_shown >= oldest {
            self.entries.extend(shown.entries.iter().filter(|entry| entry.number < oldest).cloned());
            self.more = shown.more;
        }
    }
}
