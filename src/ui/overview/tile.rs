//! A tile: what it is about, one number large, a word on how it is, and a few lines; all of it leads to its
//! screen.

use egui::{CornerRadius, Id, Rect, Role, Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::Knowledge;
use super::layout::LINE;
use crate::action::{Action, Actions};
use crate::ui::theme::{self, size, text};
use crate::ui::widgets::button::{focus_ring, paint_icon};
use crate::ui::widgets::chip::{Tone, dot};
use crate::ui::widgets::{elided, sparkline, stack_bar};

/// Room at the sides of a tile.
const SIDE: f32 = 14.0;
/// What is not current is drawn as strongly as this.
const FADED: f32 = 0.55;

/// A line of a tile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// Its shape; `None`: it has none.
    pub tone: Option<Tone>,
    /// What it says.
    pub words: String,
    /// Behind it, at the right.
    pub aside: String,
    /// Where it leads.
    pub leads: Option<Action>,
}

impl Line {
    /// A quiet fact.
    pub fn fact(words: impl Into<String>) -> Self {
        Self { words: words.into(), ..Self::default() }
    }

    /// Something that is so.
    pub fn state(tone: Tone, words: impl Into<String>) -> Self {
        Self { tone: Some(tone), words: words.into(), ..Self::default() }
    }

    /// With something at its right.
    pub fn aside(mut self, aside: impl Into<String>) -> Self {
        self.aside = aside.into();
        self
    }

    /// It leads somewhere.
    pub fn leads(mut self, to: Action) -> Self {
        self.leads = Some(to);
        self
    }

    fn spoken(&self) -> String {
        if self.aside.is_empty() { self.words.clone() } else { format!("{} {}", self.words, self.aside) }
    }
}

/// What stands at the right of a tile's number.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Picture {
    /// Nothing.
    #[default]
    None,
    /// The last minute, second by second.
    Rate(Vec<u32>),
    /// A course over time: its values, its tone, and what is said of it.
    Course(Vec<f32>, Tone, String),
}

/// What a tile says.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    /// Its icon.
    pub icon: &'static str,
    /// What it is about.
    pub title: String,
    /// The one number.
    pub number: String,
    /// What it counts.
    pub unit: String,
    /// How it is: a calm one is [`Tone::Live`] or [`Tone::Plain`].
    pub tone: Tone,
    /// How it is, in a word or two.
    pub state: String,
    /// What there is to say.
    pub lines: Vec<Line>,
    /// At the right of the number.
    pub picture: Picture,
    /// Parts of a whole, as a bar below the number; empty: there is none.
    pub parts: Vec<(usize, Tone)>,
    /// What it counts and how, for who points at its title.
    pub hint: String,
    /// Where it leads.
    pub leads: Action,
}

impl Tile {
    /// All of it in one sentence.
    #[must_use]
    pub fn spoken(&self, knowledge: &Knowledge) -> String {
        let mut words = vec![format!("{}: {} {}", self.title, self.number, self.unit), self.state.clone()];
        words.extend(self.lines.iter().map(Line::spoken));
        match knowledge {
            Knowledge::AsOf(time) => words.push(t!("overview.as_of", time = time).into_owned()),
            Knowledge::NotYet => words.push(t!("overview.not_yet").into_owned()),
            Knowledge::Current => {}
        }
        words.retain(|word| !word.is_empty());
        words.join(", ")
    }

