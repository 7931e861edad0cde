//! What the screens of services, leases, locks and elections share: asking what leases have left, saying
//! that what is shown is not live, owners and leases in words, ways to other screens.

mod endings;
mod words;

pub use endings::{after_words, end_about, end_outcome, end_running, end_title, lease_fault};
pub use words::{
    cause_look, cause_words, confidence_hint, confidence_tag, confidence_words, layout_words, mode_words,
};

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use egui::{CornerRadius, Frame, Margin, Ui};
use rust_i18n::t;

use crate::action::{Action, Actions};
use crate::model::bytes::Key;
use crate::model::coordination::Claim;
use crate::model::key_text::preview_value;
use crate::model::message::SessionId;
use crate::model::session::{Screen, Session};
use crate::model::status::{MirrorState, SeenAt};
use crate::model::tree_item::TreeItem;
use crate::model::world::World;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::{Tone, banner, clock_text, duration_text};

/// TTLs are asked for again so often while a screen is shown, in milliseconds.
const LEASES_EVERY_MS: i64 = 3_000;
/// At most so many leases are asked for at once.
const MAX_LEASES: usize = 256;
/// More signs of an owner's name are never shown.
const OWNER_LENGTH: usize = 120;

/// So much of a lease tells it from others where there is little room.
const LEASE_TAIL: usize = 8;

/// Asks for the TTLs of the leases in sight every few seconds; between answers they are counted down
/// (`ui/ttl.rs`). A screen calls [`Self::begin`], [`Self::see`] for each row it draws, and [`Self::ask`].
#[derive(Debug, Default)]
pub struct LeasesInSight {
    asked_at: BTreeMap<SessionId, SeenAt>,
    in_sight: BTreeSet<i64>,
}

impl LeasesInSight {
    /// Before a frame is drawn: nothing is in sight yet.
    pub fn begin(&mut self, world: &World) {
        self.in_sight.clear();
        self.asked_at.retain(|id, _| world.session(*id).is_some());
    }

    /// This lease is in sight; 0 is none.
    pub fn see(&mut self, lease: i64) {
        if lease != 0 {
            self.in_sight.insert(lease);
        }
    }

    /// After the frame was drawn: asks for what was in sight when it is time to, and has the window drawn
    /// again for the countdown.
    pub fn ask(&mut self, ui: &Ui, world: &World, session: &Session, actions: &mut Actions) {
        if self.in_sight.is_empty() {
            return;
        }
        let due = self
            .asked_at
            .get(&session.id)
            .is_none_or(|asked| world.now < *asked || world.now - asked >= LEASES_EVERY_MS);
        if due && session.state.is_live() {
            self.asked_at.insert(session.id, world.now);
            actions.push(Action::LoadLeases(self.in_sight.iter().copied().take(MAX_LEASES).collect()));
        }
        ui.ctx().request_repaint_after(Duration::from_secs(1));
    }
}

/// What is not live is shown so faint.
const FADED: f32 = 0.7;

/// Says above a screen that what it shows is not live, and as of when it is, and has all below it drawn fainter.
/// Nothing while it is live.
pub fn faded_unless_live(ui: &mut Ui, world: &World, session: &Session) {
    if not_live(ui, world, session) {
        ui.multiply_opacity(FADED);
    }
}

/// Says above a screen that what it shows is not live, and as of when it is. Nothing while it is live. Returns
/// whether it is said.
pub fn not_live(ui: &mut Ui, world: &World, session: &Session) -> bool {
    let words = match &session.state {
        MirrorState::Live => match session.silent_since(world.now) {
            Some(since) => t!("coordination.silent", time = clock_text(since, world.now)),
            None => return false,
        },
        _ if session.keyspace.is_empty() => return false,
        MirrorState::Stale { since, .. } => {
            t!("coordination.stale", time = clock_text(*since, world.now))
        }
        _ => match session.proven_at {
            Some(at) => t!("coordination.stale", time = clock_text(at, world.now)),
            None => t!("coordination.not_live"),
        },
    };
    banner(ui, Tone::Changed, icons::WARNING, &words, None);
    true
}

/// What a claim says of its owner: what was made out, else its value, where it is loaded and not empty.
#[must_use]
pub fn owner(claim: &Claim) -> Option<String> {
    if let Some(owner) = claim.owner.as_ref().filter(|owner| !owner.is_empty()) {
        return Some(preview_value(owner.as_bytes(), OWNER_LENGTH));
    }
    let value = claim.value.as_ref().filter(|value| !value.is_empty())?;
    Some(preview_value(value, OWNER_LENGTH))
}

/// The card in which the one who leads stands large.
pub fn large_card<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
    let tokens = theme::tokens(ui);
    let frame = Frame::new()
        .fill(tokens.raised)
        .stroke(tokens.line())
        .corner_radius(CornerRadius::same(size::RADIUS))
        .inner_margin(Margin::symmetric(14, 12));
    frame
        .show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            add(ui)
        })
        .inner
}

/// The owner, or the lease where the claim has no value.
#[must_use]
pub fn owner_or_lease(claim: &Claim) -> String {
    owner(claim).unwrap_or_else(|| lease_name(claim.meta.lease))
}

/// A lease in words: `lease 694d…`, `no lease`.
#[must_use]
pub fn lease_name(lease: i64) -> String {
    if lease == 0 {
        return t!("coordination.no_lease").into_owned();
    }
    t!("coordination.lease", lease = lease_text(lease)).into_owned()
}

/// A lease id as etcdctl writes it.
#[must_use]
pub fn lease_text(lease: i64) -> String {
    format!("{lease:016x}")
}

/// The end of a lease's id.
#[must_use]
pub fn lease_short(lease: i64) -> String {
    let whole = lease_text(lease);
    format!("…{}", &whole[whole.len().saturating_sub(LEASE_TAIL)..])
}

/// How long something has lasted: `12 s`; `None`: it began before it was watched.
#[must_use]
pub fn lasted(since: Option<SeenAt>, now: SeenAt) -> Option<String> {
    since.map(|since| duration_text((now - since).max(0) / 1_000))
}

/// When something began: the time it was seen to; before it was watched the revision is all that is known.
#[must_use]
pub fn began(since: Option<SeenAt>, revision: i64, now: SeenAt) -> String {
    match since {
        Some(since) => clock_text(since, now),
        None => t!("coordination.before_watched", revision = revision).into_owned(),
    }
}

/// Opens a key among the keys.
pub fn open_key(key: &Key, actions: &mut Actions) {
    actions.push(Action::ShowScreen(Screen::Keys));
    actions.push(Action::Reveal(TreeItem::key(key.clone())));
    actions.push(Action::OpenKey(key.clone()));
}
