//! Terms over the time watched: a strip of blocks, and a list that says the same in words.

use std::collections::BTreeSet;

use egui::{CornerRadius, Label, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use crate::model::bytes::Key;
use crate::model::message::SessionId;
use crate::model::status::SeenAt;
use crate::ui::theme::{self, Tokens, size, text};
use crate::ui::widgets::button::paint_icon;
use crate::ui::widgets::term_strip::{Block, BlockLook, TermStrip};
use crate::ui::widgets::{
    Tone, clock_text, count_text, duration_text, elided, section_header, segmented, time_text,
};

/// Height of a line of the list: two lines of text.
const LINE: f32 = 42.0;
/// A line of time is at least so long, in milliseconds.
const SHORTEST_MS: i64 = 10_000;

/// How much of the time watched is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// The last ten minutes.
    Minutes,
    /// The last hour.
    Hour,
    /// All of it.
    All,
}

impl Span {
    fn ms(self) -> Option<i64> {
        match self {
            Self::Minutes => Some(600_000),
            Self::Hour => Some(3_600_000),
            Self::All => None,
        }
    }
}

/// How a term ended.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// Its icon.
    pub icon: &'static str,
    /// Its tone.
    pub tone: Tone,
    /// In a word or two.
    pub words: String,
    /// In a sentence.
    pub hint: String,
}

/// A time in which somebody led, or nobody did.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// Who, or what is known instead.
    pub who: String,
    /// What the block is about.
    pub look: BlockLook,
    /// When it was seen to begin; `None`: before it was watched.
    pub from: Option<SeenAt>,
    /// When it was seen to end; `None`: it goes on.
    pub until: Option<SeenAt>,
    /// How it ended.
    pub end: Option<End>,
    /// Something else worth knowing: a revision, a Raft term.
    pub note: String,
}

/// The time that is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Watched {
    /// Since when it has been watched.
    pub since: SeenAt,
    /// Up to when it is known what happened.
    pub known_until: SeenAt,
    /// This moment.
    pub now: SeenAt,
}

/// What the views of terms keep between frames.
#[derive(Default)]
pub struct TermsState {
    /// How much is shown, once it was chosen.
    span: Option<Span>,
    /// The block that the pointer is at: the strip's and the list's.
    lit: Option<usize>,
    /// Whose colours these are, and the candidates that have one, in order.
    colours_of: Option<(SessionId, Option<Key>)>,
    colours: Vec<Candidate>,
}

impl TermsState {
    /// From now on colours are those of this election (`None`: of the cluster): each name keeps its own as long
    /// as it is looked at.
    pub fn colours_of(&mut self, session: SessionId, election: Option<&Key>) {
        let same =
            self.colours_of.as_ref().is_some_and(|(id, name)| *id == session && name.as_ref() == election);
        if !same {
            self.colours_of = Some((session, election.cloned()));
            self.colours.clear();
            self.lit = None;
        }
    }

    /// The colour of a candidate, by its place among them. It is told again by its lease (0: none), whatever it
    /// calls itself by now, and by its name, whatever its lease is.
    pub fn colour(&mut self, lease: i64, name: &str) -> usize {
        let known = self.colours.iter().position(|known| {
            known.names.iter().any(|known| known == name) || (lease != 0 && known.leases.contains(&lease))
        });
        let at = known.unwrap_or(self.colours.len());
        if known.is_none() {
            self.colours.push(Candidate::default());
        }
        if let Some(candidate) = self.colours.get_mut(at) {
            candidate.leases.insert(lease);
            if !candidate.names.iter().any(|known| known == name) {
                candidate.names.push(name.to_owned());
            }
        }
        at
    }
}

/// What a candidate was seen as.
#[derive(Default)]
struct Candidate {
    names: Vec<String>,
    leases: BTreeSet<i64>,
}

