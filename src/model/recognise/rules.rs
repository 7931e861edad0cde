//! What the profile says of prefixes, ready to be asked for each key.

use regex::{Regex, RegexBuilder};

use crate::model::coordination::rules::{Rule, RuleKind};
use crate::model::key_text::parse_key;

/// A pattern may take so many bytes once it is compiled.
const PATTERN_BYTES: usize = 1 << 20;
/// Longer values are not searched for their owner.
const MOST_SEARCHED: usize = 16 << 10;

/// The rules of a profile, by prefix.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// By length of the prefix, longest first.
    rules: Vec<Ruled>,
    faults: Vec<(usize, String)>,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Ruled {
    /// Keys that begin with this.
    pub prefix: Box<[u8]>,
    /// What they are.
    pub kind: RuleKind,
    owner: Option<Regex>,
}

impl Rules {
    /// Rules to be asked. A pattern that is none is left out, and said by [`Rules::faults`].
    #[must_use]
    pub fn new(rules: &[Rule]) -> Self {
        let mut made = Self::default();
        for (at, rule) in rules.iter().enumerate().filter(|(_, rule)| !rule.prefix.is_empty()) {
            let pattern = rule.owner.as_deref().filter(|pattern| !pattern.is_empty()).map(compile);
            let owner = match pattern {
                Some(Ok(regex)) => Some(regex),
                Some(Err(fault)) => {
                    made.faults.push((at, fault));
                    None
                }
                None => None,
            };
            // As keys are typed: what is no text is escaped.
            let prefix = parse_key(&rule.prefix).unwrap_or_else(|_| rule.prefix.as_bytes().to_vec());
            made.rules.push(Ruled { prefix: prefix.into(), kind: rule.kind, owner });
        }
        made.rules.sort_by_key(|rule| std::cmp::Reverse(rule.prefix.len()));
        made
    }

    /// The rule for a key: the one with the longest prefix.
    #[must_use]
    pub fn of(&self, key: &[u8]) -> Option<&Ruled> {
        self.rules.iter().find(|rule| key.starts_with(&rule.prefix))
    }

    /// Patterns that can not be used, by the place of their rule, with the reason.
    #[must_use]
    pub fn faults(&self) -> &[(usize, String)] {
        &self.faults
    }
}

impl Ruled {
    /// The owner of a claim, where the rule's pattern finds one.
    #[must_use]
    pub fn owner(&self, key: &[u8], value: Option<&[u8]>) -> Option<String> {
        let regex = self.owner.as_ref()?;
        let value = value.filter(|value| value.len() <= MOST_SEARCHED).unwrap_or_default();
        let text = [key, b"\n", value].concat();
        let text = String::from_utf8_lossy(&text);
        let found = regex.captures(&text)?;
        let owner = found.get(1).or_else(|| found.get(0))?.as_str();
        (!owner.is_empty()).then(|| owner.to_owned())
    }
}

/// Why a pattern can not be used, in English; `None`: it can.
#[must_use]
pub fn pattern_fault(pattern: &str) -> Option<String> {
    compile(pattern).err()
}

/// A pattern as it is used, or why it can not be.
fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build().map_err(|error| in_short(&error))
}

/// What is wrong, without the picture of where.
fn in_short(error: &regex::Error) -> String {
    let said = error.to_string();
    let last = said.lines().last().unwrap_or_default().trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(prefix: &str, kind: RuleKind, owner: Option<&str>) -> Rule {
        Rule { prefix: prefix.to_owned(), kind, owner: owner.map(str::to_owned) }
    }

    #[test]
    fn the_longest_prefix_wins() {
        let rules = [rule("/a/", RuleKind::Lock, None), rule("/a/b/", RuleKind::Nothing, None)];
        let rules = Rules::new(&rules);
        assert_eq!(rules.of(b"/a/b/c").map(|rule| rule.kind), Some(RuleKind::Nothing));
        assert_eq!(rules.of(b"/a/c").map(|rule| rule.kind), Some(RuleKind::Lock));
        assert!(rules.of(b"/b").is_none());
    }

    #[test]
    fn a_pattern_names_the_owner_by_its_first_group() {
        let rules = Rules::new(&[rule("/l", RuleKind::Lock, Some(r#""host":"([^"]+)""#))]);
        let rule = rules.of(b"/l/1").unwrap();
        assert_eq!(rule.owner(b"/l/1", Some(br#"{"host":"a"}"#)).as_deref(), Some("a"));
        assert_eq!(rule.owner(b"/l/1", None), None);
    }

    #[test]
    fn a_pattern_that_is_none_is_ignored_and_said() {
        let rules = Rules::new(&[rule("/l", RuleKind::Lock, Some("(")), rule("", RuleKind::Lock, None)]);
        assert_eq!(rules.faults().len(), 1);
        assert!(rules.of(b"/l/1").is_some_and(|rule| rule.owner(b"/l/1", Some(b"x")).is_none()));
        assert!(rules.of(b"/m").is_none(), "a rule without a prefix is none");
    }
}
