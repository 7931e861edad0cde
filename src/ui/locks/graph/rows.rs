//! The same as a table: a line for each wait, deadlocks first. What is seen in the graph can be read here.

use std::collections::BTreeMap;

use egui::accesskit::Role;
use egui::{Frame, Id, Label, Margin, Rect, Sense, Ui, pos2};
use rust_i18n::t;

use super::net::{Node, ahead, is_found};
use super::{GraphState, canvas, words};
use crate::action::Actions;
use crate::model::coordination::WaitGraph;
use crate::model::coordination::waits::{Owner, Wait};
use crate::model::key_text::display_short;
use crate::model::session::Session;
use crate::model::world::World;
use crate::ui::coordination::lease_short;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::paint_icon;
use crate::ui::widgets::chip::{Tone, dot};
use crate::ui::widgets::list::row_ground;
use crate::ui::widgets::list_box::ListBox;
use crate::ui::widgets::{count_text, paint_key_tail, section_header};

/// Height of a line: two lines of text.
const ROW: f32 = 44.0;
/// More signs of a name are never spoken.
const LONGEST: usize = 200;

/// A line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitRow {
    /// Which wait.
    wait: usize,
    /// The deadlock that it is a part of, counted from 1.
    cycle: Option<usize>,
    /// Who is waited for holds the lock; else it is ahead in its line.
    held: bool,
}

/// The lines that have `filter`, in small letters, in them: the waits of each deadlock in their order, then all
/// others by lock and place.
#[must_use]
pub fn of(graph: &WaitGraph, filter: &str) -> Vec<WaitRow> {
    let mut places: BTreeMap<&Wait, usize> = BTreeMap::new();
    for (at, wait) in graph.waits.iter().enumerate() {
        places.entry(wait).or_insert(at);
    }
    let ahead = ahead(&graph.waits);
    let row = |at: usize, cycle: Option<usize>| {
        let wait = &graph.waits[at];
        WaitRow { wait: at, cycle, held: !ahead.contains(&(&wait.lock, &wait.holder)) }
    };
    let mut rows = Vec::with_capacity(graph.waits.len());
    let mut told = vec![false; graph.waits.len()];
    for (number, cycle) in graph.cycles.iter().enumerate() {
        for wait in &cycle.waits {
            if let Some(at) = places.get(wait)
                && !std::mem::replace(&mut told[*at], true)
            {
                rows.push(row(*at, Some(number + 1)));
            }
        }
    }
    let mut others: Vec<usize> = (0..graph.waits.len()).filter(|at| !told[*at]).collect();
    others.sort_by_key(|at| {
        let wait = &graph.waits[*at];
        (!wait.in_cycle, &wait.lock, wait.place, *at)
    });
    rows.extend(others.into_iter().map(|at| row(at, None)));
    rows.retain(|row| filter.is_empty() || is_found(&graph.waits[row.wait], filter));
    rows
}

/// Draws the table.
pub fn show(ui: &mut Ui, world: &World, session: &Session, state: &mut GraphState, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let drawn = state.picture.drawn().clone();
    let Some(graph) = state.picture.of().cloned() else { return };
    ui.spacing_mut().item_spacing.y = 0.0;
    Frame::new().inner_margin(Margin::symmetric(14, 0)).show(ui, |ui| {
        section_header(ui, &t!("locks.graph.table"), |ui| {
            ui.label(tokens.hint(count_text(drawn.rows.len() as u64)));
        });
        if drawn.by_lease_alone {
            ui.add(Label::new(tokens.hint(t!("locks.graph.owner_hint"))).wrap());
            ui.add_space(size::GRID);
        }
    });
    let name = t!("locks.graph.table");
    let mut list = ListBox::begin(ui, world, Id::unique(("waits", session.id)), &name);
    let chosen = chosen(state, &graph, &drawn.rows);
    let mut pressed = list.step(ui, chosen, drawn.rows.len()).map(|(row, _)| row);
    let (id, focused) = (list.id(), list.has_focus());
    list.show(ui, drawn.rows.len(), ROW, |ui, sight, places| {
        for at in sight {
            let Some((row, wait)) =
                drawn.rows.get(at).and_then(|row| Some((row, graph.waits.get(row.wait)?)))
            else {
                continue;
            };
            let marks = (is_about(state, wait), chosen == Some(at) && focused);
            if line(ui, session, *row, wait, places.rect(at), marks) {
                pressed = Some(at);
                ListBox::focus(ui, id);
            }
        }
    });
    if let Some(wait) = pressed.and_then(|at| graph.waits.get(drawn.rows.get(at)?.wait)) {
        state.chosen_wait = Some(wait.clone());
        canvas::pick(state, &Node::Lock(wait.lock.clone()), actions);
        state.reveal = true;
    }
}

/// The line that the keyboard is at.
fn chosen(state: &GraphState, graph: &WaitGraph, rows: &[WaitRow]) -> Option<usize> {
    let wait = state.chosen_wait.as_ref()?;
    rows.iter().position(|row| graph.waits.get(row.wait) == Some(wait))
}

