//! Nodes: owners as pills, locks as boxes, each with as much of its name as it has room for.

use std::sync::Arc;

use egui::{Color32, CornerRadius, FontId, Galley, Rect, Stroke, StrokeKind, Ui, pos2};
use rust_i18n::t;

use super::camera::Sight;
use super::edges::fade;
use super::net::{Net, Node, Tie};
use crate::model::key_text::display_short;
use crate::ui::locks::words;
use crate::ui::theme::{self, Tokens, icons, size, text};
use crate::ui::widgets::button::paint_icon;
use crate::ui::widgets::{count_text, elided, paint_key_tail};

/// Smaller graphs are drawn without labels: there is no room for letters that can be read.
const ZOOM_FOR_LABELS: f32 = 0.42;
/// Smaller ones without icons: their room goes to the names. Owners are round, locks are not.
const ZOOM_FOR_ICONS: f32 = 0.62;
/// Smaller ones without outlines.
const ZOOM_FOR_OUTLINES: f32 = 0.15;
/// Beside a label, at full size.
const PAD: f32 = 11.0;
/// Points by which the room of a name grows.
const ROOM_STEP: f32 = 4.0;
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
        Node::Holders(lock) => {
            let count = net.gathered.get(&at).copied().unwrap_or_default();
            t!("locks.graph.holders_label", count = count, lock = display_short(lock, LONGEST))
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

/// What all nodes of a frame are drawn with.
pub struct Brush<'a> {
    ui: &'a Ui,
    tokens: &'a Tokens,
    net: &'a Net,
    zoom: f32,
    separator: u8,
    /// By how much labels are larger than those of a graph at full size; `None`: they could not be read.
    label: Option<f32>,
}

impl<'a> Brush<'a> {
    #[must_use]
    pub fn new(ui: &'a Ui, net: &'a Net, sight: &Sight, separator: u8) -> Self {
        let zoom = sight.zoom;
        Self { ui, tokens: theme::tokens(ui), net, zoom, separator, label: label_scale(zoom) }
    }

    /// Draws a node.
    pub fn paint(&self, at: usize, facts: Facts, rect: Rect, look: Look) {
        let (node, tokens, painter) = (&self.net.nodes[at], self.tokens, self.ui.painter());
        let colour = fade(colour(tokens, node, facts), look.quiet);
        if self.zoom < ZOOM_FOR_OUTLINES && !look.chosen {
            painter.rect_filled(rect, CornerRadius::ZERO, colour);
            return;
        }
        let radius = match node {
            Node::Lock(_) => CornerRadius::same((f32::from(size::RADIUS) * self.zoom) as u8),
            Node::Owner(_) | Node::More(_) | Node::Holders(_) => {
                CornerRadius::same((rect.height() / 2.0).min(255.0) as u8)
            }
        };
        painter.rect_filled(rect, radius, if look.hot { tokens.hover } else { tokens.raised });
        if facts.in_cycle {
            painter.rect_filled(rect, radius, tokens.soft(colour));
        }
        let (line, outline) = if look.chosen { (2.0, tokens.accent) } else { (1.2, colour) };
        painter.rect_stroke(rect, radius, Stroke::new(line, outline), StrokeKind::Inside);
        let Some(scale) = self.label else { return };
        let y = rect.center().y;
        let pad = PAD * self.zoom;
        let (mut left, mut right) = (rect.left() + pad, rect.right() - pad);
        if self.zoom >= ZOOM_FOR_ICONS {
            let icon_size = (15.0 * scale).round();
            paint_icon(self.ui, pos2(left + icon_size / 2.0, y), icon(node), icon_size, colour);
            left += icon_size + 6.0 * self.zoom;
        }
        if matches!(node, Node::Lock(_)) {
            let font = sized(text::mono_small(), scale);
            let count = painter.layout_no_wrap(count_text(facts.waits as u64), font, colour);
            right -= count.size().x;
            painter.galley(pos2(right, y - count.size().y / 2.0), count, colour);
            right -= 6.0 * self.zoom;
        }
        let galley = self.name(at, scale, right - left);
        let at = pos2(left, y - galley.size().y / 2.0);
        if look.quiet {
            painter.galley_with_override_text_color(at, galley, fade(tokens.text, true));
        } else {
            painter.galley(at, galley, tokens.text);
        }
    }

    /// The name in steps of the room for it: while the graph grows under the wheel, few are laid out anew.
    fn name(&self, at: usize, scale: f32, room: f32) -> Arc<Galley> {
        let (painter, tokens) = (self.ui.painter(), self.tokens);
        let room = (room / ROOM_STEP).floor() * ROOM_STEP;
        let node = &self.net.nodes[at];
        match node {
            Node::Lock(lock) => {
                let font = sized(text::mono_small(), scale);
                paint_key_tail(painter, tokens, lock, self.separator, &font, room)
            }
            Node::Owner(owner) => {
                let font = sized(text::medium(), scale);
                words::elided_owner(painter, owner, &font, tokens.text, room)
            }
            Node::More(_) | Node::Holders(_) => {
                let count = count_text(self.net.gathered.get(&at).copied().unwrap_or_default() as u64);
                let words = t!("locks.graph.more", count = count);
                elided(painter, words, sized(text::medium(), scale), tokens.second, room)
            }
        }
    }
}

fn sized(mut font: FontId, scale: f32) -> FontId {
    font.size *= scale;
    font
}

/// Labels come in few sizes, each with letters of its own that must be made first.
fn label_scale(zoom: f32) -> Option<f32> {
    match zoom {
        zoom if zoom < ZOOM_FOR_LABELS => None,
        zoom if zoom < 0.7 => Some(0.8),
        zoom if zoom < 1.35 => Some(1.0),
        _ => Some(1.4),
    }
}

fn icon(node: &Node) -> &'static str {
    match node {
        Node::Owner(_) => icons::USER,
        Node::Lock(_) => icons::LOCK,
        Node::More(_) | Node::Holders(_) => icons::USERS,
    }
}

/// Deadlocked, waiting, holding and waiting for nobody; locks have the colour of a line.
fn colour(tokens: &Tokens, node: &Node, facts: Facts) -> Color32 {
    match node {
        _ if facts.in_cycle => tokens.danger,
        Node::Lock(_) => tokens.second,
        Node::Holders(_) => tokens.live,
        Node::Owner(_) if facts.waits == 0 => tokens.live,
        Node::Owner(_) | Node::More(_) => tokens.waiting,
    }
}
