//! The table: a line for each value.

use egui::accesskit::Role;
use egui::{Id, Key as Press, Rect, Sense, Ui, pos2, vec2};
use rust_i18n::t;

use super::view::View;
use super::{cells, open_key, promote, words};
use crate::action::Actions;
use crate::model::layers::{Board, Difference, Line, Lines, Mode, Pair, Pick, Row, Shown, Table};
use crate::model::session::Session;
use crate::model::world::World;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::{focus_ring, paint_icon};
use crate::ui::widgets::chip::Tone;
use crate::ui::widgets::list::row_ground;
use crate::ui::widgets::{ListBox, empty_state, progress_line};

/// Widths of the columns that do not stretch.
const CHECK: f32 = 30.0;
const ORIGIN: f32 = 112.0;
const MARK: f32 = 124.0;
const STATE: f32 = 128.0;
/// More lines are not chosen at once.
const MAX_SELECTED: usize = 2_000;
/// Narrower tables leave out what is also said by colour and in the detail.
const ROOM_FOR_MARK: f32 = 560.0;

/// Where the columns begin and end.
struct Columns {
    check: Option<(f32, f32)>,
    name: (f32, f32),
    /// One value, or two.
    values: [(f32, f32); 2],
    origin: Option<(f32, f32)>,
    mark: Option<(f32, f32)>,
}

impl Columns {
    fn of(rect: Rect, compares: bool, checks: bool) -> Self {
        let pad = size::PAD + size::GRID;
        let (mut left, mut right) = (rect.left() + pad, rect.right() - pad);
        let mut take = |width: f32, shown: bool| {
            shown.then(|| {
                let end = right;
                right -= width + size::PAD;
                (end - width, end)
            })
        };
        let wide = rect.width() >= ROOM_FOR_MARK;
        let mark = take(if compares { STATE } else { MARK }, wide);
        let origin = take(ORIGIN, !compares);
        let check = checks.then(|| {
            let start = left;
            left += CHECK;
            (start, left)
        });
        let share = if compares { 0.36 } else { 0.56 };
        let name = (left, left + ((right - left) * share - size::PAD).max(60.0));
        let rest = name.1 + size::PAD;
        let middle = if compares { rest + (right - rest) / 2.0 } else { right };
        let values = [(rest, middle - if compares { size::PAD } else { 0.0 }), (middle, right)];
        Self { check, name, values, origin, mark }
    }
}

/// Draws the table.
pub(super) fn show(ui: &mut Ui, world: &World, session: &Session, view: &mut View, actions: &mut Actions) {
    let (Some(table), Some(board)) = (view.table().cloned(), view.table_board().cloned()) else {
        egui::Frame::new().inner_margin(egui::Margin::same(24)).show(ui, |ui| {
            progress_line(ui, &t!("environments.loading"), 0, None, false);
        });
        return;
    };
    let Some(mode) = view.mode(&board) else { return };
    let checks = promote::may(session);
    let compares = matches!(mode, Mode::Compare(..));
    header(ui, &board, &table, mode, checks, view);
    if table.is_empty() {
        nothing(ui, view, &table, compares);
        return;
    }
    let id = Id::unique(("layer rows", session.id));
    let mut list = ListBox::begin(ui, world, id, &t!("environments.rows"));
    let chosen = view.cursor.as_ref().and_then(|cursor| place_of(&table, &board, cursor));
    let stepped = keyboard(ui, &mut list, view, &table, &board, chosen, checks, actions);
    let chosen = stepped.or(chosen);
    let focused = list.has_focus();
    let height = theme::row_height(&world.settings) + size::GRID;
    list.show(ui, table.len(), height, |ui, sight, places| {
        for at in sight {
            let Some(line) = table.line(at) else { continue };
            let repeated =
                at > 0 && table.line(at - 1).is_some_and(|before| item_of(before) == item_of(line));
            let look = Look { chosen: chosen == Some(at), focused, repeated, checks };
            row(ui, &board, mode, line, places.rect(at), look, view, id, actions);
        }
    });
}

fn item_of(line: Line<'_>) -> usize {
    match line {
        Line::Row(row) => row.item,
        Line::Pair(pair) => pair.item,
    }
}

/// The place of a line among those shown.
fn place_of(table: &Table, board: &Board, pick: &Pick) -> Option<usize> {
    let item = board.item_at(&pick.name)?;
    match &table.lines {
        Lines::Effective(rows) => {
            let first = rows.partition_point(|row| row.item < item);
            let of_item = rows[first..].iter().take_while(|row| row.item == item);
            of_item.clone().position(|row| row.path == pick.path).map(|at| first + at)
        }
        Lines::Compare(pairs) => {
            let first = pairs.partition_point(|pair| pair.item < item);
            let of_item = pairs[first..].iter().take_while(|pair| pair.item == item);
            of_item.clone().position(|pair| pair.path == pick.path).map(|at| first + at)
        }
    }
}

