//! Which schema applies to which keys: patterns over the segments of keys, and what a profile keeps.

use serde::{Deserialize, Serialize};

/// Where schemas are looked for in etcd, as a profile keeps it, and its own rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SchemaSettings {
    /// The folder in etcd whose documents are schemas; `None`: `config/schema/`; empty: none.
    pub prefix: Option<String>,
    /// Whether values of well-known kinds are recognised by their shape, and warned about.
    pub recognise: bool,
    /// Rules of the profile itself.
    pub rules: Vec<SchemaRule>,
}

impl Default for SchemaSettings {
    fn default() -> Self {
        Self { prefix: None, recognise: true, rules: Vec::new() }
    }
}

impl SchemaSettings {
    /// The folder in etcd, ending with the separator, without one at its beginning. `None`: schemas are
    /// not looked for in etcd.
    #[must_use]
    pub fn folder(&self, separator: u8) -> Option<Vec<u8>> {
        let Some(prefix) = &self.prefix else {
            return Some([b"config".as_slice(), &[separator], b"schema", &[separator]].concat());
        };
        let bytes = prefix.trim().as_bytes();
        let bytes = bytes.strip_prefix(&[separator]).unwrap_or(bytes);
        let bytes = bytes.strip_suffix(&[separator]).unwrap_or(bytes);
        (!bytes.is_empty()).then(|| [bytes, &[separator]].concat())
    }
}

/// A rule of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SchemaRule {
    /// The keys that it applies to: `*` stands for one segment (or a part of one), `**` for the rest.
    pub pattern: String,
    /// What they must be.
    pub schema: RuleSchema,
}

/// What a rule demands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleSchema {
    /// This JSON Schema document, as it was typed.
    Document(String),
    /// The document at this key in etcd.
    Key(String),
    /// A built-in kind, by its name.
    Kind(String),
}

impl Default for RuleSchema {
    fn default() -> Self {
        Self::Kind(String::from("log_level"))
    }
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// This segment.
    Literal(Vec<u8>),
    /// A segment of this form, with `*` for any characters.
    Glob(Vec<u8>),
    /// Any one segment.
    One,
    /// Any segments: at the end at least one.
    Rest,
}

/// A pattern over the segments of a key. A separator at the beginning makes no difference: `/config/a`
/// and `config/a` match the same keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
    separator: u8,
}

/// How specific a pattern is: the greater, the more it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weight {
    literals: usize,
    globs: usize,
    ones: usize,
    exact: bool,
    bytes: usize,
}

impl Pattern {
    /// Reads a pattern.
    #[must_use]
    pub fn new(pattern: &[u8], separator: u8) -> Self {
        let pattern = pattern.strip_prefix(&[separator]).unwrap_or(pattern);
        let mut parts: Vec<Part> = Vec::new();
        for segment in pattern.split(|byte| *byte == separator) {
            parts.push(match segment {
                b"**" if parts.last() == Some(&Part::Rest) => continue,
                b"**" => Part::Rest,
                b"*" => Part::One,
                _ if segment.contains(&b'*') => Part::Glob(segment.to_vec()),
                _ => Part::Literal(segment.to_vec()),
            });
        }
        Self { parts, separator }
    }

    /// The pattern of a folder's environments: `<base>*<separator><rest>`, and below it. Nothing in it
    /// is a sign but the one star.
    pub(super) fn below(base: &[u8], rest: &[u8], separator: u8, deeper: bool) -> Self {
        let literals = |bytes: &[u8]| {
            bytes
                .split(|byte| *byte == separator)
                .map(|part| Part::Literal(part.to_vec()))
                .collect::<Vec<_>>()
        };
        let base = base.strip_suffix(&[separator]).unwrap_or(base);
        let mut parts = if base.is_empty() { Vec::new() } else { literals(base) };
        parts.push(Part::One);
        parts.extend(literals(rest));
        if deeper {
            parts.push(Part::Rest);
        }
        Self { parts, separator }
    }

    /// How specific it is.
    #[must_use]
    pub fn weight(&self) -> Weight {
        let mut weight = Weight { literals: 0, globs: 0, ones: 0, exact: true, bytes: 0 };
        for part in &self.parts {
            match part {
                Part::Literal(segment) => {
                    weight.literals += 1;
                    weight.bytes += segment.len();
                }
                Part::Glob(segment) => {
                    weight.globs += 1;
                    weight.bytes += segment.len();
                }
                Part::One => weight.ones += 1,
                Part::Rest => weight.exact = false,
            }
        }
        weight
    }

    /// Whether a key matches. Costs segments times parts, whatever the pattern is.
    #[must_use]
    pub fn matches(&self, key: &[u8]) -> bool {
        let key = key.strip_prefix(&[self.separator]).unwrap_or(key);
        let end = self.parts.len();
        if !self.may_match(key) {
            return false;
        }
        // The places in the pattern that may be next.
        let mut at = vec![false; end + 1];
        at[0] = true;
        self.skip_rests(&mut at);
        for segment in key.split(|byte| *byte == self.separator) {
            let mut next = vec![false; end + 1];
            for (place, part) in self.parts.iter().enumerate().filter(|(place, _)| at[*place]) {
                match part {
                    Part::Literal(literal) => next[place + 1] |= literal == segment,
                    Part::Glob(glob) => next[place + 1] |= glob_matches(glob, segment),
                    Part::One => next[place + 1] = true,
                    Part::Rest => {
                        next[place] = true;
                        next[place + 1] = true;
                    }
                }
            }
            self.skip_rests(&mut next);
            if !next.contains(&true) {
                return false;
            }
            at = next;
        }
        at[end]
    }

