//! The drawing itself: frames of deadlocks, edges, nodes, and what the pointer does with them.

use std::collections::BTreeSet;

use egui::accesskit::Role;
use egui::{
    Color32, CornerRadius, Id, Rect, Sense, Shape, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};
use rust_i18n::t;

use super::camera::Sight;
use super::net::{Net, Node, Tie};
use super::nodes::{self, Brush, Look};
use super::picture::Drawn;
use super::{GraphState, edges};
use crate::action::{Action, Actions};
use crate::model::coordination::ClaimKind;
use crate::model::session::Session;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::{focus_ring, paint_icon};
use crate::ui::widgets::{elided, icon_button, icon_toggle, link};

/// Where more edges than this are in sight, they are drawn without their places in line.
const DENSE: usize = 90;
/// Where more than this are, without dashes: none could be told apart.
const VERY_DENSE: usize = 240;
/// In smaller graphs nothing can be pointed at: there are hundreds of specks.
const ZOOM_TO_TOUCH: f32 = 0.15;
/// Frames of deadlocks have a name from this size on.
const ZOOM_FOR_NAMES: f32 = 0.35;

/// Draws the graph into all the room that is left.
pub fn show(ui: &mut Ui, session: &Session, state: &mut GraphState, actions: &mut Actions) {
    let drawn = state.picture.drawn().clone();
    let Some(bounds) = drawn.layout.bounds else { return };
    let room = ui.available_rect_before_wrap();
    let ground = ui.interact(room, Id::unique(("wait-for graph", session.id)), Sense::click_and_drag());
    ground.widget_info(|| WidgetInfo::labeled(Role::Group, true, t!("locks.graph.name")));
    if state.reveal
        && let Some(at) = place(&drawn.net, state.picked.as_ref())
    {
        state.reveal = false;
        state.camera.reveal(drawn.layout.middles[at], room);
    }
    let sight = state.camera.take(ui, &ground, bounds, drawn.first);
    let mut inside = ui.new_child(UiBuilder::new().id_salt("graph").max_rect(room));
    inside.shrink_clip_rect(room);
    frames(&inside, session, &drawn, &sight);
    let hovered = hovered(&inside, &drawn, &sight, room).filter(|_| sight.zoom >= ZOOM_TO_TOUCH);
    let picked = place(&drawn.net, state.picked.as_ref());
    let near = hovered.or(picked).map(|node| neighbourhood(&drawn.net, node));
    edges(&inside, &drawn, &sight, near.as_ref());
    let (mut pressed, mut seen, separator) = (None, false, session.keyspace.separator());
    for at in 0..drawn.net.nodes.len() {
        let Some(rect) = drawn.layout.rect(at).map(|rect| sight.rect(rect)) else { continue };
        if !room.intersects(rect) {
            continue;
        }
        seen = true;
        let quiet = near.as_ref().is_some_and(|near| !near.contains(&at));
        let look = Look { chosen: picked == Some(at), hot: hovered == Some(at), quiet };
        if sight.zoom < ZOOM_TO_TOUCH {
            let facts = drawn.facts.get(at).copied().unwrap_or_default();
            Brush::new(&inside, &drawn.net, &sight, separator).paint(at, facts, rect, look);
        } else if node(&mut inside, session, &drawn, &sight, (at, rect), look) {
            pressed = Some(at);
        }
    }
    if let Some(at) = pressed {
        pick(state, &drawn.net.nodes[at], actions);
    } else if ground.clicked() {
        state.picked = None;
    }
    if !seen {
        back(&mut inside, room, state);
    }
    controls(ui, room, state);
}

