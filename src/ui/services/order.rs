//! Which services are listed, and in which order.

use super::summary::{Row, Summaries};
use crate::model::overview::ServiceFilter;
use crate::model::status::SeenAt;

/// While nothing else is asked for, services are put in order again at most so often, in milliseconds:
/// a table that jumps can not be read.
const AGAIN_MS: i64 = 1_000;

/// By what services are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sort {
    /// What is wrong with them, the worst first.
    #[default]
    Problems,
    /// Their name.
    Name,
    /// How many instances they have.
    Instances,
    /// How much came and went lately.
    Events,
}

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// A part of the name or the folder.
    pub text: String,
    /// Those alone.
    pub only: ServiceFilter,
    /// The order.
    pub sort: Sort,
}

/// The services that are listed, as places among the summaries.
#[derive(Default)]
pub(super) struct Order {
    pub places: Vec<usize>,
    /// How many each filter would list, of those that are named so.
    pub counts: [usize; ServiceFilter::ALL.len()],
    of: Option<(u64, u64, Wanted)>,
    made_at: SeenAt,
}

impl Order {
    /// Finds and orders them again where that is needed.
    pub(super) fn update(&mut self, summaries: &Summaries, wanted: &Wanted, now: SeenAt) {
        let fresh = self.of.as_ref().is_some_and(|(version, places, before)| {
            let rests = (self.made_at..self.made_at + AGAIN_MS).contains(&now);
            *places == summaries.places && before == wanted && (*version == summaries.version || rests)
        });
        if fresh {
            return;
        }
        let text = wanted.text.trim().to_lowercase();
        let rows = &summaries.rows;
        let named: Vec<usize> = (0..rows.len()).filter(|at| is_named(&rows[*at], &text)).collect();
        self.counts =
            ServiceFilter::ALL.map(|filter| named.iter().filter(|at| passes(&rows[**at], filter)).count());
        self.places = named.into_iter().filter(|at| passes(&rows[*at], wanted.only)).collect();
        let name = |at: &usize| rows[*at].service.name.as_str();
        let summary = |at: &usize| rows[*at].summary.as_ref();
        // The places are in the order of the folders: what is equal stays in it.
        match wanted.sort {
            Sort::Problems => self.places.sort_by(|a, b| {
                let trouble = |at| summary(at).map_or_else(Default::default, |summary| summary.trouble);
                trouble(a).cmp(&trouble(b)).then_with(|| name(a).cmp(name(b)))
            }),
            Sort::Name => self.places.sort_by(|a, b| name(a).cmp(name(b))),
            Sort::Instances => self.places.sort_by(|a, b| {
                let count = |at: &usize| rows[*at].service.instances.len();
                count(b).cmp(&count(a)).then_with(|| name(a).cmp(name(b)))
            }),
            Sort::Events => self.places.sort_by(|a, b| {
                let events = |at| summary(at).map_or(0, |summary| summary.events);
                events(b).cmp(&events(a)).then_with(|| name(a).cmp(name(b)))
            }),
        }
        self.of = Some((summaries.version, summaries.places, wanted.clone()));
        self.made_at = now;
    }

    /// Whether the order is behind what is known.
    pub(super) fn is_behind(&self, summaries: &Summaries) -> bool {
        self.of.as_ref().is_some_and(|(version, ..)| *version != summaries.version)
    }
}

fn passes(row: &Row, filter: ServiceFilter) -> bool {
    // Of what has not been looked at yet nothing is known.
    filter == ServiceFilter::All || row.summary.as_ref().is_some_and(|summary| summary.passes(filter))
}

fn is_named(row: &Row, text: &str) -> bool {
    text.is_empty()
        || row.service.name.to_lowercase().contains(text)
        || String::from_utf8_lossy(&row.service.folder).to_lowercase().contains(text)
}
