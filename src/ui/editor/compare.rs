//! The difference of two values, worked out beside the window where they are large.

use std::sync::Arc;

use egui::Context;

use crate::model::bytes::Value;
use crate::model::diff::tree::{self, NoTree, has_structure};
use crate::model::diff::{Side, Whitespace, structural};
use crate::model::format::ValueFormat;
use crate::ui::beside::{Answer, Beside};
use crate::ui::widgets::diff_bytes::BytesDiffView;
use crate::ui::widgets::diff_tree::StructureView;
use crate::ui::widgets::diff_view::{DiffView, Jump};

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
    /// Which white space counts, where that can be chosen.
    pub whitespace: Whitespace,
    /// The format of the key that is shown.
    pub format: ValueFormat,
    /// The operator wants to go to another change.
    pub jump: Option<Jump>,
}

impl Default for DiffLook {
    fn default() -> Self {
        Self { side_by_side: true, whitespace: Whitespace::All, format: ValueFormat::Plain, jump: None }
    }
}

/// As what values are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DiffKind {
    /// As text, where both are; else as bytes.
    #[default]
    Text,
    /// By their structure.
    Structure,
    /// As bytes.
    Bytes,
}

/// How values are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiffSpec {
    /// As what.
    pub kind: DiffKind,
    /// Which white space counts.
    pub whitespace: Whitespace,
    /// The formats of both, for their structure.
    pub formats: [ValueFormat; 2],
}

impl DiffSpec {
    /// Whether a comparison by structure can be asked for.
    #[must_use]
    pub fn has_structure(&self) -> bool {
        self.formats.iter().all(|format| has_structure(*format))
    }
}

/// The difference of two values.
pub enum AnyDiff {
    /// Both are text.
    Text(DiffView),
    /// One is not, or bytes were asked for.
    Bytes(BytesDiffView),
    /// By structure.
    Structure(StructureView),
    /// By structure, which one of them does not have.
    NoStructure(Side, NoTree),
}

impl AnyDiff {
    /// Whether there is no difference.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(view) => view.diff().is_empty(),
            Self::Bytes(view) => view.changed() == 0,
            Self::Structure(view) => view.changes() == 0,
            Self::NoStructure(..) => false,
        }
    }

    /// How many changes there are to go to.
    #[must_use]
    pub fn changes(&self) -> usize {
        match self {
            Self::Text(view) => view.changes(),
            Self::Bytes(view) => view.changes(),
            Self::Structure(view) => view.changes(),
            Self::NoStructure(..) => 0,
        }
    }

    /// The change that was gone to last.
    #[must_use]
    pub fn current(&self) -> Option<usize> {
        match self {
            Self::Text(view) => view.current(),
            Self::Bytes(view) => view.current(),
            Self::Structure(view) => view.current(),
            Self::NoStructure(..) => None,
        }
    }

    /// Goes to another change.
    pub fn go(&mut self, jump: Jump) {
        match self {
            Self::Text(view) => view.go(jump),
            Self::Bytes(view) => view.go(jump),
            Self::Structure(view) => view.go(jump),
            Self::NoStructure(..) => {}
        }
    }

    /// The value of a side with the current change taken over from the other, where that can be told.
    #[must_use]
    pub fn take_current(&self, to: Side) -> Option<Value> {
        match self {
            Self::Text(view) => view.take_current(to).map(|text| Value::from(text.into_bytes())),
            Self::Bytes(view) => view.take_current(to).map(Value::from),
            Self::Structure(_) | Self::NoStructure(..) => None,
        }
    }

    /// Stays where an earlier comparison was.
    fn adopt(&mut self, before: &Self) {
        match (self, before) {
            (Self::Text(view), Self::Text(before)) => view.adopt(before),
            (Self::Structure(view), Self::Structure(before)) => view.adopt(before),
            _ => {}
        }
    }
}

/// What was compared.
struct Subject {
    old: Value,
    new: Value,
    spec: DiffSpec,
}

impl Subject {
    /// Whether this is it; remembers the values, so that to ask again costs nothing.
    fn is(&mut self, old: &Value, new: &Value, spec: DiffSpec) -> bool {
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
        // The formats count only for the structure.
        let formats = spec.kind != DiffKind::Structure || self.spec.formats == spec.formats;
        let same_spec = self.spec.kind == spec.kind && self.spec.whitespace == spec.whitespace && formats;
        same_spec && same(&mut self.old, old) && same(&mut self.new, new)
    }
}

/// Remembers the difference that was shown last.
#[derive(Default)]
pub struct DiffCache {
    /// As what values are compared here.
    pub kind: DiffKind,
    shown: Option<(Subject, AnyDiff)>,
    working: Option<(Subject, Beside<AnyDiff>)>,
}

