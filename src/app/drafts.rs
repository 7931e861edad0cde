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
        let due: Vec<_> = self
            .drafts
            .waiting
            .iter()
            .filter(|(_, times)| all || due_at(times) <= now)
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

    fn draft(&self, (id, key): &(SessionId, Key)) -> Option<Draft> {
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