    /// Draws it into its place.
    pub fn show(&self, ui: &mut Ui, place: Rect, lines: usize, knowledge: &Knowledge, actions: &mut Actions) {
        let id = ui.scope_id().with(("tile", self.icon));
        let response = ui.interact(place, id, Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, self.spoken(knowledge)));
        ground(ui, place, self.tone, response.hovered() && *knowledge != Knowledge::NotYet);
        let mut inside = ui.new_child(UiBuilder::new().id_salt(id).max_rect(place).accessibility_parent(id));
        inside.shrink_clip_rect(place);
        if *knowledge != Knowledge::Current {
            inside.set_opacity(FADED);
        }
        self.head(&inside, place, knowledge);
        self.picture(&inside, place, id);
        self.shares(&inside, place);
        let top = place.bottom() - 8.0 - lines as f32 * LINE;
        let shown = self.lines.iter().take(lines).enumerate();
        for (nth, line) in shown {
            let rect = Rect::from_min_size(
                pos2(place.left() + SIDE, top + nth as f32 * LINE),
                vec2(place.width() - 2.0 * SIDE, LINE),
            );
            line_of(&mut inside, rect, id.with(nth), line, actions);
        }
        focus_ring(ui, place.shrink(2.0), &response);
        let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
        if response.clicked() {
            actions.push(self.leads.clone());
        }
    }

    /// Title, state, number.
    fn head(&self, ui: &Ui, place: Rect, knowledge: &Knowledge) {
        let tokens = theme::tokens(ui);
        let painter = ui.painter();
        let (left, right) = (place.left() + SIDE, place.right() - SIDE);
        let y = place.top() + 20.0;
        paint_icon(ui, pos2(left + size::ICON / 2.0, y), self.icon, size::ICON, tokens.second);
        let title = painter.layout_no_wrap(self.title.clone(), text::meta_medium(), tokens.second);
        let title_right = left + size::ICON + 8.0 + title.size().x;
        let place_of_title = Rect::from_min_max(pos2(left, y - 12.0), pos2(title_right, y + 12.0));
        let hint = ui.interact(place_of_title, ui.unique_id().with("title"), Sense::hover());
        hint.on_hover_text(&self.hint);
        painter.galley(pos2(left + size::ICON + 8.0, y - title.size().y / 2.0), title, tokens.second);

        let (tone, state) = match knowledge {
            Knowledge::AsOf(time) => (Tone::Changed, t!("overview.as_of", time = time).into_owned()),
            Knowledge::NotYet => (Tone::Plain, String::new()),
            Knowledge::Current => (self.tone, self.state.clone()),
        };
        if !state.is_empty() {
            let colour = tone.colour(tokens);
            let room = right - title_right - size::GROUP - 14.0;
            let state = elided(painter, state, text::meta_medium(), colour, room);
            let at = pos2(right - state.size().x, y - state.size().y / 2.0);
            dot(ui, pos2(at.x - 10.0, y), tone);
            painter.galley(at, state, colour);
        }
        let loud = matches!(self.tone, Tone::Danger | Tone::Changed) && *knowledge == Knowledge::Current;
        let colour = if loud { self.tone.colour(tokens) } else { tokens.text };
        let number = painter.layout_no_wrap(self.number.clone(), text::number(), colour);
        let (base, wide) = (place.top() + 54.0, number.size().x);
        painter.galley(pos2(left, base - number.size().y / 2.0), number, colour);
        let pictured = if self.picture == Picture::None { 0.0 } else { place.width() * 0.42 };
        let room = right - left - wide - size::PAD - pictured.min(240.0);
        let unit = elided(painter, self.unit.as_str(), text::body(), tokens.second, room);
        painter.galley(pos2(left + wide + size::PAD, base + 2.0 - unit.size().y / 2.0), unit, tokens.second);
    }

    /// What stands at the right of the number.
    fn picture(&self, ui: &Ui, place: Rect, id: Id) {
        let wide = (place.width() * 0.42).min(240.0);
        let rect = Rect::from_min_max(
            pos2(place.right() - SIDE - wide, place.top() + 38.0),
            pos2(place.right() - SIDE, place.top() + 68.0),
        );
        match &self.picture {
            Picture::None => {}
            Picture::Rate(series) => rate(ui, rect, series),
            Picture::Course(values, tone, words) => {
                let tokens = theme::tokens(ui);
                let high = values.iter().copied().fold(1.0, f32::max);
                ui.painter().hline(rect.x_range(), rect.bottom() - 2.5, tokens.line());
                let colour = tone.colour(tokens).gamma_multiply(0.8);
                sparkline::paint(ui, rect, values, 0.0, high, colour);
                let response = ui.interact(rect, id.with("course"), Sense::hover());
                response.widget_info(|| WidgetInfo::labeled(Role::Image, true, words));
                response.on_hover_text(words);
            }
        }
    }

    /// Parts of a whole, from side to side.
    fn shares(&self, ui: &Ui, place: Rect) {
        if self.parts.is_empty() {
            return;
        }
        let tokens = theme::tokens(ui);
        let (left, top) = (place.left() + SIDE, place.top() + 72.0);
        let bar = Rect::from_min_size(pos2(left, top), vec2(place.width() - 2.0 * SIDE, 4.0));
        let part = |(count, tone): &(usize, Tone)| {
            (u32::try_from(*count).unwrap_or(u32::MAX), tone.colour(tokens).gamma_multiply(0.9))
        };
        stack_bar::paint(ui, bar, &self.parts.iter().map(part).collect::<Vec<_>>());
    }
}

