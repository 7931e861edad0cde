//! What a lease has left: counted down here between answers, as a draining bar with words.

use egui::{Color32, CornerRadius, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use crate::model::coordination::LeaseInfo;
use crate::model::session::Session;
use crate::model::status::SeenAt;
use crate::ui::theme::{self, Tokens, size, text};
use crate::ui::widgets::{duration_short, duration_text, elided};

/// Below this share of its granted time a lease is about to end.
const LATE_SHARE: f32 = 0.25;
/// Bars in places at least so wide leave room for the longest words.
const WIDE: f32 = 140.0;

/// A lease at this moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ttl {
    /// Not known yet.
    Unknown,
    /// The lease is gone.
    Gone,
    /// Time left, in seconds, and its share of what was granted.
    Left {
        /// Seconds left, at least 0.
        secs: i64,
        /// Share of the granted time, 0 to 1.
        share: f32,
    },
}

/// What a lease has left now, going by what was told last.
#[must_use]
pub fn left(info: Option<&LeaseInfo>, now: SeenAt) -> Ttl {
    let Some(info) = info else { return Ttl::Unknown };
    if info.is_gone() {
        return Ttl::Gone;
    }
    if !info.is_current(now) {
        return Ttl::Unknown;
    }
    let passed_secs = (now - info.seen_at).max(0) / 1_000;
    let secs = (info.remaining_secs - passed_secs).max(0);
    #[expect(clippy::cast_precision_loss, reason = "TTLs are far below 2^23 seconds, or it is but a bar")]
    let share = secs as f32 / info.granted_secs.max(1) as f32;
    Ttl::Left { secs, share: share.clamp(0.0, 1.0) }
}

/// What a lease of this connection has left now. While it is not proven what happens nothing is counted on:
/// whoever keeps the lease alive may have done so, or not.
#[must_use]
pub fn of(session: &Session, lease: i64, now: SeenAt) -> Ttl {
    match left(session.leases.get(&lease), now) {
        Ttl::Left { .. } if session.known_until(now) < now => Ttl::Unknown,
        left => left,
    }
}

impl Ttl {
    /// In words: `12 s`, `gone`, `–`.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Unknown => "–".to_owned(),
            Self::Gone => t!("coordination.ttl.gone").into_owned(),
            Self::Left { secs, .. } => duration_text(secs),
        }
    }

    fn colour(self, tokens: &Tokens) -> Color32 {
        match self {
            Self::Unknown => tokens.faint,
            Self::Gone => tokens.danger,
            Self::Left { share, .. } if share < LATE_SHARE => tokens.changed,
            Self::Left { .. } => tokens.live,
        }
    }
}

/// Paints the bar and its words into a place.
pub fn paint(ui: &Ui, rect: Rect, ttl: Ttl) {
    let tokens = theme::tokens(ui);
    let colour = ttl.colour(tokens);
    let words_colour = if ttl == Ttl::Gone { colour } else { tokens.second };
    let laid_out = |words| ui.painter().layout_no_wrap(words, text::mono_small(), words_colour);
    let mut words = laid_out(ttl.words());
    if let Ttl::Left { secs, .. } = ttl
        && words.size().x > rect.width()
    {
        // Never over what stands beside it.
        words = laid_out(duration_short(secs));
    }
    // Bars below each other end alike.
    let least = if rect.width() >= WIDE { 84.0 } else { 44.0 };
    let words_width = words.size().x.max(least);
    let at = pos2(rect.right() - words.size().x, rect.center().y - words.size().y / 2.0);
    ui.painter().galley(at, words, words_colour);
    let room = rect.width() - words_width - size::PAD;
    if matches!(ttl, Ttl::Left { .. }) && room > 16.0 {
        let top = rect.center().y - size::PROGRESS / 2.0;
        paint_bar(ui, Rect::from_min_size(pos2(rect.left(), top), vec2(room, size::PROGRESS)), ttl);
    }
}

/// Paints the bar alone, over the whole place.
pub fn paint_bar(ui: &Ui, rect: Rect, ttl: Ttl) {
    let tokens = theme::tokens(ui);
    let radius = CornerRadius::same(2);
    ui.painter().rect_filled(rect, radius, tokens.border);
    if let Ttl::Left { share, .. } = ttl {
        let full = Rect::from_min_size(rect.min, vec2(rect.width() * share, rect.height()));
        ui.painter().rect_filled(full, radius, ttl.colour(tokens));
    }
}

/// A property row: label, bar, words.
pub fn property_row(ui: &mut Ui, label: &str, ttl: Ttl) {
    let tokens = theme::tokens(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::hover());
    let label_width = size::LABEL.min(rect.width() * 0.45);
    let name = elided(ui.painter(), label, text::meta(), tokens.second, label_width);
    let at = pos2(rect.left(), rect.center().y - name.size().y / 2.0);
    ui.painter().galley(at, name, tokens.second);
    let bar = Rect::from_min_max(pos2(rect.left() + label_width + size::PAD, rect.top()), rect.max);
    paint(ui, bar, ttl);
    let words = format!("{label} {}", ttl.words());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
}

#[cfg(test)]
mod tests {
    use super::{Ttl, left, of};
    use crate::model::coordination::LeaseInfo;
    use crate::model::fault::{Fault, FaultKind};
    use crate::model::session::Session;
    use crate::model::status::MirrorState;

    #[test]
    fn a_lease_is_counted_down_between_answers() {
        let info = LeaseInfo { id: 1, granted_secs: 20, remaining_secs: 15, seen_at: 10_000 };
        assert_eq!(left(Some(&info), 15_900), Ttl::Left { secs: 10, share: 0.5 });
        let short = LeaseInfo { granted_secs: 5, remaining_secs: 3, ..info };
        assert_eq!(left(Some(&short), 14_000), Ttl::Left { secs: 0, share: 0.0 });
        assert_eq!(left(Some(&info), 17_000), Ttl::Unknown, "it may have been kept alive since");
        assert_eq!(left(Some(&LeaseInfo { remaining_secs: -1, ..info }), 10_000), Ttl::Gone);
        assert_eq!(left(None, 0), Ttl::Unknown);
    }

    /// Frozen as it was told last it would look as if somebody still kept it alive.
    #[test]
    fn nothing_is_said_to_be_left_while_nothing_is_proven() {
        let mut session = Session { state: MirrorState::Live, ..Session::default() };
        session.leases.insert(1, LeaseInfo { id: 1, granted_secs: 60, remaining_secs: 50, seen_at: 10_000 });
        session.leases.insert(2, LeaseInfo { id: 2, granted_secs: 60, remaining_secs: -1, seen_at: 10_000 });
        session.prove(10_500);
        assert!(matches!(of(&session, 1, 12_000), Ttl::Left { secs: 48, .. }));
        assert_eq!((of(&session, 1, 14_000), of(&session, 2, 14_000)), (Ttl::Unknown, Ttl::Gone), "silent");
        session.prove(14_000);
        assert!(matches!(of(&session, 1, 14_000), Ttl::Left { secs: 46, .. }));
        let fault = Fault::new(FaultKind::TimedOut, "");
        session.state = MirrorState::Stale { since: 14_000, fault, retry_at: None };
        assert_eq!(of(&session, 1, 14_500), Ttl::Unknown, "stale");
    }
}