/// What the keyboard does with the chosen line; returns the one that it moves to.
fn keyboard(
    ui: &Ui,
    list: &mut ListBox,
    view: &mut View,
    table: &Table,
    board: &Board,
    chosen: Option<usize>,
    checks: bool,
    actions: &mut Actions,
) -> Option<usize> {
    let line = chosen.and_then(|at| table.line(at));
    if let Some(pick) = line.and_then(|line| board.pick(line)) {
        if checks && list.pressed(ui, Press::Space) {
            toggle(view, pick.clone());
        }
        if list.has_focus() && list.pressed(ui, Press::Enter) {
            let layer = match line {
                Some(Line::Row(row)) => row.winner,
                Some(Line::Pair(pair)) => pair.sides.iter().flatten().last().map_or(0, |side| side.winner),
                None => 0,
            };
            open_key(&board.key_in(&pick.name, layer), actions);
        }
    }
    let (at, _) = list.step(ui, chosen, table.len())?;
    view.cursor = table.line(at).and_then(|line| board.pick(line));
    Some(at)
}

fn toggle(view: &mut View, pick: Pick) {
    if !view.checked.remove(&pick) {
        view.checked.insert(pick);
    }
    view.doubtful = None;
}

fn header(ui: &mut Ui, board: &Board, table: &Table, mode: Mode, checks: bool, view: &mut View) {
    let tokens = theme::tokens(ui);
    let set = &board.set;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::BAR), Sense::hover());
    let compares = matches!(mode, Mode::Compare(..));
    let columns = Columns::of(rect, compares, checks);
    let title = |ui: &Ui, column: Option<(f32, f32)>, words: &str| {
        if let Some(column) = column {
            cells::words(ui, rect, column, words, text::meta_medium(), tokens.faint);
        }
    };
    title(ui, Some(columns.name), &t!("environments.column.name"));
    if let Some(column) = columns.check.filter(|_| !table.is_empty() && table.len() <= MAX_SELECTED) {
        let picks = || (0..table.len()).filter_map(|at| board.pick(table.line(at)?));
        let on = view.checked.len() >= table.len() && picks().all(|pick| view.checked.contains(&pick));
        if check_box(ui, rect, column, Id::unique("layer select all"), on, &t!("environments.select_all")) {
            view.doubtful = None;
            let picks: Vec<Pick> = picks().collect();
            for pick in picks {
                if on {
                    view.checked.remove(&pick)
                } else {
                    view.checked.insert(pick)
                };
            }
        }
    }
    match mode {
        Mode::Effective(_) => {
            title(ui, Some(columns.values[0]), &t!("environments.column.value"));
            title(ui, columns.origin, &t!("environments.column.origin"));
        }
        Mode::Compare(left, right) => {
            for (column, layer) in columns.values.into_iter().zip([left, right]) {
                cells::chip(ui, rect, column, words::tone(set, layer), &words::layer(set, layer));
            }
        }
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
}

fn nothing(ui: &mut Ui, view: &mut View, table: &Table, compares: bool) {
    let filtered = !view.filter.trim().is_empty() || view.group.is_some();
    let (icon, title, hint, action) = if filtered {
        let action = t!("environments.clear_filter");
        (icons::FUNNEL, t!("environments.nothing_found"), t!("environments.nothing_found_hint"), Some(action))
    } else if compares && view.only_differing && table.counts.lines > 0 {
        let action = t!("environments.show_equal");
        (icons::CHECK_CIRCLE, t!("environments.all_equal"), t!("environments.all_equal_hint"), Some(action))
    } else if !compares && view.only_overridden && table.counts.lines > 0 {
        let action = t!("environments.show_all");
        let title = t!("environments.none_overridden");
        (icons::CHECK_CIRCLE, title, t!("environments.none_overridden_hint"), Some(action))
    } else {
        (icons::FOLDER_OPEN, t!("environments.no_values"), t!("environments.no_values_hint"), None)
    };
    if empty_state(ui, icon, &title, &hint, action.as_deref()) {
        if filtered {
            view.filter.clear();
            view.group = None;
        } else {
            view.only_differing = false;
            view.only_overridden = false;
        }
    }
}

#[derive(Clone, Copy)]
struct Look {
    chosen: bool,
    focused: bool,
    repeated: bool,
    checks: bool,
}

