//! A form made of the schema, beside the text or in its place. What is filled in changes the one value
//! in the text; what is typed in the text changes the form.

use std::collections::HashMap;
use std::sync::Arc;

use egui::{ComboBox, Frame, Id, Label, Margin, RichText, ScrollArea, Ui};
use rust_i18n::t;
use serde_json::Value as Json;

use super::View;
use super::state::{Body, DocumentState};
use crate::action::{Action, Actions};
use crate::model::schema::{self, Checked, Edit, FieldKind, FieldSpec, Syntax};
use crate::ui::schema::words;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::open_sign;
use crate::ui::widgets::field::{field_error, mono_field, text_field};
use crate::ui::widgets::{icon_button, link, segmented};

/// A larger text has no form: it would be read again at every keystroke.
const MAX_FORM_BYTES: usize = 64 * 1024;
/// Form and text stand beside each other in no less room.
const ROOM_FOR_BOTH: f32 = 640.0;

/// How a value is edited; chosen once for all keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum FormLook {
    /// As text.
    #[default]
    Text,
    /// As a form.
    Form,
    /// Both beside each other.
    Both,
}

/// What the form keeps between frames.
#[derive(Default)]
pub struct FormState {
    fields: Option<(Arc<Json>, Option<Vec<FieldSpec>>)>,
    /// What is typed into fields, while it is not in the text.
    typed: HashMap<Vec<String>, String>,
    /// This could be changed in the text alone.
    refused: Option<Vec<String>>,
    /// What was changed last.
    changed: Option<Vec<String>>,
    /// There was a form for what the text said before.
    was: bool,
}

/// Whether there is a form for what was checked.
pub(super) fn available(shown: &mut DocumentState, checked: &Checked) -> bool {
    let Body::Text(text) = &shown.body else { return false };
    // While the text is being typed and can not be read, the form keeps its place.
    if shown.form.was && checked.syntax.is_none() && checked.applied.is_some() {
        return true;
    }
    shown.form.was = false;
    let readable = matches!(checked.syntax, Some(Syntax::Json | Syntax::Yaml | Syntax::Toml))
        && checked.value.as_ref().is_some_and(|value| value.is_object() || value.is_null());
    let Some(document) =
        checked.schema.as_ref().filter(|_| readable && text.as_str().len() <= MAX_FORM_BYTES)
    else {
        return false;
    };
    let known = shown.form.fields.as_ref().is_some_and(|(of, _)| Arc::ptr_eq(of, document) || of == document);
    if !known {
        shown.form.fields = Some((document.clone(), schema::form_of(document)));
    }
    shown.form.was = shown.form.fields.as_ref().is_some_and(|(_, fields)| fields.is_some());
    shown.form.was
}

/// How a value is edited that there is a form for.
pub(super) fn look(ui: &Ui) -> FormLook {
    let chosen = ui.data(|data| data.get_temp(look_id())).unwrap_or_default();
    if chosen == FormLook::Both && ui.available_width() < ROOM_FOR_BOTH { FormLook::Text } else { chosen }
}

fn look_id() -> Id {
    Id::unique("form look")
}

/// Has the text shown, beside the form if that stands alone.
pub(super) fn show_text(ui: &Ui) {
    ui.data_mut(|data| {
        if data.get_temp(look_id()) == Some(FormLook::Form) {
            data.insert_temp(look_id(), FormLook::Both);
        }
    });
}

/// The chooser.
pub(super) fn chooser(ui: &mut Ui, width: f32) {
    let (form, text, both) = (t!("schema.form.form"), t!("schema.form.text"), t!("schema.form.both"));
    let mut choices = vec![(FormLook::Text, text.as_ref()), (FormLook::Form, form.as_ref())];
    let mut now = ui.data(|data| data.get_temp(look_id())).unwrap_or_default();
    if width >= ROOM_FOR_BOTH {
        choices.push((FormLook::Both, both.as_ref()));
    } else if now == FormLook::Both {
        now = FormLook::Text;
    }
    if let Some(chosen) = segmented(ui, now, &choices) {
        ui.data_mut(|data| data.insert_temp(look_id(), chosen));
    }
}

