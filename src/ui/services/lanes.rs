//! When each instance of a service was registered, as far as it was seen: worked out once for each picture
//! of the service.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::bytes::Key;
use crate::model::coordination::{EndCause, Instance, InstanceEvent, MOST_EVENTS, Service, Turn};
use crate::model::status::SeenAt;

/// A time in which an instance was registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// `None`: from before what is known.
    pub from: Option<SeenAt>,
    /// When it ended and why; `None`: it goes on.
    pub to: Option<(SeenAt, EndCause)>,
}

/// One instance over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lane {
    pub key: Key,
    pub id: String,
    /// It is registered now.
    pub present: bool,
    /// Oldest first.
    pub stretches: Vec<Stretch>,
}

impl Lane {
    /// How often it was seen to come back.
    pub(super) fn returns(&self) -> usize {
        self.stretches.iter().skip(1).filter(|stretch| stretch.from.is_some()).count()
    }

    /// When and why it went last.
    pub(super) fn last_end(&self) -> Option<(SeenAt, EndCause)> {
        self.stretches.iter().rev().find_map(|stretch| stretch.to)
    }
}

/// All instances of a service over time.
#[derive(Default)]
pub(super) struct Lanes {
    of: Option<(Arc<Service>, Option<SeenAt>)>,
    /// Those that went last first, then those that stayed, by name.
    pub lanes: Vec<Lane>,
    /// From when on everything is known.
    pub from: Option<SeenAt>,
}

impl Lanes {
    /// Works them out where the service changed.
    pub(super) fn update(&mut self, service: &Arc<Service>, watched_since: Option<SeenAt>) {
        let same = |(of, since): &(Arc<Service>, _)| Arc::ptr_eq(of, service) && *since == watched_since;
        if self.of.as_ref().is_some_and(same) {
            return;
        }
        let trimmed = service.past.len() >= MOST_EVENTS;
        let oldest = service.past.front().map(|event| event.at);
        self.from = if trimmed { oldest } else { watched_since.or(oldest) };
        self.lanes = lanes(service);
        self.of = Some((service.clone(), watched_since));
    }
}

fn lanes(service: &Service) -> Vec<Lane> {
    let mut events: BTreeMap<&Key, Vec<&InstanceEvent>> = BTreeMap::new();
    for event in service.past.iter() {
        events.entry(&event.key).or_default().push(event);
    }
    let mut lanes: Vec<Lane> = service
        .instances
        .values()
        .map(|instance| {
            let past = events.remove(&instance.key).unwrap_or_default();
            let stretches = stretches(&past, Some(instance));
            Lane { key: instance.key.clone(), id: instance.id.clone(), present: true, stretches }
        })
        .collect();
    lanes.extend(events.into_iter().map(|(key, past)| {
        let id = past.last().map_or_else(String::new, |event| event.id.clone());
        Lane { key: key.clone(), id, present: false, stretches: stretches(&past, None) }
    }));
    lanes.sort_by(|a, b| {
        let went = |lane: &Lane| lane.last_end().map(|(at, _)| at);
        went(b).cmp(&went(a)).then_with(|| a.id.cmp(&b.id))
    });
    lanes
}

/// The stretches between these events, oldest first; `now`: the instance, where it is registered.
fn stretches(past: &[&InstanceEvent], now: Option<&Instance>) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    // What begins with a going was there before.
    let mut open = match past.first() {
        Some(event) if event.turn == Turn::Down => Some(None),
        Some(_) => None,
        None => now.map(|instance| instance.since),
    };
    for event in past {
        match event.turn {
            Turn::Up if open.is_none() => open = Some(Some(event.at)),
            Turn::Up => {}
            Turn::Down => {
                if let Some(from) = open.take() {
                    let to = Some((event.at, event.cause.unwrap_or(EndCause::Unknown)));
                    stretches.push(Stretch { from, to });
                }
            }
        }
    }
    match (open, now) {
        (Some(from), Some(_)) => stretches.push(Stretch { from, to: None }),
        // It is there, though it was not seen to come back.
        (None, Some(instance)) => stretches.push(Stretch { from: instance.since, to: None }),
        // It was seen to come, it is not there, and nobody told when it went.
        (Some(from), None) => {
            let last = past.last().map_or(0, |event| event.at);
            stretches.push(Stretch { from, to: Some((last, EndCause::Unknown)) });
        }
        (None, None) => {}
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(turn: Turn, at: SeenAt, cause: Option<EndCause>) -> InstanceEvent {
        let key = Key::from(b"/services/user/a".as_slice());
        InstanceEvent { key, id: "a".into(), lease: 1, turn, cause, revision: at, at }
    }

    #[test]
    fn what_begins_with_a_going_was_there_before() {
        let past = [
            event(Turn::Down, 10, Some(EndCause::Expired)),
            event(Turn::Up, 20, None),
            event(Turn::Down, 30, None),
        ];
        let past: Vec<&InstanceEvent> = past.iter().collect();
        let found = stretches(&past, None);
        assert_eq!(
            found,
            [
                Stretch { from: None, to: Some((10, EndCause::Expired)) },
                Stretch { from: Some(20), to: Some((30, EndCause::Unknown)) },
            ]
        );
        let lane = Lane { key: past[0].key.clone(), id: "a".into(), present: false, stretches: found };
        assert_eq!((lane.returns(), lane.last_end()), (1, Some((30, EndCause::Unknown))));
    }
}
