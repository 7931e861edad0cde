//! The tree: rows in sight, mouse and keyboard.

use egui::accesskit::Role;
use egui::{EventFilter, Id, Key as Press, Modifiers, Rect, Response, Sense, Ui, UiBuilder};
use rust_i18n::t;

use super::row::{RowLook, caret_rect};
use super::selection::{MAX_SELECTED, SelectHow, select};
use super::{SessionView, menu, tooltip};
use crate::action::{Action, Actions};
use crate::model::key_text::display_key;
use crate::model::rows::{Row, RowKind};
use crate::model::session::Session;
use crate::model::tree_item::TreeItem;
use crate::model::world::World;
use crate::ui::theme;
use crate::ui::widgets::VirtualList;
use crate::ui::widgets::list::RowPlaces;

/// With more changes than this in a second, rows neither glow nor tell ages.
const BUSY_RATE: u32 = 200;

/// The id of the tree of a connection, for the keyboard.
pub fn list_id(session: &Session) -> Id {
    Id::unique(("key tree", session.id))
}

/// Draws the rows and answers mouse and keyboard.
pub fn show(ui: &mut Ui, world: &World, session: &Session, view: &mut SessionView, actions: &mut Actions) {
    let id = list_id(session);
    let list = keyboard_area(ui, id);
    let name = t!("keys.tree.name");
    list.widget_info(|| egui::WidgetInfo::labeled(Role::Tree, true, &name));
    if ui.interact(list.rect, id.with("ground"), Sense::CLICK).clicked() {
        list.request_focus();
        view.anchor = None;
        actions.push(Action::Select { rows: Vec::new(), cursor: None });
    }
    if may_use_keyboard(ui, world, id) {
        let presses = take_presses(ui, id);
        keyboard(session, view, &presses, actions);
        if !presses.is_empty() {
            list.request_focus();
        }
        copy(ui, session, actions);
    }
    follow_cursor(session, view);
    let child =
        UiBuilder::new().id_salt(id).accessibility_parent(id).max_rect(ui.available_rect_before_wrap());
    let row_height = theme::row_height(&world.settings);
    let focused = list.has_focus();
    ui.scope_builder(child, |ui| {
        let rows = VirtualList::new(id.with("rows"), view.rows.rows().len(), row_height);
        let output = rows.reveal(view.reveal.take()).show(ui, |ui, sight, places| {
            let rows = view.rows.rows().slice(sight.start, sight.len());
            draw(ui, world, session, view, sight.start, &rows, &places, focused, actions);
        });
        view.page = output.page;
    });
}

/// What takes the keyboard for a whole list. It senses no clicks: egui would take Enter for one.
pub fn keyboard_area(ui: &Ui, id: Id) -> Response {
    ui.interact(ui.available_rect_before_wrap(), id, Sense::focusable_noninteractive())
}

fn draw(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    view: &mut SessionView,
    first: usize,
    rows: &[Row],
    places: &RowPlaces,
    focused: bool,
    actions: &mut Actions,
) {
    let rate = session.activity.rate(world.now);
    let busy = rate.iter().rev().take(2).any(|changes| *changes > BUSY_RATE);
    let mut next_look: Option<i64> = view.rows.ghosts_until().map(|until| until - world.now);
    for (at, row) in (first..).zip(rows) {
        let rect = places.rect(at);
        let response = ui.interact(rect, ui.scope_id().with((&row.path, row_salt(row))), Sense::CLICK);
        let selected = session.selected.contains(&row.item());
        let look = RowLook { session, tree: &view.rows, now: world.now, busy, focused };
        look.announce(ui, row, &response, selected);
        let next = look.paint(ui, row, rect, &response, selected);
        next_look = [next_look, next].into_iter().flatten().min();
        if look.bring_back(ui, row, rect, selected) {
            actions.push(menu::bring_back(vec![row.item()]));
        }
        mouse(ui, session, view, at, row, rect, &response, actions);
        menu::attach(&response, session, &view.rows, row, actions);
        tooltip::attach(response, world, session, row);
    }
    if let Some(millis) = next_look {
        let millis = u64::try_from(millis.max(16)).unwrap_or(16);
        ui.ctx().request_repaint_after(std::time::Duration::from_millis(millis));
    }
}

/// A key that ends with the separator has the path of its folder: two rows, one path.
fn row_salt(row: &Row) -> u8 {
    match row.kind {
        RowKind::Folder { .. } => 0,
        RowKind::Leaf { .. } => 1,
        RowKind::Ghost => 2,
        RowKind::GhostFolder { .. } => 3,
    }
}

