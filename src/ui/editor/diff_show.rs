//! A difference with its bar, as every page shows one: what is compared, the counts, how it is shown,
//! from one change to the next.

use std::sync::Arc;

use egui::{ComboBox, Key, Modifiers, RichText, Ui};
use rust_i18n::t;

use super::compare::{AnyDiff, DiffCache, DiffKind, DiffLook, DiffSpec};
use super::header::{NARROW, bar};
use crate::action::UserCommand;
use crate::model::bytes::Value;
use crate::model::diff::{Side, Whitespace};
use crate::model::format::ValueFormat;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::open_sign;
use crate::ui::widgets::diff_view::Jump;
use crate::ui::widgets::{Button, elided, empty_state, icon_button, segmented, shortcut_text};

/// Bars narrower than this have lists instead of choices side by side.
const WIDE: f32 = 860.0;

/// Room for the arrow between the names.
const ROOM_FOR_ARROW: f32 = 36.0;
/// Room for the counts behind them: what is compared is more to know than how much differs.
const ROOM_FOR_COUNTS: f32 = 60.0;
/// A name is not cut shorter than this.
const NAME_LEAST: f32 = 28.0;

/// What is done with the difference of other values while that of large ones is worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ui) enum Stale {
    /// It stays until then, and it is said.
    Keep,
    /// It is not shown.
    Hide,
}

/// How a difference can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    SideBySide,
    Inline,
    Structure,
    Bytes,
}

impl Mode {
    fn words(self) -> String {
        match self {
            Self::SideBySide => t!("editor.diff.side_by_side"),
            Self::Inline => t!("editor.diff.inline"),
            Self::Structure => t!("compare.structure.name"),
            Self::Bytes => t!("compare.bytes"),
        }
        .into_owned()
    }
}

