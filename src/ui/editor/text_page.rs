//! The page on which a text is edited: line numbers, colours, the current line, the first mistake.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use egui::text::{CCursor, CCursorRange, CharIndex};
use egui::{
    Color32, Event, Frame, Galley, Id, Key, Margin, Modifiers, Pos2, Rect, RichText, Shape, Stroke,
    TextBuffer, TextEdit, Ui, Vec2,
};
use rust_i18n::t;

use super::form_page::{self, FormLook};
use super::state::{Body, Checked, CursorPlace, DocumentState, syntax_of};
use super::text::EditText;
use super::{KEY_CHARS, View, banner, schema_bar};
use crate::action::{Action, Actions};
use crate::model::format::ValueFormat;
use crate::model::key_text::display_short;
use crate::model::schema;
use crate::model::validate::ValueIssue;
use crate::ui::schema as schema_ui;
use crate::ui::theme::{self, Tokens, icons, size, text};
use crate::ui::widgets::code::{self, CodeView, Highlighter};
use crate::ui::widgets::syntax::Syntax;
use crate::ui::widgets::{Tone, bytes_text};

/// Space above the first and below the last line.
const MARGIN: f32 = size::PAD;

/// Draws the page.
pub(super) fn show(ui: &mut Ui, view: View<'_>, shown_state: &mut DocumentState, actions: &mut Actions) {
    let Body::Text(edit_text) = &shown_state.body else { return };
    if !edit_text.is_editable() {
        large(ui, view, shown_state, actions);
        return;
    }
    let time = ui.input(|input| input.time);
    let (checked, wait) = shown_state.check(ui.ctx(), time, false);
    if let Some(wait) = wait {
        ui.ctx().request_repaint_after(Duration::from_secs_f64(wait + 0.01));
    }
    let issue = match checked {
        Checked::Invalid(issue) => Some(issue.clone()),
        _ => None,
    };
    let jump = shown_state.jump.take();
    let schema = shown_state.check_schema(ui.ctx(), view.session, &view.document.key, time);
    let has_form = schema.last().is_some_and(|checked| form_page::available(shown_state, checked));
    let width = ui.available_width();
    let look = if has_form { form_page::look(ui) } else { FormLook::Text };
    let chooser = |ui: &mut Ui| {
        if has_form {
            form_page::chooser(ui, width);
        }
    };
    schema_bar::show(ui, view, shown_state, schema.last().map(|checked| &**checked), chooser, actions);
    if let Some(issue) = &issue {
        issue_line(ui, issue);
    } else if let Some(checked) = schema.last().filter(|checked| !checked.problems.is_empty()) {
        problem_list(ui, checked, shown_state);
    }
    if let Some(checked) = schema.last().filter(|_| look != FormLook::Text) {
        let known = schema.known().is_some();
        if look == FormLook::Form {
            form_page::show(ui, view, shown_state, checked, known, actions);
            return;
        }
        let tokens = theme::tokens(ui);
        let frame = Frame::new().fill(tokens.panel);
        egui::Panel::right("form").frame(frame).resizable(true).default_size(width * 0.42).show(ui, |ui| {
            form_page::show(ui, view, shown_state, checked, known, actions);
        });
    }
    let marks = marks_of(issue.as_ref(), schema.last().map(|checked| &**checked));
    let name = t!("editor.value_of", key = display_short(&view.document.key, KEY_CHARS)).into_owned();
    let syntax = syntax_of(shown_state.format());
    let version = match &shown_state.body {
        Body::Text(text) => text.version(),
        Body::Bytes(_) => return,
    };
    let Body::Text(edit_text) = &mut shown_state.body else { return };
    let field = Field {
        id: Id::unique(("editor_text", view.session.id.0, &view.document.key)),
        name: &name,
        editable: !view.session.profile.read_only,
        marks: &marks,
        jump,
        syntax,
    };
    if std::mem::take(&mut shown_state.fresh)
        && let Some(mut before) = TextEdit::load_state(ui.ctx(), field.id)
    {
        before.clear_undoer();
        before.cursor.set_char_range(None);
        TextEdit::store_state(ui.ctx(), field.id, before);
    }
    let changed = field.show(ui, edit_text, &mut shown_state.highlighter, &mut shown_state.cursor);
    if changed {
        debug_assert!(edit_text.version() > version);
        let value = edit_text.value();
        shown_state.edited(&view.document.key, time);
        actions.push(Action::EditDraft { key: view.document.key.clone(), value });
    }
}

