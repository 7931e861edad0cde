//! Keys for the palette: those that begin with what was typed, then those that contain it, as many
//! as can be looked at within a small part of a frame. The whole search is a command of its own.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::model::bytes::Key;
use crate::model::keyspace::Keyspace;
use crate::model::world::World;

/// At most so many keys are offered.
const OFFERED: usize = 12;
/// At most so long is looked for them.
const BUDGET: Duration = Duration::from_millis(3);
/// The clock is read once for so many keys.
const STRIDE: u64 = 256;

/// The keys found, kept while neither the query nor the key space changes.
#[derive(Default)]
pub(super) struct FoundKeys {
    query: String,
    searched: Option<Keyspace>,
    keys: Vec<Key>,
    unsearched: u64,
}

impl FoundKeys {
    /// The keys, best first.
    pub(super) fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Keys that could not be looked at in time.
    pub(super) fn unsearched(&self) -> u64 {
        self.unsearched
    }

    /// Looks for what is typed in the connection shown.
    pub(super) fn look(&mut self, world: &World, query: &str) {
        let query = query.trim();
        let Some(session) = world.active_session().filter(|_| !query.is_empty()) else {
            *self = Self::default();
            return;
        };
        let same = self.searched.as_ref().is_some_and(|searched| searched.is_same(&session.keyspace));
        if same && self.query == query {
            return;
        }
        query.clone_into(&mut self.query);
        self.searched = Some(session.keyspace.clone());
        (self.keys, self.unsearched) = find(&session.keyspace, query, BUDGET);
    }
}

/// Keys that begin with the text, then keys that contain it; and the number of keys that were not
/// looked at. Case matters only if the text has a capital letter.
fn find(keyspace: &Keyspace, text: &str, budget: Duration) -> (Vec<Key>, u64) {
    let started = Instant::now();
    let mut keys: Vec<Key> = Vec::new();
    let mut looked = 0_u64;
    let late = |looked: u64| looked.is_multiple_of(STRIDE) && started.elapsed() > budget;
    let _ended = keyspace.for_each_prefix(text.as_bytes(), &mut |key, _| {
        looked += 1;
        keys.push(Key::from(key));
        if keys.len() >= OFFERED || late(looked) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if keys.len() >= OFFERED {
        return (keys, 0);
    }
    let exact = text.chars().any(char::is_uppercase);
    let mut walked = 0_u64;
    let _ended = keyspace.for_each(&mut |key, _| {
        walked += 1;
        if contains(key, text.as_bytes(), exact) && !key.starts_with(text.as_bytes()) {
            keys.push(Key::from(key));
        }
        if keys.len() >= OFFERED || late(walked) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let unsearched = if keys.len() >= OFFERED { 0 } else { keyspace.len().saturating_sub(walked) };
    (keys, unsearched)
}

fn contains(key: &[u8], text: &[u8], exact: bool) -> bool {
    if exact {
        return memchr::memmem::find(key, text).is_some();
    }
    key.windows(text.len().max(1)).any(|window| window.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::KeyMeta;

    fn keyspace(keys: &[&str]) -> Keyspace {
        let mut keyspace = Keyspace::default();
        for key in keys {
            keyspace.put(key.as_bytes(), KeyMeta::default(), None);
        }
        keyspace
    }

    fn found(keyspace: &Keyspace, text: &str) -> Vec<String> {
        let (keys, unsearched) = find(keyspace, text, Duration::from_secs(60));
        assert_eq!(unsearched, 0);
        keys.iter().map(|key| String::from_utf8_lossy(key).into_owned()).collect()
    }

    #[test]
    fn what_begins_with_the_text_comes_first() {
        let keyspace = keyspace(&["a/routes", "routes/a", "z/Routes"]);
        assert_eq!(found(&keyspace, "routes"), ["routes/a", "a/routes", "z/Routes"]);
        assert_eq!(found(&keyspace, "Routes"), ["z/Routes"], "a capital letter is meant");
        assert_eq!(found(&keyspace, "nothing"), Vec::<String>::new());
    }

    #[test]
    fn without_time_the_rest_is_counted() {
        let names: Vec<String> = (0..2_000).map(|n| format!("key/{n:05}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (keys, unsearched) = find(&keyspace(&names), "absent", Duration::ZERO);
        assert_eq!((keys.len(), unsearched), (0, 2_000 - STRIDE));
    }
}
