//! The command palette: commands, screens, connections and keys by a few letters.

mod entries;
mod icon;
mod keys;
mod row;

use egui::{Align2, CornerRadius, Frame, Id, Key, Margin, Modal, Modifiers, ScrollArea, Ui, vec2};
use rust_i18n::t;

use crate::action::{Action, Actions, UserCommand};
use crate::model::world::World;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::field::search_field;

use entries::Entry;
use keys::FoundKeys;

/// The list grows no higher than this.
const LIST_HEIGHT: f32 = 420.0;
/// Distance of the palette from the window's top.
const TOP: f32 = 64.0;

/// What this view keeps between frames.
#[derive(Default)]
pub struct PaletteState {
    query: String,
    chosen: usize,
    open: bool,
    found: FoundKeys,
}

/// Draws it, if it is open.
pub fn show(ui: &mut Ui, world: &World, state: &mut PaletteState, actions: &mut Actions) {
    if !world.palette_open {
        *state = PaletteState::default();
        return;
    }
    let opened = !std::mem::replace(&mut state.open, true);
    let tokens = theme::tokens(ui);
    let frame = Frame::new()
        .fill(tokens.raised)
        .stroke(tokens.line())
        .corner_radius(CornerRadius::same(size::RADIUS_DIALOG))
        .shadow(tokens.shadow)
        .inner_margin(Margin::same(8));
    let id = Id::unique("palette");
    let name = t!("command.palette");
    let area = Modal::default_area(id)
        .anchor(Align2::CENTER_TOP, vec2(0.0, TOP))
        .accessible_name(name.clone())
        .role(egui::accesskit::Role::Dialog);
    let modal = Modal::new(id).area(area).frame(frame).backdrop_color(tokens.scrim.gamma_multiply(0.6));
    let screen = ui.ctx().content_rect();
    let answer = modal.show(ui.ctx(), |ui| {
        ui.set_width(size::PALETTE.min(screen.width() - 64.0));
        ui.spacing_mut().item_spacing.y = 0.0;
        let field = Id::unique("palette field");
        let steps = steps(ui);
        let before = state.query.clone();
        // The list has the arrows, the field the letters.
        search_field(ui, field, &mut state.query, &name, &t!("shell.search_or_run"));
        // The field has the keyboard all the time; in its first frame it is not yet there to take it.
        ui.memory_mut(|memory| memory.request_focus(field));
        if before != state.query {
            state.chosen = 0;
        }
        state.found.look(world, &state.query);
        let entries = entries::entries(world, &state.query, &state.found);
        let last = entries.len().saturating_sub(1);
        state.chosen = state.chosen.saturating_add_signed(steps.moved).min(last);
        ui.add_space(6.0);
        let mut run = steps.enter.then_some(state.chosen);
        list(
            ui,
            &entries,
            state.chosen,
            steps.moved != 0 || opened,
            (screen.height() - TOP - 90.0).min(LIST_HEIGHT),
            &mut run,
        );
        run.and_then(|at| entries.into_iter().nth(at)).filter(|entry| entry.runnable)
    });
    let closed = answer.should_close();
    match answer.inner {
        Some(entry) => {
            actions.push(Action::Run(UserCommand::Palette));
            for action in entry.actions {
                actions.push(action);
            }
        }
        None if closed => actions.push(Action::Run(UserCommand::Palette)),
        None => {}
    }
}

/// What the keyboard asks of the list.
struct Steps {
    moved: isize,
    enter: bool,
}

fn steps(ui: &Ui) -> Steps {
    ui.input_mut(|input| {
        let mut times =
            |key: Key| isize::try_from(input.count_and_consume_key(Modifiers::NONE, key)).unwrap_or(0);
        let moved =
            times(Key::ArrowDown) - times(Key::ArrowUp) + 8 * (times(Key::PageDown) - times(Key::PageUp));
        Steps { moved, enter: times(Key::Enter) > 0 }
    })
}

fn list(ui: &mut Ui, entries: &[Entry], chosen: usize, moved: bool, height: f32, run: &mut Option<usize>) {
    let tokens = theme::tokens(ui);
    if entries.is_empty() {
        ui.vertical_centered(|ui| {
            ui.add_space(size::GROUP);
            ui.label(tokens.icon(icons::MAGNIFYING_GLASS));
            ui.label(tokens.secondary(t!("shell.palette_nothing")));
            ui.add_space(size::GROUP);
        });
        return;
    }
    // Without the least height a list that was short once would stay short.
    let area = ScrollArea::vertical().max_height(height).min_scrolled_height(height);
    area.auto_shrink([false, true]).show(ui, |ui| {
        for (at, entry) in entries.iter().enumerate() {
            let response = row::show(ui, entry, at == chosen);
            if at == chosen && moved {
                response.scroll_to_me(None);
            }
            if response.clicked() {
                *run = Some(at);
            }
        }
    });
}