/// A place in a text that is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Line, from 1.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
    /// The character behind its end, where that is known.
    pub end_column: Option<usize>,
    /// How grave it is.
    pub tone: Tone,
}

/// What is marked: the mistake alone where there is one, else what the schema has against the value.
fn marks_of(issue: Option<&ValueIssue>, checked: Option<&schema::Checked>) -> Vec<Mark> {
    if let Some(issue) = issue {
        return vec![Mark { line: issue.line, column: issue.column, end_column: None, tone: Tone::Danger }];
    }
    let Some(checked) = checked else { return Vec::new() };
    let tone = schema_ui::tone_of(checked);
    let placed = checked.problems.iter().filter(|problem| problem.line > 0);
    placed
        .map(|problem| Mark {
            line: problem.line,
            column: problem.column,
            end_column: problem.end_column,
            tone,
        })
        .collect()
}

/// What the schema has against the value, below the text; each leads to its place.
fn problem_list(ui: &mut Ui, checked: &schema::Checked, shown_state: &mut DocumentState) {
    let frame = Frame::new();
    egui::Panel::bottom("problems").frame(frame).resizable(false).show_separator_line(false).show(ui, |ui| {
        if let Some(problem) = schema_ui::list(ui, checked).and_then(|at| checked.problems.get(at)) {
            // In the next frame: a field lets the keyboard go when something else is clicked.
            shown_state.jump = Some((problem.line, problem.column));
            form_page::show_text(ui);
            ui.ctx().request_repaint();
        }
    });
}

/// The first mistake, below the text.
fn issue_line(ui: &mut Ui, issue: &ValueIssue) {
    let tokens = theme::tokens(ui);
    let fill = tokens.soft(tokens.danger);
    let frame = Frame::new().fill(fill).inner_margin(Margin::symmetric(12, 5));
    egui::Panel::bottom("issue").frame(frame).show_separator_line(false).show(ui, |ui| {
        ui.horizontal(|ui| {
            let icon = RichText::new(icons::X_CIRCLE).font(text::icon(size::ICON)).color(tokens.danger);
            ui.label(icon);
            let words = if issue.line > 0 {
                t!("editor.issue_at", line = issue.line, column = issue.column, message = issue.message)
            } else {
                t!("editor.issue", message = issue.message)
            };
            ui.add(egui::Label::new(tokens.body(words)).truncate());
        });
    });
}

/// A text that is too large to be typed in.
fn large(ui: &mut Ui, view: View<'_>, shown_state: &mut DocumentState, actions: &mut Actions) {
    let value = view.document.current_value();
    let size = bytes_text(value.len() as u64);
    let words = if value.len() > super::text::MAX_EDIT_BYTES {
        t!("editor.large", size = size)
    } else if shown_state.format() == ValueFormat::Json {
        t!("editor.long_line_json")
    } else {
        t!("editor.long_line")
    };
    banner::line(ui, Tone::Changed, icons::INFO, &words, &[]);
    let time = ui.input(|input| input.time);
    let schema = shown_state.check_schema(ui.ctx(), view.session, &view.document.key, time);
    let checked = schema.last().map(|checked| &**checked);
    schema_bar::show(ui, view, shown_state, checked, |_| {}, actions);
    if let Some(checked) = checked.filter(|checked| !checked.problems.is_empty()) {
        problem_list(ui, checked, shown_state);
    }
    let syntax = syntax_of(shown_state.format());
    if !shown_state.large.as_mut().is_some_and(|large| large.is_of(&value, syntax)) {
        shown_state.large = Some(CodeView::new(value, syntax));
    }
    if let Some(large) = &mut shown_state.large {
        ui.push_id("large", |ui| large.show(ui));
    }
}