fn row(
    ui: &mut Ui,
    board: &Board,
    mode: Mode,
    line: Line<'_>,
    rect: Rect,
    look: Look,
    view: &mut View,
    list: Id,
    actions: &mut Actions,
) {
    let Some(pick) = board.pick(line) else { return };
    let response = ui.interact(rect, ui.scope_id().with(&pick), Sense::CLICK);
    let spoken = match line {
        Line::Row(row) => spoken_row(board, row, view),
        Line::Pair(pair) => spoken_pair(board, mode, pair, view),
    };
    response.widget_info(|| egui::WidgetInfo::selected(Role::ListBoxOption, true, look.chosen, &spoken));
    row_ground(ui, rect, look.chosen, response.hovered(), look.chosen && look.focused);
    let columns = Columns::of(rect, matches!(mode, Mode::Compare(..)), look.checks);
    if let Some(column) = columns.check {
        check(ui, rect, column, &pick, line, view);
    }
    match line {
        Line::Row(row) => paint_row(ui, board, row, rect, &columns, look, view),
        Line::Pair(pair) => paint_pair(ui, mode, board, pair, rect, &columns, look, view),
    }
    if response.clicked() {
        view.cursor = Some(pick.clone());
        ListBox::focus(ui, list);
    }
    if response.double_clicked() {
        let layer = match line {
            Line::Row(row) => row.winner,
            Line::Pair(pair) => pair.sides.iter().flatten().last().map_or(0, |side| side.winner),
        };
        open_key(&board.key_in(&pick.name, layer), actions);
    }
    let tokens = theme::tokens(ui);
    response.on_hover_ui(|ui| {
        let (name, path) = match line {
            Line::Row(row) => (&row.name, &row.path_text),
            Line::Pair(pair) => (&pair.name, &pair.path_text),
        };
        ui.label(tokens.mono_meta(name.as_str()));
        if !path.is_empty() {
            ui.label(tokens.mono(path.as_str()));
        }
        let mut say = |value: &Shown, secret: bool| {
            let words = words::value(value, secret && !view.secrets_shown);
            ui.label(tokens.mono(words));
        };
        match line {
            Line::Row(row) => say(&row.value, row.secret),
            Line::Pair(pair) => pair.sides.iter().flatten().for_each(|side| say(&side.value, pair.secret)),
        }
    });
}

fn check(ui: &mut Ui, rect: Rect, column: (f32, f32), pick: &Pick, line: Line<'_>, view: &mut View) {
    let on = view.checked.contains(pick);
    let (name, path) = match line {
        Line::Row(row) => (&row.name, &row.path_text),
        Line::Pair(pair) => (&pair.name, &pair.path_text),
    };
    let label = t!("environments.select", name = format!("{name} {path}").trim());
    let id = ui.scope_id().with(("check", pick));
    if check_box(ui, rect, column, id, on, &label) {
        toggle(view, pick.clone());
    }
}

/// A box to tick, drawn as egui draws its own; returns whether it was pressed.
fn check_box(ui: &mut Ui, rect: Rect, column: (f32, f32), id: Id, on: bool, label: &str) -> bool {
    let tokens = theme::tokens(ui);
    let place = Rect::from_center_size(pos2(column.0 + 10.0, rect.center().y), vec2(18.0, 18.0));
    let response = ui.interact(place, id, Sense::click());
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, on, label));
    let square = Rect::from_center_size(place.center(), vec2(15.0, 15.0));
    let radius = egui::CornerRadius::same(size::RADIUS_SMALL);
    let (fill, line) = match on {
        true => (tokens.accent, tokens.accent),
        false => (tokens.base, if response.hovered() { tokens.second } else { tokens.outline }),
    };
    ui.painter().rect(square, radius, fill, egui::Stroke::new(size::LINE, line), egui::StrokeKind::Inside);
    if on {
        paint_icon(ui, square.center(), icons::CHECK, 12.0, tokens.on_accent);
    }
    focus_ring(ui, square, &response);
    response.clicked()
}

fn paint_row(ui: &Ui, board: &Board, row: &Row, rect: Rect, columns: &Columns, look: Look, view: &View) {
    let tokens = theme::tokens(ui);
    cells::name(ui, rect, columns.name, &row.name, &row.path_text, look.repeated);
    let hidden = row.secret && !view.secrets_shown;
    let value = words::value(&row.value, hidden);
    let colour = words::colour(tokens, &row.value, hidden);
    cells::words(ui, rect, columns.values[0], &value, text::mono(), colour);
    if let Some(column) = columns.origin {
        let tone = words::tone(&board.set, row.winner);
        cells::chip(ui, rect, column, tone, &words::layer(&board.set, row.winner));
    }
    if let (Some(column), Some((words, tone))) = (columns.mark, words::mark(&board.set, row)) {
        let icon = match tone {
            Tone::Waiting => icons::COPY,
            Tone::Changed => icons::ARROW_LINE_DOWN,
            _ => icons::PLUS_CIRCLE,
        };
        let colour = tone.colour(tokens);
        paint_icon(ui, pos2(column.0 + 7.0, rect.center().y), icon, size::ICON_SMALL, colour);
        cells::words(ui, rect, (column.0 + 20.0, column.1), &words, text::meta(), colour);
    }
}

