//! Above the table: the place, the environment, what is compared; the filter; how much there is.

use egui::{Align, ComboBox, Layout, Rect, Ui, UiBuilder, Vec2};
use rust_i18n::t;

use super::view::View;
use super::{BAR, filter_id, settings, words};
use crate::model::bytes::Key;
use crate::model::format::ValueFormat;
use crate::model::key_text::display_name;
use crate::model::layers::{LayerSet, Mode};
use crate::model::session::Session;
use crate::ui::beside::Beside;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::button::open_sign;
use crate::ui::widgets::field::search_field;
use crate::ui::widgets::{count_text, from_left, icon_button, icon_toggle, segmented};

/// So many environments stand side by side; more are in a list.
const MAX_SEGMENTS: usize = 5;
/// Narrower screens have the environments in a list.
const ROOM_FOR_SEGMENTS: f32 = 900.0;

/// Narrower windows say only the one count that matters most.
const ROOM_FOR_COUNTS: f32 = 1_080.0;

/// A bar with its content from both sides.
fn bar(
    ui: &mut Ui,
    view: &mut View,
    right: impl FnOnce(&mut Ui, &mut View),
    left: impl FnOnce(&mut Ui, &mut View),
) -> Rect {
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), BAR), egui::Sense::hover());
    let inner = rect.shrink2(Vec2::new(size::PAD + size::GRID, 0.0));
    let mut row = ui.new_child(UiBuilder::new().max_rect(inner).layout(Layout::right_to_left(Align::Center)));
    row.spacing_mut().item_spacing.x = size::GRID;
    right(&mut row, view);
    row.spacing_mut().item_spacing.x = size::PAD;
    from_left(&mut row, |ui| left(ui, view));
    rect
}

/// Draws both bars.
pub(super) fn show(ui: &mut Ui, session: &Session, view: &mut View) {
    let Some(set) = view.set() else { return };
    let tokens = theme::tokens(ui);
    let wide = ui.available_width() >= ROOM_FOR_SEGMENTS && set.environments().len() <= MAX_SEGMENTS;
    bar(
        ui,
        view,
        |ui, view| tools(ui, session, view),
        |ui, view| {
            places(ui, view, &set);
            if set.environments().len() > 1 {
                let (one, two) = (t!("environments.effective"), t!("environments.compare"));
                let choices = [(false, one.as_ref()), (true, two.as_ref())];
                if let Some(compares) = segmented(ui, view.compares, &choices) {
                    view.compares = compares;
                    view.checked.clear();
                    view.cursor = None;
                }
            }
            environments(ui, view, &set, wide);
        },
    );
    let rect = bar(ui, view, |ui, view| counts(ui, view, &set), |ui, view| filters(ui, session, view));
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
}

fn places(ui: &mut Ui, view: &mut View, set: &LayerSet) {
    let sets = view.sets().map(<[_]>::to_vec).unwrap_or_default();
    if sets.len() < 2 {
        let tokens = theme::tokens(ui);
        ui.label(tokens.strong(words::place(set)));
        return;
    }
    let mut chosen = (set.style, set.base.clone());
    let before = chosen.clone();
    let combo = ComboBox::from_id_salt("layer place").icon(open_sign).width(210.0).truncate();
    let combo = combo.selected_text(words::place(set)).show_ui(ui, |ui| {
        for set in &sets {
            ui.selectable_value(&mut chosen, (set.style, set.base.clone()), words::place(set));
        }
    });
    combo.response.accessible_name(t!("environments.place")).on_hover_text(t!("environments.place_hint"));
    if chosen != before {
        view.place = Some(chosen);
        view.forget_place();
    }
}

fn environments(ui: &mut Ui, view: &mut View, set: &LayerSet, wide: bool) {
    let Some((one, other)) = view.environments(set) else { return };
    let tokens = theme::tokens(ui);
    if view.compares && one != other {
        let left = choose(ui, set, other, &t!("environments.left"), "layer left");
        ui.label(tokens.icon(icons::ARROWS_LEFT_RIGHT));
        let right = choose(ui, set, one, &t!("environments.right"), "layer right");
        if left == right {
            // The same one on both sides is nothing to compare: they change places.
            (view.environment, view.other) = (name(set, other), name(set, one));
        } else if (left, right) != (other, one) {
            (view.other, view.environment) = (name(set, left), name(set, right));
        } else {
            return;
        }
    } else if wide {
        let names: Vec<(usize, String)> = set.environments().map(|at| (at, words::layer(set, at))).collect();
        let choices: Vec<(usize, &str)> = names.iter().map(|(at, name)| (*at, name.as_str())).collect();
        let Some(pressed) = segmented(ui, one, &choices) else { return };
        view.environment = name(set, pressed);
    } else {
        let chosen = choose(ui, set, one, &t!("environments.environment"), "layer environment");
        if chosen == one {
            return;
        }
        view.environment = name(set, chosen);
    }
    view.checked.clear();
    view.doubtful = None;
}

fn name(set: &LayerSet, at: usize) -> Option<String> {
    set.layers.get(at).map(|layer| layer.name.clone())
}

fn choose(ui: &mut Ui, set: &LayerSet, chosen: usize, label: &str, salt: &str) -> usize {
    let mut now = chosen;
    let combo = ComboBox::from_id_salt(salt).icon(open_sign).width(130.0).truncate();
    let combo = combo.selected_text(words::layer(set, chosen)).show_ui(ui, |ui| {
        for at in set.environments() {
            ui.selectable_value(&mut now, at, words::layer(set, at));
        }
    });
    combo.response.accessible_name(label);
    now
}

