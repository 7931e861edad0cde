//! A list of which one row is chosen, with the mouse or with the keyboard.

use std::ops::Range;

use egui::accesskit::Role;
use egui::{EventFilter, Id, Key, Modifiers, Rect, Response, Sense, Ui, UiBuilder, WidgetInfo};

use super::list::{RowPlaces, VirtualList, VirtualOutput, list_move};
use crate::model::world::World;

/// A list box in all the room that is left: it has the keyboard while it has the focus, and while
/// nothing else wants it. What is chosen is the caller's; the list keeps its offset and the rows of a
/// page under its id.
///
/// ```ignore
/// let mut list = ListBox::begin(ui, world, Id::unique("services"), &t!("services.list"));
/// if let Some((row, _shift)) = list.step(ui, chosen, rows.len()) {
///     state.chosen = Some(rows[row].name.clone());
/// }
/// if list.pressed(ui, Key::Space) {
///     // What a key does with the chosen row.
/// }
/// let (id, focused) = (list.id(), list.has_focus());
/// list.show(ui, rows.len(), height, |ui, sight, places| {
///     for row in sight {
///         let rect = places.rect(row);
///         let response = ui.interact(rect, ui.scope_id().with(&rows[row].name), Sense::CLICK);
///         response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, is_chosen, spoken));
///         row_ground(ui, rect, is_chosen, response.hovered(), is_chosen && focused);
///         // Paint the row.
///         if response.clicked() {
///             state.chosen = Some(rows[row].name.clone());
///             ListBox::focus(ui, id);
///         }
///     }
/// });
/// ```
#[must_use = "a list appears by `show`"]
pub struct ListBox {
    id: Id,
    rect: Rect,
    response: Response,
    has_keyboard: bool,
    reveal: Option<usize>,
}

/// A row that is to be drawn.
#[derive(Clone, Copy, Debug)]
pub struct ListRow {
    /// Which.
    pub at: usize,
    /// Where.
    pub rect: Rect,
    /// It is the one that is chosen.
    pub chosen: bool,
    /// It is, and the list has the focus.
    pub focused: bool,
}

impl ListBox {
    /// Begins a list with this name for those who hear it. Its room is what is left of `ui` now.
    pub fn begin(ui: &mut Ui, world: &World, id: Id, name: &str) -> Self {
        let nobody_else = ui.memory(|memory| memory.focused().is_none())
            && world.dialog.is_none()
            && !world.palette_open
            && !egui::Popup::is_any_open(ui.ctx());
        Self::with_keyboard(ui, id, name, nobody_else)
    }

    /// Begins a list beside the first one of a screen: it has the keyboard only while it has the focus.
    pub fn beside(ui: &mut Ui, id: Id, name: &str) -> Self {
        Self::with_keyboard(ui, id, name, false)
    }

    fn with_keyboard(ui: &mut Ui, id: Id, name: &str, nobody_else: bool) -> Self {
        let rect = ui.available_rect_before_wrap();
        let response = ui.interact(rect, id, Sense::focusable_noninteractive());
        response.widget_info(|| WidgetInfo::labeled(Role::ListBox, true, name));
        let has_keyboard = response.has_focus() || nobody_else;
        if has_keyboard {
            let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        }
        Self { id, rect, response, has_keyboard, reveal: None }
    }

    /// Its id, to focus it when a row is clicked.
    #[must_use]
    pub fn id(&self) -> Id {
        self.id
    }

    /// Whether it has the focus: its chosen row shows a ring then.
    #[must_use]
    pub fn has_focus(&self) -> bool {
        self.response.has_focus()
    }

    /// Gives the list with this id the focus.
    pub fn focus(ui: &Ui, id: Id) {
        ui.memory_mut(|memory| memory.request_focus(id));
    }

    /// Where arrows, Page Up and Down, Home and End lead to from the chosen row, and whether Shift was
    /// held. That row is brought in sight, and the list takes the focus.
    pub fn step(&mut self, ui: &Ui, chosen: Option<usize>, rows: usize) -> Option<(usize, bool)> {
        self.step_to(ui, chosen, rows, Some)
    }

    /// The same where not every row can be chosen: `land` tells where a step to this row ends.
    pub fn step_to(
        &mut self,
        ui: &Ui,
        chosen: Option<usize>,
        rows: usize,
        land: impl FnOnce(usize) -> Option<usize>,
    ) -> Option<(usize, bool)> {
        if !self.has_keyboard {
            return None;
        }
        let page = ui.data(|data| data.get_temp(self.page_id())).unwrap_or(1);
        let (step, shift) = list_move(ui, page)?;
        let row = step.apply(chosen, rows).and_then(land)?;
        self.reveal = Some(row);
        self.response.request_focus();
        // Right after a click egui would move the focus on, with the same arrow.
        ui.memory_mut(|memory| memory.move_focus(egui::FocusDirection::None));
        Some((row, shift))
    }

    /// Brings a row in sight.
    pub fn reveal(mut self, row: Option<usize>) -> Self {
        self.reveal = row.or(self.reveal);
        self
    }

    /// Whether this key was pressed for the list; it is taken then.
    #[must_use]
    pub fn pressed(&self, ui: &Ui, key: Key) -> bool {
        self.has_keyboard && ui.input_mut(|input| input.consume_key(Modifiers::NONE, key))
    }

    /// Draws the rows in sight, as [`VirtualList::show`].
    pub fn show(
        self,
        ui: &mut Ui,
        rows: usize,
        row_height: f32,
        draw: impl FnOnce(&mut Ui, Range<usize>, RowPlaces),
    ) -> VirtualOutput {
        let page_id = self.page_id();
        let child = UiBuilder::new().id_salt(self.id).accessibility_parent(self.id).max_rect(self.rect);
        ui.scope_builder(child, |ui| {
            let list = VirtualList::new(self.id.with("rows"), rows, row_height).reveal(self.reveal);
            let output = list.show(ui, draw);
            ui.data_mut(|data| data.insert_temp(page_id, output.page));
            output
        })
        .inner
    }

    /// The same for rows that do nothing but choose: `row` draws one and tells whether it was pressed. The row
    /// that is to be chosen, by the pointer or by the keyboard.
    pub fn choose(
        mut self,
        ui: &mut Ui,
        (chosen, rows): (Option<usize>, usize),
        row_height: f32,
        mut row: impl FnMut(&mut Ui, ListRow) -> bool,
    ) -> Option<usize> {
        let moved = self.step(ui, chosen, rows).map(|(row, _)| row);
        let (id, focused) = (self.id, self.has_focus());
        let mut pressed = None;
        self.show(ui, rows, row_height, |ui, sight, places| {
            for at in sight {
                let is_chosen = chosen == Some(at);
                let place =
                    ListRow { at, rect: places.rect(at), chosen: is_chosen, focused: is_chosen && focused };
                if row(ui, place) {
                    pressed = Some(at);
                }
            }
        });
        if pressed.is_some() {
            Self::focus(ui, id);
        }
        pressed.or(moved)
    }

    fn page_id(&self) -> Id {
        self.id.with("page")
    }
}
