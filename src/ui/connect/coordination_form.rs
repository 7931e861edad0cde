//! What the operator typed about services, locks and elections.

use crate::model::coordination::CoordinationSettings;
use crate::model::coordination::rules::{NotifySettings, Rule, RuleKind};
use crate::model::key_text::parse_key;
use crate::model::recognise::pattern_fault;

/// Numbers that make sense.
const SECS: std::ops::RangeInclusive<u32> = 1..=86_400;
const CHANGES: std::ops::RangeInclusive<u32> = 1..=10_000;
const MINUTES: std::ops::RangeInclusive<u32> = 1..=10_080;

/// A rule as it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleForm {
    /// The prefix, as keys are typed.
    pub prefix: String,
    /// What keys below it are.
    pub kind: RuleKind,
    /// The pattern that names the owner of a claim, may be empty.
    pub owner: String,
    /// The pattern that was tried last, and what is wrong with it.
    tried: Option<(String, Option<String>)>,
}

impl RuleForm {
    /// Whether the prefix can not be read as a key.
    #[must_use]
    pub fn prefix_is_wrong(&self) -> bool {
        parse_key(&self.prefix).is_err()
    }

    /// The bytes that keys begin with; `None`: none are typed, or they can not be read.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        parse_key(&self.prefix).ok().filter(|bytes| !bytes.is_empty())
    }

    /// Whether keys of this kind have owners.
    #[must_use]
    pub fn has_owner(&self) -> bool {
        matches!(self.kind, RuleKind::Lock | RuleKind::Election)
    }

    /// What is wrong with the pattern. It is tried when it has changed.
    pub fn fault(&mut self) -> Option<&str> {
        if self.owner.is_empty() || !self.has_owner() {
            return None;
        }
        if self.tried.as_ref().is_none_or(|(pattern, _)| *pattern != self.owner) {
            self.tried = Some((self.owner.clone(), pattern_fault(&self.owner)));
        }
        self.tried.as_ref().and_then(|(_, fault)| fault.as_deref())
    }

    fn is_wrong(&self) -> bool {
        let pattern = match &self.tried {
            _ if self.owner.is_empty() || !self.has_owner() => false,
            Some((pattern, fault)) if *pattern == self.owner => fault.is_some(),
            _ => pattern_fault(&self.owner).is_some(),
        };
        pattern || self.prefix_is_wrong()
    }
}

/// The fields as they are typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoordinationForm {
    /// Rules by prefix.
    pub rules: Vec<RuleForm>,
    /// Seconds after which a report is late.
    pub late: String,
    /// Seconds after which an instance counts as down.
    pub down: String,
    /// Changes of a leader …
    pub changes: String,
    /// … within so many minutes.
    pub minutes: String,
    /// What the system notifies of.
    pub notify: NotifySettings,
    /// Seconds after which a held lock is told; empty: never.
    pub held: String,
    /// Prefixes of keys whose changes are told, a line each.
    pub notified_keys: String,
}

impl Default for CoordinationForm {
    fn default() -> Self {
        Self::of(&CoordinationSettings::default())
    }
}

impl CoordinationForm {
    /// Settings, to be changed.
    #[must_use]
    pub fn of(settings: &CoordinationSettings) -> Self {
        let rule = |rule: &Rule| RuleForm {
            prefix: rule.prefix.clone(),
            kind: rule.kind,
            owner: rule.owner.clone().unwrap_or_default(),
            tried: None,
        };
        Self {
            rules: settings.rules.iter().map(rule).collect(),
            late: settings.late_secs.to_string(),
            down: settings.down_secs.to_string(),
            changes: settings.alert_changes.to_string(),
            minutes: settings.alert_minutes.to_string(),
            notify: settings.notify.clone(),
            held: match settings.notify.lock_held_secs {
                0 => String::new(),
                secs => secs.to_string(),
            },
            notified_keys: settings.notify.keys.join("\n"),
        }
    }

