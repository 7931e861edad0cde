//! Words of the locks: owners, deadlocks, and names cut in their middle.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Color32, FontId, Galley, Painter};
use rust_i18n::t;

use crate::model::coordination::waits::{Cycle, Owner};
use crate::model::coordination::{ClaimForm, WaitGraph};
use crate::model::key_text::{display_short, neutral};
use crate::ui::coordination::{lease_name, lease_short};
use crate::ui::widgets::elided;

/// More signs of a name are never shown.
const LONGEST: usize = 120;
/// So often a name is made shorter to fit.
const MOST_TRIES: usize = 8;
/// So many owners of a deadlock are named.
const MOST_NAMED: usize = 6;

/// Who an owner is, in full.
#[must_use]
pub fn owner_name(owner: &Owner) -> String {
    match owner {
        Owner::Lease(lease) => lease_name(*lease),
        Owner::Called { name, lease } => {
            t!("locks.called", name = name_of(name), lease = lease_name(*lease)).into_owned()
        }
        Owner::Key(name) | Owner::Value(name) | Owner::Named(name) => name_of(name),
    }
}

/// Who an owner is, where there is little room: of a lease its end, which tells it from others.
#[must_use]
pub fn owner_short(owner: &Owner) -> String {
    match owner {
        Owner::Lease(0) => lease_name(0),
        Owner::Lease(lease) => t!("coordination.lease", lease = lease_short(*lease)).into_owned(),
        Owner::Called { name, lease } => format!("{} {}", name_of(name), lease_short(*lease)),
        Owner::Key(_) | Owner::Value(_) | Owner::Named(_) => owner_name(owner),
    }
}

/// An owner in one line: where a lease has too little room, its word goes before the end of its id does.
#[must_use]
pub fn elided_owner(
    painter: &Painter,
    owner: &Owner,
    font: &FontId,
    colour: Color32,
    room: f32,
) -> Arc<Galley> {
    let whole = painter.layout_no_wrap(owner_short(owner), font.clone(), colour);
    match owner {
        _ if whole.size().x <= room => whole,
        Owner::Lease(lease) if *lease != 0 => {
            elided_middle(painter, &lease_short(*lease), font, colour, room)
        }
        _ => elided_middle(painter, &owner_short(owner), font, colour, room),
    }
}

/// How the claims of a lock lie.
#[must_use]
pub fn form_words(form: ClaimForm) -> String {
    match form {
        ClaimForm::Queue => t!("locks.form.queue"),
        ClaimForm::ReadWrite => t!("locks.form.read_write"),
        ClaimForm::SingleKey => t!("locks.form.single"),
    }
    .into_owned()
}

fn name_of(name: &str) -> String {
    neutral(name).chars().take(LONGEST).collect()
}

/// By what the claims of the owners of a deadlock are tied together: the ways, once each.
#[must_use]
pub fn tied_by(cycle: &Cycle) -> String {
    let way = |owner: &Owner| match owner {
        Owner::Lease(_) | Owner::Called { .. } => 0,
        Owner::Named(_) => 1,
        Owner::Value(_) => 2,
        Owner::Key(_) => 3,
    };
    let ways: BTreeSet<usize> = cycle.waits.iter().map(|wait| way(&wait.waiter)).collect();
    let words = |way: &usize| match way {
        0 => t!("locks.tied.lease"),
        1 => t!("locks.tied.pattern"),
        2 => t!("locks.tied.value"),
        _ => t!("locks.tied.key"),
    };
    ways.iter().map(|way| words(way).into_owned()).collect::<Vec<_>>().join(", ")
}

/// What is said of what may be a deadlock; `None`: nothing may.
#[must_use]
pub fn possible_deadlocks(graph: &WaitGraph) -> Option<String> {
    let first = graph.possible.first()?;
    let words = match graph.possible.len() {
        1 => t!("locks.possible_one", circle = circle(first)),
        count => t!("locks.possible_many", count = count, circle = circle(first)),
    };
    Some(words.into_owned())
}