impl DiffCache {
    /// The difference of these values, and whether it is theirs: while that of large values is worked
    /// out it is the one that was shown before, if there is one.
    pub fn of(
        &mut self,
        ctx: &Context,
        old: &Value,
        new: &Value,
        spec: DiffSpec,
        side_by_side: bool,
    ) -> Option<(&mut AnyDiff, bool)> {
        self.take_answer(ctx);
        let mut is_theirs = self.shown.as_mut().is_some_and(|(subject, _)| subject.is(old, new, spec));
        if !is_theirs && self.working.is_none() {
            let subject = Subject { old: old.clone(), new: new.clone(), spec };
            if is_quick(old.len() + new.len()) {
                self.show(ctx, subject, compare(old, new, spec, side_by_side));
                is_theirs = true;
            } else {
                // What is asked for meanwhile is begun when this is done: something is shown even of a
                // value that never rests.
                let (old, new) = (old.clone(), new.clone());
                let work = move || compare(&old, &new, spec, side_by_side);
                self.working = Some((subject, Beside::start(ctx, "compare", work)));
            }
        }
        let (_, diff) = self.shown.as_mut()?;
        if let AnyDiff::Text(view) = diff {
            view.set_side_by_side(side_by_side);
        }
        Some((diff, is_theirs))
    }

    fn take_answer(&mut self, ctx: &Context) {
        let Some((subject, working)) = self.working.take() else { return };
        match working.take() {
            Answer::Working => self.working = Some((subject, working)),
            Answer::Ready(diff) => self.show(ctx, subject, diff),
            Answer::Failed => {
                tracing::error!("comparing broke off: compared by offset instead");
                let bytes = BytesDiffView::by_offset(subject.old.clone(), subject.new.clone());
                self.show(ctx, subject, AnyDiff::Bytes(bytes));
            }
        }
    }

    fn show(&mut self, ctx: &Context, subject: Subject, mut diff: AnyDiff) {
        if let Some((before, old_diff)) = self.shown.take() {
            diff.adopt(&old_diff);
            if !is_quick(before.old.len() + before.new.len()) {
                // To give a hundred thousand rows back takes its time, too.
                drop(Beside::start(ctx, "discard", move || drop(old_diff)));
            }
        }
        self.shown = Some((subject, diff));
    }
}

/// A value as text, where it is one.
pub(super) fn text_of(value: &Value) -> Option<&str> {
    std::str::from_utf8(value).ok().filter(|_| memchr::memchr(0, value).is_none())
}

fn compare(old: &Value, new: &Value, spec: DiffSpec, side_by_side: bool) -> AnyDiff {
    match (text_of(old), text_of(new)) {
        (Some(old), Some(new)) if spec.kind == DiffKind::Structure => by_structure([old, new], spec.formats),
        (Some(old), Some(new)) if spec.kind == DiffKind::Text => {
            AnyDiff::Text(DiffView::new(old, new, spec.whitespace, side_by_side))
        }
        _ => AnyDiff::Bytes(BytesDiffView::new(old.clone(), new.clone())),
    }
}

fn by_structure(texts: [&str; 2], formats: [ValueFormat; 2]) -> AnyDiff {
    let old = match tree::parse(formats[0], texts[0]) {
        Ok(tree) => tree,
        Err(why) => return AnyDiff::NoStructure(Side::Old, why),
    };
    match tree::parse(formats[1], texts[1]) {
        Ok(new) => AnyDiff::Structure(StructureView::new(structural::compare(&old, &new))),
        Err(why) => AnyDiff::NoStructure(Side::New, why),
    }
}

#[cfg(test)]
mod tests {
    use super::{AnyDiff, DiffCache, DiffSpec};
    use crate::model::bytes::Value;

    fn text(line: &str, lines: usize) -> Value {
        Value::from(format!("{line}\n").repeat(lines).into_bytes())
    }

    fn spec() -> DiffSpec {
        DiffSpec::default()
    }

    /// Asks until the answer is that of these values.
    fn settled(cache: &mut DiffCache, ctx: &egui::Context, old: &Value, new: &Value) -> usize {
        let start = std::time::Instant::now();
        loop {
            if let Some((AnyDiff::Text(view), true)) = cache.of(ctx, old, new, spec(), true) {
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
        assert!(matches!(cache.of(&ctx, &text("a", 3), &text("b", 3), spec(), true), Some((_, true))));
    }

    #[test]
    fn large_values_are_compared_beside_the_window_and_the_picture_before_stays() {
        let ctx = egui::Context::default();
        let mut cache = DiffCache::default();
        let (one, two, three) = (text("one", 5_000), text("two", 5_000), text("three", 5_001));
        assert!(cache.of(&ctx, &one, &two, spec(), true).is_none(), "nothing to show yet");
        assert_eq!(settled(&mut cache, &ctx, &one, &two), 5_000);
        let Some((_, false)) = cache.of(&ctx, &one, &three, spec(), true) else {
            panic!("the difference before, said to be that before");
        };
        assert_eq!(settled(&mut cache, &ctx, &one, &three), 5_001);
    }
}