/// What is compared, and what can be done with it.
pub(super) struct DiffShow<'a> {
    /// The old value and the new one.
    pub(super) values: [&'a Value; 2],
    /// Their names; `None`: they are said elsewhere.
    pub(super) names: Option<[&'a str; 2]>,
    /// Their formats.
    pub(super) formats: [ValueFormat; 2],
    /// While it is worked out.
    pub(super) stale: Stale,
    /// Whether some white space can be left out of account: not where it is decided upon.
    pub(super) whitespace: bool,
    /// The side that a change can be taken over to.
    pub(super) take: Option<Side>,
}

/// A difference with its bar. Everything counts, and nothing is taken over.
pub(in crate::ui) fn show_diff(
    ui: &mut Ui,
    cache: &mut DiffCache,
    old: &Value,
    new: &Value,
    names: [&str; 2],
    look: &mut DiffLook,
    stale: Stale,
    more: impl FnOnce(&mut Ui),
) {
    let formats = [look.format; 2];
    let show =
        DiffShow { values: [old, new], names: Some(names), formats, stale, whitespace: false, take: None };
    show.show(ui, cache, look, more);
}

impl DiffShow<'_> {
    /// Shows it; the value that a change was taken over to, if one was.
    pub(super) fn show(
        &self,
        ui: &mut Ui,
        cache: &mut DiffCache,
        look: &mut DiffLook,
        more: impl FnOnce(&mut Ui),
    ) -> Option<Value> {
        let tokens = theme::tokens(ui);
        let [old, new] = self.values;
        let width = ui.available_width();
        let mut spec = DiffSpec { kind: cache.kind, whitespace: Whitespace::All, formats: self.formats };
        if spec.kind == DiffKind::Structure && !spec.has_structure() {
            spec.kind = DiffKind::Text;
        }
        if self.whitespace && spec.kind == DiffKind::Text {
            spec.whitespace = look.whitespace;
        }
        let mode = match spec.kind {
            DiffKind::Structure => Mode::Structure,
            DiffKind::Bytes => Mode::Bytes,
            DiffKind::Text if look.side_by_side && width >= NARROW => Mode::SideBySide,
            DiffKind::Text => Mode::Inline,
        };
        let jump = self.jump(ui, look);
        let mut chosen = None;
        let mut taken = None;
        let mut stepped = None;
        let compared = cache.of(ui.ctx(), old, new, spec, mode == Mode::SideBySide);
        let is_theirs = compared.as_ref().is_some_and(|(_, is_theirs)| *is_theirs);
        let mut diff = compared.map(|(diff, _)| diff).filter(|_| is_theirs || self.stale == Stale::Keep);
        if let (Some(diff), Some(jump)) = (&mut diff, jump) {
            diff.go(jump);
        }
        // What no text is, is compared as bytes: there is nothing to choose.
        let is_text = !matches!((&diff, spec.kind), (Some(AnyDiff::Bytes(_)), DiffKind::Text));
        let rect = bar(
            ui,
            size::BAR + size::PAD,
            |ui| {
                if let Some(diff) = diff.as_deref() {
                    taken = self.take_button(ui, diff, is_theirs);
                    stepped = steps(ui, diff);
                }
                if is_text {
                    let whitespace = self.whitespace && spec.kind == DiffKind::Text;
                    if whitespace && width >= WIDE {
                        whitespace_chooser(ui, look);
                    }
                    chosen = self.mode_chooser(ui, mode, width, whitespace.then_some(look));
                }
                more(ui);
            },
            |ui| {
                if let Some(names) = self.names {
                    heading(ui, names);
                }
                match &diff {
                    Some(_) if is_theirs && ui.available_width() < ROOM_FOR_COUNTS => {}
                    Some(diff) if is_theirs => counts(ui, diff),
                    _ => {
                        ui.label(tokens.hint(t!("editor.diff.comparing")));
                    }
                }
            },
        );
        ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
        let chosen = chosen.map(|mode| match mode {
            Mode::SideBySide => (DiffKind::Text, true),
            Mode::Inline => (DiffKind::Text, look.side_by_side && width < NARROW),
            Mode::Structure => (DiffKind::Structure, look.side_by_side),
            Mode::Bytes => (DiffKind::Bytes, look.side_by_side),
        });
        if let (Some(diff), Some(jump)) = (&mut diff, stepped) {
            diff.go(jump);
        }
        self.body(ui, diff, is_theirs);
        if let Some((kind, side_by_side)) = chosen {
            cache.kind = kind;
            look.side_by_side = side_by_side;
            ui.ctx().request_repaint();
        }
        taken
    }

    /// Whether another change is asked for, by a command or by Alt and an arrow.
    fn jump(&self, ui: &Ui, look: &mut DiffLook) -> Option<Jump> {
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::ALT, key));
        let by_arrow = match (pressed(Key::ArrowDown), pressed(Key::ArrowUp)) {
            (true, _) => Some(Jump::Next),
            (_, true) => Some(Jump::Previous),
            _ => None,
        };
        look.jump.take().or(by_arrow)
    }

    /// How it is shown; in little room with the white space in the same list.
    fn mode_chooser(
        &self,
        ui: &mut Ui,
        mode: Mode,
        width: f32,
        whitespace: Option<&mut DiffLook>,
    ) -> Option<Mode> {
        let mut modes = vec![Mode::Inline];
        if width >= NARROW {
            modes.insert(0, Mode::SideBySide);
        }
        let spec = DiffSpec { formats: self.formats, ..DiffSpec::default() };
        // What is no text has no such format.
        if spec.has_structure() {
            modes.push(Mode::Structure);
        }
        modes.push(Mode::Bytes);
        let names: Vec<(Mode, String)> = modes.iter().map(|mode| (*mode, mode.words())).collect();
        if width >= WIDE {
            let choices: Vec<(Mode, &str)> =
                names.iter().map(|(mode, name)| (*mode, name.as_str())).collect();
            return segmented(ui, mode, &choices);
        }
        let mut chosen = mode;
        let combo = ComboBox::from_id_salt("diff mode").icon(open_sign).width(104.0).truncate();
        let combo = combo.selected_text(mode.words()).show_ui(ui, |ui| {
            for (mode, name) in &names {
                ui.selectable_value(&mut chosen, *mode, name);
            }
            if let Some(look) = whitespace {
                ui.separator();
                whitespace_choices(ui, look);
            }
        });
        combo.response.accessible_name(t!("compare.mode"));
        (chosen != mode).then_some(chosen)
    }

    /// Takes the current change over.
    fn take_button(&self, ui: &mut Ui, diff: &AnyDiff, is_theirs: bool) -> Option<Value> {
        let side = self.take?;
        let changes = diff.changes() > 0 && !matches!(diff, AnyDiff::Structure(_) | AnyDiff::NoStructure(..));
        if !changes {
            return None;
        }
        let label = t!("compare.take");
        let can_take = is_theirs && diff.current().is_some();
        if ui.max_rect().width() < NARROW {
            let pressed =
                ui.add_enabled_ui(can_take, |ui| icon_button(ui, icons::CHECK, &label, None).clicked());
            return pressed.inner.then(|| diff.take_current(side)).flatten();
        }
        let button = Button::quiet(&label)
            .small()
            .tooltip(t!("compare.take_hint"))
            .enabled(can_take)
            .disabled_hint(t!("compare.take_none"));
        button.show(ui).clicked().then(|| diff.take_current(side)).flatten()
    }

    fn body(&self, ui: &mut Ui, diff: Option<&mut AnyDiff>, is_theirs: bool) {
        let [old, new] = self.values;
        let Some(diff) = diff else {
            let (title, hint) = (t!("editor.diff.comparing"), t!("editor.diff.comparing_hint"));
            empty_state(ui, icons::HOURGLASS_MEDIUM, &title, &hint, None);
            return;
        };
        if let AnyDiff::NoStructure(side, why) = diff {
            let name = format!("compare.no_structure.{}", why.name());
            let which = if *side == Side::Old { t!("compare.left") } else { t!("compare.right") };
            let mut hint = t!(&name, side = which).into_owned();
            if let crate::model::diff::tree::NoTree::Invalid(words) = why {
                hint = format!("{hint} {words}");
            }
            empty_state(ui, icons::BRACKETS_CURLY, &t!("compare.no_structure.title"), &hint, None);
            return;
        }
        if is_theirs && (Arc::ptr_eq(old, new) || diff.is_empty()) {
            equal(ui, diff, old == new);
            return;
        }
        ui.push_id("diff", |ui| match diff {
            AnyDiff::Text(view) => view.show(ui),
            AnyDiff::Bytes(view) => view.show(ui),
            AnyDiff::Structure(view) => view.show(ui),
            AnyDiff::NoStructure(..) => {}
        });
    }
}

