//! The page that compares the draft with what the key is, and the diff as the other pages show it.

use std::sync::Arc;

use egui::{RichText, Ui};
use rust_i18n::t;

use super::View;
use super::compare::{AnyDiff, DiffCache, DiffLook};
use super::header::{NARROW, bar};
use super::state::DocumentState;
use crate::model::bytes::Value;
use crate::model::record::KeyRecord;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::{empty_state, segmented};

/// The value of a record; empty where there is no record.
pub(super) fn value_of(record: Option<&KeyRecord>) -> Value {
    record.and_then(|record| record.value.clone()).unwrap_or_else(|| Value::from([].as_slice()))
}

/// Draws the page.
pub(super) fn show(ui: &mut Ui, view: View<'_>, shown: &mut DocumentState, look: &mut DiffLook) {
    let document = view.document;
    let base = document.base_value();
    let mut against_base = shown.against_base;
    let (old, new, left, right) = match &document.live {
        // Nothing typed: what someone else did since.
        Some(live) if !document.is_dirty() => {
            (base, value_of(live.as_ref()), t!("editor.diff.base"), t!("editor.diff.live"))
        }
        Some(live) if !shown.against_base => (
            value_of(live.as_ref()),
            document.current_value(),
            t!("editor.diff.live"),
            t!("editor.diff.draft"),
        ),
        Some(_) => (base, document.current_value(), t!("editor.diff.base"), t!("editor.diff.draft")),
        None => (base, document.current_value(), t!("editor.diff.live"), t!("editor.diff.draft")),
    };
    let choose = document.live.is_some() && document.is_dirty();
    show_diff(ui, &mut shown.diff, &old, &new, [&left, &right], look, Stale::Keep, |ui| {
        if choose {
            let (live, base) = (t!("editor.diff.against_live"), t!("editor.diff.against_base"));
            let choices = [(false, live.as_ref()), (true, base.as_ref())];
            if let Some(chosen) = segmented(ui, against_base, &choices) {
                against_base = chosen;
            }
        }
    });
    shown.against_base = against_base;
}

/// What is done with the difference of other values while that of large ones is worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stale {
    /// It stays until then, and it is said.
    Keep,
    /// It is not shown.
    Hide,
}

/// A diff with its bar: what is compared, the counts, side by side or inline.
pub(super) fn show_diff(
    ui: &mut Ui,
    cache: &mut DiffCache,
    old: &Value,
    new: &Value,
    names: [&str; 2],
    look: &mut DiffLook,
    stale: Stale,
    more: impl FnOnce(&mut Ui),
) {
    let tokens = theme::tokens(ui);
    let wide = ui.available_width() >= NARROW;
    let compared = cache.of(ui.ctx(), old, new, look.side_by_side && wide);
    let is_theirs = compared.as_ref().is_some_and(|(_, is_theirs)| *is_theirs);
    let mut diff = compared.map(|(diff, _)| diff).filter(|_| is_theirs || stale == Stale::Keep);
    let mut chosen = None;
    let rect = bar(
        ui,
        size::BAR + size::PAD,
        |ui| {
            if wide && matches!(diff, Some(AnyDiff::Text(_))) {
                let (side, inline) = (t!("editor.diff.side_by_side"), t!("editor.diff.inline"));
                chosen = segmented(ui, look.side_by_side, &[(true, side.as_ref()), (false, inline.as_ref())]);
            }
            more(ui);
        },
        |ui| {
            ui.label(RichText::new(names[0]).font(text::meta_medium()).color(tokens.second));
            let arrow = RichText::new(icons::ARROW_RIGHT).font(text::icon(size::ICON_SMALL));
            ui.label(arrow.color(tokens.faint));
            ui.label(RichText::new(names[1]).font(text::meta_medium()).color(tokens.text));
            match &diff {
                Some(diff) if is_theirs => counts(ui, diff),
                _ => {
                    ui.label(tokens.hint(t!("editor.diff.comparing")));
                }
            }
        },
    );
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
    if let Some(chosen) = chosen {
        look.side_by_side = chosen;
    }
    let Some(diff) = &mut diff else {
        let (title, hint) = (t!("editor.diff.comparing"), t!("editor.diff.comparing_hint"));
        empty_state(ui, icons::HOURGLASS_MEDIUM, &title, &hint, None);
        return;
    };
    if is_theirs && (Arc::ptr_eq(old, new) || diff.is_empty()) {
        empty_state(ui, icons::CHECK_CIRCLE, &t!("editor.diff.equal"), &t!("editor.diff.equal_hint"), None);
        return;
    }
    ui.push_id("diff", |ui| match diff {
        AnyDiff::Text(view) => view.show(ui),
        AnyDiff::Bytes(view) => view.show(ui),
    });
}

/// `+3 −1`, or the number of bytes that differ.
fn counts(ui: &mut Ui, diff: &AnyDiff) {
    let tokens = theme::tokens(ui);
    match diff {
        AnyDiff::Text(view) => {
            let (added, removed) = (view.diff().added, view.diff().removed);
            ui.label(RichText::new(format!("+{added}")).font(text::mono_small()).color(tokens.live))
                .on_hover_text(t!("editor.diff.added", count = added));
            ui.label(RichText::new(format!("−{removed}")).font(text::mono_small()).color(tokens.danger))
                .on_hover_text(t!("editor.diff.removed", count = removed));
        }
        AnyDiff::Bytes(view) => {
            ui.label(tokens.meta(t!("editor.diff.bytes", count = view.changed())));
        }
    }
}