/// Whether a wait is about what is chosen in the graph.
fn is_about(state: &GraphState, wait: &Wait) -> bool {
    match &state.picked {
        Some(Node::Owner(owner)) => wait.waiter == *owner || wait.holder == *owner,
        Some(Node::Lock(lock) | Node::More(lock) | Node::Holders(lock)) => wait.lock == *lock,
        None => false,
    }
}

fn line(
    ui: &mut Ui,
    session: &Session,
    row: WaitRow,
    wait: &Wait,
    rect: Rect,
    (about, focused): (bool, bool),
) -> bool {
    let tokens = theme::tokens(ui);
    let response = ui.interact(rect, ui.scope_id().with(wait), Sense::CLICK);
    let (waiter, holder) = (words::owner_name(&wait.waiter), words::owner_name(&wait.holder));
    let spoken = || {
        let lock = display_short(&wait.lock, LONGEST);
        let said = if row.held {
            t!("locks.graph.row", waiter = waiter, lock = lock, holder = holder, place = wait.place)
        } else {
            t!("locks.graph.row_ahead", waiter = waiter, lock = lock, holder = holder, place = wait.place)
        };
        if wait.in_cycle {
            t!("locks.graph.in_deadlock", what = said).into_owned()
        } else {
            said.into_owned()
        }
    };
    response.widget_info(|| egui::WidgetInfo::selected(Role::ListBoxOption, true, about, spoken()));
    row_ground(ui, rect, about, response.hovered(), focused);
    let left = rect.left() + 16.0;
    let mut right = rect.right() - size::GROUP;
    let (upper, lower) = (rect.center().y - 9.0, rect.center().y + 9.0);
    if wait.in_cycle {
        let words = row.cycle.map_or_else(
            || t!("locks.deadlock").into_owned(),
            |number| t!("locks.graph.deadlock_number", number = number).into_owned(),
        );
        let galley = ui.painter().layout_no_wrap(words, text::meta_medium(), tokens.danger);
        right -= galley.size().x;
        ui.painter().galley(pos2(right, upper - galley.size().y / 2.0), galley, tokens.danger);
        right -= size::ICON_SMALL + size::GRID;
        paint_icon(ui, pos2(right + 7.0, upper), icons::WARNING, size::ICON_SMALL, tokens.danger);
        right -= size::PAD;
    }
    dot(ui, pos2(left + 4.0, upper), if wait.in_cycle { Tone::Danger } else { Tone::Waiting });
    let begin = left + 16.0;
    let galley = words::elided_middle(ui.painter(), &waiter, &text::medium(), tokens.text, right - begin);
    ui.painter().galley(pos2(begin, upper - galley.size().y / 2.0), galley, tokens.text);

    let right = rect.right() - size::GROUP;
    let words = |holder: String| match row.held {
        true => t!("locks.graph.held", holder = holder).into_owned(),
        false => t!("locks.graph.behind", holder = holder).into_owned(),
    };
    let held_room = (right - begin) * 0.5;
    let cut =
        |words: &str| words::elided_middle(ui.painter(), words, &text::meta(), tokens.second, held_room);
    let held = words(words::owner_short(&wait.holder));
    let whole = ui.painter().layout_no_wrap(held.clone(), text::meta(), tokens.second);
    // Where a lease has too little room, its word goes before the end of its id does.
    let held = match &wait.holder {
        _ if whole.size().x <= held_room => whole,
        Owner::Lease(lease) if *lease != 0 => cut(&words(lease_short(*lease))),
        _ => cut(&held),
    };
    let held_left = right - held.size().x;
    ui.painter().galley(pos2(held_left, lower - held.size().y / 2.0), held, tokens.second);
    let place = ui.painter().layout_no_wrap(
        t!("locks.graph.place", place = wait.place).into_owned(),
        text::meta(),
        tokens.faint,
    );
    let lock_left = begin + place.size().x + size::PAD;
    ui.painter().galley(pos2(begin, lower - place.size().y / 2.0), place, tokens.faint);
    let room = held_left - size::PAD - lock_left;
    let separator = session.keyspace.separator();
    let lock = paint_key_tail(ui.painter(), tokens, &wait.lock, separator, &text::mono_small(), room);
    ui.painter().galley(pos2(lock_left, lower - lock.size().y / 2.0), lock, tokens.text);
    let clicked = response.clicked();
    response.on_hover_ui(|ui| {
        ui.label(tokens.body(spoken()));
    });
    clicked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::coordination::waits::Cycle;

    #[test]
    fn waits_of_a_deadlock_come_first_and_in_its_order() {
        let wait = |waiter: &str, lock: &str, holder: &str, in_cycle: bool| Wait {
            waiter: Owner::Named(waiter.into()),
            lock: lock.as_bytes().into(),
            holder: Owner::Named(holder.into()),
            place: 1,
            in_cycle,
        };
        let (first, second) = (wait("z", "l2", "b", true), wait("b", "l1", "z", true));
        let waits = vec![wait("a", "l0", "z", false), second.clone(), first.clone()];
        let graph =
            WaitGraph { waits, cycles: vec![Cycle { waits: vec![first, second] }], possible: Vec::new() };
        let order: Vec<usize> = of(&graph, "").iter().map(|row| row.wait).collect();
        assert_eq!(order, [2, 1, 0]);
        assert_eq!(of(&graph, "")[0].cycle, Some(1));
    }
}