/// What is compared, cut where there is no room for it beside the counts.
fn heading(ui: &mut Ui, [old, new]: [&str; 2]) {
    let tokens = theme::tokens(ui);
    let room = (ui.available_width() - ROOM_FOR_ARROW).max(0.0);
    let font = text::meta_medium();
    let after = elided(ui.painter(), new, font.clone(), tokens.text, (room * 0.5).max(NAME_LEAST));
    let before = elided(ui.painter(), old, font, tokens.second, (room - after.size().x).max(NAME_LEAST));
    ui.label(before).on_hover_text(old);
    let arrow = RichText::new(icons::ARROW_RIGHT).font(text::icon(size::ICON_SMALL));
    ui.label(arrow.color(tokens.faint));
    ui.label(after).on_hover_text(new);
}

/// There is no difference, or none that counts.
fn equal(ui: &mut Ui, diff: &AnyDiff, is_same: bool) {
    let (title, hint) = match diff {
        _ if is_same => (t!("editor.diff.equal"), t!("editor.diff.equal_hint")),
        AnyDiff::Structure(_) => (t!("compare.equal_structure"), t!("compare.equal_structure_hint")),
        AnyDiff::Text(view) => {
            let hint = t!("compare.equal_but_space_hint", count = view.diff().ignored);
            (t!("compare.equal_but_space"), hint)
        }
        _ => (t!("editor.diff.equal"), t!("editor.diff.equal_hint")),
    };
    empty_state(ui, icons::CHECK_CIRCLE, &title, &hint, None);
}

/// `3 of 14`, and to the change before and the next one.
fn steps(ui: &mut Ui, diff: &AnyDiff) -> Option<Jump> {
    let changes = diff.changes();
    if changes == 0 {
        return None;
    }
    let mut jump = None;
    let tokens = theme::tokens(ui);
    let next = shortcut_text(UserCommand::NextChange);
    if icon_button(ui, icons::CARET_DOWN, &t!("command.next_change"), next).clicked() {
        jump = Some(Jump::Next);
    }
    let previous = shortcut_text(UserCommand::PreviousChange);
    if icon_button(ui, icons::CARET_UP, &t!("command.previous_change"), previous).clicked() {
        jump = Some(Jump::Previous);
    }
    let words = match diff.current() {
        Some(current) => t!("compare.change_of", at = current + 1, count = changes),
        None => t!("compare.changes", count = changes),
    };
    ui.label(tokens.meta(words));
    jump
}

fn whitespace_words(whitespace: Whitespace) -> String {
    let name = format!("compare.whitespace.{}", whitespace.name());
    t!(&name).into_owned()
}

fn whitespace_choices(ui: &mut Ui, look: &mut DiffLook) {
    for whitespace in Whitespace::ALL {
        ui.selectable_value(&mut look.whitespace, whitespace, whitespace_words(whitespace));
    }
}

fn whitespace_chooser(ui: &mut Ui, look: &mut DiffLook) {
    let combo = ComboBox::from_id_salt("whitespace").icon(open_sign).width(132.0).truncate();
    let combo = combo.selected_text(whitespace_words(look.whitespace));
    let combo = combo.show_ui(ui, |ui| whitespace_choices(ui, look));
    combo
        .response
        .accessible_name(t!("compare.whitespace.name"))
        .on_hover_text(t!("compare.whitespace.hint"));
}

/// `+3 −1`, or what else tells how much differs.
fn counts(ui: &mut Ui, diff: &AnyDiff) {
    let tokens = theme::tokens(ui);
    match diff {
        AnyDiff::Text(view) => {
            let (added, removed) = (view.diff().added, view.diff().removed);
            ui.label(RichText::new(format!("+{added}")).font(text::mono_small()).color(tokens.live))
                .on_hover_text(t!("editor.diff.added", count = added));
            ui.label(RichText::new(format!("−{removed}")).font(text::mono_small()).color(tokens.danger))
                .on_hover_text(t!("editor.diff.removed", count = removed));
            if view.diff().ignored > 0 {
                let words = t!("compare.ignored", count = view.diff().ignored);
                ui.label(tokens.meta(words)).on_hover_text(t!("compare.ignored_hint"));
            }
        }
        AnyDiff::Bytes(view) => {
            ui.label(tokens.meta(t!("editor.diff.bytes", count = view.changed())));
        }
        AnyDiff::Structure(_) => {
            ui.label(tokens.meta(t!("compare.structure.note"))).on_hover_text(t!("compare.structure.hint"));
        }
        AnyDiff::NoStructure(..) => {}
    }
}