/// Draws the strip, with a choice of how much is shown (`span`: until it was chosen).
pub fn strip(ui: &mut Ui, terms: &[Term], watched: Watched, span: Span, state: &mut TermsState) {
    let tokens = theme::tokens(ui);
    let span = state.span.unwrap_or(span);
    let title = t!("elections.terms");
    section_header(ui, &title, |ui| {
        let names = [t!("elections.span.minutes"), t!("elections.span.hour"), t!("elections.span.all")];
        let choices = [
            (Span::Minutes, names[0].as_ref()),
            (Span::Hour, names[1].as_ref()),
            (Span::All, names[2].as_ref()),
        ];
        if let Some(span) = segmented(ui, span, &choices) {
            state.span = Some(span);
        }
    });
    ui.add_space(size::GRID);
    let from = span.ms().map_or(watched.since, |ms| watched.since.max(watched.now - ms));
    let from = from.min(watched.now - SHORTEST_MS);
    let blocks = blocks(terms, from, watched);
    let shown = blocks.iter().filter(|block| block.until >= from).count();
    let name = t!(
        "elections.strip",
        from = clock_text(from, watched.now),
        until = clock_text(watched.now, watched.now),
        count = count_text(shown as u64)
    );
    let strip = TermStrip {
        name: &name,
        from,
        until: watched.now,
        known_until: watched.known_until,
        blocks: &blocks,
        lit: state.lit,
    };
    let (_, under) = strip.show(ui, |ui, nth| {
        if let Some(term) = terms.get(nth) {
            hint(ui, tokens, term, watched);
        }
    });
    state.lit = under;
    ui.add_space(size::GRID);
}

fn blocks(terms: &[Term], from: SeenAt, watched: Watched) -> Vec<Block> {
    let mut before: Option<SeenAt> = None;
    terms
        .iter()
        .map(|term| {
            let until = term.until.unwrap_or(watched.known_until);
            let open = term.from.is_none();
            let begun = term.from.or(before).unwrap_or(from.min(until));
            before = Some(until);
            Block {
                from: begun.min(until),
                until,
                open,
                running: term.until.is_none(),
                look: term.look,
                name: term.who.clone(),
                mark: term.end.as_ref().map(|end| (end.icon, end.tone)),
            }
        })
        .collect()
}

/// What there is to know about a term.
fn hint(ui: &mut Ui, tokens: &Tokens, term: &Term, watched: Watched) {
    ui.label(tokens.strong(term.who.as_str()));
    ui.label(tokens.meta(times(term, watched.now)));
    if let Some(length) = length(term, watched) {
        ui.label(tokens.meta(t!("elections.lasted", time = length)));
    }
    if let Some(end) = &term.end {
        ui.label(tokens.meta(end.words.as_str()));
        ui.add(Label::new(tokens.hint(end.hint.as_str())).wrap());
    }
    if !term.note.is_empty() {
        ui.label(tokens.hint(term.note.as_str()));
    }
}

/// From when to when.
fn times(term: &Term, now: SeenAt) -> String {
    let from = match term.from {
        Some(from) => clock_text(from, now),
        None => t!("elections.before").into_owned(),
    };
    match term.until {
        Some(until) => format!("{from} – {}", clock_text(until, now)),
        None if term.from.is_none() => t!("elections.before_seen").into_owned(),
        None => t!("elections.goes_on", from = from).into_owned(),
    }
}

/// How long it lasted, or has lasted; `None` where its beginning was not seen.
fn length(term: &Term, watched: Watched) -> Option<String> {
    let secs = (term.until.unwrap_or(watched.known_until) - term.from?).max(0) / 1_000;
    Some(duration_text(secs))
}

/// Draws the list, newest first.
pub fn list(ui: &mut Ui, terms: &[Term], watched: Watched, state: &mut TermsState) {
    let tokens = theme::tokens(ui);
    section_header(ui, &t!("elections.terms_list"), |ui| {
        // A time without a leader is no term.
        let led = terms.iter().filter(|term| term.look != BlockLook::Nobody).count();
        ui.label(tokens.hint(count_text(led as u64)));
    });
    for (nth, term) in terms.iter().enumerate().rev() {
        line(ui, tokens, nth, term, watched, state);
    }
}