/// A field for a whole text.
pub(super) struct Field<'a> {
    /// Keeps cursor and undo steps.
    pub id: Id,
    /// The accessible name.
    pub name: &'a str,
    /// Whether it can be typed in.
    pub editable: bool,
    /// What is marked: mistakes and what the schema has against it.
    pub marks: &'a [Mark],
    /// Where the cursor goes now: line and column, from 1.
    pub jump: Option<(usize, usize)>,
    /// How it is coloured.
    pub syntax: Syntax,
}

impl Field<'_> {
    /// Shows the field in all the room there is; whether the text was changed.
    pub fn show(
        &self,
        ui: &mut Ui,
        edit_text: &mut EditText,
        highlighter: &mut Highlighter,
        cursor: &mut CursorPlace,
    ) -> bool {
        let tokens = theme::tokens(ui);
        if self.editable && ui.memory(|memory| memory.has_focus(self.id)) {
            adapt_keys(ui, self.id, edit_text);
        }
        let jump = self.jump.and_then(|place| edit_text.character_at(place));
        if let Some(at) = jump {
            let mut state = TextEdit::load_state(ui.ctx(), self.id).unwrap_or_default();
            state.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(at))));
            TextEdit::store_state(ui.ctx(), self.id, state);
            ui.memory_mut(|memory| memory.request_focus(self.id));
        }
        let gutter = code::gutter_width(ui, edit_text.lines());
        let room = ui.available_size();
        let mut changed = false;
        egui::ScrollArea::vertical().id_salt(self.id.with("scroll")).auto_shrink([false, false]).show(
            ui,
            |ui| {
                let left = ui.max_rect().left();
                let ground = ui.painter().add(Shape::Noop);
                let mut layouter = |ui: &Ui, text: &dyn TextBuffer, wrap_width: f32| {
                    highlighter.layout(ui, text.as_str(), self.syntax, wrap_width)
                };
                let margin =
                    Margin { left: 0, right: size::GROUP as i8, top: MARGIN as i8, bottom: MARGIN as i8 };
                let output = ui
                    .horizontal_top(|ui| {
                        ui.spacing_mut().item_spacing.x = 0.0;
                        ui.add_space(gutter);
                        let copy = (!self.editable).then(|| edit_text.as_str().to_owned());
                        let mut read_only = copy.as_deref().unwrap_or_default();
                        let buffer: &mut dyn TextBuffer =
                            if self.editable { edit_text } else { &mut read_only };
                        let field = TextEdit::multiline(buffer)
                            .id(self.id)
                            .frame(Frame::NONE.inner_margin(margin))
                            .font(text::mono())
                            .desired_width(f32::INFINITY)
                            .min_size(Vec2::new(0.0, room.y))
                            .lock_focus(true)
                            .cursor_at_end(false)
                            .layouter(&mut layouter);
                        field.show(ui)
                    })
                    .inner;
                // A field that can not be typed in reports keys as changes all the same.
                if self.editable && output.response.changed() {
                    edit_text.edited();
                    changed = true;
                }
                ui.ctx().accesskit_node_builder(self.id, |node| node.set_label(self.name));
                let at = output.cursor_range.map(|range| range.primary);
                let lines = Lines { galley: &output.galley, origin: output.galley_pos, left, gutter };
                let current = at.map(|at| lines.galley.pos_from_cursor(at).center().y);
                lines.paint(ui, tokens, current, self.marks, ground);
                if let Some(at) = jump {
                    let place = output.galley.pos_from_cursor(CCursor::new(at));
                    ui.scroll_to_rect(
                        place.translate(output.galley_pos.to_vec2()),
                        Some(egui::Align::Center),
                    );
                }
                if let Some(at) = at {
                    cursor.follow(edit_text, at.index.0);
                }
            },
        );
        changed
    }
}

impl CursorPlace {
    fn follow(&mut self, text: &EditText, character: usize) {
        if self.place.is_none() || self.version != text.version() || self.character != character {
            *self = Self { version: text.version(), character, place: Some(text.place(character)) };
        }
    }
}

