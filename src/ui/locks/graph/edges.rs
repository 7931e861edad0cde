//! Edges: the way of each, dashed where an owner waits, drawn through where a lock is held.

use std::collections::BTreeMap;

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, Vec2, pos2, vec2};

use super::camera::Sight;
use super::layout::{Layout, NODE};
use super::net::{Edge, Net, Tie};
use crate::ui::theme::{Tokens, text};

/// Points that a curve is drawn through.
const STEPS: u8 = 14;
/// Smaller graphs are drawn without the places in the line.
const ZOOM_FOR_PLACES: f32 = 0.55;
/// Smaller ones without dashes: they would run into each other.
const ZOOM_FOR_DASHES: f32 = 0.22;
/// Where the place in the line is told, as a share of the way.
const NEAR_BEGIN: f32 = 0.3;
const NEAR_END: f32 = 0.7;
/// Dash and gap, at full size.
const DASH: (f32, f32) = (6.0, 4.0);

/// The points of an edge, in the graph's own measure.
#[must_use]
pub fn way(net: &Net, layout: &Layout, at: usize) -> Vec<Pos2> {
    let Some((edge, from, to)) = ends(net, layout, at) else { return Vec::new() };
    let bends = layout.bends.get(at).map_or(&[][..], Vec::as_slice);
    let half = NODE / 2.0;
    if (to.x - from.x).abs() < NODE.x / 2.0 {
        let down = if to.y > from.y { half.y } else { -half.y };
        return vec![from + vec2(0.0, down), to - vec2(0.0, down)];
    }
    if in_ring(layout, edge.to) && !in_ring(layout, edge.from) && (to.y - from.y).abs() > NODE.y {
        // Beside the edges of the ring, which come and go at the sides.
        let side = if to.x > from.x { half.x } else { -half.x };
        let down = if to.y > from.y { -half.y } else { half.y };
        let (begin, end) = (from + vec2(side, 0.0), to + vec2(0.0, down));
        return curve(begin, pos2(end.x, begin.y), pos2(end.x, begin.y), end);
    }
    let back = to.x < from.x;
    let opposite = net.edges.iter().any(|other| other.from == edge.to && other.to == edge.from);
    if back && opposite {
        // Beside the edge that leads the other way.
        let (begin, end) = (from + vec2(0.0, half.y), to + vec2(0.0, half.y));
        let below = vec2(0.0, NODE.y * 1.4);
        return curve(begin, begin + below, end + below, end);
    }
    let side = if back { -half.x } else { half.x };
    let mut points = Vec::new();
    let mut last = from + vec2(side, 0.0);
    let stops = bends.iter().copied().chain([to - vec2(side, 0.0)]);
    for stop in stops {
        let reach = vec2((stop.x - last.x) * 0.5, 0.0);
        points.extend(curve(last, last + reach, stop - reach, stop));
        last = stop;
    }
    points
}

fn in_ring(layout: &Layout, node: usize) -> bool {
    layout.parts.iter().any(|part| part.ring.contains(&node))
}

fn ends(net: &Net, layout: &Layout, at: usize) -> Option<(Edge, Pos2, Pos2)> {
    let edge = *net.edges.get(at)?;
    Some((edge, *layout.middles.get(edge.from)?, *layout.middles.get(edge.to)?))
}

fn curve(a: Pos2, b: Pos2, c: Pos2, d: Pos2) -> Vec<Pos2> {
    if (a.y - d.y).abs() < 0.5 && (b.y - c.y).abs() < 0.5 && (a.y - b.y).abs() < 0.5 {
        return vec![a, d];
    }
    let point = |step: u8| {
        let t = f32::from(step) / f32::from(STEPS);
        let u = 1.0 - t;
        let sum = a.to_vec2() * (u * u * u)
            + b.to_vec2() * (3.0 * u * u * t)
            + c.to_vec2() * (3.0 * u * t * t)
            + d.to_vec2() * (t * t * t);
        sum.to_pos2()
    };
    (0..=STEPS).map(point).collect()
}

/// At which share of its way each edge tells its place in the line: where several begin near their ends, where
/// several end near their beginnings. `None`: who waits alone is next, which need not be said.
#[must_use]
pub fn badges(net: &Net) -> Vec<Option<f32>> {
    let mut from: BTreeMap<usize, usize> = BTreeMap::new();
    let mut to: BTreeMap<usize, usize> = BTreeMap::new();
    let waits = |edge: &&Edge| matches!(edge.tie, Tie::Waits(_));
    for edge in net.edges.iter().filter(waits) {
        *to.entry(edge.to).or_default() += 1;
        *from.entry(edge.from).or_default() += 1;
    }
    let (mut begun, mut ended): (BTreeMap<usize, usize>, BTreeMap<usize, usize>) = Default::default();
    let badge = |edge: &Edge| {
        let Tie::Waits(place) = edge.tie else { return None };
        let (b, e) = (begun.entry(edge.from).or_default(), ended.entry(edge.to).or_default());
        let odd = (*b + *e) % 2 == 1;
        *b += 1;
        *e += 1;
        let (begins, ends) = (from.get(&edge.from).copied(), to.get(&edge.to).copied());
        match (begins, ends) {
            (_, Some(1)) if place == 1 => None,
            (Some(1), _) => Some(NEAR_BEGIN),
            (_, Some(1)) => Some(NEAR_END),
            _ if odd => Some(NEAR_END),
            _ => Some(NEAR_BEGIN),
        }
    };
    net.edges.iter().map(badge).collect()
}

