//! The difference of two values, worked out beside the window where they are large.

use std::sync::Arc;

use egui::Context;

use crate::model::bytes::Value;
use crate::ui::beside::{Answer, Beside};
use crate::ui::widgets::diff_bytes::BytesDiffView;
use crate::ui::widgets::diff_view::DiffView;

/// Values of up to so many bytes together are compared at once. Texts that have nothing in common take
/// a time that grows with the square of their length.
const AT_ONCE_BYTES: usize = 8 * 1024;

/// Whether values of so many bytes together are compared or merged at once, and not beside the window.
pub(super) fn is_quick(bytes: usize) -> bool {
    bytes <= AT_ONCE_BYTES
}

/// How differences are shown, wherever they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiffLook {
    /// Side by side, or inline.
    pub side_by_side: bool,
}

impl Default for DiffLook {
    fn default() -> Self {
        Self { side_by_side: true }
    }
}

/// The difference of two values, by lines or by bytes.
pub enum AnyDiff {
    /// Both are text.
    Text(DiffView),
    /// One is not.
    Bytes(BytesDiffView),
}

impl AnyDiff {
    /// Whether there is no difference.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(view) => view.diff().is_empty(),
            Self::Bytes(view) => view.changed() == 0,
        }
    }
}

/// What was compared.
struct Pair {
    old: Value,
    new: Value,
}

impl Pair {
    /// Whether these are the values; remembers them, so that to ask again costs nothing.
    fn is_of(&mut self, old: &Value, new: &Value) -> bool {
        let same = |mine: &mut Value, other: &Value| {
            if Arc::ptr_eq(mine, other) {
                return true;
            }
            let equal = mine == other;
            if equal {
                mine.clone_from(other);
            }
            equal
        };
        same(&mut self.old, old) && same(&mut self.new, new)
    }
}

/// Remembers the difference that was shown last.
#[derive(Default)]
pub struct DiffCache {
    shown: Option<(Pair, AnyDiff)>,
    working: Option<(Pair, Beside<AnyDiff>)>,
}

impl DiffCache {
    /// The difference of these values, and whether it is theirs: while that of large values is worked
    /// out it is the one that was shown before, if there is one.
    pub fn of(
        &mut self,
        ctx: &Context,
        old: &Value,
        new: &Value,
        side_by_side: bool,
    ) -> Option<(&mut AnyDiff, bool)> {
        self.take_answer(side_by_side);
        let mut is_theirs = self.shown.as_mut().is_some_and(|(pair, _)| pair.is_of(old, new));
        if !is_theirs && self.working.is_none() {
            let pair = Pair { old: old.clone(), new: new.clone() };
            if is_quick(old.len() + new.len()) {
                self.shown = Some((pair, compare(old, new, side_by_side)));
                is_theirs = true;
            } else {
                // What is asked for meanwhile is begun when this is done: something is shown even of a
                // value that never rests.
                let (old, new) = (old.clone(), new.clone());
                let work = move || compare(&old, &new, side_by_side);
                self.working = Some((pair, Beside::start(ctx, "compare", work)));
            }
        }
        let (_, diff) = self.shown.as_mut()?;
        if let AnyDiff::Text(view) = diff {
            view.set_side_by_side(side_by_side);
        }
        Some((diff, is_theirs))
    }

    fn take_answer(&mut self, side_by_side: bool) {
        let Some((pair, working)) = self.working.take() else { return };
        match working.take() {
            Answer::Working => self.working = Some((pair, working)),
            Answer::Ready(diff) => self.shown = Some((pair, diff)),
            Answer::Failed => {
                tracing::error!(side_by_side, "comparing broke off: compared by bytes instead");
                let diff = AnyDiff::Bytes(BytesDiffView::new(pair.old.clone(), pair.new.clone()));
                self.shown = Some((pair, diff));
            }
        }
    }
}

fn compare(old: &Value, new: &Value, side_by_side: bool) -> AnyDiff {
    let text = |value: &'_ Value| memchr::memchr(0, value).is_none();
    match (std::str::from_utf8(old), std::str::from_utf8(new)) {
        (Ok(old_text), Ok(new_text)) if text(old) && text(new) => {
            AnyDiff::Text(DiffView::new(old_text, new_text, side_by_side))
        }
        _ => AnyDiff::Bytes(BytesDiffView::new(old.clone(), new.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::{AnyDiff, DiffCache};
    use crate::model::bytes::Value;

    fn text(line: &str, lines: usize) -> Value {
        Value::from(format!("{line}\n").repeat(lines).into_bytes())
    }

    /// Asks until the answer is that of these values.
    fn settled(cache: &mut DiffCache, ctx: &egui::Context, old: &Value, new: &Value) -> usize {
        let start = std::time::Instant::now();
        loop {
            if let Some((AnyDiff::Text(view), true)) = cache.of(ctx, old, new, true) {
                return view.diff().added;
            }
            assert!(start.elapsed().as_secs() < 30, "never compared");
            std::thread::yield_now();
        }
    }

    #[test]
    fn small_values_are_compared_at_once() {
        let ctx = egui::Context::default();
        let mut cache = DiffCache::default();
        assert!(matches!(cache.of(&ctx, &text("a", 3), &text("b", 3), true), Some((_, true))));
    }

    #[test]
    fn large_values_are_compared_beside_the_window_and_the_picture_before_stays() {
        let ctx = egui::Context::default();
        let mut cache = DiffCache::default();
        let (one, two, three) = (text("one", 5_000), text("two", 5_000), text("three", 5_001));
        assert!(cache.of(&ctx, &one, &two, true).is_none(), "nothing to show yet");
        assert_eq!(settled(&mut cache, &ctx, &one, &two), 5_000);
        let Some((_, false)) = cache.of(&ctx, &one, &three, true) else {
            panic!("the difference before, said to be that before");
        };
        assert_eq!(settled(&mut cache, &ctx, &one, &three), 5_001);
    }
}
