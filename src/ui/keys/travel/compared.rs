//! The comparison that is shown: worked out beside the window where the folder is large, and again when
//! one of the two moments has changed.

use std::sync::Arc;

use egui::Context;

use crate::model::moment::Picture;
use crate::model::status::SeenAt;
use crate::model::travel::{Comparison, Side};
use crate::ui::beside::{Answer, Beside};

/// Folders of up to so many keys in both moments together are compared at once.
const AT_ONCE_KEYS: u64 = 1_500;
/// A living folder is compared again at most so often, in milliseconds.
const AGAIN_MS: SeenAt = 250;
/// After work beside the window the processor rests for so many times as long as the work took.
const REST: SeenAt = 3;

/// What was asked for.
struct Pair {
    then: Arc<Picture>,
    now: Side,
}

impl Pair {
    fn is_of(&self, then: &Arc<Picture>, now: &Side) -> bool {
        Arc::ptr_eq(&self.then, then) && self.now.is_same(now, &then.prefix)
    }
}

/// Remembers the comparison that is shown.
#[derive(Default)]
pub struct Compared {
    shown: Option<Arc<Comparison>>,
    working: Option<(Pair, SeenAt, Beside<Comparison>)>,
    /// The key space goes on changing: not compared again before this.
    rest_until: SeenAt,
    /// What could not be compared: it is not tried again and again.
    broken: Option<Pair>,
}

impl Compared {
    /// The comparison of these moments; while that is worked out the one before, which says itself
    /// which moments it is of.
    pub fn of(
        &mut self,
        ctx: &Context,
        then: &Arc<Picture>,
        now: &Side,
        separator: u8,
        clock: SeenAt,
    ) -> Option<&Arc<Comparison>> {
        self.take_answer(clock);
        let is_shown = self
            .shown
            .as_ref()
            .is_some_and(|shown| Arc::ptr_eq(&shown.then, then) && shown.now.is_same(now, &then.prefix));
        let is_broken = self.broken.as_ref().is_some_and(|broken| broken.is_of(then, now));
        if is_shown || is_broken || self.working.is_some() {
            return self.shown.as_ref();
        }
        // Only what goes on by itself has to wait: another moment was asked for.
        let goes_on = self.shown.as_ref().is_some_and(|shown| {
            let both_live = matches!((&shown.now, now), (Side::Live(_), Side::Live(_)));
            both_live && Arc::ptr_eq(&shown.then, then)
        });
        let rest = self.rest_until - clock;
        if goes_on && (1..=AGAIN_MS.max(60_000)).contains(&rest) {
            let rest = std::time::Duration::from_millis(u64::try_from(rest).unwrap_or(1));
            ctx.request_repaint_after(rest);
            return self.shown.as_ref();
        }
        if then.keys.len() as u64 + now.len(&then.prefix) <= AT_ONCE_KEYS {
            self.shown = Some(Arc::new(Comparison::new(then, now, separator)));
            self.rest_until = clock + AGAIN_MS;
        } else {
            let pair = Pair { then: then.clone(), now: now.clone() };
            let (then, now) = (then.clone(), now.clone());
            let work = move || Comparison::new(&then, &now, separator);
            self.working = Some((pair, clock, Beside::start(ctx, "compare moments", work)));
        }
        self.shown.as_ref()
    }

    fn take_answer(&mut self, clock: SeenAt) {
        let Some((pair, began, working)) = self.working.take() else { return };
        match working.take() {
            Answer::Working => self.working = Some((pair, began, working)),
            Answer::Ready(comparison) => {
                self.shown = Some(Arc::new(comparison));
                self.rest_until = clock + AGAIN_MS.max((clock - began).clamp(0, 10_000) * REST);
            }
            Answer::Failed => {
                tracing::error!("comparing two moments broke off");
                self.broken = Some(pair);
            }
        }
    }

    /// Whether a comparison is being worked out.
    #[must_use]
    pub fn is_working(&self) -> bool {
        self.working.is_some()
    }
}
