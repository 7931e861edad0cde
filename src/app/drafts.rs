//! Drafts on disk: written a moment after the last keystroke, so that a crash loses no more.

use std::collections::BTreeMap;
use std::time::Duration;

use super::App;
use crate::model::bytes::Key;
use crate::model::document::Draft;
use crate::model::message::{CommandKind, SessionId};
use crate::model::status::SeenAt;

/// A draft is written so long after the last keystroke …
const QUIET_MS: SeenAt = 300;
/// … and at the latest so long after the first one that is not yet on disk.
const LATEST_MS: SeenAt = 1_500;

/// Which drafts are not yet on disk.
#[derive(Debug, Default)]
pub(super) struct DraftKeeper {
    waiting: BTreeMap<(SessionId, Key), (SeenAt, SeenAt)>,
}

impl DraftKeeper {
    /// Notes that a draft was changed.
    pub(super) fn changed(&mut self, session: SessionId, key: Key, now: SeenAt) {
        self.waiting.entry((session, key)).and_modify(|(_, last)| *last = now).or_insert((now, now));
    }

    /// Forgets a draft that is gone.
    pub(super) fn gone(&mut self, session: SessionId, key: &Key) {
        self.waiting.remove(&(session, key.clone()));
    }
}

impl App {
    /// Sends drafts to disk that are due (or all). Returns how long until the next one is due.
    pub(super) fn keep_drafts(&mut self, all: bool) -> Option<Duration> {
        let now = self.world.now;
        let due_at = |(first, last): &(SeenAt, SeenAt)| (first + LATEST_MS).min(last + QUIET_MS);
        // A clock that was set back must not hold a draft up.
        let is_due = |times: &(SeenAt, SeenAt)| due_at(times) <= now || times.1 > now;
        let due: Vec<_> = self
            .drafts
            .waiting
            .iter()
            .filter(|(_, times)| all || is_due(times))
            .map(|(place, _)| place.clone())
            .collect();
        for place in due {
            self.drafts.waiting.remove(&place);
            if let Some(draft) = self.draft(&place) {
                self.send(SessionId::default(), CommandKind::KeepDraft(Box::new(draft)));
            }
        }
        let next = self.drafts.waiting.values().map(due_at).min()?;
        Some(Duration::from_millis(u64::try_from(next - now).unwrap_or(0)))
    }

    /// Forgets a draft on disk. Where another tab of the same profile has a draft of the key, that
    /// one is kept instead.
    pub(super) fn drop_draft(&mut self, id: SessionId, profile: String, key: Key) {
        self.drafts.gone(id, &key);
        let others = self.world.sessions.iter().filter(|session| session.id != id);
        let place = others
            .filter(|session| session.profile.name == profile)
            .map(|session| (session.id, key.clone()))
            .find(|place| self.draft(place).is_some());
        let kind = match place.and_then(|place| self.draft(&place)) {
            Some(draft) => CommandKind::KeepDraft(Box::new(draft)),
            None => CommandKind::DropDraft { profile, key },
        };
        self.send(SessionId::default(), kind);
    }

    /// Sends every draft to disk, also those that should be there: the disk may have been full.
    pub(super) fn keep_every_draft(&mut self) {
        let open = self.world.sessions.iter().flat_map(|session| {
            let dirty = session.documents.iter().filter(|document| document.is_dirty());
            dirty.map(|document| (session.id, document.key.clone()))
        });
        for place in open.collect::<Vec<_>>() {
            if let Some(draft) = self.draft(&place) {
                self.send(SessionId::default(), CommandKind::KeepDraft(Box::new(draft)));
            }
        }
        self.drafts = DraftKeeper::default();
    }

    /// The draft of a key as it would be kept.
    pub(super) fn draft(&self, (id, key): &(SessionId, Key)) -> Option<Draft> {
        let session = self.world.session(*id)?;
        let document = session.document(key)?;
        Some(Draft {
            profile: session.profile.name.clone(),
            key: key.clone(),
            value: document.draft.clone()?,
            base: document.base_record().cloned(),
            seen_at: self.world.now,
        })
    }
}
