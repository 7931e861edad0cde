//! The tree as it was: rows in sight, mouse and keyboard. Nothing here acts on live keys: what can be
//! done is to look, and to have a plan made.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Id, Key as Press, Modifiers, Rect, Response, Sense, Ui, UiBuilder};
use rust_i18n::t;

use super::past_row::PastLook;
use super::{menu, words};
use crate::action::{Action, Actions};
use crate::model::bytes::Key;
use crate::model::key_text::{display_key, display_short};
use crate::model::keyspace::Keyspace;
use crate::model::rows::{Row, RowKind, Rows};
use crate::model::session::Session;
use crate::model::travel::Comparison;
use crate::model::tree_item::TreeItem;
use crate::model::world::World;
use crate::ui::keys::selection::{MAX_SELECTED, SelectHow, Selection};
use crate::ui::keys::tree::{RowClick, keyboard_area, may_use_keyboard, moved, row_click, take_presses};
use crate::ui::theme;
use crate::ui::widgets::VirtualList;

/// With up to so many differences their folders are open to begin with.
const OPEN_AT_FIRST: u64 = 300;

/// What the tree keeps between frames.
#[derive(Default)]
pub struct PastTree {
    rows: Rows,
    built_for: Option<(Keyspace, BTreeSet<Vec<u8>>)>,
    expanded: BTreeSet<Vec<u8>>,
    /// The folders of the first differences were opened.
    opened_first: bool,
    /// Only what differs is shown.
    pub only_differing: bool,
    /// The selected rows.
    pub selection: Selection,
    reveal: Option<usize>,
    page: usize,
}

/// The id of the tree, for the keyboard.
pub fn list_id(session: &Session) -> Id {
    Id::unique(("past tree", session.id))
}

impl PastTree {
    /// A tree with these folders open.
    #[must_use]
    pub fn new(expanded: &BTreeSet<Vec<u8>>) -> Self {
        Self { expanded: expanded.clone(), ..Self::default() }
    }

