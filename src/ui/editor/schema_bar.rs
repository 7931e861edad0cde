//! Above a text: which schema applies to it, what the value says in short, and how it is edited.

use egui::{Frame, Id, Label, Margin, Popup, RichText, Sense, Ui, Vec2, WidgetInfo};
use rust_i18n::t;

use super::View;
use super::header::{NARROW, bar};
use super::state::{Body, DocumentState};
use crate::action::{Action, Actions};
use crate::model::bytes::{Key, Value};
use crate::model::format::ValueFormat;
use crate::model::schema::{self, Applied, Checked, RuleSchema, SchemaId, SchemaRule, Source};
use crate::ui::schema::{RuleState, rule_fields, tone_of, words};
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::{focus_ring, paint_icon};
use crate::ui::widgets::modal::{footer, modal};
use crate::ui::widgets::{Button, Tone, elided};

/// An example beyond this is not made a schema of.
const MAX_EXAMPLE_BYTES: usize = 64 * 1024;
/// The name of a schema takes at most so much room.
const NAME_WIDTH: f32 = 260.0;

/// A rule that is being made for the keys of a folder.
pub struct AttachForm {
    rule: SchemaRule,
    state: RuleState,
}

/// Draws the bar, where something applies. `right`: drawn from the right.
pub(super) fn show(
    ui: &mut Ui,
    view: View<'_>,
    shown: &mut DocumentState,
    checked: Option<&Checked>,
    right: impl FnOnce(&mut Ui),
    actions: &mut Actions,
) {
    let applied = checked.and_then(|checked| checked.applied.as_ref().map(|applied| (checked, applied)));
    let Some((checked, applied)) = applied else { return };
    let tokens = theme::tokens(ui);
    let narrow = ui.available_width() < NARROW;
    let rect = bar(ui, size::BAR, right, |ui| {
        let tone =
            if checked.problems.is_empty() && !applied.blocks() { Tone::Plain } else { tone_of(checked) };
        let name = words::schema_name(applied);
        let icon = if checked.problems.is_empty() { icons::SHIELD_CHECK } else { icons::SHIELD_WARNING };
        let spoken = said(checked, applied, &name);
        let room = NAME_WIDTH.min(ui.available_width() * if narrow { 0.9 } else { 0.6 });
        menu(ui, view, shown, Some((checked, applied)), icon, tone, &name, &spoken, room, actions);
        if let Some(summary) = &checked.summary
            && ui.available_width() > 80.0
        {
            let words = words::summary(summary);
            let label = Label::new(RichText::new(&words).font(text::body()).color(tokens.second)).truncate();
            ui.add(label).on_hover_text(words);
        }
    });
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
}

/// What the chip says to those who hear it.
fn said(checked: &Checked, applied: &Applied, name: &str) -> String {
    let words = match (&applied.source, checked.problems.is_empty()) {
        (Source::Recognised(_), true) => t!("schema.looks_like", name = name),
        (Source::Recognised(_), false) => t!("schema.warned", name = name),
        (_, true) => t!("schema.fits", name = name),
        (_, false) => t!("schema.breaks", name = name),
    };
    words.into_owned()
}

/// Where nothing applies: a way to a schema.
pub(super) fn offer(ui: &mut Ui, view: View<'_>, shown: &mut DocumentState, actions: &mut Actions) {
    let name = t!("schema.menu.none");
    menu(ui, view, shown, None, icons::SHIELD, Tone::Plain, &name, &name, NAME_WIDTH, actions);
}

/// A chip that opens the menu of schemas.
fn menu(
    ui: &mut Ui,
    view: View<'_>,
    shown: &mut DocumentState,
    applied: Option<(&Checked, &Applied)>,
    icon: &str,
    tone: Tone,
    name: &str,
    spoken: &str,
    room: f32,
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    let colour = tone.colour(tokens);
    let signs = 2.0 * (size::ICON + size::GRID) + 2.0 * size::PAD;
    let galley = elided(ui.painter(), name, text::meta_medium(), colour, (room - signs).max(24.0));
    let wide = Vec2::new(galley.size().x + signs, size::CONTROL_SMALL);
    let (rect, response) = ui.allocate_exact_size(wide, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, spoken));
    if ui.is_rect_visible(rect) {
        let fill = if response.hovered() { tokens.hover } else { tokens.soft(colour) };
        ui.painter().rect_filled(rect, f32::from(size::RADIUS), fill);
        let left = rect.left() + size::PAD;
        let y = rect.center().y;
        paint_icon(ui, egui::pos2(left + size::ICON / 2.0, y), icon, size::ICON, colour);
        let at = egui::pos2(left + size::ICON + size::GRID, y - galley.size().y / 2.0);
        ui.painter().galley(at, galley, colour);
        let caret = egui::pos2(rect.right() - size::PAD - size::ICON / 2.0 + 2.0, y);
        paint_icon(ui, caret, icons::CARET_DOWN, size::ICON_SMALL - 2.0, colour);
        focus_ring(ui, rect, &response);
    }
    let response = response.on_hover_text(spoken);
    Popup::menu(&response).show(|ui| {
        ui.set_min_width(280.0);
        ui.set_max_width(360.0);
        if let Some((_, applied)) = applied {
            ui.add(Label::new(RichText::new(name).font(text::strong()).color(tokens.text)).truncate());
            ui.add(Label::new(tokens.hint(words::why(applied))).wrap());
            ui.separator();
        }
        items(ui, view, shown, applied.map(|(_, applied)| applied), actions);
    });
    attach_dialog(ui, view, shown, actions);
}

