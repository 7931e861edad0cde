//! What open keys are compared with.

use super::super::App;
use crate::model::bytes::Key;
use crate::model::compare::{CompareSource, ComparedFile};
use crate::model::diff::Side;
use crate::model::document::DocumentPage;
use crate::model::loadable::Loadable;
use crate::model::message::{CommandKind, SessionId};

impl App {
    /// Puts sources at the sides of a key's comparison in this connection, and shows it.
    pub(in crate::app) fn compare_with(
        &mut self,
        session: SessionId,
        key: &Key,
        sources: Vec<(Side, CompareSource)>,
    ) {
        let Some(document) = self.world.session_mut(session).and_then(|session| session.document_mut(key))
        else {
            return;
        };
        document.page = DocumentPage::Diff;
        for (side, source) in &sources {
            // What fits at the other side stays what it is now.
            let [left, right] = document.comparison.sources(document);
            let (left, right) = match side {
                Side::Old => (source.clone(), right),
                Side::New => (left, source.clone()),
            };
            document.comparison.left = Some(left);
            document.comparison.right = Some(right);
        }
        for (_, source) in sources {
            self.read_compared(session, key, source, false);
        }
        self.world.forget_compared();
    }

    /// Reads what is compared with, where it is not known yet, or `again`.
    pub(super) fn read_compared(
        &mut self,
        session: SessionId,
        key: &Key,
        source: CompareSource,
        again: bool,
    ) {
        match source {
            CompareSource::Key { session: of, key } => {
                let Some(there) = self.world.session(of) else { return };
                if !again && there.compared_key(&key).is_some() {
                    return;
                }
                let request = self.send(of, CommandKind::Read(key.clone()));
                if let Some(there) = self.world.session_mut(of) {
                    there.ask_compared(&key, request);
                }
            }
            CompareSource::File(path) => {
                let request = self.send(session, CommandKind::ReadFile(path.clone()));
                let here = self.world.session_mut(session).and_then(|session| session.document_mut(key));
                let Some(document) = here else { return };
                let files = &mut document.comparison.files;
                let at = files.iter().position(|file| file.path == path).unwrap_or_else(|| {
                    files.push(ComparedFile { path, request, content: Loadable::default() });
                    files.len() - 1
                });
                files[at].request = request;
                files[at].content.ask();
            }
            CompareSource::Live | CompareSource::Base if again => self.reload(key),
            CompareSource::Live
            | CompareSource::Base
            | CompareSource::Draft
            | CompareSource::Version { .. } => {}
        }
    }

    pub(super) fn swap_compared(&mut self, key: &Key) {
        let session = self.world.active_session_mut();
        let Some(document) = session.and_then(|session| session.document_mut(key)) else { return };
        let [left, right] = document.comparison.sources(document);
        document.comparison.left = Some(right);
        document.comparison.right = Some(left);
    }
}
