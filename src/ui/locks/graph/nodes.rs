//! Nodes: owners as pills, locks as boxes, each with as much of its name as it has room for.

use std::sync::Arc;

use egui::{Color32, CornerRadius, Galley, Painter, Rect, Stroke, StrokeKind, Ui, pos2};
use rust_i18n::t;

use super::camera::Sight;
use super::edges::fade;
use super::net::{Net, Node, Tie};
use crate::model::key_text::display_short;
use crate::ui::locks::words;
use crate::ui::theme::{Tokens, icons, size, text};
use crate::ui::widgets::button::paint_icon;
use crate::ui::widgets::{count_text, elided, paint_key_tail};

/// Labels of fewer points can not be read: they are left out.
const LEAST_LABEL: f32 = 6.5;
/// Shorter names of locks than this are not looked for in longer keys.
const LONGEST: usize = 300;

/// What a node is about, worked out once for each graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Locks that an owner holds and somebody waits for; owners that hold a lock.
    pub holds: usize,
    /// Locks that an owner waits for; owners that wait for a lock.
    pub waits: usize,
    /// It is a part of a deadlock.
    pub in_cycle: bool,
}

/// The facts of each node.
#[must_use]
pub fn facts(net: &Net) -> Vec<Facts> {
    let mut facts = vec![Facts::default(); net.nodes.len()];
    for edge in &net.edges {
        let owners = net.gathered.get(&edge.from).copied().unwrap_or(1);
        match edge.tie {
            Tie::Waits(_) => {
                facts[edge.from].waits += 1;
                facts[edge.to].waits += owners;
            }
            Tie::Ahead => {}
            Tie::HeldBy => {
                facts[edge.from].holds += 1;
                facts[edge.to].holds += 1;
            }
        }
        facts[edge.from].in_cycle |= edge.in_cycle;
        facts[edge.to].in_cycle |= edge.in_cycle;
    }
    facts
}

/// What a node says to those who do not see it.
#[must_use]
pub fn label(net: &Net, at: usize, facts: Facts) -> String {
    let words = match &net.nodes[at] {
        Node::Owner(owner) => t!(
            "locks.graph.owner_label",
            owner = words::owner_name(owner),
            holds = facts.holds,
            waits = facts.waits
        ),
        Node::Lock(lock) => {
            t!("locks.graph.lock_label", lock = display_short(lock, LONGEST), waiting = facts.waits)
        }
        Node::More(lock) => {
            let count = net.gathered.get(&at).copied().unwrap_or_default();
            t!("locks.graph.more_label", count = count, lock = display_short(lock, LONGEST))
        }
    };
    if facts.in_cycle { t!("locks.graph.in_deadlock", what = words).into_owned() } else { words.into_owned() }
}

/// How a node is drawn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// It was chosen.
    pub chosen: bool,
    /// The pointer is at it.
    pub hot: bool,
    /// It steps back.
    pub quiet: bool,
}

/// Draws a node.
#[expect(clippy::too_many_arguments, reason = "what it is, what is known of it, where and how it is drawn")]
pub fn paint(
    ui: &Ui,
    painter: &Painter,
    tokens: &Tokens,
    sight: &Sight,
    net: &Net,
    at: usize,
    facts: Facts,
    rect: Rect,
    look: Look,
    separator: u8,
) {
    let node = &net.nodes[at];
    let colour = fade(colour(tokens, node, facts), look.quiet);
    let radius = match node {
        Node::Lock(_) => CornerRadius::same((f32::from(size::RADIUS) * sight.zoom) as u8),
        Node::Owner(_) | Node::More(_) => CornerRadius::same((rect.height() / 2.0).min(255.0) as u8),
    };
    let fill = if look.hot { tokens.hover } else { tokens.raised };
    painter.rect_filled(rect, radius, fill);
    if facts.in_cycle {
        painter.rect_filled(rect, radius, tokens.soft(colour));
    }
    let (line, outline) = if look.chosen { (2.0, tokens.accent) } else { (1.2, colour) };
    painter.rect_stroke(rect, radius, Stroke::new(line, outline), StrokeKind::Inside);
    let label_size = (text::medium().size * sight.zoom * 2.0).round() / 2.0;
    if label_size < LEAST_LABEL {
        return;
    }
    let y = rect.center().y;
    let pad = 11.0 * sight.zoom;
    let icon_size = (15.0 * sight.zoom).round();
    paint_icon(ui, pos2(rect.left() + pad + icon_size / 2.0, y), icon(node), icon_size, colour);
    let mut right = rect.right() - pad;
    if matches!(node, Node::Lock(_)) {
        let mut font = text::mono_small();
        font.size = (font.size * sight.zoom * 2.0).round() / 2.0;
        let count = painter.layout_no_wrap(count_text(facts.waits as u64), font, colour);
        right -= count.size().x;
        painter.galley(pos2(right, y - count.size().y / 2.0), count, colour);
        right -= 6.0 * sight.zoom;
    }
    let left = rect.left() + pad + icon_size + 6.0 * sight.zoom;
    let words_colour = fade(tokens.text, look.quiet);
    let galley = name(painter, tokens, node, net.gathered.get(&at), label_size, right - left, separator);
    let at = pos2(left, y - galley.size().y / 2.0);
    if look.quiet {
        painter.galley_with_override_text_color(at, galley, words_colour);
    } else {
        painter.galley(at, galley, words_colour);
    }
}

fn name(
    painter: &Painter,
    tokens: &Tokens,
    node: &Node,
    gathered: Option<&usize>,
    label_size: f32,
    room: f32,
    separator: u8,
) -> Arc<Galley> {
    let sized = |mut font: egui::FontId| {
        font.size = label_size;
        font
    };
    match node {
        Node::Lock(lock) => {
            paint_key_tail(painter, tokens, lock, separator, &sized(text::mono_small()), room)
        }
        Node::Owner(owner) => words::elided_middle(
            painter,
            &words::owner_short(owner),
            &sized(text::medium()),
            tokens.text,
            room,
        ),
        Node::More(_) => {
            let count = count_text(gathered.copied().unwrap_or_default() as u64);
            elided(painter, t!("locks.graph.more", count = count), sized(text::medium()), tokens.second, room)
        }
    }
}

fn icon(node: &Node) -> &'static str {
    match node {
        Node::Owner(_) => icons::USER,
        Node::Lock(_) => icons::LOCK,
        Node::More(_) => icons::USERS,
    }
}

/// Deadlocked, waiting, holding and waiting for nobody; locks have the colour of a line.
fn colour(tokens: &Tokens, node: &Node, facts: Facts) -> Color32 {
    match node {
        _ if facts.in_cycle => tokens.danger,
        Node::Lock(_) => tokens.second,
        Node::Owner(_) if facts.waits == 0 => tokens.live,
        Node::Owner(_) | Node::More(_) => tokens.waiting,
    }
}