    /// A quick look at what stands before the first `**`: most patterns are not for a key.
    fn may_match(&self, key: &[u8]) -> bool {
        let mut segments = key.split(|byte| *byte == self.separator);
        for part in &self.parts {
            if *part == Part::Rest {
                return true;
            }
            let fits = match (part, segments.next()) {
                (_, None) => false,
                (Part::Literal(literal), Some(segment)) => literal == segment,
                (Part::Glob(glob), Some(segment)) => glob_matches(glob, segment),
                (Part::One | Part::Rest, Some(_)) => true,
            };
            if !fits {
                return false;
            }
        }
        segments.next().is_none()
    }

    /// In the middle `**` may stand for nothing.
    fn skip_rests(&self, at: &mut [bool]) {
        for (place, part) in self.parts.iter().enumerate() {
            if at[place] && *part == Part::Rest && place + 1 < self.parts.len() {
                at[place + 1] = true;
            }
        }
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, part) in self.parts.iter().enumerate() {
            if at > 0 {
                write!(f, "{}", char::from(self.separator))?;
            }
            match part {
                Part::Literal(segment) | Part::Glob(segment) => {
                    f.write_str(&crate::model::key_text::display_key(segment))?;
                }
                Part::One => f.write_str("*")?,
                Part::Rest => f.write_str("**")?,
            }
        }
        Ok(())
    }
}

/// Whether a segment has the form of a glob whose only sign is `*`.
fn glob_matches(glob: &[u8], segment: &[u8]) -> bool {
    let (mut at, mut place) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while place < segment.len() {
        if glob.get(at) == Some(&b'*') {
            star = Some((at, place));
            at += 1;
        } else if glob.get(at) == Some(&segment[place]) {
            at += 1;
            place += 1;
        } else if let Some((star_at, star_place)) = star {
            star = Some((star_at, star_place + 1));
            at = star_at + 1;
            place = star_place + 1;
        } else {
            return false;
        }
    }
    glob[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, key: &str) -> bool {
        Pattern::new(pattern.as_bytes(), b'/').matches(key.as_bytes())
    }

    #[test]
    fn patterns_match_segments() {
        assert!(matches("config/*/logging", "/config/production/logging"));
        assert!(matches("/config/*/logging", "config/production/logging"));
        assert!(!matches("config/*/logging", "config/production/a/logging"));
        assert!(matches("svc/**", "svc/a/b") && matches("svc/**", "svc/"));
        assert!(!matches("svc/**", "svc"), "what lies below, not the key itself");
        assert!(matches("a/**/z", "a/z") && matches("a/**/z", "a/b/c/z") && !matches("a/**/z", "a/b"));
        assert!(matches("a/*.json", "a/b.json") && !matches("a/*.json", "a/b.yaml"));
        assert!(matches("a/x*y*z", "a/x--y--z") && !matches("a/x*y*z", "a/xz"));
        assert!(matches("**", "anything/at/all") && !matches("", "a"));
        let colons = Pattern::new(b"config:*:a", b':');
        assert!(colons.matches(b"config:x:a") && !colons.matches(b"config/x/a"));
    }

    #[test]
    fn the_more_a_pattern_says_the_more_it_weighs() {
        let ordered =
            ["**", "config/**", "config/*/order/**", "config/*/order/logging", "config/prod/order/logging"];
        let weights: Vec<_> =
            ordered.iter().map(|text| Pattern::new(text.as_bytes(), b'/').weight()).collect();
        assert!(weights.is_sorted(), "{weights:?}");
    }

    #[test]
    fn the_folder_has_no_slash_before_and_one_behind() {
        let folder = |prefix: Option<&str>| {
            SchemaSettings { prefix: prefix.map(str::to_owned), ..SchemaSettings::default() }.folder(b'/')
        };
        assert_eq!(folder(None).as_deref(), Some(b"config/schema/".as_slice()));
        assert_eq!(folder(Some("/a/b")).as_deref(), Some(b"a/b/".as_slice()));
        assert_eq!(folder(Some(" ")), None);
        assert_eq!(SchemaSettings::default().folder(b'.').as_deref(), Some(b"config.schema.".as_slice()));
    }

    proptest! {
        #[test]
        fn any_pattern_is_matched_with_any_key(pattern in "[a*/]{0,12}", key in "[a/]{0,12}") {
            let pattern = Pattern::new(pattern.as_bytes(), b'/');
            let plain = pattern.matches(key.as_bytes());
            let slashed = pattern.matches(format!("/{key}").as_bytes());
            prop_assert!(plain == slashed || key.starts_with('/'));
        }

        #[test]
        fn a_key_matches_itself(key in "[a-z/]{1,20}") {
            prop_assert!(Pattern::new(key.as_bytes(), b'/').matches(key.as_bytes()));
        }
    }
}