    /// The settings that are typed; a number that is none is the default, and a rule without a prefix is none.
    #[must_use]
    pub fn settings(&self) -> CoordinationSettings {
        let default = CoordinationSettings::default();
        let number = |text: &str, otherwise| text.trim().parse().unwrap_or(otherwise);
        let rules = self.rules.iter().filter(|rule| !rule.prefix.is_empty()).map(|rule| Rule {
            prefix: rule.prefix.clone(),
            kind: rule.kind,
            owner: Some(rule.owner.clone()).filter(|owner| !owner.is_empty() && rule.has_owner()),
        });
        CoordinationSettings {
            rules: rules.collect(),
            late_secs: number(&self.late, default.late_secs),
            down_secs: number(&self.down, default.down_secs),
            alert_changes: number(&self.changes, default.alert_changes),
            alert_minutes: number(&self.minutes, default.alert_minutes),
            notify: NotifySettings {
                lock_held_secs: number(&self.held, 0),
                keys: self
                    .notified_keys
                    .lines()
                    .map(str::trim)
                    .filter(|it| !it.is_empty())
                    .map(str::to_owned)
                    .collect(),
                ..self.notify.clone()
            },
        }
    }

    /// What is wrong with what is to be notified of.
    #[must_use]
    pub fn notify_problem(&self) -> Option<&'static str> {
        let fits = self.held.trim().is_empty() || within(&self.held, &SECS).is_some();
        (!fits).then_some("notify.seconds_invalid")
    }

    /// What is wrong with the heartbeat, as a name of words in the catalogue.
    #[must_use]
    pub fn heartbeat_problem(&self) -> Option<&'static str> {
        match (within(&self.late, &SECS), within(&self.down, &SECS)) {
            (Some(late), Some(down)) => (late >= down).then_some("rules.heartbeat_order"),
            _ => Some("rules.seconds_invalid"),
        }
    }

    /// What is wrong with the alert.
    #[must_use]
    pub fn alert_problem(&self) -> Option<&'static str> {
        let fits = within(&self.changes, &CHANGES).is_some() && within(&self.minutes, &MINUTES).is_some();
        (!fits).then_some("rules.alert_invalid")
    }

    /// What is wrong with any of it.
    #[must_use]
    pub fn problem(&self) -> Option<&'static str> {
        let rule = self.rules.iter().any(RuleForm::is_wrong).then_some("rules.rule_invalid");
        rule.or_else(|| self.heartbeat_problem())
            .or_else(|| self.alert_problem())
            .or_else(|| self.notify_problem())
    }
}

fn within(text: &str, range: &std::ops::RangeInclusive<u32>) -> Option<u32> {
    text.trim().parse().ok().filter(|number| range.contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_back_from_the_form() {
        let settings = CoordinationSettings {
            rules: vec![
                Rule { prefix: "/gates/".into(), kind: RuleKind::Lock, owner: Some("host=(.*)".into()) },
                Rule { prefix: "/fleet".into(), kind: RuleKind::Service, owner: None },
            ],
            late_secs: 5,
            down_secs: 30,
            alert_changes: 7,
            alert_minutes: 60,
            notify: NotifySettings { deadlock: true, ..NotifySettings::default() },
        };
        assert_eq!(CoordinationForm::of(&settings).settings(), settings);
        let mut form = CoordinationForm::default();
        form.rules.push(RuleForm::default());
        assert_eq!(form.settings(), CoordinationSettings::default(), "a rule without a prefix is none");
        assert_eq!(form.problem(), None);
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        let form = |change: &dyn Fn(&mut CoordinationForm)| {
            let mut form = CoordinationForm::default();
            change(&mut form);
            form.problem()
        };
        assert_eq!(form(&|form| form.late = "x".into()), Some("rules.seconds_invalid"));
        assert_eq!(form(&|form| form.late = "0".into()), Some("rules.seconds_invalid"));
        assert_eq!(form(&|form| form.late = "10".into()), Some("rules.heartbeat_order"));
        assert_eq!(form(&|form| form.minutes = "0".into()), Some("rules.alert_invalid"));
        let rule = |kind, owner: &str| {
            let rule = RuleForm { prefix: "/a".into(), kind, owner: owner.into(), tried: None };
            form(&move |form| form.rules.push(rule.clone()))
        };
        assert_eq!(rule(RuleKind::Lock, "("), Some("rules.rule_invalid"));
        assert_eq!(rule(RuleKind::Service, "("), None, "services have no owners");
        let broken = RuleForm { prefix: r"/a\x".into(), ..RuleForm::default() };
        assert_eq!(form(&|form| form.rules.push(broken.clone())), Some("rules.rule_invalid"));
    }

    #[test]
    fn a_pattern_is_tried_again_when_it_changes() {
        let mut rule = RuleForm { prefix: "/a".into(), kind: RuleKind::Lock, owner: "(".into(), tried: None };
        assert!(rule.fault().is_some_and(|fault| fault.contains("unclosed group")));
        rule.owner.push(')');
        assert_eq!(rule.fault(), None);
    }
}