fn line(ui: &mut Ui, tokens: &Tokens, nth: usize, term: &Term, watched: Watched, state: &mut TermsState) {
    let (_, rect) = ui.allocate_space(vec2(ui.available_width(), LINE));
    let response = ui.interact(rect, ui.scope_id().with(("term", nth)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, spoken(term, watched)));
    if !ui.is_rect_visible(rect) {
        return;
    }
    if response.hovered() {
        state.lit = Some(nth);
    }
    if state.lit == Some(nth) {
        ui.painter().rect_filled(rect, CornerRadius::same(size::RADIUS_SMALL), tokens.hover);
    }
    let colour = match term.look {
        BlockLook::Of(nth) => tokens.category(nth),
        BlockLook::Nobody => tokens.danger,
        BlockLook::Unknown => tokens.faint,
    };
    let bar =
        Rect::from_min_max(rect.left_top() + vec2(4.0, 6.0), pos2(rect.left() + 8.0, rect.bottom() - 6.0));
    ui.painter().rect_filled(bar, CornerRadius::same(2), colour);
    let (left, right) = (rect.left() + 16.0, rect.right() - size::PAD);
    let y = rect.center().y;

    let lasted = length(term, watched).unwrap_or_else(|| "–".to_owned());
    let lasted = ui.painter().layout_no_wrap(lasted, text::mono_small(), tokens.text);
    let upper = right - lasted.size().x - size::PAD - left;
    let name = elided(ui.painter(), term.who.as_str(), text::medium(), tokens.text, upper);
    ui.painter().galley(pos2(left, y - name.size().y - 0.5), name, tokens.text);
    ui.painter().galley(pos2(right - lasted.size().x, y - lasted.size().y - 0.5), lasted, tokens.text);

    let mut end_left = right;
    if let Some(end) = &term.end {
        let colour = end.tone.colour(tokens);
        let words = elided(ui.painter(), end.words.as_str(), text::meta(), colour, (right - left) * 0.5);
        end_left = right - words.size().x - size::ICON_SMALL - size::GRID;
        ui.painter().galley(pos2(right - words.size().x, y + 2.0), words, colour);
        paint_icon(ui, pos2(end_left + 7.0, y + 10.0), end.icon, size::ICON_SMALL, colour);
    }
    let room = end_left - size::PAD - left;
    let mut words = times(term, watched.now);
    if !term.note.is_empty() {
        words = format!("{words}   {}", term.note);
    }
    let when = elided(ui.painter(), words, text::mono_small(), tokens.faint, room);
    ui.painter().galley(pos2(left, y + 2.0), when, tokens.faint);
    response.on_hover_ui(|ui| hint(ui, tokens, term, watched));
}

/// A term in one sentence.
fn spoken(term: &Term, watched: Watched) -> String {
    let mut words = format!("{}, {}", term.who, times(term, watched.now));
    if let Some(length) = length(term, watched) {
        words = format!("{words}, {}", t!("elections.lasted", time = length));
    }
    if let Some(end) = &term.end {
        words = format!("{words}, {}", end.words);
    }
    if !term.note.is_empty() {
        words = format!("{words}, {}", term.note);
    }
    words
}

/// Since when somebody leads, absolute and relative; the revision is all that is known of what began before
/// it was watched.
#[must_use]
pub fn since_words(since: Option<SeenAt>, otherwise: &str, now: SeenAt) -> String {
    match since {
        Some(since) => t!("elections.since", time = time_text(since, now)).into_owned(),
        None => otherwise.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::TermsState;

    #[test]
    fn a_candidate_keeps_its_colour_under_another_name_or_lease() {
        let mut state = TermsState::default();
        assert_eq!((state.colour(1, "a"), state.colour(2, "b")), (0, 1));
        assert_eq!(state.colour(2, "b (ready)"), 1, "it proclaims another value");
        assert_eq!(state.colour(3, "b"), 1, "it began anew");
        assert_eq!(state.colour(4, "b (ready)"), 1);
        assert_eq!((state.colour(0, "c"), state.colour(0, "d")), (2, 3), "no lease tells nothing");
    }
}
