//! News of the past: timelines, pictures, deleted keys; and what happens while somebody looks at them.

use std::sync::Arc;

use crate::model::activity::DeletedKey;
use crate::model::fault::Fault;
use crate::model::message::RequestId;
use crate::model::moment::{Picture, Timeline};
use crate::model::record::Revision;
use crate::model::session::Session;
use crate::model::status::SeenAt;

impl Session {
    pub(super) fn apply_timeline(
        &mut self,
        prefix: &[u8],
        request: RequestId,
        timeline: Result<Arc<Timeline>, Fault>,
    ) {
        let applied = self.applied;
        if let Some(travel) = self.travel.as_mut().filter(|travel| travel.prefix == prefix) {
            travel.take_timeline(request, timeline, applied);
        }
    }

    pub(super) fn apply_moment(
        &mut self,
        prefix: &[u8],
        request: RequestId,
        picture: &Result<Arc<Picture>, Fault>,
    ) {
        if let Some(travel) = self.travel.as_mut().filter(|travel| travel.prefix == prefix) {
            travel.take_picture(request, picture);
        }
    }

    pub(super) fn apply_deleted_keys(&mut self, request: RequestId, keys: Result<Vec<DeletedKey>, Fault>) {
        self.deletions.answer(request, keys);
    }

    /// What happens now becomes part of the timeline; after a gap it has to be read anew, and so have
    /// the deleted keys.
    pub(super) fn note_for_travel(&mut self, changes: &[Revision], seen_at: SeenAt, relisted: bool) {
        if let Some(travel) = &mut self.travel {
            for revision in changes {
                travel.note(revision, seen_at);
            }
            if relisted {
                travel.read_timeline();
            }
        }
        if relisted {
            self.deletions.forget();
        }
    }
}
