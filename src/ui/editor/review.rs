//! What would be saved, before it is saved: the diff, the guards, and the button.

use egui::{Frame, Key, Label, Modifiers, Panel, RichText, Ui};
use rust_i18n::t;

use super::View;
use super::banner::{lease_text, line};
use super::compare::DiffLook;
use super::diff_page::{Stale, show_diff};
use super::header::{bar, format_name};
use super::state::{Checked, DocumentState};
use crate::action::{Action, Actions, UserCommand};
use crate::model::document::SaveState;
use crate::model::schema::Problem;
use crate::ui::schema as schema_ui;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::paint_icon;
use crate::ui::widgets::{Button, Tone, elided, field::check_box, key_label, shortcut_text};

/// Draws the review. `save_now`: the shortcut was pressed.
pub(super) fn show(
    ui: &mut Ui,
    view: View<'_>,
    shown: &mut DocumentState,
    look: &mut DiffLook,
    save_now: bool,
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    let document = view.document;
    let saving = matches!(document.save, SaveState::Saving { .. });
    let time = ui.input(|input| input.time);
    let checked = shown.check(ui.ctx(), time, true).0.clone();
    let invalid = matches!(checked, Checked::Invalid(_));
    let value = document.current_value();
    let overridden = shown.override_of.as_ref() == Some(&value);
    let schema = shown.check_schema(ui.ctx(), view.session, &document.key, time);
    let refusal = refusal(view, &checked, overridden)
        .or_else(|| schema_refusal(view, &schema, |problems| shown.overrides_schema(&value, problems)));

    title(ui, view);
    if document.live.is_some() && !saving {
        let words = t!("editor.review.changed_meanwhile");
        let compare = t!("editor.banner.compare");
        if line(ui, Tone::Danger, icons::USERS, &words, &[&compare]).is_some() {
            actions.push(Action::Review(document.key.clone()));
        }
    }
    let mut save = save_now || save_pressed(ui);
    let frame = Frame::new().fill(tokens.panel);
    let height = size::CONTROL + 2.0 * size::PAD;
    Panel::bottom("review_bottom").exact_size(height).frame(frame).show_separator_line(false).show(
        ui,
        |ui| {
            let rect = bar(
                ui,
                height,
                |_| {},
                |ui| {
                    save |= buttons(ui, view, saving, refusal.as_deref(), actions);
                },
            );
            ui.painter().hline(rect.x_range(), rect.top() + 0.5, tokens.line());
        },
    );
    if save && refusal.is_none() && !saving {
        actions.push(Action::Save(document.key.clone()));
    }
    facts(ui, view, shown);
    if invalid {
        let mut on = overridden;
        Frame::new().fill(tokens.soft(tokens.danger)).inner_margin(size::PAD + size::GRID).show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            let label = t!("editor.review.save_invalid", format = format_name(shown.format()));
            check_box(ui, &mut on, &label, None);
        });
        if on != overridden {
            shown.override_of = on.then(|| value.clone());
        }
    }
    if let Some(checked) = schema.last() {
        let mut on = shown.overrides_schema(&value, &checked.problems);
        if schema_ui::attached(ui, checked, &mut on) {
            shown.schema_override = on.then(|| (value.clone(), checked.problems.clone()));
        }
    }
    let names = [base_name(view), t!("editor.diff.draft").into_owned()];
    let old = document.base_value();
    // What is about to be saved is shown as it is, or not yet.
    let names = [names[0].as_str(), names[1].as_str()];
    show_diff(ui, &mut shown.diff, &old, &value, names, look, Stale::Hide, |_| {});
}

/// What the draft is compared with. It is called the cluster's only while nothing else is known: the
/// review stays as it is when the key changes, so that what is saved is what was looked at.
fn base_name(view: View<'_>) -> String {
    let document = view.document;
    let is_current = document.live.is_none() && view.session.state.is_live();
    match document.base_record().map(|base| base.meta.mod_revision) {
        Some(revision) if is_current => t!("editor.review.live_at", revision = revision),
        Some(revision) => t!("editor.review.base_at", revision = revision),
        None => t!("editor.review.base_absent"),
    }
    .into_owned()
}

fn title(ui: &mut Ui, view: View<'_>) {
    let tokens = theme::tokens(ui);
    let rect = bar(
        ui,
        size::BAR + size::PAD,
        |_| {},
        |ui| {
            let icon = RichText::new(icons::GIT_DIFF).font(text::icon(size::ICON)).color(tokens.accent);
            ui.label(icon);
            ui.label(tokens.title(t!("editor.review.title")));
            key_label(ui, &view.document.key, view.session.profile.separator_byte());
        },
    );
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
}

/// Ctrl+Enter saves in the review.
fn save_pressed(ui: &Ui) -> bool {
    ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter))
}