/// What the mouse asks of a row of a tree.
pub enum RowClick {
    /// Nothing.
    Nothing,
    /// To be opened or closed, by its caret.
    Toggle,
    /// To be picked.
    Pick(SelectHow),
    /// To be picked alone, and opened.
    Open,
}

/// What the mouse asks of this row; a click gives the list the keyboard.
pub fn row_click(
    ui: &Ui,
    list: Id,
    row: &Row,
    rect: Rect,
    response: &Response,
    is_selected: bool,
) -> RowClick {
    if !response.clicked() {
        let menu = response.secondary_clicked() && !is_selected;
        return if menu { RowClick::Pick(SelectHow::Alone) } else { RowClick::Nothing };
    }
    ui.memory_mut(|memory| memory.request_focus(list));
    let on_caret = response.interact_pointer_pos().is_some_and(|at| caret_rect(row, rect).contains(at));
    if row.item().is_folder() && on_caret {
        return RowClick::Toggle;
    }
    match SelectHow::of(ui.input(|input| input.modifiers)) {
        SelectHow::Alone => RowClick::Open,
        how => RowClick::Pick(how),
    }
}

fn mouse(
    ui: &Ui,
    session: &Session,
    view: &mut SessionView,
    at: usize,
    row: &Row,
    rect: Rect,
    response: &Response,
    actions: &mut Actions,
) {
    let is_selected = session.selected.contains(&row.item());
    match row_click(ui, list_id(session), row, rect, response, is_selected) {
        RowClick::Nothing => return,
        RowClick::Toggle => {
            actions.push(Action::ToggleFolder(row.path.clone()));
            return;
        }
        RowClick::Pick(how) => {
            pick(session, view, at, row, how, actions);
            return;
        }
        RowClick::Open => pick(session, view, at, row, SelectHow::Alone, actions),
    }
    match row.kind {
        // The second click of a double click would close what the first one opened.
        RowKind::Folder { .. } | RowKind::GhostFolder { .. } if !response.double_clicked() => {
            actions.push(Action::ToggleFolder(row.path.clone()));
        }
        RowKind::Leaf { .. } if response.double_clicked() => view.keep_open(session, &row.path, actions),
        RowKind::Leaf { .. } => view.look_at(session, &row.path, actions),
        RowKind::Folder { .. } | RowKind::GhostFolder { .. } | RowKind::Ghost => {}
    }
}

fn pick(
    session: &Session,
    view: &mut SessionView,
    at: usize,
    row: &Row,
    how: SelectHow,
    actions: &mut Actions,
) {
    let rows = view.rows.rows();
    let items = |first, count| rows.slice(first, count).iter().map(Row::item).collect();
    let action = select(session, &mut view.anchor, at, &row.item(), how, |item| rows.position(item), items);
    actions.push(action);
}

/// Whether arrows and Enter are meant for this list.
pub fn may_use_keyboard(ui: &Ui, world: &World, id: Id) -> bool {
    let focused = ui.memory(|memory| memory.focused());
    if focused == Some(id) {
        let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        return true;
    }
    focused.is_none() && world.dialog.is_none() && !world.palette_open && !egui::Popup::is_any_open(ui.ctx())
}

/// Copies the selected keys as text.
fn copy(ui: &Ui, session: &Session, actions: &mut Actions) {
    let asked = ui.input(|input| input.events.iter().any(|event| matches!(event, egui::Event::Copy)));
    if asked && (session.cursor.is_some() || !session.selected.is_empty()) {
        actions.push(Action::CopyText(selection_text(session)));
    }
}

/// Keys that lists understand; what has a command and a shortcut (rename, delete) is not among them.
const PRESSES: [Press; 10] = [
    Press::ArrowUp,
    Press::ArrowDown,
    Press::ArrowLeft,
    Press::ArrowRight,
    Press::Home,
    Press::End,
    Press::PageUp,
    Press::PageDown,
    Press::Enter,
    Press::A,
];

/// Takes the key presses that lists understand out of the input, in order.
pub fn take_presses(ui: &Ui, id: Id) -> Vec<(Press, Modifiers)> {
    let has_focus = ui.memory(|memory| memory.has_focus(id));
    let mut presses = Vec::new();
    ui.input_mut(|input| {
        input.events.retain(|event| {
            let egui::Event::Key { key, pressed: true, modifiers, .. } = event else { return true };
            // Without the keyboard only what cannot be meant for anything else.
            let known = PRESSES.contains(key)
                && !modifiers.alt
                && (*key == Press::A) == modifiers.command
                && (has_focus || *key != Press::A);
            if known {
                presses.push((*key, *modifiers));
            }
            !known
        });
    });
    if has_focus && !presses.is_empty() {
        // Right after a click the list has no say yet in what its keys are for: egui would move the
        // focus on at the end of this frame.
        ui.memory_mut(|memory| memory.move_focus(egui::FocusDirection::None));
    }
    presses
}