    /// Brings the rows up to what is compared.
    pub fn refresh(&mut self, comparison: &Comparison) {
        if !self.opened_first {
            self.opened_first = true;
            if comparison.totals.total() <= OPEN_AT_FIRST {
                self.expanded.extend(comparison.differing_folders().map(<[u8]>::to_vec));
            }
        }
        let keys = if self.only_differing { &comparison.differing } else { &comparison.all };
        let stands =
            self.built_for.as_ref().is_some_and(|(of, open)| of.is_same(keys) && *open == self.expanded);
        if !stands {
            let nothing = Keyspace::new(keys.separator());
            self.rows = Rows::build(keys, &comparison.then.prefix, &self.expanded, &nothing);
            self.built_for = Some((keys.clone(), self.expanded.clone()));
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    fn row(&self, at: usize) -> Option<Row> {
        self.rows.slice(at, 1).pop()
    }

    fn toggle(&mut self, path: &Key) {
        if !self.expanded.remove(&**path) {
            self.expanded.insert(path.to_vec());
        }
    }

    /// Draws the rows and answers mouse and keyboard.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        world: &World,
        session: &Session,
        comparison: &Arc<Comparison>,
        actions: &mut Actions,
    ) {
        let id = list_id(session);
        let list = keyboard_area(ui, id);
        let name = t!("travel.tree.name", revision = comparison.then.revision);
        list.widget_info(|| egui::WidgetInfo::labeled(Role::Tree, true, &name));
        if ui.interact(list.rect, id.with("ground"), Sense::CLICK).clicked() {
            list.request_focus();
            self.selection = Selection::default();
        }
        if may_use_keyboard(ui, world, id) {
            let presses = take_presses(ui, id);
            self.keyboard(&presses, actions);
            if !presses.is_empty() {
                list.request_focus();
            }
            self.copy(ui, actions);
        }
        let place = ui.available_rect_before_wrap();
        let child = UiBuilder::new().id_salt(id).accessibility_parent(id).max_rect(place);
        let look = PastLook { comparison, focused: list.has_focus() };
        ui.scope_builder(child, |ui| {
            let height = theme::row_height(&world.settings);
            let rows = VirtualList::new(id.with("rows"), self.rows.len(), height).reveal(self.reveal.take());
            let output = rows.show(ui, |ui, sight, places| {
                let rows = self.rows.slice(sight.start, sight.len());
                for (at, row) in (sight.start..).zip(rows) {
                    self.show_row(ui, session, comparison, &look, at, &row, places.rect(at), actions);
                }
            });
            self.page = output.page;
        });
    }

    fn show_row(
        &mut self,
        ui: &Ui,
        session: &Session,
        comparison: &Arc<Comparison>,
        look: &PastLook<'_>,
        at: usize,
        row: &Row,
        rect: Rect,
        actions: &mut Actions,
    ) {
        let item = row.item();
        let response = ui.interact(rect, ui.scope_id().with((&row.path, item.is_folder())), Sense::CLICK);
        let selected = self.selection.rows.contains(&item);
        look.announce(ui, row, &response, selected);
        look.paint(ui, row, rect, &response, selected, self.selection.cursor.as_ref() == Some(&item));
        self.mouse(ui, session, at, row, rect, &response, actions);
        menu::attach(&response, session, comparison, &self.selection, row, actions);
        tooltip(response, comparison, row);
    }

    fn mouse(
        &mut self,
        ui: &Ui,
        session: &Session,
        at: usize,
        row: &Row,
        rect: Rect,
        response: &Response,
        actions: &mut Actions,
    ) {
        let is_selected = self.selection.rows.contains(&row.item());
        match row_click(ui, list_id(session), row, rect, response, is_selected) {
            RowClick::Nothing => return,
            RowClick::Toggle => {
                self.toggle(&row.path);
                return;
            }
            RowClick::Pick(how) => {
                self.pick(at, row, how);
                return;
            }
            RowClick::Open => self.pick(at, row, SelectHow::Alone),
        }
        let is_folder = row.item().is_folder();
        // The second click of a double click would close what the first one opened.
        if is_folder && !response.double_clicked() {
            self.toggle(&row.path);
        } else if !is_folder {
            actions.push(Action::TravelOpen(Some(row.path.clone())));
        }
    }

    fn pick(&mut self, at: usize, row: &Row, how: SelectHow) {
        let rows = &self.rows;
        let items = |first, count| rows.slice(first, count).iter().map(Row::item).collect();
        self.selection.pick(at, &row.item(), how, |item| rows.position(item), items);
    }

    fn keyboard(&mut self, presses: &[(Press, Modifiers)], actions: &mut Actions) {
        for (press, modifiers) in presses {
            let at = self.selection.cursor.as_ref().and_then(|cursor| self.rows.position(cursor));
            let row = at.and_then(|at| self.row(at));
            let target = match (press, &row) {
                (Press::Enter, Some(row)) if row.item().is_folder() => {
                    self.toggle(&row.path);
                    self.rebuild_soon();
                    None
                }
                (Press::Enter, Some(row)) => {
                    actions.push(Action::TravelOpen(Some(row.path.clone())));
                    None
                }
                (Press::A, _) => {
                    let rows = self.rows.slice(0, MAX_SELECTED);
                    self.selection.rows = rows.iter().map(Row::item).collect();
                    None
                }
                (Press::ArrowLeft | Press::ArrowRight, Some(row)) => {
                    self.sideways(at.unwrap_or(0), row, *press)
                }
                (Press::Enter, None) => None,
                _ if self.rows.is_empty() => None,
                _ => Some(moved(at, *press, self.page.saturating_sub(1).max(1), self.rows.len())),
            };
            let Some(target) = target else { continue };
            self.reveal = Some(target);
            if let Some(row) = self.row(target).filter(|_| Some(target) != at) {
                let how = if modifiers.shift { SelectHow::Range } else { SelectHow::Alone };
                self.pick(target, &row, how);
                if how == SelectHow::Alone && !row.item().is_folder() {
                    actions.push(Action::TravelOpen(Some(row.path.clone())));
                }
            }
        }
    }

    /// The rows of this frame are still those before: the next frame has the new ones.
    fn rebuild_soon(&mut self) {
        self.built_for = None;
    }

    fn sideways(&mut self, at: usize, row: &Row, press: Press) -> Option<usize> {
        match (&row.kind, press) {
            (RowKind::Folder { expanded: false, .. }, Press::ArrowRight)
            | (RowKind::Folder { expanded: true, .. }, Press::ArrowLeft) => {
                self.toggle(&row.path);
                self.rebuild_soon();
                None
            }
            (RowKind::Folder { .. }, Press::ArrowRight) => Some(at + 1),
            (_, Press::ArrowLeft) if row.name_start > 0 => {
                self.rows.position(&TreeItem::folder(&row.path[..row.name_start]))
            }
            _ => None,
        }
    }

    fn copy(&self, ui: &Ui, actions: &mut Actions) {
        let asked = ui.input(|input| input.events.iter().any(|event| matches!(event, egui::Event::Copy)));
        if asked && !self.selection.rows.is_empty() {
            let lines: Vec<_> = self.selection.rows.iter().map(|item| display_key(&item.path)).collect();
            actions.push(Action::CopyText(lines.join("\n")));
        }
    }
}

/// What the pointer tells of a row.
fn tooltip(response: Response, comparison: &Comparison, row: &Row) {
    response.on_hover_ui(|ui| {
        let tokens = theme::tokens(ui);
        ui.label(tokens.mono(display_short(&row.path, 600)));
        if row.item().is_folder() {
            ui.label(tokens.meta(words::counts(&comparison.folder(&row.path))));
        } else if let Some(mark) = comparison.mark(&row.path) {
            ui.label(tokens.meta(words::mark_hint(mark)));
        }
    });
}