fn items(
    ui: &mut Ui,
    view: View<'_>,
    shown: &mut DocumentState,
    applied: Option<&Applied>,
    actions: &mut Actions,
) {
    match applied.map(|applied| &applied.schema) {
        Some(SchemaId::Key(key)) if ui.button(t!("schema.menu.open")).clicked() => {
            actions.push(Action::OpenKey(key.clone()));
        }
        Some(SchemaId::Kind(kind)) if ui.button(t!("schema.menu.copy")).clicked() => {
            actions.push(Action::CopyText(kind.document().to_owned()));
        }
        _ => {}
    }
    if applied.is_some_and(|applied| applied.source == Source::Itself) {
        return;
    }
    if ui.button(t!("schema.menu.attach")).clicked() {
        shown.attach = Some(AttachForm { rule: rule_for(view, applied), state: RuleState::default() });
    }
    let draft = draft(view, shown);
    let writable = !view.session.profile.read_only;
    let exists = draft.as_ref().is_some_and(|(key, _)| view.session.keyspace.get(key).is_some());
    let can = draft.is_some() && writable && !exists;
    let button = ui.add_enabled(can, egui::Button::new(t!("schema.menu.make")));
    let button = button.on_disabled_hover_text(if exists {
        t!("schema.menu.make_exists")
    } else if writable {
        t!("schema.menu.make_unread")
    } else {
        t!("editor.refusal.read_only")
    });
    if button.clicked()
        && let Some((key, text)) = draft
    {
        actions.push(Action::OpenKey(key.clone()));
        actions.push(Action::ReplaceDraft { key, value: Value::from(text.into_bytes()) });
    }
}

/// The draft of a schema that the value is an example of.
fn draft(view: View<'_>, shown: &DocumentState) -> Option<(Key, String)> {
    let Body::Text(text) = &shown.body else { return None };
    let text = text.as_str();
    if text.len() > MAX_EXAMPLE_BYTES || shown.format() == ValueFormat::Binary {
        return None;
    }
    let profile = &view.session.profile;
    schema::draft_of(&profile.schemas, profile.separator_byte(), &view.document.key, text, shown.format())
}

/// A rule for the folder of the key, to begin with.
fn rule_for(view: View<'_>, applied: Option<&Applied>) -> SchemaRule {
    let separator = view.session.profile.separator_byte();
    let key = &view.document.key;
    let folder = memchr::memrchr(separator, key).map_or(&[][..], |at| &key[..=at]);
    let pattern = format!("{}**", String::from_utf8_lossy(folder));
    let schema = match applied.map(|applied| &applied.schema) {
        Some(SchemaId::Kind(kind)) => RuleSchema::Kind(kind.name().to_owned()),
        Some(SchemaId::Key(key)) => RuleSchema::Key(String::from_utf8_lossy(key).into_owned()),
        _ => RuleSchema::default(),
    };
    SchemaRule { pattern, schema }
}

/// The question which schema the keys of a folder get.
fn attach_dialog(ui: &mut Ui, view: View<'_>, shown: &mut DocumentState, actions: &mut Actions) {
    let Some(form) = &mut shown.attach else { return };
    let title = t!("schema.attach.title");
    let mut done = false;
    let answer = modal(ui.ctx(), Id::unique("attach schema"), &title, size::DIALOG_WIDE, |ui| {
        let tokens = theme::tokens(ui);
        ui.add(Label::new(tokens.hint(t!("schema.attach.hint"))).wrap());
        Frame::new().inner_margin(Margin::symmetric(0, 8)).show(ui, |ui| {
            rule_fields(ui, "attach", 1, &mut form.rule, &mut form.state);
        });
        footer(ui, |ui| {
            let ready = !form.rule.pattern.trim().is_empty();
            if Button::primary(&t!("schema.attach.action")).enabled(ready).show(ui).clicked() {
                let mut settings = view.session.profile.schemas.clone();
                settings.rules.push(form.rule.clone());
                actions.push(Action::ChangeSchemas(Box::new(settings)));
                done = true;
            }
            if Button::quiet(&t!("common.cancel")).show(ui).clicked() {
                done = true;
            }
        });
    });
    if done || answer.closed {
        shown.attach = None;
    }
}