/// How an edge is drawn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// It steps back.
    pub quiet: bool,
    /// Without dashes: there are so many that none could be told apart. Where it begins says what it means.
    pub plain: bool,
    /// At which share of its way it tells its place in the line.
    pub badge: Option<f32>,
}

/// Draws an edge along its way.
pub fn paint(painter: &Painter, tokens: &Tokens, sight: &Sight, edge: &Edge, way: &[Pos2], look: Look) {
    let points: Vec<Pos2> = way.iter().map(|point| sight.point(*point)).collect();
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
    let colour = fade(colour(tokens, edge), look.quiet);
    let width = if edge.named { 2.4 } else { 1.3 };
    let stroke = Stroke::new((width * sight.zoom.sqrt()).max(0.6), colour);
    let plain = look.plain || sight.zoom < ZOOM_FOR_DASHES;
    let before = points.iter().rev().find(|point| point.distance(*last) > 1.0).unwrap_or(first);
    arrow(painter, *last, (*last - *before).normalized(), colour, sight.zoom);
    match edge.tie {
        Tie::HeldBy => {
            painter.add(Shape::line(points, stroke));
        }
        Tie::Waits(_) | Tie::Ahead if plain => {
            painter.add(Shape::line(points, stroke));
        }
        Tie::Waits(place) => {
            let (dash, gap) = (DASH.0 * sight.zoom.max(0.5), DASH.1 * sight.zoom.max(0.5));
            dashed(painter, &points, stroke, dash, gap);
            if let Some(share) = look.badge.filter(|_| sight.zoom >= ZOOM_FOR_PLACES) {
                let at = along(&points, share);
                paint_place(painter, tokens, at, place, colour, sight.zoom);
            }
        }
        Tie::Ahead => {
            let step = 3.0 * sight.zoom.max(0.5);
            dashed(painter, &points, stroke, step * 0.6, step * 1.4);
        }
    }
}

/// A dashed line, of which only what is in sight is cut into dashes.
fn dashed(painter: &Painter, points: &[Pos2], stroke: Stroke, dash: f32, gap: f32) {
    let sight = painter.clip_rect().expand(8.0);
    let is_seen = |pair: &[Pos2]| sight.intersects(Rect::from_two_pos(pair[0], pair[1]));
    let mut begin = 0;
    for (at, pair) in points.windows(2).enumerate() {
        if !is_seen(pair) {
            painter.extend(Shape::dashed_line(&points[begin..=at], stroke, dash, gap));
            begin = at + 1;
        }
    }
    painter.extend(Shape::dashed_line(&points[begin..], stroke, dash, gap));
}

fn colour(tokens: &Tokens, edge: &Edge) -> Color32 {
    match (edge.in_cycle, edge.tie) {
        (true, _) => tokens.danger,
        (false, Tie::Waits(_) | Tie::Ahead) => tokens.waiting,
        (false, Tie::HeldBy) => tokens.live,
    }
}

/// What is not near what the pointer is at steps back.
#[must_use]
pub fn fade(colour: Color32, quiet: bool) -> Color32 {
    if quiet { colour.gamma_multiply(0.22) } else { colour }
}

fn arrow(painter: &Painter, tip: Pos2, along: Vec2, colour: Color32, zoom: f32) {
    let length = (8.0 * zoom).clamp(3.0, 10.0);
    let across = vec2(-along.y, along.x) * length * 0.45;
    let base = tip - along * length;
    painter.add(Shape::convex_polygon(vec![tip, base + across, base - across], colour, Stroke::NONE));
}

/// The place in the line.
fn paint_place(painter: &Painter, tokens: &Tokens, at: Pos2, place: u32, colour: Color32, zoom: f32) {
    let mut font = text::mono_small();
    font.size = (font.size * zoom * 2.0).round() / 2.0;
    let galley = painter.layout_no_wrap(place.to_string(), font, colour);
    let radius = (galley.size().y / 2.0 + 1.0).max(galley.size().x / 2.0 + 3.0);
    painter.circle(at, radius, tokens.base, Stroke::new(1.0, colour));
    painter.galley(at - galley.size() / 2.0, galley, colour);
}

/// The point at this share of a way.
fn along(points: &[Pos2], share: f32) -> Pos2 {
    let length: f32 = points.windows(2).map(|pair| pair[0].distance(pair[1])).sum();
    let mut left = length * share;
    for pair in points.windows(2) {
        let step = pair[0].distance(pair[1]);
        if step >= left {
            return pair[0].lerp(pair[1], if step > 0.0 { left / step } else { 0.0 });
        }
        left -= step;
    }
    points.last().copied().unwrap_or(pos2(0.0, 0.0))
}