fn tools(ui: &mut Ui, session: &Session, view: &mut View) {
    if icon_button(ui, icons::GEAR, &t!("environments.settings.title"), None).clicked() {
        view.form = match view.form {
            None => Some(settings::Form::of(&session.profile.layers)),
            Some(_) => None,
        };
    }
    let (icon, label) = match view.secrets_shown {
        true => (icons::EYE_SLASH, t!("environments.hide_secrets")),
        false => (icons::EYE, t!("environments.show_secrets")),
    };
    if icon_toggle(ui, icon, &label, None, view.secrets_shown).clicked() {
        view.secrets_shown = !view.secrets_shown;
    }
    copy(ui, view);
}

/// The effective configuration for the clipboard, as the document that is asked for.
fn copy(ui: &mut Ui, view: &mut View) {
    let Some(board) = view.board().cloned() else { return };
    let Some(Mode::Effective(environment) | Mode::Compare(_, environment)) = view.mode(&board) else {
        return;
    };
    let mut format = None;
    let button = icon_button(ui, icons::COPY, &t!("environments.copy"), None);
    egui::Popup::menu(&button).show(|ui| {
        let layer = words::layer(&board.set, environment);
        ui.label(theme::tokens(ui).meta(t!("environments.copy_of", environment = layer)));
        for (choice, name) in [
            (ValueFormat::Json, "JSON"),
            (ValueFormat::Yaml, "YAML"),
            (ValueFormat::Properties, "Properties"),
        ] {
            if ui.button(name).clicked() {
                format = Some(choice);
                ui.close();
            }
        }
    });
    if let Some(format) = format {
        let work = move || board.export(environment, format);
        view.copying = Some(Beside::start(ui.ctx(), "layers: copy", work));
    }
}

fn filters(ui: &mut Ui, session: &Session, view: &mut View) {
    let width = (ui.available_width() * 0.34).clamp(140.0, 300.0);
    let id = filter_id(session);
    ui.scope(|ui| {
        ui.set_max_width(width);
        let (label, hint) = (t!("environments.filter"), t!("environments.filter_hint"));
        search_field(ui, id, &mut view.filter, &label, &hint);
    });
    if std::mem::take(&mut view.focus_filter) {
        ui.memory_mut(|memory| memory.request_focus(id));
    }
    if !view.compares {
        let label = t!("environments.only_overridden");
        ui.checkbox(&mut view.only_overridden, label.as_ref())
            .on_hover_text(t!("environments.only_overridden_hint"));
    } else {
        ui.checkbox(&mut view.only_differing, t!("environments.only_differing").as_ref());
    }
    let label = t!("environments.by_path");
    if ui.checkbox(&mut view.by_path, label.as_ref()).on_hover_text(t!("environments.by_path_hint")).changed()
    {
        view.checked.clear();
        view.cursor = None;
    }
    if ui.ctx().content_rect().width() < super::ROOM_FOR_GROUPS + 120.0 {
        group_list(ui, view);
    }
}

/// The services, where there is no room for them beside the table.
fn group_list(ui: &mut Ui, view: &mut View) {
    let Some(table) = view.table().cloned().filter(|table| table.groups.len() > 1) else { return };
    let all = t!("environments.all_groups");
    let name = |group: &Key| match group.is_empty() {
        true => t!("environments.no_group").into_owned(),
        false => display_name(group).into_owned(),
    };
    let selected = view.group.as_ref().map_or_else(|| all.to_string(), name);
    let combo = ComboBox::from_id_salt("layer group").icon(open_sign).width(120.0).truncate();
    let combo = combo.selected_text(selected).show_ui(ui, |ui| {
        ui.selectable_value(&mut view.group, None, all.as_ref());
        for group in &table.groups {
            ui.selectable_value(&mut view.group, Some(group.name.clone()), name(&group.name));
        }
    });
    combo.response.accessible_name(t!("environments.groups"));
}

/// How much there is of everything.
fn counts(ui: &mut Ui, view: &View, set: &LayerSet) {
    let Some(table) = view.table() else { return };
    let tokens = theme::tokens(ui);
    let counts = table.counts;
    let narrow = ui.ctx().content_rect().width() < ROOM_FOR_COUNTS;
    let mut parts = Vec::new();
    if !narrow {
        parts.push(t!("environments.count.lines", count = count_text(counts.lines as u64)).into_owned());
    }
    let mut add = |count: usize, words: std::borrow::Cow<'_, str>| {
        if count > 0 && (!narrow || parts.is_empty()) {
            parts.push(words.into_owned());
        }
    };
    let number = |count: usize| count_text(count as u64);
    match view.board().and_then(|board| view.mode(board)) {
        Some(Mode::Compare(left, right)) => {
            let only = |layer: usize, count: usize| {
                t!("environments.count.only_in", count = number(count), layer = words::layer(set, layer))
            };
            add(counts.marked, t!("environments.count.differ", count = number(counts.marked)));
            add(counts.only_left, only(left, counts.only_left));
            add(counts.only_right, only(right, counts.only_right));
        }
        _ => {
            add(counts.marked, t!("environments.count.overridden", count = number(counts.marked)));
            add(counts.same, t!("environments.count.same", count = number(counts.same)));
            add(counts.only_left, t!("environments.count.only_here", count = number(counts.only_left)));
        }
    }
    if view.is_working() {
        parts.push(t!("environments.working").into_owned());
    }
    ui.add(egui::Label::new(tokens.meta(parts.join(" · "))).truncate());
}