fn refusal(view: View<'_>, checked: &Checked, overridden: bool) -> Option<String> {
    if view.session.profile.read_only {
        Some(t!("editor.refusal.read_only").into_owned())
    } else if !view.document.is_dirty() {
        Some(t!("editor.refusal.unchanged").into_owned())
    } else {
        match checked {
            Checked::NotYet => Some(t!("editor.refusal.checking").into_owned()),
            Checked::Invalid(_) if !overridden => Some(t!("editor.refusal.invalid").into_owned()),
            Checked::Invalid(_) | Checked::Valid | Checked::Nothing => None,
        }
    }
}

/// Why a schema does not let the value be saved. Only what was found about this very value counts.
fn schema_refusal(
    view: View<'_>,
    schema: &schema_ui::State,
    overridden: impl Fn(&[Problem]) -> bool,
) -> Option<String> {
    match schema.known() {
        Some(checked) if checked.blocks() && !overridden(&checked.problems) => {
            Some(t!("schema.refusal").into_owned())
        }
        Some(_) => None,
        // What no rule is about is never held back.
        None => view.session.schemas.applies(&view.document.key).map(|_| t!("schema.checking").into_owned()),
    }
}

/// Save and back; whether save was pressed.
fn buttons(ui: &mut Ui, view: View<'_>, saving: bool, refusal: Option<&str>, actions: &mut Actions) -> bool {
    let tokens = theme::tokens(ui);
    let label = t!("editor.review.save");
    let mut button = Button::primary(&label)
        .shortcut(shortcut_text(UserCommand::Save))
        .enabled(refusal.is_none() && !saving);
    if let Some(refusal) = refusal {
        button = button.disabled_hint(refusal);
    }
    let pressed = button.show(ui).clicked();
    let back = t!("editor.review.back");
    if Button::quiet(&back).enabled(!saving).show(ui).clicked() {
        actions.push(Action::CancelSave(view.document.key.clone()));
    }
    if saving {
        ui.spinner();
        ui.label(tokens.meta(t!("editor.saving")));
    } else if let Some(refusal) = refusal {
        ui.add(Label::new(tokens.meta(refusal)).truncate()).on_hover_text(refusal);
    }
    pressed
}

/// What the save would be guarded by, and what it keeps.
fn facts(ui: &mut Ui, view: View<'_>, shown: &mut DocumentState) {
    let tokens = theme::tokens(ui);
    let time = ui.input(|input| input.time);
    let base = view.document.base_record().map(|record| record.meta);
    let frame = Frame::new().inner_margin(egui::Margin::symmetric(12, 8));
    frame.show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = egui::vec2(size::GROUP, size::GRID);
            let guard = match base {
                Some(meta) => t!("editor.review.guard", revision = meta.mod_revision, version = meta.version),
                None => t!("editor.review.guard_new"),
            };
            fact(ui, icons::SHIELD_CHECK, tokens.live, &guard);
            match base.map_or(0, |meta| meta.lease) {
                0 if base.is_none() && view.document.lost_lease.is_some() => {
                    let lost = view.document.lost_lease.unwrap_or_default();
                    let words = t!("editor.review.lost_lease", lease = lease_text(lost));
                    fact(ui, icons::WARNING, tokens.danger, &words);
                }
                0 => fact(ui, icons::TIMER, tokens.second, &t!("editor.review.no_lease")),
                lease => {
                    let words = t!("editor.review.lease", lease = lease_text(lease));
                    fact(ui, icons::TIMER, tokens.accent, &words);
                }
            }
            let name = format_name(shown.format());
            match shown.check(ui.ctx(), time, true).0 {
                Checked::Valid => {
                    let words = t!("editor.status.valid", format = name);
                    fact(ui, icons::CHECK_CIRCLE, tokens.live, &words);
                }
                Checked::Invalid(issue) => {
                    let words = t!(
                        "editor.review.invalid",
                        format = name,
                        line = issue.line,
                        column = issue.column,
                        message = issue.message
                    );
                    fact(ui, icons::X_CIRCLE, tokens.danger, &words);
                }
                Checked::Nothing | Checked::NotYet => {
                    fact(ui, icons::INFO, tokens.second, &t!("editor.review.not_checked", format = name));
                }
            }
        });
    });
}

/// A fact with its icon; never broken, cut off where it is wider than the page.
fn fact(ui: &mut Ui, icon: &str, colour: egui::Color32, words: &str) {
    let tokens = theme::tokens(ui);
    let left = size::ICON + size::GRID + 2.0;
    let room = ui.max_rect().width() - left;
    let galley = elided(ui.painter(), words, text::body(), tokens.text, room);
    let wanted = egui::vec2((left + galley.size().x).ceil(), size::ROW_COMPACT);
    let (rect, response) = ui.allocate_exact_size(wanted, egui::Sense::hover());
    paint_icon(ui, rect.left_center() + egui::vec2(size::ICON / 2.0, 0.0), icon, size::ICON, colour);
    let is_cut = galley.elided;
    let at = rect.left_center() + egui::vec2(left, -galley.size().y / 2.0);
    ui.painter().galley(at, galley, tokens.text);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, words));
    if is_cut {
        response.on_hover_text(words);
    }
}
