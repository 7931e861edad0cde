//! A key as its segments, and the words among them that tell what it may be. Nothing here allocates: it is
//! asked of every key.

use super::name;
use crate::model::coordination::ClaimKind;

/// Longer keys are looked at by their last segment alone, …
pub(super) const LONGEST_KEY: usize = 4_096;
/// … and so are keys of more segments.
const MOST_SEGMENTS: usize = 16;

/// A key's segments.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path<'k> {
    key: &'k [u8],
    starts: [u16; MOST_SEGMENTS],
    count: usize,
}

impl<'k> Path<'k> {
    /// The segments between separators; one in front of all does not count. `None`: too many, or too long.
    pub(super) fn new(key: &'k [u8], separator: u8) -> Option<Self> {
        if key.len() > LONGEST_KEY {
            return None;
        }
        let first = usize::from(matches!(key.first(), Some(byte) if *byte == b'/' || *byte == separator));
        let mut path = Self { key, starts: [0; MOST_SEGMENTS], count: 0 };
        path.push(first)?;
        for at in memchr::memchr2_iter(b'/', separator, key) {
            if at >= first {
                path.push(at + 1)?;
            }
        }
        Some(path)
    }

    fn push(&mut self, start: usize) -> Option<()> {
        *self.starts.get_mut(self.count)? = u16::try_from(start).ok()?;
        self.count += 1;
        Some(())
    }

    /// How many segments there are; at least one.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    fn start(&self, at: usize) -> Option<usize> {
        self.starts.get(..self.count)?.get(at).map(|start| usize::from(*start))
    }

    /// A segment; an empty one where there is none.
    pub(super) fn get(&self, at: usize) -> &'k [u8] {
        let end = self.start(at + 1).map_or(self.key.len(), |next| next - 1);
        self.start(at).and_then(|start| self.key.get(start..end)).unwrap_or_default()
    }

    /// The last segment.
    pub(super) fn last(&self) -> &'k [u8] {
        self.get(self.count.saturating_sub(1))
    }

    /// Everything before a segment, with the separator at the end.
    pub(super) fn folder(&self, at: usize) -> &'k [u8] {
        self.start(at).and_then(|start| self.key.get(..start)).unwrap_or(self.key)
    }

    /// Segments from one to before another, as text with the separators between them.
    pub(super) fn text(&self, from: usize, to: usize) -> String {
        let end = self.start(to).map_or(self.key.len(), |next| next - 1);
        let bytes = self.start(from).and_then(|start| self.key.get(start..end)).unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    }

    /// Whether a segment is this word, in whatever case.
    pub(super) fn is(&self, at: usize, word: &str) -> bool {
        at < self.count && self.get(at).eq_ignore_ascii_case(word.as_bytes())
    }
}

/// What the first telling segment of a key says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    /// Services and where they are.
    Registry,
    /// Health reports.
    Health,
    /// Configuration.
    Config,
    /// What lives on leases but is nothing of the kind: caches, sessions, tokens.
    Ephemeral,
    /// APISIX.
    Apisix,
    /// CoreDNS.
    CoreDns,
    /// Traefik.
    Traefik,
    /// dubbo.
    Dubbo,
    /// TiKV's placement driver and its services.
    Pd,
}

/// The first segment before the last that says what follows, with its place.
pub(super) fn root(path: &Path<'_>) -> Option<(usize, Root)> {
    (0..path.len() - 1).find_map(|at| Some((at, root_word(path.get(at), at)?)))
}

fn root_word(segment: &[u8], at: usize) -> Option<Root> {
    if !(2..=15).contains(&segment.len()) {
        return None;
    }
    let is = |words: &[&str]| name::is_any(segment, words);
    match segment.first()?.to_ascii_lowercase() {
        b'h' if is(&["health", "healthcheck", "healthchecks", "heartbeat", "heartbeats"]) => {
            Some(Root::Health)
        }
        b'c' if is(&["config", "configs", "configuration", "conf"]) => Some(Root::Config),
        b'c' if is(&["cache", "caches", "captcha", "cookies"]) => Some(Root::Ephemeral),
        b's' if is(&["settings", "secrets"]) => Some(Root::Config),
        b's' if is(&["session", "sessions"]) => Some(Root::Ephemeral),
        b's' if is(&["skydns"]) => Some(Root::CoreDns),
        b't' if is(&["token", "tokens", "tmp", "temp"]) => Some(Root::Ephemeral),
        b't' if is(&["traefik"]) => Some(Root::Traefik),
        b'r' if is(&["ratelimit", "ratelimits"]) => Some(Root::Ephemeral),
        b'a' if is(&["apisix"]) => Some(Root::Apisix),
        b'd' if is(&["dubbo"]) => Some(Root::Dubbo),
        b'p' if at == 0 && is(&["pd"]) => Some(Root::Pd),
        b'm' if at == 0 && is(&["ms"]) => Some(Root::Pd),
        _ => name::is_registry(segment).then_some(Root::Registry),
    }
}

/// Whether one of the segments before the last speaks of a lock, or of an election.
pub(super) fn claims_of(path: &Path<'_>) -> (bool, bool) {
    let (mut lock, mut election) = (false, false);
    for at in 0..path.len() - 1 {
        match name::telling(path.get(at)) {
            Some(ClaimKind::Lock) => lock = true,
            Some(ClaimKind::Election) => election = true,
            None => {}
        }
    }
    (lock, election)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(key: &str) -> Vec<String> {
        let path = Path::new(key.as_bytes(), b'.').expect("short");
        (0..path.len()).map(|at| String::from_utf8_lossy(path.get(at)).into_owned()).collect()
    }

    #[test]
    fn segments_are_between_separators() {
        assert_eq!(segments("/a/b.c"), ["a", "b", "c"]);
        assert_eq!(segments("a//b/"), ["a", "", "b", ""]);
        assert_eq!(segments(""), [""]);
        assert_eq!(segments("/"), [""]);
        assert!(Path::new(&[b'/'; 17], b'/').is_none() && Path::new(&[b'a'; 5_000], b'/').is_none());
        let path = Path::new(b"/a/b/c", b'/').expect("short");
        assert_eq!((path.folder(2), path.folder(0)), (b"/a/b/".as_slice(), b"/".as_slice()));
        assert_eq!((path.text(1, 3), path.text(0, 1)), ("b/c".to_owned(), "a".to_owned()));
        assert_eq!(path.get(9), b"");
    }

    #[test]
    fn the_first_telling_segment_counts() {
        let of = |key: &str| root(&Path::new(key.as_bytes(), b'/').expect("short"));
        assert_eq!(of("/prod/Services/config/x"), Some((1, Root::Registry)));
        assert_eq!(of("/config/services/x"), Some((0, Root::Config)));
        assert_eq!(of("/a/services"), None, "the last segment is no folder");
        assert_eq!(of("/x/pd/1"), None);
    }
}
