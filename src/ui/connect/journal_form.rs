//! What the operator typed about the journal of a connection.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::journal::JournalSettings;
use crate::model::key_text::{display_key, parse_key};

/// Sizes and ages that make sense.
const MIB: std::ops::RangeInclusive<u64> = 64..=1_048_576;
const DAYS: std::ops::RangeInclusive<u32> = 1..=3_650;

/// The fields as they are typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalForm {
    /// Whether changes are recorded.
    pub on: bool,
    /// At most so many MiB.
    pub most_mib: String,
    /// At most so many days.
    pub most_days: String,
    /// Prefixes that are never recorded, as keys are typed.
    pub kept_out: Vec<String>,
}

impl Default for JournalForm {
    fn default() -> Self {
        Self::of(&JournalSettings::default())
    }
}

impl JournalForm {
    /// Settings, to be changed.
    #[must_use]
    pub fn of(settings: &JournalSettings) -> Self {
        let shown = |prefix: &String| {
            // What can not be read stays as it is, and keeps everything out.
            let bytes = STANDARD.decode(prefix).unwrap_or_default();
            display_key(&bytes).into_owned()
        };
        Self {
            on: settings.on,
            most_mib: settings.most_mib.to_string(),
            most_days: settings.most_days.to_string(),
            kept_out: settings.kept_out.iter().map(shown).collect(),
        }
    }

    /// The settings that are typed; a number that is none is the default.
    #[must_use]
    pub fn settings(&self) -> JournalSettings {
        let default = JournalSettings::default();
        let prefixes = self.kept_out.iter().filter_map(|text| prefix(text).ok().flatten());
        JournalSettings {
            on: self.on,
            most_mib: self.most_mib.trim().parse().unwrap_or(default.most_mib),
            most_days: self.most_days.trim().parse().unwrap_or(default.most_days),
            kept_out: prefixes.map(|prefix| STANDARD.encode(prefix)).collect(),
        }
    }

    /// What is wrong, as names of words in the catalogue.
    #[must_use]
    pub fn problem(&self) -> Option<&'static str> {
        if !self.on {
            return None;
        }
        if !self.most_mib.trim().parse().is_ok_and(|mib| MIB.contains(&mib)) {
            return Some("journal.size_invalid");
        }
        if !self.most_days.trim().parse().is_ok_and(|days| DAYS.contains(&days)) {
            return Some("journal.days_invalid");
        }
        self.kept_out.iter().any(|text| prefix(text).is_err()).then_some("journal.kept_out_invalid")
    }
}

/// The prefix that is typed; `None`: the field is empty.
fn prefix(text: &str) -> Result<Option<Vec<u8>>, ()> {
    if text.is_empty() {
        return Ok(None);
    }
    parse_key(text).map(Some).map_err(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_back_from_the_form() {
        let settings = JournalSettings {
            on: false,
            most_mib: 64,
            most_days: 7,
            kept_out: vec![STANDARD.encode(b"/secrets/"), STANDARD.encode(b"\xff\x00")],
        };
        assert_eq!(JournalForm::of(&settings).settings(), settings);
        assert_eq!(JournalForm::default().settings(), JournalSettings::default());
        let blank = JournalForm { kept_out: vec![String::new()], ..JournalForm::default() };
        assert_eq!(blank.settings().kept_out, Vec::<String>::new(), "an empty field keeps nothing out");
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        let form = |mib: &str, days: &str| JournalForm {
            most_mib: mib.to_owned(),
            most_days: days.to_owned(),
            ..JournalForm::default()
        };
        assert_eq!(form("63", "1").problem(), Some("journal.size_invalid"));
        assert_eq!(form("64", "0").problem(), Some("journal.days_invalid"));
        assert_eq!(form(" 64 ", "1").problem(), None);
        let broken = JournalForm { kept_out: vec![r"a\x".to_owned()], ..JournalForm::default() };
        assert_eq!(broken.problem(), Some("journal.kept_out_invalid"));
        assert_eq!(JournalForm { on: false, ..broken }.problem(), None, "nothing is recorded");
    }
}