/// Draws the form. `known`: what was checked is what is in the text now.
pub(super) fn show(
    ui: &mut Ui,
    view: View<'_>,
    shown: &mut DocumentState,
    checked: &Checked,
    known: bool,
    actions: &mut Actions,
) {
    let (Some(value), Some(syntax)) = (checked.value.clone(), checked.syntax) else {
        let tokens = theme::tokens(ui);
        Frame::new().inner_margin(Margin::symmetric(16, 10)).show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            ui.add(Label::new(tokens.hint(t!("schema.form.unreadable"))).wrap());
        });
        return;
    };
    let Some((_, Some(fields))) = shown.form.fields.clone() else { return };
    let mut form = Form {
        value: &value,
        checked,
        known,
        id: Id::unique(("form", view.session.id.0, &view.document.key)),
        state: &mut shown.form,
        change: None,
    };
    ScrollArea::vertical().id_salt("form").auto_shrink([false, false]).show(ui, |ui| {
        Frame::new().inner_margin(Margin::symmetric(16, 10)).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = size::GRID;
            ui.set_max_width(ui.available_width().min(560.0));
            if view.session.profile.read_only {
                ui.disable();
            }
            for field in &fields {
                form.field(ui, field);
            }
        });
    });
    let Some((path, edit)) = form.change else { return };
    // What is on screen is of an earlier text: only what is being typed goes on, as entries of lists
    // may have other places now.
    let goes_on = shown.form.changed.as_ref() == Some(&path) && edit != Edit::Remove;
    if !known && !goes_on {
        return;
    }
    shown.form.changed = Some(path.clone());
    let Body::Text(text) = &shown.body else { return };
    match schema::edit(text.as_str(), syntax, &path, &edit) {
        Ok(written) => {
            shown.form.refused = None;
            let value = text.with_same_ends(&written);
            actions.push(Action::ReplaceDraft { key: view.document.key.clone(), value });
        }
        Err(schema::TextOnly) => shown.form.refused = Some(path),
    }
}

struct Form<'a> {
    value: &'a Json,
    checked: &'a Checked,
    known: bool,
    id: Id,
    state: &'a mut FormState,
    change: Option<(Vec<String>, Edit)>,
}

