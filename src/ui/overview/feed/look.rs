//! What the entries of the feed say, and where they lead.

use std::borrow::Cow;

use rust_i18n::t;

use super::entries::{Leads, RaftChange, What};
use crate::action::Action;
use crate::model::coordination::raft::RaftEnd;
use crate::model::coordination::{ClaimKind, EndCause, NewsKind, Turn};
use crate::model::key_text::display_short;
use crate::model::session::Screen;
use crate::ui::coordination::cause_words;
use crate::ui::theme::icons;
use crate::ui::widgets::chip::Tone;

/// Names of keys are cut to so many signs.
const NAME: usize = 200;

/// What an entry looks like, and where it leads.
pub(super) struct Look {
    pub(super) icon: &'static str,
    pub(super) tone: Tone,
    pub(super) words: String,
    pub(super) leads: Action,
}

/// Of an entry.
pub(super) fn look(what: &What) -> Look {
    match what {
        What::News(news) => of_news(&news.kind),
        What::Raft(change) => of_raft(change),
        What::Gap { after, to } => Look {
            icon: icons::EYE_SLASH,
            tone: Tone::Changed,
            words: t!("overview.feed.gap", after = after, to = to).into_owned(),
            leads: Action::ShowScreen(Screen::Cluster),
        },
    }
}

/// Somebody else leads the cluster itself, or nobody.
fn of_raft(change: &RaftChange) -> Look {
    let RaftChange { term, from, end, to } = change;
    let how = match end {
        Some(RaftEnd::Silent) => t!("elections.raft.end.silent"),
        Some(RaftEnd::Answers) => t!("elections.raft.end.answers"),
        Some(RaftEnd::NotAsked) | None => t!("elections.raft.end.not_asked"),
    };
    let (tone, words) = match (to, from) {
        (Leads::Member(to), Some(from)) if to == from => {
            (Tone::Accent, t!("overview.feed.raft_again", to = to, term = term))
        }
        (Leads::Member(to), Some(from)) => {
            (Tone::Accent, t!("overview.feed.raft_passed", to = to, from = from, how = how, term = term))
        }
        (Leads::Member(to), None) => (Tone::Accent, t!("overview.feed.raft_first", to = to, term = term)),
        (Leads::Nobody, Some(from)) => (Tone::Danger, t!("overview.feed.raft_none", from = from, how = how)),
        (Leads::Nobody, None) => (Tone::Danger, t!("overview.feed.raft_nobody")),
        (Leads::NoAnswer, _) => (Tone::Danger, t!("overview.feed.raft_no_answer")),
    };
    Look { icon: icons::HARD_DRIVES, tone, words: words.into_owned(), leads: Action::ShowRaft }
}

fn of_news(kind: &NewsKind) -> Look {
    match kind {
        NewsKind::Instance { service, name, instance, turn, cause } => {
            let leads = Action::ShowService(service.clone());
            match turn {
                Turn::Up => Look {
                    icon: icons::ARROW_UP,
                    tone: Tone::Live,
                    words: t!("overview.feed.up", service = name, instance = instance).into_owned(),
                    leads,
                },
                Turn::Down => Look {
                    icon: icons::ARROW_DOWN,
                    tone: if is_loss(*cause) { Tone::Danger } else { Tone::Plain },
                    words: t!(
                        "overview.feed.down",
                        service = name,
                        instance = instance,
                        cause = left(*cause)
                    )
                    .into_owned(),
                    leads,
                },
            }
        }
        NewsKind::Leader { election, from, to, cause } => Look {
            icon: icons::CROWN_SIMPLE,
            tone: if to.is_none() && *cause == Some(EndCause::Expired) { Tone::Danger } else { Tone::Accent },
            words: passed("leader", election, from.as_deref(), to.as_deref(), resigned(*cause)),
            leads: Action::ShowQueue(ClaimKind::Election, election.clone()),
        },
        NewsKind::Holder { lock, from, to, cause } => Look {
            icon: icons::LOCK,
            // Programs that end in order often revoke their lease.
            tone: if *cause == Some(EndCause::Expired) { Tone::Changed } else { Tone::Plain },
            words: passed("holder", lock, from.as_deref(), to.as_deref(), cause.map(why)),
            leads: Action::ShowQueue(ClaimKind::Lock, lock.clone()),
        },
        NewsKind::Deadlock { locks, owners } => Look {
            icon: icons::WARNING,
            tone: Tone::Danger,
            words: t!("overview.feed.deadlock", locks = names(locks), owners = owners.join(", "))
                .into_owned(),
            leads: to_lock(locks),
        },
        NewsKind::DeadlockOver { locks } => Look {
            icon: icons::CHECK,
            tone: Tone::Live,
            words: t!("overview.feed.deadlock_over", locks = names(locks)).into_owned(),
            leads: to_lock(locks),
        },
    }
}

fn to_lock(locks: &[crate::model::bytes::Key]) -> Action {
    let first = locks.first().cloned();
    first.map_or(Action::ShowScreen(Screen::Locks), |lock| Action::ShowQueue(ClaimKind::Lock, lock))
}

fn names(locks: &[crate::model::bytes::Key]) -> String {
    let names: Vec<Cow<'_, str>> = locks.iter().map(|lock| display_short(lock, NAME)).collect();
    names.join(" → ")
}

/// A leadership or a lock went from one to another.
fn passed(
    what: &str,
    name: &[u8],
    from: Option<&str>,
    to: Option<&str>,
    cause: Option<Cow<'static, str>>,
) -> String {
    let cause = cause.unwrap_or_else(|| why(EndCause::Unknown));
    let name = display_short(name, NAME);
    let words = |form: &str| format!("overview.feed.{what}_{form}");
    match (from, to) {
        (Some(from), Some(to)) => t!(&words("passed"), name = name, from = from, to = to, cause = cause),
        (None, Some(to)) => t!(&words("first"), name = name, to = to),
        (Some(from), None) => t!(&words("none"), name = name, from = from, cause = cause),
        (None, None) => t!(&words("unknown"), name = name),
    }
    .into_owned()
}

fn resigned(cause: Option<EndCause>) -> Option<Cow<'static, str>> {
    cause.map(|cause| match cause {
        EndCause::Released => t!("elections.resigned"),
        cause => why(cause),
    })
}

/// Why an instance went, as the list of services says it.
fn left(cause: Option<EndCause>) -> Cow<'static, str> {
    match cause.unwrap_or(EndCause::Unknown) {
        EndCause::Released => t!("services.cause.deregistered"),
        cause => why(cause),
    }
}

/// Why something ended, in words that stand alone.
fn why(cause: EndCause) -> Cow<'static, str> {
    match cause {
        EndCause::Unknown => t!("services.cause.unknown"),
        cause => cause_words(cause),
    }
}

/// Whether something ended that nobody wanted to end.
fn is_loss(cause: Option<EndCause>) -> bool {
    matches!(cause, Some(EndCause::Expired | EndCause::Revoked))
}