/// The last minute as bars.
fn rate(ui: &Ui, rect: Rect, series: &[u32]) {
    let tokens = theme::tokens(ui);
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
    let most = series.iter().copied().max().unwrap_or(0).max(1);
    let step = rect.width() / series.len().max(1) as f32;
    for (at, count) in series.iter().enumerate().filter(|(_, count)| **count > 0) {
        // Square root: a burst must not flatten everything else.
        let height = (*count as f32 / most as f32).sqrt() * (rect.height() - 1.0);
        let left = rect.left() + at as f32 * step;
        let bar = Rect::from_min_max(
            pos2(left, rect.bottom() - height.max(2.0)),
            pos2(left + (step - 0.5).max(1.0), rect.bottom()),
        );
        ui.painter().rect_filled(bar, CornerRadius::ZERO, tokens.accent.gamma_multiply(0.8));
    }
}

fn ground(ui: &Ui, place: Rect, tone: Tone, hot: bool) {
    let tokens = theme::tokens(ui);
    let radius = CornerRadius::same(size::RADIUS);
    let fill = if hot { tokens.hover } else { tokens.raised };
    ui.painter().rect(place, radius, fill, tokens.line(), StrokeKind::Inside);
    if matches!(tone, Tone::Danger | Tone::Changed) {
        let colour = tone.colour(tokens);
        ui.painter().rect_filled(place, radius, tokens.soft(colour).gamma_multiply(0.7));
        let wide = if tone == Tone::Danger { 2.0 } else { size::LINE };
        ui.painter().rect_stroke(place, radius, Stroke::new(wide, colour), StrokeKind::Inside);
    }
}

fn line_of(ui: &mut Ui, rect: Rect, id: Id, line: &Line, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let y = rect.center().y;
    let left = rect.left() + if line.tone.is_some() { 16.0 } else { 0.0 };
    let colour = match line.tone {
        Some(tone @ (Tone::Danger | Tone::Changed)) => tone.colour(tokens),
        Some(_) => tokens.text,
        None => tokens.second,
    };
    let aside =
        elided(ui.painter(), line.aside.as_str(), text::mono_small(), tokens.second, rect.width() * 0.5);
    let aside_left = rect.right() - aside.size().x;
    let room = aside_left - size::PAD - left;
    let words = elided(ui.painter(), line.words.as_str(), text::body(), colour, room);
    let place = Rect::from_min_size(pos2(left, y - words.size().y / 2.0), words.size());
    if let Some(tone) = line.tone {
        dot(ui, pos2(rect.left() + 4.0, y), tone);
    }
    let cut = words.elided || aside.elided;
    ui.painter().galley(pos2(aside_left, y - aside.size().y / 2.0), aside, tokens.second);
    ui.painter().galley(place.min, words, colour);
    let Some(to) = &line.leads else {
        if cut {
            ui.interact(rect, id, Sense::hover()).on_hover_text(line.spoken());
        }
        return;
    };
    // The words alone: what is beside them belongs to the tile.
    let response = ui.interact(place, id, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Link, true, line.spoken()));
    if response.hovered() || response.has_focus() {
        ui.painter().hline(place.x_range(), place.bottom() - 1.0, Stroke::new(size::LINE, colour));
    }
    focus_ring(ui, place, &response);
    let response = response.on_hover_cursor(egui::CursorIcon::PointingHand).on_hover_text(line.spoken());
    if response.clicked() {
        actions.push(to.clone());
    }
}