fn keyboard(
    session: &Session,
    view: &mut SessionView,
    presses: &[(Press, Modifiers)],
    actions: &mut Actions,
) {
    let len = view.rows.rows().len();
    if presses.is_empty() || len == 0 {
        return;
    }
    let mut at = view.cursor_row(session);
    for (press, modifiers) in presses {
        let target = match press {
            Press::Enter => {
                if let Some(row) = at.and_then(|at| view.rows.row(at)) {
                    enter(session, view, &row, actions);
                }
                continue;
            }
            Press::A => {
                let rows = view.rows.rows().slice(0, MAX_SELECTED).iter().map(Row::item).collect();
                actions.push(Action::Select { rows, cursor: session.cursor.clone() });
                continue;
            }
            Press::ArrowLeft | Press::ArrowRight => match at.and_then(|at| view.rows.row(at)) {
                Some(row) => sideways(view, at.unwrap_or(0), &row, *press, actions),
                None => Some(0),
            },
            _ => Some(moved(at, *press, view.page.saturating_sub(1).max(1), len)),
        };
        let Some(target) = target else { continue };
        if Some(target) == at {
            // Already there, but perhaps out of sight.
            view.reveal = at;
            continue;
        }
        let Some(row) = view.rows.row(target) else { continue };
        let how = if modifiers.shift { SelectHow::Range } else { SelectHow::Alone };
        pick(session, view, target, &row, how, actions);
        at = Some(target);
        view.reveal = Some(target);
        view.followed = Some(row.item());
    }
}

/// Where the cursor goes from `at`.
pub fn moved(at: Option<usize>, press: Press, page: usize, len: usize) -> usize {
    let last = len.saturating_sub(1);
    let Some(at) = at else { return if press == Press::End { last } else { 0 } };
    match press {
        Press::ArrowUp => at.saturating_sub(1),
        Press::ArrowDown => at + 1,
        Press::PageUp => at.saturating_sub(page),
        Press::PageDown => at + page,
        Press::Home => 0,
        _ => last,
    }
    .min(last)
}

fn enter(session: &Session, view: &mut SessionView, row: &Row, actions: &mut Actions) {
    match row.kind {
        RowKind::Folder { .. } | RowKind::GhostFolder { .. } => {
            actions.push(Action::ToggleFolder(row.path.clone()));
        }
        RowKind::Leaf { .. } => view.keep_open(session, &row.path, actions),
        RowKind::Ghost if session.profile.read_only => {}
        RowKind::Ghost => actions.push(menu::bring_back(vec![row.item()])),
    }
}

/// Left closes or goes to the parent, right opens or goes to the first child.
fn sideways(view: &SessionView, at: usize, row: &Row, press: Press, actions: &mut Actions) -> Option<usize> {
    match (row.kind.expanded(), press) {
        (Some(false), Press::ArrowRight) | (Some(true), Press::ArrowLeft) => {
            actions.push(Action::ToggleFolder(row.path.clone()));
            None
        }
        (Some(true), Press::ArrowRight) => Some(at + 1),
        (_, Press::ArrowLeft) if row.name_start > 0 => {
            view.rows.rows().position(&TreeItem::folder(&row.path[..row.name_start]))
        }
        _ => None,
    }
}

/// Brings the cursor into sight when something else has moved it (a revealed key, a new key).
fn follow_cursor(session: &Session, view: &mut SessionView) {
    if session.cursor == view.followed {
        return;
    }
    match &session.cursor {
        Some(cursor) => {
            if let Some(at) = view.rows.rows().position(cursor) {
                view.reveal = Some(at);
                view.followed.clone_from(&session.cursor);
            }
        }
        None => view.followed = None,
    }
}

/// Text of the selection for the clipboard, one key a line.
#[must_use]
pub fn selection_text(session: &Session) -> String {
    let mut lines: Vec<_> = session.selected.iter().map(|item| display_key(&item.path)).collect();
    if lines.is_empty()
        && let Some(cursor) = &session.cursor
    {
        lines.push(display_key(&cursor.path));
    }
    lines.join("\n")
}