fn paint_pair(
    ui: &Ui,
    mode: Mode,
    board: &Board,
    pair: &Pair,
    rect: Rect,
    columns: &Columns,
    look: Look,
    view: &View,
) {
    let tokens = theme::tokens(ui);
    let Mode::Compare(left, right) = mode else { return };
    let hidden = pair.secret && !view.secrets_shown;
    let grounds =
        [(tokens.diff_removed, tokens.diff_removed_word), (tokens.diff_added, tokens.diff_added_word)];
    for side in [0, 1] {
        let Some(value) = &pair.sides[side] else { continue };
        if !matches!(pair.difference, Difference::Equal | Difference::Unknown) {
            let (from, to) = columns.values[side];
            let ground = Rect::from_min_max(
                pos2(from - size::GRID, rect.top() + 1.0),
                pos2(to + size::GRID - 1.0, rect.bottom() - 1.0),
            );
            ui.painter().rect_filled(ground, egui::CornerRadius::same(size::RADIUS_SMALL), grounds[side].0);
        }
        let words = words::value(&value.value, hidden);
        let colour = words::colour(tokens, &value.value, hidden);
        let other = pair.sides[1 - side].as_ref().map(|other| words::value(&other.value, hidden));
        match other.filter(|_| pair.difference == Difference::Differs && !hidden) {
            Some(other) => {
                // Colours of syntax are not made for these grounds.
                let texts = (words.as_str(), other.as_str());
                cells::differing(ui, rect, columns.values[side], texts, tokens.text, grounds[side].1);
            }
            None if pair.difference == Difference::Equal => {
                cells::words(ui, rect, columns.values[side], &words, text::mono(), colour);
            }
            None => cells::words(ui, rect, columns.values[side], &words, text::mono(), tokens.text),
        }
    }
    for side in [0, 1] {
        if pair.sides[side].is_none() {
            let words = t!("environments.not_there");
            cells::words(ui, rect, columns.values[side], &words, text::meta(), tokens.faint);
        }
    }
    cells::name(ui, rect, columns.name, &pair.name, &pair.path_text, look.repeated);
    if let Some(column) = columns.mark {
        let (icon, tone) = match pair.difference {
            Difference::Equal => (icons::CHECK, Tone::Plain),
            Difference::Differs => (icons::ARROWS_LEFT_RIGHT, Tone::Changed),
            Difference::OnlyLeft => (icons::ARROW_LEFT, Tone::Waiting),
            Difference::OnlyRight => (icons::ARROW_RIGHT, Tone::Waiting),
            Difference::Unknown => (icons::QUESTION, Tone::Plain),
        };
        let colour = tone.colour(tokens);
        paint_icon(ui, pos2(column.0 + 7.0, rect.center().y), icon, size::ICON_SMALL, colour);
        let words = difference(board, (left, right), pair);
        cells::words(ui, rect, (column.0 + 20.0, column.1), &words, text::meta(), colour);
    }
}

/// How two environments stand, in words.
fn difference(board: &Board, (left, right): (usize, usize), pair: &Pair) -> String {
    let only = |layer: usize| t!("environments.difference.only", layer = words::layer(&board.set, layer));
    let words = match pair.difference {
        Difference::Equal => t!("environments.difference.equal"),
        Difference::Differs => t!("environments.difference.differs"),
        Difference::OnlyLeft => only(left),
        Difference::OnlyRight => only(right),
        Difference::Unknown => t!("environments.difference.unknown"),
    };
    words.into_owned()
}

fn spoken_row(board: &Board, row: &Row, view: &View) -> String {
    let name = format!("{} {}", row.name, row.path_text);
    let value = words::value(&row.value, row.secret && !view.secrets_shown);
    let layer = words::layer(&board.set, row.winner);
    let words = t!("environments.row", name = name.trim(), value = value, layer = layer);
    match words::mark(&board.set, row) {
        Some((mark, _)) => format!("{words}, {mark}"),
        None => words.into_owned(),
    }
}

fn spoken_pair(board: &Board, mode: Mode, pair: &Pair, view: &View) -> String {
    let Mode::Compare(left, right) = mode else { return String::new() };
    let side = |side: usize| match &pair.sides[side] {
        Some(side) => words::value(&side.value, pair.secret && !view.secrets_shown),
        None => t!("environments.not_there").into_owned(),
    };
    let name = format!("{} {}", pair.name, pair.path_text);
    let words = t!(
        "environments.pair",
        name = name.trim(),
        left = words::layer(&board.set, left),
        one = side(0),
        right = words::layer(&board.set, right),
        two = side(1),
        difference = difference(board, (left, right), pair)
    );
    words.into_owned()
}