/// Draws the edges in sight; those that are not `near` step back.
fn edges(ui: &Ui, drawn: &Drawn, sight: &Sight, near: Option<&BTreeSet<usize>>) {
    let (tokens, room) = (theme::tokens(ui), ui.clip_rect().expand(8.0));
    let all = drawn.net.edges.iter().zip(&drawn.ways).zip(&drawn.badges);
    let seen = all.filter(|((_, (_, bounds)), _)| room.intersects(sight.rect(*bounds)));
    let count = seen.clone().take(VERY_DENSE + 1).count();
    for ((edge, (way, _)), badge) in seen {
        let is_near = near.is_some_and(|near| near.contains(&edge.from) && near.contains(&edge.to));
        // Among many edges, places in line are told of what the pointer is at, and of deadlocks, alone.
        let special = is_near || edge.named;
        let quiet = near.is_some() && !is_near;
        let badge = badge.filter(|_| special || (count <= DENSE && !quiet));
        let look = edges::Look { quiet, plain: count > VERY_DENSE && !special, badge };
        edges::paint(ui.painter(), tokens, sight, edge, way, look);
    }
}

/// The way back to the graph where nothing of it is in sight.
fn back(ui: &mut Ui, room: Rect, state: &mut GraphState) {
    let place = Rect::from_center_size(room.center(), vec2(room.width().min(320.0), size::CONTROL));
    let layout = egui::Layout::centered_and_justified(egui::Direction::LeftToRight);
    let mut middle = ui.new_child(UiBuilder::new().id_salt("back").max_rect(place).layout(layout));
    if link(&mut middle, &t!("locks.graph.back")).clicked() {
        state.camera.begin();
    }
}

/// Chooses an owner, or a lock and what it is on the other pages.
pub fn pick(state: &mut GraphState, node: &Node, actions: &mut Actions) {
    match node {
        Node::Owner(_) => state.picked = Some(node.clone()),
        Node::Lock(lock) | Node::More(lock) | Node::Holders(lock) => {
            state.picked = Some(Node::Lock(lock.clone()));
            actions.push(Action::ShowQueue(ClaimKind::Lock, lock.clone()));
        }
    }
}

fn place(net: &Net, node: Option<&Node>) -> Option<usize> {
    net.nodes.binary_search(node?).ok()
}

fn hovered(ui: &Ui, drawn: &Drawn, sight: &Sight, room: Rect) -> Option<usize> {
    let pointer = ui.ctx().pointer_hover_pos().filter(|pointer| room.contains(*pointer))?;
    if !ui.rect_contains_pointer(room) {
        return None;
    }
    let under =
        |node: &usize| drawn.layout.rect(*node).is_some_and(|rect| sight.rect(rect).contains(pointer));
    (0..drawn.net.nodes.len()).find(under)
}

/// A node, who is next to it, and all that it waits for, directly or not.
fn neighbourhood(net: &Net, node: usize) -> BTreeSet<usize> {
    let mut near = BTreeSet::from([node]);
    let mut open = vec![node];
    while let Some(at) = open.pop() {
        // Edges are ordered by where they begin.
        let first = net.edges.partition_point(|edge| edge.from < at);
        for edge in net.edges[first..].iter().take_while(|edge| edge.from == at) {
            if near.insert(edge.to) {
                open.push(edge.to);
            }
        }
    }
    near.extend(net.neighbours(node));
    near
}

fn node(
    ui: &mut Ui,
    session: &Session,
    drawn: &Drawn,
    sight: &Sight,
    (at, rect): (usize, Rect),
    look: Look,
) -> bool {
    let facts = drawn.facts.get(at).copied().unwrap_or_default();
    let response = ui.interact(rect, ui.scope_id().with(&drawn.net.nodes[at]), Sense::click());
    let label = || nodes::label(&drawn.net, at, facts);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, look.chosen, label()));
    Brush::new(ui, &drawn.net, sight, session.keyspace.separator()).paint(at, facts, rect, look);
    focus_ring(ui, rect, &response);
    response
        .on_hover_ui(|ui| {
            ui.label(theme::tokens(ui).body(label()));
        })
        .clicked()
}