/// The owners of a deadlock in the order in which they wait: `a → b → c → a`.
#[must_use]
pub fn circle(cycle: &Cycle) -> String {
    let mut names: Vec<String> =
        cycle.waits.iter().take(MOST_NAMED).map(|wait| owner_short(&wait.waiter)).collect();
    if cycle.waits.len() > MOST_NAMED {
        names.push(String::from("…"));
    }
    if let Some(first) = cycle.waits.first() {
        names.push(owner_short(&first.waiter));
    }
    names.join(" → ")
}

/// What is said of the deadlocks there are; `None`: there is none.
#[must_use]
pub fn deadlocks(graph: &WaitGraph) -> Option<String> {
    let first = graph.cycles.first()?;
    let words = match graph.cycles.len() {
        1 => t!("locks.deadlock_one", circle = circle(first)),
        count => t!("locks.deadlock_many", count = count, circle = circle(first)),
    };
    Some(words.into_owned())
}

/// The locks of a deadlock, for a tooltip.
#[must_use]
pub fn locks_of(cycle: &Cycle) -> String {
    let locks: Vec<String> =
        cycle.waits.iter().map(|wait| display_short(&wait.lock, LONGEST).into_owned()).collect();
    locks.join("\n")
}

/// One line of text, cut in its middle where it does not fit: beginnings and ends tell names apart.
#[must_use]
pub fn elided_middle(
    painter: &Painter,
    words: &str,
    font: &FontId,
    colour: Color32,
    room: f32,
) -> Arc<Galley> {
    let whole = painter.layout_no_wrap(words.to_owned(), font.clone(), colour);
    if whole.size().x <= room {
        return whole;
    }
    let signs: Vec<char> = words.chars().collect();
    let fits = (signs.len() as f32 * room / whole.size().x.max(1.0)) as usize;
    // Letters are not all as wide as the mean of the whole: a few less may be needed.
    for kept in (1..=fits).rev().take(MOST_TRIES) {
        let galley = painter.layout_no_wrap(cut_middle(&signs, kept), font.clone(), colour);
        if galley.size().x <= room {
            return galley;
        }
    }
    elided(painter, cut_middle(&signs, 1), font.clone(), colour, room)
}

/// So many signs without what was between them; more of the end than of the beginning.
fn cut_middle(signs: &[char], kept: usize) -> String {
    let head = if signs.first() == Some(&'…') { 0 } else { kept / 3 };
    let tail = signs.len().saturating_sub(kept - head);
    let cut: String = signs.iter().take(head).chain(['…'].iter()).chain(&signs[tail..]).collect();
    // Names may begin with the sign already.
    cut.replace("……", "…")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::coordination::waits::Wait;

    #[test]
    fn names_that_differ_in_their_ends_alone_stay_apart() {
        let cut = |name: &str, kept: usize| cut_middle(&name.chars().collect::<Vec<_>>(), kept);
        assert_eq!(cut("worker-02-883", 6), "wo…-883");
        assert_eq!(cut("…c356fc07", 6), "…56fc07");
        assert_eq!(cut("held by …c356fc07", 13), "held…c356fc07");
        assert_eq!(cut("", 1), "…");
    }

    #[test]
    fn a_deadlock_is_told_as_a_circle() {
        rust_i18n::set_locale("en");
        let wait = |waiter: &str, holder: &str| Wait {
            waiter: Owner::Named(waiter.into()),
            lock: b"/l".as_slice().into(),
            holder: Owner::Named(holder.into()),
            place: 1,
            in_cycle: true,
        };
        let cycle = Cycle { waits: vec![wait("a", "b"), wait("b", "a")] };
        assert_eq!(circle(&cycle), "a → b → a");
        let many = Cycle { waits: (0..9).map(|n| wait(&n.to_string(), "x")).collect() };
        assert_eq!(circle(&many), "0 → 1 → 2 → 3 → 4 → 5 → … → 0");
    }
}
