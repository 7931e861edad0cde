//! What keys on a lease mean, in words: what they are, and what it means when they go.

use rust_i18n::t;

use crate::action::Action;
use crate::model::bytes::Key;
use crate::model::coordination::{Claim, ClaimKind, ClaimQueue, Meaning};
use crate::model::key_text::{display_key, display_short};
use crate::model::session::Session;
use crate::ui::coordination::owner_or_lease;
use crate::ui::theme::icons;
use crate::ui::widgets::{Tone, count_text};

/// Characters of a name that are shown.
const LONGEST: usize = 200;

/// What one key means, or what its end would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    /// An icon that stands for it.
    pub icon: &'static str,
    /// How much it matters.
    pub tone: Tone,
    /// In words.
    pub text: String,
    /// The screen that shows it, if one does.
    pub leads_to: Option<Action>,
}

fn name(key: &[u8]) -> String {
    display_short(key, LONGEST).into_owned()
}

/// Who else stands in line behind the one in front.
fn others(queue: &ClaimQueue) -> u64 {
    queue.waiting().len() as u64
}

/// Who holds or leads once the lease of the claim at this place is gone, if that is somebody else then.
fn next(queue: &ClaimQueue, place: usize) -> Option<&Claim> {
    let lease = queue.claims.get(place)?.meta.lease;
    let next = queue.claims.iter().find(|claim| claim.meta.lease != lease)?;
    let held_already = queue.holders().iter().any(|holder| holder.key == next.key);
    (!held_already).then_some(&**next)
}

fn service_name(session: &Session, folder: &Key) -> String {
    let service = session.coordination.services.get(folder);
    service.map_or_else(|| name(folder), |service| service.name.clone())
}

/// The name of the instance that a key registers; the end of the key where it is not known any more.
fn instance_name(session: &Session, key: &Key, folder: &Key) -> String {
    let instance = session.coordination.services.get(folder).and_then(|service| service.instances.get(key));
    instance.map_or_else(|| name(key.strip_prefix(&**folder).unwrap_or(key)), |instance| instance.id.clone())
}

/// What a key is to those who live by it.
#[must_use]
pub fn is(session: &Session, key: &Key, meaning: &Meaning) -> Words {
    match meaning {
        Meaning::Claim(kind, queue) => {
            let leads_to = Some(Action::ShowQueue(*kind, queue.clone()));
            let found = session.coordination.claim_of(key);
            let waiting = found.map_or(0, |(queue, _)| others(queue));
            let queue = name(queue);
            let (icon, tone, text) = match (kind, found.map(|(queue, place)| place < queue.holding())) {
                (ClaimKind::Lock, Some(true)) if waiting == 1 => {
                    (icons::LOCK, Tone::Live, t!("leases.is.holds_one_waits", lock = queue))
                }
                (ClaimKind::Lock, Some(true)) if waiting > 0 => {
                    let words = t!("leases.is.holds_wait", lock = queue, count = count_text(waiting));
                    (icons::LOCK, Tone::Live, words)
                }
                (ClaimKind::Lock, Some(true)) => {
                    (icons::LOCK, Tone::Live, t!("leases.is.holds", lock = queue))
                }
                (ClaimKind::Lock, _) => (icons::LOCK, Tone::Waiting, t!("leases.is.waits", lock = queue)),
                (ClaimKind::Election, Some(true)) => {
                    (icons::CROWN_SIMPLE, Tone::Live, t!("leases.is.leads", election = queue))
                }
                (ClaimKind::Election, _) => {
                    (icons::CROWN_SIMPLE, Tone::Waiting, t!("leases.is.candidate", election = queue))
                }
            };
            Words { icon, tone, text: text.into_owned(), leads_to }
        }
        Meaning::Instance(folder) => {
            let (service, id) = (service_name(session, folder), instance_name(session, key, folder));
            let text = t!("leases.is.instance", service = service, id = id).into_owned();
            let leads_to = Some(Action::ShowService(folder.clone()));
            Words { icon: icons::PLUGS_CONNECTED, tone: Tone::Live, text, leads_to }
        }
        Meaning::Report(service) => {
            let text = t!("leases.is.report", service = name(service)).into_owned();
            Words { icon: icons::HEARTBEAT, tone: Tone::Plain, text, leads_to: None }
        }
        Meaning::Other => Words { icon: icons::KEY, tone: Tone::Plain, text: name(key), leads_to: None },
    }
}

/// What it does when a key goes; `None`: it is a key like any other.
#[must_use]
pub fn end_of(session: &Session, key: &Key, meaning: &Meaning) -> Option<Words> {
    let Words { icon, leads_to, .. } = is(session, key, meaning);
    let (tone, text) = match meaning {
        Meaning::Claim(kind, queue) => {
            let found = session.coordination.claim_of(key);
            let next = found.and_then(|(queue, place)| next(queue, place)).map(owner_or_lease);
            let queue = name(queue);
            match (kind, found.is_some_and(|(queue, place)| place < queue.holding()), next) {
                (ClaimKind::Lock, true, Some(next)) => {
                    (Tone::Danger, t!("leases.end.lock_next", lock = queue, next = next))
                }
                (ClaimKind::Lock, true, None) => (Tone::Danger, t!("leases.end.lock", lock = queue)),
                (ClaimKind::Lock, false, _) => (Tone::Waiting, t!("leases.end.waiter", lock = queue)),
                (ClaimKind::Election, true, Some(next)) => {
                    (Tone::Danger, t!("leases.end.leader_next", election = queue, next = next))
                }
                (ClaimKind::Election, true, None) => {
                    (Tone::Danger, t!("leases.end.leader", election = queue))
                }
                (ClaimKind::Election, false, _) => {
                    (Tone::Waiting, t!("leases.end.candidate", election = queue))
                }
            }
        }
        Meaning::Instance(folder) => {
            let (service, id) = (service_name(session, folder), instance_name(session, key, folder));
            (Tone::Danger, t!("leases.end.instance", service = service, id = id))
        }
        Meaning::Report(service) => (Tone::Changed, t!("leases.end.report", service = name(service))),
        Meaning::Other => return None,
    };
    Some(Words { icon, tone, text: text.into_owned(), leads_to })
}

/// What it does when all these keys go: what matters most first, and how many keys are like any other.
#[must_use]
pub fn end_of_all<'a>(
    session: &Session,
    keys: impl Iterator<Item = (&'a Key, &'a Meaning)>,
    most: usize,
) -> (Vec<Words>, usize) {
    let mut plain = 0;
    let mut told = Vec::new();
    for (key, meaning) in keys {
        match end_of(session, key, meaning) {
            Some(words) => told.push(words),
            None => plain += 1,
        }
    }
    let weight = |words: &Words| match words.tone {
        Tone::Danger => 0,
        Tone::Waiting => 1,
        _ => 2,
    };
    told.sort_by_key(weight);
    let hidden = told.len().saturating_sub(most);
    told.truncate(most);
    (told, plain + hidden)
}

/// The text of a key to be copied: one that can be read back.
#[must_use]
pub fn key_text(key: &Key) -> String {
    display_key(key).into_owned()
}