/// The frame around each deadlock, with the word and the sign for it.
fn frames(ui: &Ui, session: &Session, drawn: &Drawn, sight: &Sight) {
    let tokens = theme::tokens(ui);
    for part in &drawn.layout.parts {
        let Some(rect) = part.frame.map(|frame| sight.rect(frame)) else { continue };
        let radius = CornerRadius::same(size::RADIUS_DIALOG);
        ui.painter().rect_filled(rect, radius, tokens.soft(tokens.danger).gamma_multiply(0.6));
        ui.painter().rect_stroke(rect, radius, Stroke::new(1.5, tokens.danger), StrokeKind::Inside);
        let owners =
            part.ring.iter().filter(|node| matches!(drawn.net.nodes[**node], Node::Owner(_))).count();
        let words = t!("locks.graph.deadlock", count = owners).into_owned();
        let id = ui.scope_id().with(("deadlock", &drawn.net.nodes[part.ring[0]], session.id));
        let head = Rect::from_min_size(rect.min, vec2(rect.width(), (26.0 * sight.zoom).max(8.0)));
        let response = ui.interact(head, id, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
        let icon_size = (16.0 * sight.zoom).clamp(11.0, 20.0);
        let y = rect.top() + (15.0 * sight.zoom).max(9.0);
        let left = rect.left() + 9.0 + icon_size / 2.0;
        paint_icon(ui, pos2(left, y), icons::WARNING, icon_size, tokens.danger);
        if sight.zoom >= ZOOM_FOR_NAMES {
            let font = if sight.zoom < 0.7 { text::meta_medium() } else { text::strong() };
            let left = left + icon_size / 2.0 + 5.0;
            let galley = elided(ui.painter(), words, font, tokens.danger, rect.right() - left - 8.0);
            ui.painter().galley(pos2(left, y - galley.size().y / 2.0), galley, tokens.danger);
        }
    }
}

/// Larger, smaller, all of it.
fn controls(ui: &mut Ui, room: Rect, state: &mut GraphState) {
    let tokens = theme::tokens(ui);
    let width = 3.0 * size::CONTROL_SMALL + 2.0 * size::GRID;
    let at = room.right_bottom() - vec2(width + 12.0, size::CONTROL_SMALL + 12.0);
    let place = Rect::from_min_size(at, vec2(width, size::CONTROL_SMALL));
    ui.painter().rect(
        place.expand(3.0),
        CornerRadius::same(size::RADIUS),
        tokens.raised,
        tokens.line(),
        StrokeKind::Outside,
    );
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    let mut row = ui.new_child(UiBuilder::new().id_salt("graph controls").max_rect(place).layout(layout));
    row.spacing_mut().item_spacing.x = size::GRID;
    if icon_button(&mut row, icons::MINUS, &t!("locks.graph.smaller"), None).clicked() {
        state.camera.step(false);
    }
    if icon_button(&mut row, icons::PLUS, &t!("locks.graph.larger"), None).clicked() {
        state.camera.step(true);
    }
    let fitted = state.camera.is_fitted();
    let fit = icon_toggle(&mut row, icons::CORNERS_OUT, &t!("locks.graph.fit"), None, fitted);
    if fit.clicked() {
        state.camera.fit();
    }
}

/// A piece of an edge, for the legend.
pub fn legend_line(ui: &mut Ui, tie: Tie) {
    let tokens = theme::tokens(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(34.0, size::CONTROL_SMALL), Sense::hover());
    let (from, to) = (rect.left_center(), rect.right_center());
    let colour: Color32 = if tie == Tie::HeldBy { tokens.live } else { tokens.waiting };
    let stroke = Stroke::new(1.5, colour);
    let painter = ui.painter();
    match tie {
        Tie::Waits(_) => painter.extend(Shape::dashed_line(&[from, to], stroke, 6.0, 4.0)),
        Tie::Ahead => painter.extend(Shape::dashed_line(&[from, to], stroke, 2.0, 4.0)),
        Tie::HeldBy => {
            painter.line_segment([from, to], stroke);
        }
    }
    let head = vec![to, to + vec2(-7.0, -3.5), to + vec2(-7.0, 3.5)];
    ui.painter().add(Shape::convex_polygon(head, colour, Stroke::NONE));
}