impl Form<'_> {
    fn now(&self, path: &[String]) -> Option<&Json> {
        schema::at(self.value, path)
    }

    fn field(&mut self, ui: &mut Ui, field: &FieldSpec) {
        let tokens = theme::tokens(ui);
        let present = self.now(&field.path).is_some();
        let name = field.path.last().cloned().unwrap_or_default();
        let spoken = schema::path_text(&field.path);
        ui.add_space(size::GRID);
        ui.horizontal(|ui| {
            ui.label(RichText::new(&name).font(text::mono()).color(tokens.text));
            if let Some(title) = field.title.as_ref().filter(|title| **title != name) {
                ui.add(Label::new(tokens.meta(title)).truncate());
            }
            if field.required && !present {
                ui.label(RichText::new(t!("schema.form.missing")).font(text::meta()).color(tokens.danger));
            }
            let removable = present && !field.required && !matches!(field.kind, FieldKind::TextOnly);
            if removable
                && icon_button(ui, icons::X, &t!("schema.form.remove", name = spoken), None).clicked()
            {
                self.state.typed.retain(|path, _| !path.starts_with(&field.path));
                self.change = Some((field.path.clone(), Edit::Remove));
            }
        });
        match &field.kind {
            FieldKind::Group(inner) => {
                ui.indent(("group", &field.path), |ui| {
                    for field in inner {
                        self.field(ui, field);
                    }
                });
            }
            FieldKind::List(kind) => self.list(ui, field, kind),
            kind => self.single(ui, &field.path, kind, field.default.as_ref(), !field.required),
        }
        if let Some(hint) = hint_of(field) {
            ui.add(Label::new(tokens.hint(hint)).wrap());
        }
        if !matches!(field.kind, FieldKind::Group(_)) {
            self.problems(ui, &field.path);
        }
    }

    fn problems(&self, ui: &mut Ui, path: &[String]) {
        let here = self.checked.problems.iter().filter(|problem| problem.path.starts_with(path));
        for problem in here.take(2) {
            field_error(ui, &words::what(&problem.what));
        }
        if self.state.refused.as_ref().is_some_and(|refused| refused.starts_with(path)) {
            field_error(ui, &t!("schema.form.refused"));
        }
    }

    fn list(&mut self, ui: &mut Ui, field: &FieldSpec, kind: &FieldKind) {
        let entries = match self.now(&field.path) {
            None => 0,
            Some(Json::Array(entries)) => entries.len(),
            Some(_) => {
                self.text_only(ui);
                return;
            }
        };
        for at in 0..entries {
            let path: Vec<String> = field.path.iter().cloned().chain([at.to_string()]).collect();
            ui.horizontal(|ui| {
                let room = ui.available_width() - size::CONTROL_SMALL - size::PAD;
                ui.scope(|ui| {
                    ui.set_max_width(room);
                    ui.vertical(|ui| self.single(ui, &path, kind, None, false));
                });
                let name = t!("schema.form.remove", name = schema::path_text(&path));
                if icon_button(ui, icons::X, &name, None).clicked() {
                    self.state.typed.retain(|typed, _| !typed.starts_with(&field.path));
                    self.change = Some((path.clone(), Edit::Remove));
                }
            });
        }
        let add = t!("schema.form.add", name = schema::path_text(&field.path));
        if link(ui, &add).clicked() {
            let first = match kind {
                FieldKind::Number { least, .. } => {
                    least.as_ref().and_then(|least| serde_json::from_str(least).ok()).unwrap_or(Json::from(0))
                }
                FieldKind::Switch => Json::Bool(false),
                FieldKind::Choice(options) => options.first().cloned().unwrap_or_default(),
                _ => Json::String(String::new()),
            };
            let path = field.path.iter().cloned().chain([entries.to_string()]).collect();
            self.change = Some((path, Edit::Set(first)));
        }
    }

    fn text_only(&self, ui: &mut Ui) {
        let tokens = theme::tokens(ui);
        ui.label(tokens.hint(t!("schema.form.text_only")));
    }

    /// The field of a single value.
    fn single(
        &mut self,
        ui: &mut Ui,
        path: &[String],
        kind: &FieldKind,
        default: Option<&Json>,
        optional: bool,
    ) {
        let now = self.now(path).cloned();
        let several_lines = |value: &Json| value.as_str().is_some_and(|text| text.contains(['\n', '\r']));
        let plain = now.as_ref().is_none_or(|now| !now.is_array() && !now.is_object() && !several_lines(now));
        if !plain {
            self.text_only(ui);
            return;
        }
        match kind {
            FieldKind::Switch => {
                let options = [Json::Bool(true), Json::Bool(false)];
                self.choice(ui, path, &options, now.as_ref(), optional);
            }
            FieldKind::Choice(options) => self.choice(ui, path, options, now.as_ref(), optional),
            FieldKind::Text | FieldKind::Number { .. } => self.typed(ui, path, kind, now.as_ref(), default),
            FieldKind::List(_) | FieldKind::Group(_) | FieldKind::TextOnly => self.text_only(ui),
        }
    }

    fn choice(&mut self, ui: &mut Ui, path: &[String], options: &[Json], now: Option<&Json>, optional: bool) {
        let name = schema::path_text(path);
        let selected = now.map_or_else(|| t!("schema.form.unset").into_owned(), schema::shown);
        let mut chosen = None;
        let combo = ComboBox::from_id_salt(("form choice", path)).icon(open_sign).width(220.0).truncate();
        let combo = combo.selected_text(selected).show_ui(ui, |ui| {
            if optional
                && ui.selectable_label(now.is_none(), t!("schema.form.unset")).clicked()
                && now.is_some()
            {
                chosen = Some(Edit::Remove);
            }
            for option in options {
                let on = now == Some(option);
                if ui.selectable_label(on, schema::shown(option)).clicked() && !on {
                    chosen = Some(Edit::Set(option.clone()));
                }
            }
        });
        combo.response.accessible_name(name);
        if let Some(edit) = chosen {
            self.change = Some((path.to_vec(), edit));
        }
    }

    fn typed(
        &mut self,
        ui: &mut Ui,
        path: &[String],
        kind: &FieldKind,
        now: Option<&Json>,
        default: Option<&Json>,
    ) {
        let id = self.id.with(path);
        let focused = ui.memory(|memory| memory.has_focus(id));
        let written = now.map(schema::shown).unwrap_or_default();
        let mut content = match self.state.typed.get(path) {
            // While it is being typed, what is typed counts; the text follows it.
            Some(typed) if focused || !self.known => typed.clone(),
            _ => written,
        };
        let name = schema::path_text(path);
        let hint =
            default.map(|default| t!("schema.form.default", value = schema::shown(default)).into_owned());
        let hint = hint.unwrap_or_default();
        let response = if *kind == FieldKind::Text {
            text_field(ui, id, &mut content, &name, &hint)
        } else {
            mono_field(ui, id, &mut content, &name, &hint)
        };
        let value = schema::typed(kind, &content);
        if value.is_none() && !content.is_empty() && focused {
            field_error(ui, &t!("schema.form.no_number"));
        }
        if response.changed() {
            if let Some(value) = value.filter(|value| Some(value) != now) {
                self.change = Some((path.to_vec(), Edit::Set(value)));
            }
            self.state.typed.insert(path.to_vec(), content);
        } else if !focused && self.known {
            self.state.typed.remove(path);
        }
    }
}

/// What the schema says about a field, in a line.
fn hint_of(field: &FieldSpec) -> Option<String> {
    let mut parts: Vec<String> = field.description.iter().cloned().collect();
    if let FieldKind::Number { least, most, .. } = &field.kind {
        parts.extend(match (least, most) {
            (Some(least), Some(most)) => {
                Some(t!("schema.form.between", least = least, most = most).into_owned())
            }
            (Some(least), None) => Some(t!("schema.form.from", least = least).into_owned()),
            (None, Some(most)) => Some(t!("schema.form.to", most = most).into_owned()),
            (None, None) => None,
        });
    }
    (!parts.is_empty()).then(|| parts.join(" · "))
}