/// Makes Tab insert what the text is indented with, and Enter keep the indentation.
fn adapt_keys(ui: &Ui, id: Id, edit_text: &EditText) {
    let pressed = |key: Key| ui.input(|input| input.modifiers.is_none() && input.key_pressed(key));
    let replacement = if pressed(Key::Tab) {
        edit_text.tab().to_owned()
    } else if pressed(Key::Enter) {
        let state = TextEdit::load_state(ui.ctx(), id);
        let start = state.and_then(|state| state.cursor.char_range()).map(|range| range.sorted_cursors()[0]);
        let indentation = start.map(|start| edit_text.indentation(start.index.0)).unwrap_or_default();
        if indentation.is_empty() {
            return;
        }
        format!("\n{indentation}")
    } else {
        return;
    };
    ui.input_mut(|input| {
        for event in &mut input.events {
            if let Event::Key { key: Key::Tab | Key::Enter, pressed: true, modifiers, .. } = event
                && *modifiers == Modifiers::NONE
            {
                *event = Event::Text(replacement.clone());
            }
        }
    });
}

/// The lines of a galley on screen.
struct Lines<'a> {
    galley: &'a Arc<Galley>,
    origin: Pos2,
    left: f32,
    gutter: f32,
}

impl Lines<'_> {
    /// Paints the numbers of the visible lines, the current line's ground (behind the text) and the
    /// mark of the mistake.
    fn paint(
        &self,
        ui: &Ui,
        tokens: &Tokens,
        current_y: Option<f32>,
        marks: &[Mark],
        ground: egui::layers::ShapeIdx,
    ) {
        let clip = ui.clip_rect();
        let mut grounds = Vec::new();
        let mut line = 1;
        let mut first_row = true;
        let right = ui.max_rect().right();
        for row in &self.galley.rows {
            let rect = row.rect().translate(self.origin.to_vec2());
            let here = marks.iter().filter(|mark| mark.line == line);
            let worst = here.clone().map(|mark| mark.tone).max_by_key(|tone| *tone == Tone::Danger);
            let is_current = current_y.is_some_and(|y| row.rect().y_range().contains(y));
            if rect.bottom() >= clip.top() && rect.top() <= clip.bottom() {
                let whole = Rect::from_x_y_ranges(self.left..=right, rect.y_range());
                if let Some(tone) = worst {
                    grounds.push(Shape::rect_filled(whole, 0.0, tokens.soft(tone.colour(tokens))));
                    for mark in here.filter(|_| first_row) {
                        let x = |column: usize| {
                            (rect.left() + row.x_offset(CharIndex(column.saturating_sub(1))))
                                .min(rect.right())
                        };
                        let end = mark.end_column.map_or(rect.right(), x);
                        let place = rect.with_min_x(x(mark.column)).with_max_x(end);
                        underline(ui, mark.tone.colour(tokens), place);
                    }
                } else if is_current {
                    grounds.push(Shape::rect_filled(whole, 0.0, tokens.panel));
                }
                if first_row {
                    let colour = match (worst, is_current) {
                        (Some(tone), _) => tone.colour(tokens),
                        (None, true) => tokens.text,
                        (None, false) => tokens.faint,
                    };
                    let edge = self.left + self.gutter;
                    code::paint_number(ui, edge, rect.center().y, line, colour);
                    if worst.is_some() {
                        let icon = if worst == Some(Tone::Danger) { icons::X_CIRCLE } else { icons::WARNING };
                        let at = Pos2::new(self.left + size::PAD + 2.0, rect.center().y);
                        let font = text::icon(size::ICON_SMALL);
                        let centre = egui::Align2::CENTER_CENTER;
                        ui.painter().text(at, centre, icon, font, colour);
                    }
                }
            }
            first_row = row.ends_with_newline;
            line += usize::from(row.ends_with_newline);
        }
        ui.painter().set(ground, Shape::Vec(grounds));
    }
}

/// A wavy line below the place of the mistake.
fn underline(ui: &Ui, colour: Color32, place: Rect) {
    let end = place.right().max(place.left() + size::GROUP);
    let points = wave(place.left()..end, place.bottom() - 2.0);
    ui.painter().add(Shape::line(points, Stroke::new(size::LINE, colour)));
}

fn wave(range: Range<f32>, y: f32) -> Vec<Pos2> {
    const STEP: f32 = 2.5;
    let steps = ((range.end - range.start) / STEP).min(400.0) as usize;
    (0..=steps)
        .map(|at| Pos2::new(range.start + at as f32 * STEP, y + if at % 2 == 0 { 1.0 } else { -1.0 }))
        .collect()
}
